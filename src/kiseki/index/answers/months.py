"""What a wallet earned month by month, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

from sqlalchemy import BigInteger, bindparam, select

from kiseki.core import ids
from kiseki.core.days import day
from kiseki.index.answers.moments import block_at, time_at
from kiseki.index.answers.pages import ALL
from kiseki.index.store import tables as t
from kiseki.index.store.database import Row, Store
from kiseki.index.store.types import number_of

__all__ = ["Month", "months_of"]

_DAY = 86_400
_FIRST, _MOST = 500, 8_000
"""Payments of each sort that are read at once: to begin with, and at most."""


@dataclass(frozen=True, slots=True)
class Month:
    """What reached a wallet in one token in one month.

    Attributes:
        place: of its first payment in the chain, the cursor for the next page.
        month: in UTC, as ``2027-12``.
        token: lowercase address; the zero address is ether.
        amount: in base units.
        payments: how many deposits, claims and resolutions brought it.
    """

    place: int
    month: str
    token: str
    amount: int
    payments: int


_CAME = tuple(
    select(table.c.at, t.time_of(table.c.at), number_of(table.c.token), table.c.amount)
    .where(table.c.payee == bindparam("wallet"))
    .where(table.c.at > bindparam("after", type_=BigInteger))
    .where(table.c.at <= bindparam("until", type_=BigInteger))
    .order_by(table.c.at)
    .limit(bindparam("most", type_=BigInteger))
    for table in (t.deposit, t.claim, t.resolution)
)


def months_of(
    store: Store, wallet: str, after: int = -1, most: int = 100, at: int | None = None
) -> list[Month]:
    """What a wallet earned, month by month; within a month, the token first that came first.

    Payments are read up to the end of the month in which the page is full, and no further.

    Args:
        wallet: its address.
        after: the place of the last row that is known.
        most: how many rows at most.
        at: the last place of the chain that counts; all when left out.

    Raises:
        InvalidInput: that is no address.
    """
    who = ids.wallet(wallet)
    sums: dict[tuple[str, int], list[int]] = {}
    current, new = "", 0
    for place, time, token, amount in _payments(
        store, who, _begins(store, after) - 1, ALL if at is None else at
    ):
        month = _month(time // _DAY)
        if month != current:
            if new >= most:
                break
            current = month
        told = sums.get((month, token))
        if told is None:
            sums[month, token] = [place, amount, 1]
            new += place > after
        else:
            told[1] += amount
            told[2] += 1
    rows = [(key, told) for key, told in sums.items() if told[0] > after][:most]
    store.keys.load({token for (_, token), _ in rows})
    return [
        Month(place, month, store.keys.address(token), amount, payments)
        for (month, token), (place, amount, payments) in rows
    ]


def _payments(store: Store, who: bytes, after: int, until: int) -> Iterator[Row]:
    """Place, time, token and amount of all that reached a wallet, in the order of the chain."""
    size = _FIRST
    while True:
        values = {"wallet": who, "after": after, "until": until, "most": size}
        parts = [store.rows(came, **values) for came in _CAME]
        # A sort of which there is more is known up to its last row, so all are.
        known = min((part[-1][0] for part in parts if len(part) == size), default=until)
        yield from sorted(
            (row for part in parts for row in part if row[0] <= known), key=itemgetter(0)
        )
        if known == until:
            return
        after, size = known, min(size * 4, _MOST)


def _begins(store: Store, place: int) -> int:
    """The first place of the month in which a place stands; zero before the chain."""
    if place < 0:
        return 0
    block = place // t.place_of(1)
    month = _month(time_at(store, block) // _DAY)
    first = time_at(store, block) // _DAY
    while first and _month(first - 1) == month:
        first -= 1
    return t.place_of(block_at(store, first * _DAY - 1, block) + 1)


@lru_cache(4096)
def _month(days: int) -> str:
    """The month of a day, which is counted from 1970 on."""
    return day(days * _DAY)[:7]
