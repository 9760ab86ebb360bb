"""A leap towards the figures of a circle, which step by step takes many rounds.

Inside a circle an account has what comes from outside, and of each account that pays it a part,
rounded down. Without rounding these are linear equations, ``x = Lx + b``. One elimination serves
all tokens. It counts in fractions of 2**128, and rounds them. So what it gives is only believed
where whole numbers prove that the figures are not greater than the true ones:

- ``u > 0`` with ``Lu < u`` proves that all that goes round dies away;
- then ``x <= Lx + b`` wherever ``x > 0`` proves that ``x`` is not more than the solution, because
  what it had more would have to go round without dying away.

``b`` takes one base unit off for each leaf inside, which is more than rounding takes.

Source of both: Berman and Plemmons, "Nonnegative Matrices in the Mathematical Sciences" (1994),
chapter 6.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Leap", "Part"]

Part = tuple[int, int, int, int]
"""A leaf inside a circle: the places of who pays and who is paid, its shares, and all shares."""

_FILLED = 20
"""Numbers for each account that an elimination may take, before it is given up."""
_BITS = 128
_ONE = 1 << _BITS
"""What factors are counted in."""
_FINE = 20
"""Bits behind the point of what the proof counts in."""
_SAFE = 96
"""Bits of a figure that are right after all rounding."""
_SLOWEST = _ONE - (_ONE >> 36)
"""The greatest part of an account that may come back to it."""
_LEAPS = 4
"""The second leap covers what the first left because of rounding, and so on."""


class _Pivot(NamedTuple):
    """One account in the elimination: what makes its figure of its equation, whom it pays and who
    pays it among those that come later; factors in 2**-128."""

    place: int
    scale: int
    paid: list[tuple[int, int]]
    payers: list[tuple[int, int]]


class Leap:
    """The equations of one circle.

    Args:
        count: of its accounts.
        parts: its leaves.
    """

    def __init__(self, count: int, parts: Sequence[Part]) -> None:
        self._count, self._parts = count, parts
        ends = Counter(end for _, end, _, _ in parts)
        self._rounded = 2 * max(ends.values(), default=0) + 2  # of what comes to an account
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
        solved = self._solve(least.copy())
        slack = (max(solved) >> _SAFE) + self._rounded
        more = [
            max(0, each - (slack * dies >> _FINE))
            for each, dies in zip(solved, self._dying, strict=True)
        ]
        for start, end, shares, total in self._parts:
            least[end] += more[start] * shares // total
        is_proved = all(has <= most for has, most in zip(more, least, strict=True) if has)
        return more if is_proved else []

    def _proof(self) -> list[int]:
        """`u`, in 2**-20, where it proves what it should; else nothing."""
        dying = self._solve([1 << _FINE] * self._count)
        comes = [0] * self._count
        for start, end, shares, total in self._parts:
            comes[end] += -(-dying[start] * shares // total)
        is_proved = all(0 <= less < has for less, has in zip(comes, dying, strict=True))
        return dying if is_proved else []

    def _solve(self, values: list[int]) -> list[int]:
        """The solution for `b`, which it changes."""
        for place, scale, paid, _ in self._pivots:
            value = values[place] = values[place] * scale >> _BITS
            for end, part in paid:
                values[end] += part * value >> _BITS
        for place, scale, _, payers in reversed(self._pivots):
            came = 0
            for start, part in payers:
                came += part * values[start]
            values[place] += scale * (came >> _BITS) >> _BITS
        return values


def _eliminated(count: int, parts: Sequence[Part]) -> list[_Pivot]:
    """The accounts in an order in which each can be taken out; nothing where that grows much, or
    where nothing dies away. Who pays or is paid by few goes first."""
    payers: list[dict[int, int]] = [{} for _ in range(count)]
    paid: list[set[int]] = [set() for _ in range(count)]
    for start, end, shares, total in parts:
        payers[end][start] = payers[end].get(start, 0) + shares * _ONE // total
        paid[start].add(end)
    pivots: list[_Pivot] = []
    left, numbers = set(range(count)), len(parts)
    while left:
        place = min(left, key=lambda each: (len(payers[each]) * len(paid[each]), each))
        left.discard(place)
        own = payers[place].pop(place, 0)
        paid[place].discard(place)
        if own > _SLOWEST:
            return []
        pivot = _Pivot(
            place,
            _ONE * _ONE // (_ONE - own),
            [(end, payers[end].pop(place)) for end in sorted(paid[place])],
            sorted(payers[place].items()),
        )
        pivots.append(pivot)
        for start, _ in pivot.payers:
            paid[start].discard(place)
        for end, through in pivot.paid:
            for start, part in pivot.payers:
                came = (through * part >> _BITS) * pivot.scale >> _BITS
                payers[end][start] = payers[end].get(start, 0) + came
                paid[start].add(end)
        numbers += len(pivot.paid) * len(pivot.payers)
        if numbers > _FILLED * (count + len(parts)):
            return []
    return pivots
