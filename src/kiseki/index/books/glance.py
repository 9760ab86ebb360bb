"""What waits for a wallet at a glance: a sum in each of a few tokens, and what most of it is.

All sources are looked at in one pass, each in so many tokens at most: anybody can pay a source in
any number of tokens, and most of such are worth nothing. Ether comes first, then the tokens that
were known first on the chain, so a token that comes later pushes none of them aside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nlargest, nsmallest
from operator import itemgetter

from sqlalchemy import text

from kiseki.core import ids
from kiseki.core.values import ZERO_ADDRESS
from kiseki.index.books.accounts import Books
from kiseki.index.books.graph import Graph
from kiseki.index.books.owed import Sight
from kiseki.index.store.database import Store
from kiseki.index.store.types import Long, unpacked

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
    key=Long, place=Long, token=Long, shares=Long, total=Long, virtual=Long, restless=Long,
    amount=Long,
)  # fmt: skip
"""Of each leaf that leads to a wallet, and of each subject, the tokens that were known first, one
more than so many: numbers of addresses go down from zero, and that of ether is above. Amounts come
as the driver gives them and are `unpacked` where they are added up: making all rows anew before
takes a quarter of the time."""
_LEAST = -(1 << 63)
"""No number of a key is less."""


_Row = tuple[int, int, int, int | bytes, int | bytes, int | bytes, int, int | bytes | None]

_Left = tuple[int, int, int, bool]
"""What is left at a source in a token: the amount, the number of the source and the place of the
leaf, -1 at a subject, both below zero, so that the greatest comes first, and whether it is all."""
_AMOUNT, _IS_ALL = itemgetter(0), itemgetter(3)


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
    given = _plainly(store, who, each) if sight.is_plain else list(_anew(graph, books, who, each))
    beyond, floor = _beyond(given, each)
    left: defaultdict[int, list[_Left]] = defaultdict(list)
    for key, place, token, shares, total, virtual, restless, had in given:
        if beyond and beyond.get((key, place)) == token:
            continue
        amount = unpacked(virtual) * unpacked(shares) // unpacked(total)
        if had is not None:
            amount -= unpacked(had)
        if amount > 0:
            left[token].append((amount, -key, -place, not restless))
    ether = store.keys.look_up(ZERO_ADDRESS)
    shown = sorted(left, reverse=True)[: tokens + (ether in left)]
    totals = tuple(
        _total(store, sight, token, left[token], token >= floor, most) for token in shown
    )
    return Glance(totals, len(left) > len(shown), floor == _LEAST)


def _plainly(store: Store, who: int, each: int) -> list[_Row]:
    rows: list[_Row] = store.rows(_ACCOUNTS, wallet=who, each=each, least=_LEAST)
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


def _beyond(given: list[_Row], each: int) -> tuple[dict[tuple[int, int], int], int]:
    """Of each source with more tokens the one that was read to tell that, and the least token in
    which all sources were looked at."""
    if len({row[2] for row in given}) <= each:
        return {}, _LEAST
    tokens: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for key, place, token, *_ in given:
        tokens[key, place].append(token)
    most = {source: nsmallest(2, found) for source, found in tokens.items() if len(found) > each}
    floor = max((least for _, least in most.values()), default=_LEAST)
    return {source: further for source, (further, _) in most.items()}, floor


def _total(
    store: Store, sight: Sight, token: int, left: list[_Left], is_all: bool, most: int
) -> Total:
    if not all(map(_IS_ALL, left)):
        left = [row if row[3] else (sight.comes(token, -row[1], -row[2]), *row[1:]) for row in left]
        is_all = False
    first = nlargest(most, left)
    keys = store.keys
    keys.load({-key for _, key, _, _ in first})
    return Total(
        keys.address(token),
        sum(map(_AMOUNT, left)),
        len(left),
        is_all,
        tuple(Source(keys.raw(-key), amount, complete) for amount, key, _, complete in first),
    )
