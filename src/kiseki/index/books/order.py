"""Payers before payees, and those who pay each other together."""

from collections.abc import Callable, Iterable, Iterator

__all__ = ["ordered", "reached"]


def ordered(start: Iterable[int], after: Callable[[int], list[int]]) -> list[list[int]]:
    """All accounts reachable from ``start``, payers before payees; circles stand together.

    Source: Tarjan, "Depth-first search and linear graph algorithms" (1972), without recursion.
    """
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    open_: dict[int, None] = {}
    found: list[list[int]] = []
    for first in sorted(start):
        if first in number:
            continue
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
                    found.append(_close(account, open_))
            elif following not in number:
                _enter(following, number, low, open_, work, after)
            elif following in open_:
                low[account] = min(low[account], number[following])
    found.reverse()
    return found


def reached(start: Iterable[int], after: Callable[[int], list[int]]) -> set[int]:
    """All accounts reachable from ``start``."""
    found = set(start)
    rest = list(found)
    while rest:
        new = [account for account in after(rest.pop()) if account not in found]
        found.update(new)
        rest += new
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
