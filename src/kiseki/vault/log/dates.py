"""What anchors say of the times of entries: each lies between the heads before it and behind it.

An entry that an anchor does not have was made after its heads were read; one that it has was made
before the block in which it is stated. When the heads were read is the vault's word, so an anchor
that is stated long after that says little of what lies between: it is *late*, which is told. So a
vault lies about a time by `TOLERANCE` at most, or is found out, or was late.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from kiseki.core.days import utc

__all__ = ["DUE", "TOLERANCE", "Dated", "Dates"]

TOLERANCE = 3_600
"""Seconds by which clocks may differ, and that it may take until an anchor is in a block."""
DUE = 2 * 86_400
"""Seconds after which an anchor with an entry is overdue."""


@dataclass(frozen=True, slots=True)
class Dated:
    """The head of a log in an anchor.

    Attributes:
        size: how many entries it has.
        taken: when it was read, as the anchor says, in seconds since 1970.
        stated: when the block was made that has the anchor, likewise.
    """

    size: int
    taken: int
    stated: int

    @property
    def is_late(self) -> bool:
        """Whether the anchor was stated so long after that it says little of times between."""
        return self.stated - self.taken > TOLERANCE

    @property
    def is_early(self) -> bool:
        """Whether it says that its heads were read after it was stated, which cannot be."""
        return self.taken - self.stated > TOLERANCE


class Dates:
    """The heads of one log in all its anchors.

    Args:
        heads: the earliest first; none is smaller than one before it.
    """

    def __init__(self, heads: Sequence[Dated]) -> None:
        self._heads = heads

    def wrong(self, number: int, at: int) -> str | None:
        """What contradicts the time that an entry says of itself; none where nothing does.

        Args:
            number: of the entry, from 0.
            at: its time, in seconds since 1970.
        """
        behind = bisect_right(self._heads, number, key=lambda each: each.size)
        if behind and at + TOLERANCE < self._heads[behind - 1].taken:
            return (
                f"entry {number} says that it was made on {utc(at)}, and is not in the anchor "
                f"whose heads were read on {utc(self._heads[behind - 1].taken)}"
            )
        if behind < len(self._heads) and at - TOLERANCE > self._heads[behind].stated:
            return (
                f"entry {number} says that it was made on {utc(at)}, and is in an anchor that was "
                f"stated on {utc(self._heads[behind].stated)}"
            )
        return None
