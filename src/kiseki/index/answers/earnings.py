"""What a wallet earned, by month, by what earned it, or by token."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import BigInteger, bindparam, select

from kiseki.core import ids
from kiseki.core.days import day
from kiseki.core.values import ZERO32
from kiseki.errors import InvalidInput
from kiseki.index.answers.pages import ALL
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.types import keys, number_of, numbered

__all__ = ["Earning", "earnings_of"]

By = Literal["month", "subject", "token"]


@dataclass(frozen=True, slots=True)
class Earning:
    """What reached a wallet in one token.

    Attributes:
        token: lowercase address; the zero address is ether.
        amount: in base units.
        payments: how many deposits, claims and resolutions brought it.
        month: in which, in UTC, as ``2027-12``; empty where it was not asked by month.
        source: by subject, the account that paid it, 32 bytes: a split, a subject such as a
            collection, or the wallet of whoever paid directly; else zero.
        about: the ID of the collection, model or batch that this account is of, where the events
            tell that and it is one; else zero.
    """

    token: str
    amount: int
    payments: int
    month: str = ""
    source: bytes = ZERO32
    about: bytes = ZERO32


_CAME = tuple(
    select(t.time_of(table.c.at), table.c.token, table.c.amount, number_of(table.c[source]))
    .where(table.c.payee == bindparam("wallet"))
    .where(table.c.at <= bindparam("until", type_=BigInteger))
    for table, source in ((t.deposit, "payer"), (t.claim, "split"), (t.resolution, "subject"))
)
_ACCOUNTS = select(keys.c.id, keys.c.raw).where(numbered(keys.c.id, "numbers"))
_SUBJECTS = select(number_of(t.subject.c.key), t.subject.c.id).where(
    numbered(t.subject.c.key, "numbers")
)
_LABELS = (
    select(number_of(t.label.c.split), t.label.c.group_id)
    .where(numbered(t.label.c.split, "numbers"))
    .where(t.label.c.kind != "published")
)


def earnings_of(store: Store, wallet: str, by: By, at: int | None = None) -> list[Earning]:
    """What a wallet earned: everything that was paid to it, claimed for it or resolved to it.

    Amounts of different tokens are never added. Money that the wallet's owner redirected was earned
    all the same.

    Args:
        wallet: its address.
        by: ``month``, ``subject`` or ``token``; in that order, the most first within it.
        at: the last place of the chain that counts; all when left out.

    Raises:
        InvalidInput: that is no address, or `by` is none of these.
    """
    if by not in ("month", "subject", "token"):
        raise InvalidInput(f"earnings are by month, subject or token, not by {by!r}")
    sums: defaultdict[tuple[str, int, str], list[int]] = defaultdict(lambda: [0, 0])
    values = {"wallet": ids.wallet(wallet), "until": ALL if at is None else at}
    for came in _CAME:
        for time, token, amount, source in store.rows(came, **values):
            month = day(time)[:7] if by == "month" else ""
            told = sums[month, source if by == "subject" else 0, token]
            told[0] += amount
            told[1] += 1
    accounts = _accounts(store, {number for _, number, _ in sums}) if by == "subject" else {}
    nobody = ZERO32, ZERO32
    found = [
        Earning(token, amount, payments, month, *accounts.get(number, nobody))
        for (month, number, token), (amount, payments) in sums.items()
    ]
    return sorted(found, key=lambda each: (each.month, each.token, -each.amount, each.source))


def _accounts(store: Store, numbers: Collection[int]) -> dict[int, tuple[bytes, bytes]]:
    """The key of each account, and what it is of."""
    about: defaultdict[int, set[bytes]] = defaultdict(set)
    raws: dict[int, bytes] = dict(store.rows(_ACCOUNTS, numbers=numbers))
    for question in (_SUBJECTS, _LABELS):
        for number, group in store.rows(question, numbers=numbers):
            about[number].add(group)
    return {
        number: (raw, next(iter(about[number])) if len(about[number]) == 1 else ZERO32)
        for number, raw in raws.items()
    }
