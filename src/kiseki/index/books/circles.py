"""Circles of accounts that pay each other, and how their figures are worked out.

What an account would have received follows from those above it, so in a circle it follows from
itself. The least figures that fit are found from below: what one account has more is passed on,
until nobody has more, or until the budget is spent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from kiseki.index.books.graph import Graph, Leaf, is_wallet
from kiseki.index.books.leap import Leap

__all__ = ["BUDGET", "MOST", "Outward", "Shape", "Way", "raise_to_rest"]

BUDGET = 10_000
"""Figures that one change may alter inside circles, before the circle counts as restless."""

MOST = 1 << 128
"""What the splitter never credits an account with."""

Outward = tuple[int, int, int]
"""A leaf that leads out of a circle: to which account, its shares, and all shares of its split."""


class Way(NamedTuple):
    """A leaf inside a circle, and between which of its accounts it leads, by their places."""

    leaf: Leaf
    start: int
    end: int
    shares: int
    total: int


class Shape(NamedTuple):
    """A circle of accounts, or one account alone; the same for all tokens.

    Attributes:
        members: its accounts, ascending.
        circle: the same, to look up.
        goes_round: whether it is a circle.
        ways: the leaves inside.
        leaving: for each account, the ways that begin there: number, end, shares and total.
        outward: for each account, the leaves that lead to an account outside.
        leap: of a circle, what shortens the way.
    """

    members: list[int]
    circle: frozenset[int]
    goes_round: bool
    ways: list[Way]
    leaving: list[list[tuple[int, int, int, int]]]
    outward: list[list[Outward]]
    leap: Leap | None

    @classmethod
    def of(cls, graph: Graph, circle: Sequence[int], below: Callable[[int], list[int]]) -> Shape:
        """Looks at the leaves of all its accounts."""
        members = sorted(circle)
        goes_round = len(members) > 1 or members[0] in below(members[0])
        places = {member: place for place, member in enumerate(members)} if goes_round else {}
        ways: list[Way] = []
        leavings: list[list[tuple[int, int, int, int]]] = []
        outwards: list[list[Outward]] = []
        for start, member in enumerate(members):
            leaving: list[tuple[int, int, int, int]] = []
            outward: list[Outward] = []
            for leaf in graph.edges(member):
                end = graph.end(leaf.payee)
                if end in places:
                    leaving.append((len(ways), places[end], leaf.shares, leaf.total))
                    ways.append(Way(leaf, start, places[end], leaf.shares, leaf.total))
                elif not is_wallet(end):
                    outward.append((end, leaf.shares, leaf.total))
            leavings.append(leaving)
            outwards.append(outward)
        leap = Leap(len(members), [way[1:] for way in ways]) if goes_round else None
        return cls(members, frozenset(members), goes_round, ways, leavings, outwards, leap)


def raise_to_rest(virtual: list[int], shape: Shape, brought: list[int]) -> bool:
    """Raises V of a circle's accounts until it fits the formula; whether that came to an end.

    Args:
        virtual: V of each; not more than the least that fits.
        brought: what of V came by each way.
    """
    if shape.leap:
        shape.leap.go(virtual, brought)
    rest, waits, steps = deque(range(len(virtual))), [True] * len(virtual), 0
    while rest and steps < BUDGET:
        start = rest.popleft()
        waits[start] = False
        had = virtual[start]
        for number, end, shares, total in shape.leaving[start]:
            more = had * shares // total - brought[number]
            if more > 0:
                steps += 1
                brought[number] += more
                virtual[end] += more
                if not waits[end]:
                    waits[end] = True
                    rest.append(end)
    return not rest and max(virtual) < MOST
