"""Data IDs: whose they are, and by how an ID begins, which items they may be.

The chain logs commitments, and a data ID follows from a commitment and its registrant. The index
keeps how each ID begins (`tables.beginning_of`), and works the rest out.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Column,
    Executable,
    LargeBinary,
    Table,
    and_,
    bindparam,
    or_,
    select,
)

from kiseki.core import ids
from kiseki.core.values import bytes32, to_hex
from kiseki.errors import NotInIndex
from kiseki.index.answers.pages import ALL
from kiseki.index.answers.records import REGISTRANT
from kiseki.index.answers.values import Found
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store

__all__ = ["Item", "home_of", "item_of", "items_between", "items_in"]


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


_ITEM, _COMMITMENT = t.published.c.item, t.published.c.commitment
_AFTER = bindparam("item", type_=BigInteger), bindparam("commitment", type_=LargeBinary)
_IN = (
    select(_COMMITMENT)
    .where(t.published.c.group_id == bindparam("group"))
    .where(_AFTER[0] <= _ITEM)
    .where(or_(_AFTER[0] < _ITEM, and_(_AFTER[0] == _ITEM, _AFTER[1] < _COMMITMENT)))
    .order_by(_ITEM, _COMMITMENT)
    .limit(bindparam("most", type_=BigInteger))
)


def items_in(
    store: Store, group: bytes, registrant: str, after: bytes | None = None, most: int = ALL
) -> list[Item]:
    """The logged items of a collection or batch, ordered by the first 63 bits of their IDs; two
    that begin alike, which somebody must have searched for, by their commitments.

    Args:
        registrant: its provider or creator.
        after: the commitment of the last one of the page before.
        most: how many at most.
    """
    begin = -1
    if after is not None:
        begin = t.beginning_of(ids.item_id(registrant, after))
    rows = store.rows(_IN, group=group, item=begin, commitment=after or b"", most=most)
    listed = [bytes(commitment) for (commitment,) in rows]
    found = ids.item_ids(registrant, listed)
    return [Item(*each, registrant) for each in zip(found, listed, strict=True)]


def _home(table: Table, registrant: Column[str]) -> Executable:
    return (
        select(table.c.id, t.time_of(table.c.at))
        .join(t.published, t.published.c.group_id == table.c.id)
        .where(t.published.c.item == bindparam("item", type_=BigInteger))
        .where(t.published.c.commitment == bindparam("commitment"))
        .where(registrant == bindparam("who"))
        .order_by(table.c.at)
        .limit(1)
    )


_HOME = {
    kind: _home(table, REGISTRANT[kind])
    for kind, table in (("collection", t.collection), ("batch", t.batch))
}


def home_of(store: Store, each: Item) -> Found:
    """The first collection in which its registrant logged an item; where there is none it is an
    output, and this is the first batch.

    Raises:
        NotInIndex: its registrant logged it nowhere.
    """
    values = {"item": t.beginning_of(each.id), "commitment": each.commitment}
    for kind, question in _HOME.items():
        row = store.row(question, who=each.registrant, **values)
        if row is not None:
            return Found(kind, row[0], each.registrant, row[1])
    raise NotInIndex(f"no item {to_hex(each.id)} was logged up to this block")


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
