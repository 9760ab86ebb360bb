"""A leap towards the figures of a circle, which step by step takes many rounds.

Inside a circle an account has what comes from outside, and of each account that pays it a part,
rounded down. Without rounding these are linear equations, ``x = Lx + b``. Floating point solves
them for all tokens with one elimination, but is not exact. So what it gives is only believed where
whole numbers prove that the figures are not greater than the true ones:

- ``u > 0`` with ``Lu < u`` proves that all that goes round dies away;
- then ``x <= Lx + b`` wherever ``x > 0`` proves that ``x`` is not more than the solution, because
  what it had more would have to go round without dying away.

``b`` takes one base unit off for each leaf inside, which is more than rounding takes.

Source of both: Berman and Plemmons, "Nonnegative Matrices in the Mathematical Sciences" (1994),
chapter 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Leap", "Part"]

Part = tuple[int, int, int, int]
"""A leaf inside a circle: the places of who pays and who is paid, its shares, and all shares."""

_FILLED = 20
"""Numbers for each account that an elimination may take, before it is given up."""
_FINE = 1 << 20
"""What the proof counts in."""
_SLACK = 2.0**-36
"""Far more than what floating point rounds."""
_LEAPS = 4
"""The second leap covers what the first left to be safe, and so on."""


class _Pivot(NamedTuple):
    """One account in the elimination: what makes its figure of its equation, whom it pays and who
    pays it among those that come later."""

    place: int
    scale: float
    paid: list[tuple[int, float]]
    payers: list[tuple[int, float]]


class Leap:
    """The equations of one circle.

    Args:
        count: of its accounts.
        parts: its leaves.
    """

    def __init__(self, count: int, parts: Sequence[Part]) -> None:
        self._count, self._parts = count, parts
        self._pivots = _eliminated(count, parts)
        self._dying = self._proof() if self._pivots else []

    def go(self, virtual: list[int], brought: list[int]) -> None:
        """Raises what was brought, and V with it, to not more than the least that fits; or leaves
        them as they are.

        Args:
            virtual: V of each account; not more than the least that fits.
            brought: what of V came by each leaf.
        """
        for _ in range(_LEAPS if self._dying else 0):
            more = self._more(virtual, brought)
            if not any(more):
                return
            at_least = [has + comes for has, comes in zip(virtual, more, strict=True)]
            for number, (start, end, shares, total) in enumerate(self._parts):
                comes = at_least[start] * shares // total
                if comes > brought[number]:
                    virtual[end] += comes - brought[number]
                    brought[number] = comes

    def _more(self, virtual: list[int], brought: list[int]) -> list[int]:
        """What each account has more at least; proved, or nothing."""
        least = [0] * self._count
        for came, (start, end, shares, total) in zip(brought, self._parts, strict=True):
            least[end] += virtual[start] * shares // total - came - 1
        solved = self._solve([float(each) for each in least])
        slack = max(solved) * _SLACK + 1
        more = [
            max(0, int(each - slack * dies)) for each, dies in zip(solved, self._dying, strict=True)
        ]
        for start, end, shares, total in self._parts:
            least[end] += more[start] * shares // total
        is_proved = all(has <= most for has, most in zip(more, least, strict=True) if has)
        return more if is_proved else [0] * self._count

    def _proof(self) -> list[float]:
        """`u`, where it proves what it should; else nothing."""
        dying = self._solve([1.0] * self._count)
        if not all(0 < each < 2**60 for each in dying):
            return []
        counted = [int(each * _FINE) + 1 for each in dying]
        comes = [0] * self._count
        for start, end, shares, total in self._parts:
            comes[end] += -(-counted[start] * shares // total)
        is_proved = all(less < has for less, has in zip(comes, counted, strict=True))
        return dying if is_proved else []

    def _solve(self, values: list[float]) -> list[float]:
        for pivot in self._pivots:
            value = values[pivot.place] = values[pivot.place] * pivot.scale
            for place, part in pivot.paid:
                values[place] += part * value
        for pivot in reversed(self._pivots):
            came = sum(part * values[place] for place, part in pivot.payers)
            values[pivot.place] += pivot.scale * came
        return values


def _eliminated(count: int, parts: Sequence[Part]) -> list[_Pivot]:
    """The accounts in an order in which each can be taken out; nothing where that grows much, or
    where nothing dies away. Who pays or is paid by few goes first."""
    payers: list[dict[int, float]] = [{} for _ in range(count)]
    paid: list[set[int]] = [set() for _ in range(count)]
    for start, end, shares, total in parts:
        payers[end][start] = payers[end].get(start, 0.0) + shares / total
        paid[start].add(end)
    pivots: list[_Pivot] = []
    left, numbers = set(range(count)), len(parts)
    while left:
        place = min(left, key=lambda each: (len(payers[each]) * len(paid[each]), each))
        left.discard(place)
        own = payers[place].pop(place, 0.0)
        paid[place].discard(place)
        if own > 1 - _SLACK:
            return []
        pivot = _Pivot(
            place,
            1 / (1 - own),
            [(end, payers[end].pop(place)) for end in sorted(paid[place])],
            sorted(payers[place].items()),
        )
        pivots.append(pivot)
        for start, _ in pivot.payers:
            paid[start].discard(place)
        for end, through in pivot.paid:
            for start, part in pivot.payers:
                payers[end][start] = payers[end].get(start, 0.0) + through * part * pivot.scale
                paid[start].add(end)
        numbers += len(pivot.paid) * len(pivot.payers)
        if numbers > _FILLED * (count + len(parts)):
            return []
    return pivots
