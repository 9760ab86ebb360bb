"""What is owed, as one index told, and the steps that bring it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kiseki.core.splitlist import Listed
from kiseki.index import Index, Owed, Step

__all__ = ["MOST_TOKENS", "Due"]

MOST_TOKENS = 100
"""Tokens that are looked at where none is named: anybody can pay in worthless ones."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is owed.

    Attributes:
        index: who told.
        rows: leaf by leaf.
        lists: long lists of which some are.
    """

    index: Index
    rows: list[Owed]
    lists: Sequence[Listed]

    def of(self, wanted: Callable[[Owed], bool]) -> Due:
        """Some of it."""
        return replace(self, rows=[row for row in self.rows if wanted(row)])

    @property
    def recorded(self) -> Due:
        """Without what waits for a rights token to be put on record."""
        return self.of(lambda row: row.unknown is None)

    def steps(self) -> tuple[Step, ...]:
        """The calls that bring it, in order."""
        return self.index.steps(self.rows, self.lists)
