"""What one model or batch itself declares of one collection."""

from __future__ import annotations

from sqlalchemy import BigInteger, bindparam, select

from kiseki.core.ids import Collection
from kiseki.core.values import bytes32, to_hex
from kiseki.errors import NotInIndex
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store

__all__ = ["source_of"]

_PLACE = select(t.composed.c.at).where(t.composed.c.id == bindparam("id"))
_SOURCE = (
    select(t.source.c["items"], t.source.c.weight)
    .where(t.source.c.collection == bindparam("collection"))
    .where(t.source.c.at == bindparam("at", type_=BigInteger))
)
"""All that somebody declares at once stands at one place."""


def source_of(store: Store, group: bytes, collection: bytes) -> Collection | None:
    """What a model or batch itself declares of a collection; ``None`` for nothing.

    Raises:
        NotInIndex: there is no such model or batch.
    """
    which = bytes32(collection, "the collection")
    place = store.row(_PLACE, id=bytes32(group, "the model or batch"))
    if place is None:
        raise NotInIndex(
            f"no model or batch {to_hex(group)} up to this block; is it on this chain?"
        )
    row = store.row(_SOURCE, at=place[0], collection=which)
    return None if row is None else Collection(which, *row)
