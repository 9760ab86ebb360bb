"""From which rows the weights descend. Whoever goes on from a checkpoint leaves later rows aside.

A *line* is a list of spans of rows, oldest first: each begins where a process began and ends where
the next one of the line went on. All other rows are of steps that were lost.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter

from kiseki.errors import TrainingError
from kiseki.training.ledger.rows import Begin, Kind, Row
from kiseki.training.ledger.table import Rows

__all__ = ["Cut", "Span", "cut", "line", "others", "reached", "taken"]

Span = tuple[int, int]
"""The first and the last row of it."""

_SEQ = attrgetter("seq")


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a line ends.

    Attributes:
        after: its last row; 0 where it has none.
        step: how many steps the weights have had.
        closes: whether the last step took what waits there, and this process could not say so.
    """

    after: int
    step: int
    closes: bool


def line(begins: Sequence[Begin], head: int) -> list[Span]:
    """The spans that lead to a row.

    Raises:
        TrainingError: no process began before it.
    """
    spans: list[Span] = []
    while head:
        place = bisect_right(begins, head, key=_SEQ)
        if not place:
            raise TrainingError("the ledger has rows that no process began with")
        begin = begins[place - 1]
        spans.append((begin.seq, head))
        head = begin.after
    return spans[::-1]


def others(spans: Sequence[Span], begins: Sequence[Begin], last: int) -> list[Span]:
    """The rows that are in none of these spans, cut where a process began."""
    edges = [each.seq for each in begins]
    found: list[Span] = []
    first = 1
    for begun, ended in [*spans, (last + 1, last + 1)]:
        inside = [first, *(edge for edge in edges if first < edge < begun), begun]
        found += [(a, b - 1) for a, b in pairwise(inside) if a < b]
        first = max(first, ended + 1)
    return found


def reached(rows: Rows, spans: Sequence[Span]) -> int:
    """How many steps a line has."""
    for first, last in reversed(spans):
        mark = rows.mark(first, last)
        if mark is not None and mark.step is not None:
            return mark.step
    return 0


def cut(rows: Rows, anchor: int, step: int) -> Cut | None:
    """Where the line of a row has had so many steps; none where it never had.

    The row itself may be before or after that step: another process of the run saw it, which was
    not at the same place. A step that other processes took, and this one was ended in the middle
    of, is the one after its last where batches wait: an optimizer that averages gradients over all
    processes cannot have stepped without them.
    """
    begins, last = rows.begins(), rows.last()
    if last is None or not begins:
        return None
    following = next((each.seq for each in begins if each.seq > anchor), last.seq + 1)
    spans = line(begins, following - 1)
    for first, end in reversed(spans):
        mark = rows.mark(first, end, step)
        if mark is not None:
            return Cut(mark.seq, step, closes=False)
    if begins[0].step > step and len(spans) == 1:  # it joined later
        return Cut(0, step, closes=False)
    if reached(rows, spans) == step - 1 and waits(rows, spans[-1]):
        return Cut(spans[-1][1], step, closes=True)
    return None


def waits(rows: Rows, span: Span) -> bool:
    """Whether batches arrived after the last step of a span and were not given up."""
    mark = rows.mark(*span)
    waiting = False
    for row in rows.between(mark.seq + 1 if mark else span[0], span[1]):
        if row.kind in (Kind.BATCH, Kind.SKIP):
            waiting = row.kind == Kind.BATCH
    return waiting


def taken(rows: Iterable[Row], *, closes: bool = False) -> Iterator[Row]:
    """The batches that a step took.

    Args:
        rows: of a whole line, or of one span that is in none.
        closes: whether the last step took what waits at the end.
    """
    waiting: list[Row] = []
    for row in rows:
        if row.kind == Kind.BATCH:
            waiting.append(row)
        elif row.kind == Kind.STEP or (row.kind == Kind.BEGIN and Begin.of(row).closes):
            yield from waiting
            waiting.clear()
        elif row.kind in (Kind.SKIP, Kind.BEGIN):
            waiting.clear()
    if closes:
        yield from waiting
