"""Pages of lists that stand in the order of the chain.

A page begins after the last row of the one before. That row is named by what it is of, because an
ID keeps its place whatever is logged later, or by its place itself. So no row is told twice or
passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, FromClause, Select, Table, bindparam, select

from kiseki.core.values import bytes32, to_hex
from kiseki.errors import NotInIndex
from kiseki.index.store.database import Store

__all__ = ["ALL", "paged", "place_after"]

ALL = 1 << 62
"""Above every number of rows, and above every place."""


def paged(question: Select[Any], table: FromClause) -> Select[Any]:
    """A question of which a page can be asked for: after a place, so many rows at most; all where
    nothing is said."""
    after = bindparam("after", -1, type_=BigInteger)
    most = bindparam("most", ALL, type_=BigInteger)
    return question.where(table.c.at > after).limit(most)


@cache
def _place_of(table: Table) -> Select[Any]:
    key = table.c.id if "id" in table.c else table.c.key
    return select(table.c.at).where(key == bindparam("key"))


def place_after(store: Store, table: Table | Sequence[Table], last: bytes | None, what: str) -> int:
    """The place after which a page begins.

    Args:
        table: in which the last row stands, or several, in one of which it does.
        last: the ID of the last row that is known; none for the first page.

    Raises:
        NotInIndex: nothing has that ID, perhaps because its block was taken back.
    """
    if last is None:
        return -1
    key = bytes32(last, what)
    for each in [table] if isinstance(table, Table) else table:
        row = store.row(_place_of(each), key=key)
        if row is not None:
            return int(row[0])
    raise NotInIndex(f"no {what} {to_hex(last)} up to this block; begin with the first page")
