"""What is in a collection, item by item: what the chain logged of it and what the key store knows.

The chain knows commitments, and so IDs. Which file an ID belongs to only a key store can say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kiseki.client.wallet import Wallet
from kiseki.core import ids
from kiseki.core.collection import Names

__all__ = ["ItemRecord", "items_in"]


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """An item of a collection.

    Attributes:
        id: its data ID, 32 bytes.
        commitment: what is logged, or can be, 32 bytes.
        names: what the key store calls it; empty where the key store does not hold it.
        logged: whether the chain has its commitment.
        revoked_at: when its provider revoked it, in Unix seconds; none if it is not revoked.
    """

    id: bytes
    commitment: bytes
    names: Names
    logged: bool
    revoked_at: int | None


def items_in(wallet: Wallet, collection: bytes) -> Iterator[ItemRecord]:
    """All items of a collection that chain or key store know, IDs ascending.

    Raises:
        NotInIndex: the collection is not on this chain.
    """
    index = wallet.session.index
    record = index.collection(collection)
    names: dict[bytes, Names] = dict.fromkeys(record.published, ())
    for part in wallet.salts.slices(collection):
        names.update(zip(part.commitment_list, part.names, strict=True))
    revoked, logged = index.items_revoked(), set(record.published)
    known = list(names)
    for data_id, commitment in sorted(
        zip(ids.item_ids(record.provider, known), known, strict=True)
    ):
        yield ItemRecord(
            data_id, commitment, names[commitment], commitment in logged, revoked.get(data_id)
        )
