"""Runs: which documents tell how the models of a lineage were trained, and who speaks of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, select

from kiseki.core import ids
from kiseki.index.answers.findings import MANIFEST
from kiseki.index.answers.trace import Lineage, within
from kiseki.index.answers.values import Statement
from kiseki.index.answers.withdrawals import said_by_registrants
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.types import Key, number_of

__all__ = ["Ran", "runs_in", "said_of"]

_STATED = 3
"""Manifests of one developer's statements that are looked at: the last ones."""

_RUNS = (
    select(
        t.model.c.id, t.model.c.developer, t.model.c.run, t.model.c.manifest, t.model.c.weight
    )
    .where(number_of(t.model.c.id).in_(within(bindparam("group", type_=Key()))))
    .order_by(t.model.c.at.desc())
    .limit(bindparam("most", type_=BigInteger))
)  # fmt: skip
_SAID = (
    select(
        t.statement.c.speaker, t.statement.c.kind, t.statement.c.document,
        t.time_of(t.statement.c.at), t.statement.c.at,
    )
    .where(t.statement.c.subject == bindparam("subject"))
    .where(t.statement.c.kind.in_(bindparam("kinds", expanding=True)))
    .order_by(t.statement.c.at)
    .limit(bindparam("most", type_=BigInteger))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ran:
    """What is registered of a model's training.

    Attributes:
        model: its ID.
        developer: lowercase address.
        run: keccak256 of the run's document; zero where none was named.
        root, weight: of the manifest.
        manifests: keccak256 of what its developer published as the manifest, the last one first.
        has_base: whether it names any base model, registered or not.
    """

    model: bytes
    developer: str
    run: bytes
    root: bytes
    weight: int
    manifests: tuple[bytes, ...]
    has_base: bool


def runs_in(store: Store, registry: str, lineage: Lineage, most: int) -> list[Ran]:
    """Of the models of a lineage, the newest first.

    Args:
        registry: the address of the registry of models.
        most: how many at most.
    """
    rows = list(store.rows(_RUNS, group=lineage.id, most=most))
    developers = {row[0]: row[1] for row in rows}
    stated = said_by_registrants(store, registry, developers, MANIFEST, _STATED)
    based = {edge.user for edge in lineage.edges if edge.kind in ("model", "external")}
    return [
        Ran(
            model, developer, run, root, weight,
            tuple(each.document for each in reversed(stated[model])), model in based,
        )
        for model, developer, run, root, weight in rows
    ]  # fmt: skip


def said_of(
    store: Store, registry: str, group: bytes, kinds: Sequence[bytes], most: int
) -> list[Statement]:
    """What anybody said of something, of some sorts, earliest first.

    Args:
        registry: the address of its registry.
        kinds: the sorts.
        most: how many at most.
    """
    subject = ids.subject(registry, group)
    rows = store.rows(_SAID, subject=subject, kinds=list(kinds), most=most)
    return [Statement(*row) for row in rows]
