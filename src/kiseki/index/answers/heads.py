"""A collection or batch without its items: what costs the same however many there are."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from kiseki.core.base import Base
from kiseki.core.values import bytes32, to_hex
from kiseki.errors import NotInIndex
from kiseki.index.answers.records import BATCH, COLLECTION, consent_ends
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.types import number_of

__all__ = ["BatchHead", "CollectionHead", "batch_head", "collection_head"]


@dataclass(frozen=True, slots=True)
class CollectionHead:
    """A collection, as `CollectionRecord` has it, without its items.

    Attributes:
        logged: how many commitments are logged, which says not whether they are those of the root.
    """

    provider: str
    terms_id: bytes
    root: bytes
    count: int
    logged: int
    payee: bytes
    origin: bytes
    registered_at: int
    revoked_at: int | None
    ends_at: int | None
    standing: bytes | None
    block: int
    transaction: bytes


@dataclass(frozen=True, slots=True)
class BatchHead:
    """A batch, as `BatchRecord` has it, without its outputs.

    Attributes:
        logged: as of a collection.
    """

    creator: str
    root: bytes
    count: int
    logged: int
    record: bytes
    payee: bytes
    split: bytes
    endorsed: bool
    base: Base
    registered_at: int
    sources_hash: bytes
    data_ppm: int
    block: int
    transaction: bytes


_LOGGED = (
    select(func.count())
    .where(number_of(t.published.c.group_id) == number_of(t.collection.c.id))
    .correlate(t.collection)
    .scalar_subquery()
)
_LOGGED_OUTPUTS = (
    select(func.count())
    .where(number_of(t.published.c.group_id) == number_of(t.batch.c.id))
    .correlate(t.batch)
    .scalar_subquery()
)
_COLLECTION, _BATCH = COLLECTION.add_columns(_LOGGED), BATCH.add_columns(_LOGGED_OUTPUTS)


def collection_head(store: Store, collection: bytes) -> CollectionHead:
    """A collection.

    Raises:
        NotInIndex: nobody registered it.
    """
    row = store.row(_COLLECTION, id=bytes32(collection, "the ID of a collection"))
    if row is None:
        raise _unknown("collection", collection)
    provider, time, revoked, until, notice, terms_id, root, count, *rest = row
    payee, origin, later_payee, standing, block, transaction, logged = rest
    return CollectionHead(
        provider,
        terms_id,
        root,
        count,
        logged,
        payee if later_payee is None else later_payee,
        origin,
        time,
        revoked,
        consent_ends(until, notice, revoked),
        standing,
        block,
        transaction,
    )


def batch_head(store: Store, batch: bytes) -> BatchHead:
    """A batch.

    Raises:
        NotInIndex: nobody registered it.
    """
    row = store.row(_BATCH, id=bytes32(batch, "the ID of a batch"))
    if row is None:
        raise _unknown("batch", batch)
    creator, root, count, record, payee, split, endorsed, level, time, hashed, ppm, *at = row
    block, transaction, logged = at
    return BatchHead(
        creator,
        root,
        count,
        logged,
        record,
        payee,
        split,
        endorsed,
        Base(level),
        time,
        hashed,
        ppm,
        block,
        transaction,
    )


def _unknown(what: str, key: bytes) -> NotInIndex:
    return NotInIndex(f"no {what} {to_hex(key)} up to this block; is it on this chain?")
