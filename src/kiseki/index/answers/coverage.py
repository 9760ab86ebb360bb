"""How many works rest only on data whose consent still holds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import BigInteger, bindparam, func, select, union

from kiseki.index.answers.pages import ALL
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.types import Amount, number_of

__all__ = ["Coverage", "coverage_of"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of all models and batches, those of which every source is consented to at a time.

    A source is a collection, declared by the work itself or by any model under it. What was
    registered before its consent ended stays authorised: coverage tells what could be made again.

    Attributes:
        models, batches: how many there are.
        covered_models, covered_batches: those of them whose every source is consented to.
    """

    models: int
    batches: int
    covered_models: int
    covered_batches: int

    @property
    def share(self) -> Fraction | None:
        """The part of all works that is covered; none where there is no work."""
        whole = self.models + self.batches
        return Fraction(self.covered_models + self.covered_batches, whole) if whole else None


_UNTIL = bindparam("until", type_=BigInteger)
_NOW = bindparam("now", type_=BigInteger)
_EXPIRED = (
    select(number_of(t.collection.c.id))
    .join(t.terms, t.terms.c.id == t.collection.c.terms)
    .where(t.terms.c.until <= bindparam("now_amount", type_=Amount()))
)
_REVOKED = (
    select(number_of(t.collection.c.id))
    .join(t.terms, t.terms.c.id == t.collection.c.terms)
    .join(t.revocation, t.revocation.c.collection == t.collection.c.id)
    .where(t.revocation.c.at <= _UNTIL)
    .where(t.time_of(t.revocation.c.at) + t.terms.c.notice <= _NOW)
)
_DIRECT = select(number_of(t.source.c.group_id)).where(
    number_of(t.source.c.collection).in_(union(_EXPIRED, _REVOKED))
)
_BROKEN = union(
    _DIRECT,
    select(number_of(t.ancestor.c.group_id)).where(number_of(t.ancestor.c.model).in_(_DIRECT)),
)
_WORKS = (
    select(t.composed.c.kind, func.count())
    .where(t.composed.c.at <= _UNTIL)
    .group_by(t.composed.c.kind)
)
_UNCOVERED = _WORKS.where(number_of(t.composed.c.id).in_(_BROKEN))


def coverage_of(store: Store, now: int, at: int | None = None) -> Coverage:
    """How many works are covered.

    Args:
        now: the time that consent is asked for, Unix seconds.
        at: the last place of the chain that counts; all when left out.
    """
    until = ALL if at is None else at
    rows = store.rows(_WORKS, until=until)
    every = {row[0]: row[1] for row in rows}
    rows = store.rows(_UNCOVERED, until=until, now=now, now_amount=now)
    broken = {row[0]: row[1] for row in rows}
    models, batches = every.get("model", 0), every.get("batch", 0)
    return Coverage(
        models=models,
        batches=batches,
        covered_models=models - broken.get("model", 0),
        covered_batches=batches - broken.get("batch", 0),
    )
