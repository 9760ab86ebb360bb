"""Under which terms the data of a work stands, and which works rest on data under some terms."""

from __future__ import annotations

from sqlalchemy import BigInteger, bindparam, exists, func, select, union

from kiseki.core.values import bytes32
from kiseki.index.answers.impact import Dependent, dependents, through
from kiseki.index.answers.pages import ALL
from kiseki.index.answers.trace import within
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.types import Key, number_of

__all__ = ["terms_of", "works_under"]


_UNTIL = bindparam("until", type_=BigInteger)
_WITHIN = within(bindparam("group", type_=Key()))
_DATA = (
    select(number_of(t.collection.c.terms))
    .join(t.source, t.source.c.collection == t.collection.c.id)
    .where(number_of(t.source.c.group_id).in_(_WITHIN))
)
_MODELS = select(number_of(t.model.c.terms)).where(number_of(t.model.c.id).in_(_WITHIN))
_TERMS_OF = (
    select(t.terms.c.id)
    .where(number_of(t.terms.c.id).in_(union(_DATA, _MODELS)))
    .order_by(t.terms.c.at)
)
_KNOWN = select(t.composed.c.at).where(
    t.composed.c.id == bindparam("group"), t.composed.c.at <= _UNTIL
)

_AFTER, _MOST = bindparam("after", type_=BigInteger), bindparam("most", type_=BigInteger)
_USING = (
    select(t.source.c.at, t.source.c.group_id)
    .join(t.collection, t.collection.c.id == t.source.c.collection)
    .where(t.collection.c.terms == bindparam("terms", type_=Key()))
)
_PLACES = union(
    _USING.with_only_columns(t.source.c.at).where(t.source.c.at > _AFTER, t.source.c.at <= _UNTIL),
    select(t.ancestor.c.at).where(
        number_of(t.ancestor.c.model).in_(_USING.with_only_columns(number_of(t.source.c.group_id))),
        t.ancestor.c.at > _AFTER,
        t.ancestor.c.at <= _UNTIL,
    ),
)
_UNDER = (
    select(
        t.composed.c.at,
        t.composed.c.kind,
        t.composed.c.id,
        func.coalesce(t.model.c.developer, t.batch.c.creator),
        t.time_of(t.composed.c.at),
        exists(_USING.where(t.source.c.at == t.composed.c.at).correlate(t.composed)),
    )
    .outerjoin(t.model, t.model.c.at == t.composed.c.at)
    .outerjoin(t.batch, t.batch.c.at == t.composed.c.at)
    .where(t.composed.c.at.in_(_PLACES.order_by("at").limit(_MOST)))
    .order_by(t.composed.c.at)
)
_THROUGH = through(
    number_of(t.ancestor.c.model).in_(_USING.with_only_columns(number_of(t.source.c.group_id)))
)


def terms_of(store: Store, group: bytes, at: int | None = None) -> list[bytes]:
    """The IDs of all terms of what a model or batch rests on, its own included, in the order in
    which they were defined; nothing for one that nobody registered.

    Args:
        at: the last place of the chain that counts; all when left out.
    """
    values = {"group": bytes32(group, "the model or batch")}
    if store.row(_KNOWN, until=ALL if at is None else at, **values) is None:
        return []
    return [terms for (terms,) in store.rows(_TERMS_OF, **values)]


def works_under(
    store: Store, terms: bytes, after: int = -1, most: int = 100, at: int | None = None
) -> list[Dependent]:
    """Models and batches that rest on a collection under some terms, through any number of models,
    earliest first.

    Args:
        terms: their ID.
        after: the place of the last one that is known.
        most: how many at most.
        at: the last place of the chain that counts; all when left out.
    """
    until = ALL if at is None else at
    values = {"terms": bytes32(terms, "the terms"), "after": after, "until": until, "most": most}
    rows = store.rows(_UNDER, **values)
    return dependents(store, rows, _THROUGH, terms=values["terms"])
