"""Payers before payees, and those who pay each other together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

__all__ = ["Order", "ordered", "reached"]


class Order:
    """The order of all accounts that were reached so far. What is reached later leaves the places
    of what was reached before, as long as everybody pays whom they paid.

    Source: Tarjan, "Depth-first search and linear graph algorithms" (1972), without recursion.

    Attributes:
        places: account -> its place; payers have lower ones than payees, and those who pay each
            other in a circle have one.

    Args:
        after: whom an account pays.
    """

    def __init__(self, after: Callable[[int], list[int]]) -> None:
        self._after = after
        self._number: dict[int, int] = {}
        self._low: dict[int, int] = {}
        self._circles: list[list[int]] = []
        self.places: dict[int, int] = {}

    def reach(self, start: Iterable[int]) -> None:
        """Gives a place to accounts and to all that can be reached from them."""
        for first in sorted(start):
            if first not in self._number:
                self._walk(first)

    def circle(self, place: int) -> list[int]:
        """The accounts at a place: a circle, or one alone."""
        return self._circles[-place]

    def circles(self) -> list[list[int]]:
        """All of them, payers before payees."""
        return self._circles[::-1]

    def _walk(self, first: int) -> None:
        number, low, after = self._number, self._low, self._after
        open_: dict[int, None] = {}
        work: list[tuple[int, Iterator[int]]] = []
        _enter(first, number, low, open_, work, after)
        while work:
            account, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[account])
                if low[account] == number[account]:
                    self._add(_close(account, open_))
            elif following not in number:
                _enter(following, number, low, open_, work, after)
            elif following in open_:
                low[account] = min(low[account], number[following])

    def _add(self, circle: list[int]) -> None:
        place = -len(self._circles)
        self._circles.append(circle)
        for account in circle:
            self.places[account] = place
            del self._low[account]


def ordered(start: Iterable[int], after: Callable[[int], list[int]]) -> list[list[int]]:
    """All accounts reachable from ``start``, payers before payees; circles stand together."""
    order = Order(after)
    order.reach(start)
    return order.circles()


def reached(start: Iterable[int], after: Callable[[int], list[int]]) -> set[int]:
    """All accounts reachable from ``start``."""
    found = set(start)
    rest = list(found)
    while rest:
        for account in after(rest.pop()):
            if account not in found:
                found.add(account)
                rest.append(account)
    return found


def _enter(
    account: int,
    number: dict[int, int],
    low: dict[int, int],
    open_: dict[int, None],
    work: list[tuple[int, Iterator[int]]],
    after: Callable[[int], list[int]],
) -> None:
    number[account] = low[account] = len(number)
    open_[account] = None
    work.append((account, iter(after(account))))


def _close(account: int, open_: dict[int, None]) -> list[int]:
    circle: list[int] = []
    while not circle or circle[-1] != account:
        circle.append(open_.popitem()[0])
    circle.reverse()
    return circle
