"""Data IDs: whose they are, and by how an ID begins, which items they may be.

The chain logs commitments, and a data ID follows from a commitment and its registrant. The index
keeps how each ID begins (`tables.beginning_of`), and works the rest out.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Executable, Table, bindparam, select

from kiseki.core import ids
from kiseki.core.values import bytes32, to_hex
from kiseki.errors import NotInIndex
from kiseki.index.answers.pages import ALL
from kiseki.index.answers.records import REGISTRANT
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store

__all__ = ["Item", "item_of", "items_between"]


@dataclass(frozen=True, slots=True)
class Item:
    """One content of one registrant, in a collection or batch that logged it.

    Attributes:
        id: its data ID, 32 bytes.
        commitment: 32 bytes.
        registrant: the provider or creator, lowercase address.
    """

    id: bytes
    commitment: bytes
    registrant: str


def _between(table: Table, registrant: Column[str]) -> Executable:
    return (
        select(t.published.c.commitment, registrant)
        .join(table, t.published.c.group_id == table.c.id)
        .where(t.published.c.item >= bindparam("first", type_=BigInteger))
        .where(t.published.c.item <= bindparam("last", type_=BigInteger))
        .where(t.published.c.at <= bindparam("until", type_=BigInteger))
        .order_by(t.published.c.item)
        .limit(bindparam("most", type_=BigInteger))
    )


_BETWEEN = tuple(
    _between(table, REGISTRANT[kind])
    for kind, table in (("collection", t.collection), ("batch", t.batch))
)


def items_between(
    store: Store, first: bytes, last: bytes, most: int = ALL, until: int = ALL
) -> list[Item]:
    """The items whose IDs lie between two, both included, in the order of their IDs.

    Args:
        first, last: 32 bytes each.
        most: how many at most.
        until: the last place of the chain that counts.
    """
    values = {
        "first": t.beginning_of(first),
        "last": t.beginning_of(last),
        "most": most,
        "until": until,
    }
    rows = dict.fromkeys(
        (bytes(commitment), who)
        for question in _BETWEEN
        for commitment, who in store.rows(question, **values)
    )
    items = (Item(ids.item_id(who, commitment), commitment, who) for commitment, who in rows)
    return sorted((each for each in items if first <= each.id <= last), key=lambda i: i.id)[:most]


def item_of(store: Store, data_id: bytes) -> Item:
    """The item with a data ID.

    Raises:
        NotInIndex: no collection or batch logged an item with this ID. It may be registered all the
            same: a collection need not log its items.
    """
    wanted = bytes32(data_id, "the data ID")
    for each in items_between(store, wanted, wanted):
        return each
    raise NotInIndex(
        f"no item {to_hex(wanted)} was logged up to this block; it may be in a collection that does"
        " not log its items"
    )
