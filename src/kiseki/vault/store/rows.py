"""Rows of the tables as values, and the questions that give them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, func, select

from kiseki.core.collection import Kept, Names, Slice
from kiseki.core.payee import Payee
from kiseki.core.split import Split
from kiseki.core.terms import Terms
from kiseki.core.values import address, address_text
from kiseki.vault.store import tables

__all__ = [
    "BODY", "earlier", "kept_of", "kept_rows", "last_place", "packed", "row_of", "slice_of",
    "unpacked",
]  # fmt: skip

BODY = (
    tables.slices.c.root,
    tables.slices.c.commitments,
    tables.slices.c.digests,
    tables.slices.c.names,
)
"""What `slice_of` takes."""


def kept_rows(table: Table) -> Select[Any]:
    """What `kept_of` takes of every collection, or of every receipt."""
    c = table.c
    return select(
        c.provider, c.terms, c.root, c.count, c.payee, c.opening, c.origin, tables.split.c.file
    ).outerjoin_from(table, tables.split, tables.split.c.payee == c.payee)


def earlier() -> Select[Any]:
    """The same of every collection as it was prepared before."""
    c, b = tables.collection.c, tables.before.c
    return (
        select(
            c.provider, c.terms, c.root, b.count, b.payee, b.opening, b.origin,
            tables.split.c.file,
        )
        .join_from(tables.before, tables.collection, c.id == b.collection)
        .outerjoin(tables.split, tables.split.c.payee == b.payee)
    )  # fmt: skip


def last_place(table: Table) -> ColumnElement[int]:
    """The place of a row that is added."""
    place = select(func.coalesce(func.max(table.c.place), 0) + 1)
    return place.scalar_subquery()


def kept_of(row: Sequence[Any]) -> Kept:
    """A collection."""
    provider, terms, root, count, payee, opening, origin, file = row
    paid = Payee(payee, opening, Split.from_json(file, payee) if file else None)
    return Kept(address_text(provider), Terms.from_json(terms), root, count, paid, origin)


def row_of(kept: Kept) -> dict[str, Any]:
    """The row of a collection, in `collection` or `receipt`, without its place."""
    return {
        "id": kept.id,
        "provider": address(kept.provider, "the provider"),
        "terms": kept.terms.to_json(),
        "root": kept.root,
        "count": kept.count,
        "payee": kept.payee.key,
        "opening": kept.payee.opening,
        "origin": kept.origin,
    }


def slice_of(row: Sequence[Any]) -> Slice:
    """What a collection holds, one part of it."""
    root, commitments, digests, names = row
    return Slice(root, commitments, digests, tuple(map(tuple, json.loads(zlib.decompress(names)))))


def packed(names: Sequence[Names]) -> bytes:
    """Names of items as one value."""
    return zlib.compress(json.dumps(names, separators=(",", ":")).encode(), 1)


def unpacked(names: bytes) -> Names:
    """The names of one item that `packed` put away alone."""
    (alone,) = json.loads(zlib.decompress(names))
    return tuple(alone)
