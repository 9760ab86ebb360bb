"""What waits for a wallet at a glance: a sum in each of a few tokens, and what most of it is.

All sources are looked at in one pass, each in so many tokens at most: anybody can pay a source in
any number of tokens, and most of such are worth nothing. Ether comes first, then the tokens that
were known first on the chain, so a token that comes later pushes none of them aside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nlargest
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import text

from kiseki.core import ids
from kiseki.core.values import ZERO_ADDRESS
from kiseki.index.books.accounts import Books
from kiseki.index.books.graph import Graph
from kiseki.index.books.owed import Sight
from kiseki.index.store.database import Store
from kiseki.index.store.types import Amount, Long, Word

__all__ = ["Glance", "Source", "Total", "glance_of"]


@dataclass(frozen=True, slots=True)
class Source:
    """What waits at one split for one leaf, or at one subject.

    Attributes:
        key: of the split or subject, 32 bytes.
        amount: base units, after all steps.
        complete: whether that is all, as of :class:`~kiseki.index.books.owed.Owed`.
    """

    key: bytes
    amount: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Total:
    """What waits in one token.

    Attributes:
        token: lowercase address; the zero address is ether.
        amount: base units, together.
        sources: how many leaves and subjects bring it.
        complete: whether that is all: every source was looked at in this token, and each is
            complete.
        most: the sources that bring most, the first first.
    """

    token: str
    amount: int
    sources: int
    complete: bool
    most: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Glance:
    """What waits for a wallet, in ether and the tokens that were known first.

    Attributes:
        totals: of each token in which something waits, some of them.
        more: whether something waits in other tokens, too.
        is_all: whether every token of every source was looked at.
    """

    totals: tuple[Total, ...]
    more: bool
    is_all: bool


_BOUND = """account.token >= coalesce((
    SELECT known.token FROM account AS known WHERE known.key = {key}
    ORDER BY known.token DESC LIMIT 1 OFFSET :each), :least)"""
_ACCOUNTS = text(f"""
WITH RECURSIVE behind (key) AS (
    SELECT CAST(:wallet AS BIGINT)
    UNION SELECT naming.subject FROM naming JOIN behind ON naming.payee = behind.key
)
SELECT account.key, leaf.place, account.token, leaf.shares, leaf.total, account.virtual,
       account.restless, claimed.amount
FROM behind CROSS JOIN leaf CROSS JOIN account
LEFT JOIN claimed
  ON claimed.payee = leaf.payee AND claimed.split = leaf.split AND claimed.lo = leaf.lo
  AND claimed.token = account.token
WHERE leaf.payee = behind.key AND account.key = leaf.split AND {_BOUND.format(key="leaf.split")}
UNION ALL
SELECT account.key, -1, account.token, 1, 1, account.received, 0, account.passed
FROM behind CROSS JOIN account
WHERE behind.key <> :wallet AND account.key = behind.key AND {_BOUND.format(key="behind.key")}
""").columns(  # noqa: S608 - of constants
    key=Long, place=Long, token=Long, shares=Amount, total=Amount, virtual=Word, restless=Long,
    amount=Word,
)  # fmt: skip
"""Of each leaf that leads to a wallet, and of each subject, the tokens that were known first, one
more than so many: numbers of addresses go down from zero, and that of ether is above."""
_LEAST = -(1 << 63)
"""No number of a key is less."""


class _Left(NamedTuple):
    """What is left at a source in a token; at a subject the place is -1."""

    amount: int
    key: int
    place: int
    complete: bool


def glance_of(
    store: Store,
    graph: Graph,
    books: Books,
    sight: Sight,
    wallet: str,
    tokens: int,
    each: int,
    most: int,
) -> Glance:
    """What waits for a wallet.

    Args:
        tokens: how many are told at most, ether not counted.
        each: how many tokens of one source are looked at.
        most: how many sources of a token are told.
    """
    who = store.keys.look_up(ids.wallet(wallet))
    if who is None:
        return Glance((), False, True)
    left: defaultdict[int, list[_Left]] = defaultdict(list)
    floor = _LEAST
    given = _plainly(store, who, each) if sight.is_plain else _anew(graph, books, who, each)
    for (key, place), of_source in groupby(given, itemgetter(0, 1)):
        rows = list(of_source)
        if len(rows) > each:  # one more was read, which tells that there are more
            rows.sort(key=itemgetter(2))
            rows = rows[1:]
            floor = max(floor, rows[0][2])
        for _, _, token, shares, total, virtual, restless, had in rows:
            amount = virtual * shares // total - (had or 0)
            if amount > 0:
                left[token].append(_Left(amount, key, place, not restless))
    ether = store.keys.look_up(ZERO_ADDRESS)
    shown = sorted(left, reverse=True)[: tokens + (ether in left)]
    totals = tuple(
        _total(store, sight, token, left[token], token >= floor, most) for token in shown
    )
    return Glance(totals, len(left) > len(shown), floor == _LEAST)


_Row = tuple[int, int, int, int, int, int, int, int | None]


def _plainly(store: Store, who: int, each: int) -> Iterable[_Row]:
    rows: Iterable[_Row] = store.rows(_ACCOUNTS, wallet=who, each=each, least=_LEAST)
    return rows


def _anew(graph: Graph, books: Books, who: int, each: int) -> Iterable[_Row]:
    """The same with what was added beside the store."""
    behind = graph.behind(who)
    for payee in behind:
        for leaf in graph.paying(payee):
            for token in sorted(books.tokens_of(leaf.split), reverse=True)[: each + 1]:
                of = books.of(token)
                yield (
                    leaf.split, leaf.place, token, leaf.shares, leaf.total, of.virtual(leaf.split),
                    of.restless(leaf.split), of.claimed(leaf),
                )  # fmt: skip
    for key in behind[1:]:
        for token in sorted(books.tokens_of(key), reverse=True)[: each + 1]:
            of = books.of(token)
            yield key, -1, token, 1, 1, of.received(key), 0, of.passed(key)


def _total(
    store: Store, sight: Sight, token: int, left: list[_Left], is_all: bool, most: int
) -> Total:
    exact = [
        each if each.complete else each._replace(amount=sight.comes(token, each.key, each.place))
        for each in left
    ]
    first = nlargest(most, exact, lambda each: (each.amount, -each.key, -each.place))
    keys = store.keys
    keys.load({each.key for each in first})
    return Total(
        keys.address(token),
        sum(each.amount for each in exact),
        len(exact),
        is_all and all(each.complete for each in exact),
        tuple(Source(keys.raw(each.key), each.amount, each.complete) for each in first),
    )
