"""Which waterfalls money can still come through on its way to wallets.

It is looked for from both ends at once: from the wallets up (who pays them, who pays those, and
which tiers pay any of them), and from the tiers of all waterfalls down. What ends first is the
answer, or holds all of it. So it costs at most twice the shorter way, however many waterfalls
strangers make and however much pays the wallets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Protocol

from sqlalchemy import select

from kiseki.index.books.graph import Graph
from kiseki.index.store import tables as t
from kiseki.index.store.database import Row, Store
from kiseki.index.store.types import number_of, numbered

__all__ = ["ahead"]

_TOGETHER = 500
"""Accounts of one question."""

_PAGE = 100
"""Rows that are read of one way before the other goes on."""


def ahead(
    store: Store, graph: Graph, wanted: Collection[int], is_plain: bool
) -> dict[int, tuple[int, ...]]:
    """The waterfalls that pay some wallets: at once, or through splits, subjects and each other.

    Args:
        wanted: the numbers of the wallets.
        is_plain: whether nothing was added beside the store.

    Returns:
        Number of a waterfall -> the tiers that lead to one of the wallets, counted from 1; earliest
        first. What goes round through the waterfall itself does not lead there. A waterfall that is
        wanted itself is there when it pays another that is.
    """
    if store.read("SELECT 1 FROM tier LIMIT 1") is None:
        return {}
    edges: _Edges = _Kept(store) if is_plain else _Added(store, graph)
    up = _Up(edges, wanted)
    if is_plain:
        down = _Down(store)
        if _first(down.steps(), up.steps()) == 0:
            edges, up = down, _Up(down, wanted)
            up.walk()
    else:
        up.walk()
    found = up.found
    for fall in list(found):
        if fall in wanted or fall in up.paid:
            around = _Up(edges, wanted, fall)
            around.walk()
            found[fall] = around.found.get(fall, (0, set()))
    listed = sorted((at, fall, places) for fall, (at, places) in found.items() if places)
    return {fall: tuple(sorted(places)) for _, fall, places in listed}


def _first(*ways: Iterator[int]) -> int:
    """Which of some ways ends first, where always that one goes on which has read least."""
    read = [0] * len(ways)
    while True:
        which = read.index(min(read))
        step = next(ways[which], None)
        if step is None:
            return which
        read[which] += step


class _Edges(Protocol):
    """Who pays whom."""

    def payers(self, accounts: list[int]) -> Iterator[list[Row]]:
        """The splits and subjects that pay some accounts: payer and payee, some at a time."""
        ...

    def tiers(self, accounts: list[int]) -> Iterator[list[Row]]:
        """The tiers that pay some accounts, likewise: the place in the chain, which tier, the
        waterfall and the payee."""
        ...


class _Up:
    """From wallets to who pays them.

    Attributes:
        found: each waterfall, its place in the chain and the tiers that lead to the wallets.
        paid: all that somebody pays on the way there.

    Args:
        without: a waterfall that is not gone through.
    """

    def __init__(self, edges: _Edges, wanted: Collection[int], without: int | None = None) -> None:
        self._edges, self._wanted, self._without = edges, wanted, without
        self.found: dict[int, tuple[int, set[int]]] = {}
        self.paid: set[int] = set()

    def walk(self) -> None:
        """All the way."""
        for _ in self.steps():
            pass

    def steps(self) -> Iterator[int]:
        """A part of the way each; how many rows it read, and one for asking."""
        seen = set(self._wanted) - {self._without}
        rest = list(seen)
        while rest:
            some, rest = rest[:_TOGETHER], rest[_TOGETHER:]
            for new in self._above(some):
                fresh = {payer for payer, *_ in new} - seen - {self._without}
                seen |= fresh
                rest += fresh
                yield len(new) + 1

    def _above(self, some: list[int]) -> Iterator[list[Row]]:
        for rows in self._edges.payers(some):
            self.paid.update(payee for _, payee in rows)
            yield rows
        for rows in self._edges.tiers(some):
            for at, place, fall, payee in rows:
                self.found.setdefault(fall, (at, set()))[1].add(place + 1)
                self.paid.add(payee)
            yield [(fall, payee) for _, _, fall, payee in rows]


_PAYING = (
    select(number_of(t.leaf.c.split), number_of(t.leaf.c.payee))
    .join(t.split, t.split.c.key == t.leaf.c.split)
    .where(numbered(t.leaf.c.payee, "accounts"))
)
_NAMING = select(number_of(t.naming.c.subject), number_of(t.naming.c.payee)).where(
    numbered(t.naming.c.payee, "accounts")
)
_TIER = select(
    t.tier.c.at, t.tier.c.place, number_of(t.tier.c.waterfall), number_of(t.tier.c.payee)
)
_TIERS = _TIER.where(numbered(t.tier.c.payee, "accounts"))


class _Kept:
    """In the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def payers(self, accounts: list[int]) -> Iterator[list[Row]]:
        for question in (_PAYING, _NAMING):
            yield from self._store.pages(question, _PAGE, accounts=accounts)

    def tiers(self, accounts: list[int]) -> Iterator[list[Row]]:
        yield from self._store.pages(_TIERS, _PAGE, accounts=accounts)


class _Added(_Kept):
    """In the store, and added beside it."""

    def __init__(self, store: Store, graph: Graph) -> None:
        super().__init__(store)
        self._graph = graph

    def payers(self, accounts: list[int]) -> Iterator[list[Row]]:
        for each in accounts:
            yield [(leaf.split, each) for leaf in self._graph.paying(each)]
            yield [(subject, each) for subject in self._graph.naming(each)]


_LEAVES = select(number_of(t.leaf.c.split), number_of(t.leaf.c.payee)).where(
    numbered(t.leaf.c.split, "accounts")
)
_STANDING = (
    select(number_of(t.subject.c.key), number_of(t.subject.c.payee))
    .where(numbered(t.subject.c.key, "accounts"))
    .where(number_of(t.subject.c.payee).is_not(None))
)


class _Down:
    """From the tiers of all waterfalls to whom they pay; whoever walked that way knows all that
    lies between a waterfall and anybody."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._payers: defaultdict[int, list[Row]] = defaultdict(list)
        self._tiers: defaultdict[int, list[Row]] = defaultdict(list)

    def steps(self) -> Iterator[int]:
        """As `_Up.steps`."""
        seen: set[int] = set()
        rest: list[int] = []
        for rows in self._store.pages(_TIER, _PAGE):
            for row in rows:
                self._tiers[row[3]].append(row)
            rest += {row[3] for row in rows} - seen
            seen.update(rest)
            yield len(rows) + 1
        while rest:
            some, rest = rest[:_TOGETHER], rest[_TOGETHER:]
            for question in (_LEAVES, _STANDING):
                for rows in self._store.pages(question, _PAGE, accounts=some):
                    for row in rows:
                        self._payers[row[1]].append(row)
                    fresh = {payee for _, payee in rows} - seen
                    seen |= fresh
                    rest += fresh
                    yield len(rows) + 1

    def payers(self, accounts: list[int]) -> Iterator[list[Row]]:
        """As `_Edges.payers`, of those that a waterfall can lead to."""
        yield [row for account in accounts for row in self._payers.get(account, ())]

    def tiers(self, accounts: list[int]) -> Iterator[list[Row]]:
        """As `_Edges.tiers`."""
        yield [row for account in accounts for row in self._tiers.get(account, ())]
