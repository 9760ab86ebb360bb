"""What was made from what: items of a collection that are derived from others, as rough, clean and
colour are, as a document whose hash is on the chain.

Rows hold data IDs and the word of a step. So the document tells nothing of what the drawings show.
Who may state it for a collection, and whether its items are in there, only the chain can say.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from kiseki.core import documents
from kiseki.core.counts import counted
from kiseki.core.keccak import keccak256
from kiseki.core.values import bytes32, from_hex, one_line, to_hex
from kiseki.errors import InvalidInput

__all__ = ["DERIVED_FORMAT", "ROWS", "Derived", "Row", "circles", "reached"]

DERIVED_FORMAT = "kiseki-derived-v1"
ROWS = 50_000
"""Of one document at most. A collection can have several, and they add up."""

_STEP = 40


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """An item that was made from another.

    Attributes:
        item: its data ID, 32 bytes.
        made_from: the data ID of what it was made from, 32 bytes; of any collection.
        step: what was done, in a word or a few: ``clean``, ``colour``.
    """

    item: bytes
    made_from: bytes
    step: str = field(compare=False)

    def __post_init__(self) -> None:
        bytes32(self.item, "a derived item")
        bytes32(self.made_from, "what an item was made from")
        if self.item == self.made_from:
            raise InvalidInput(f"{to_hex(self.item)} cannot be made from itself")
        text = self.step
        if not isinstance(text, str) or not text.strip() or one_line(text, _STEP) != text:
            raise InvalidInput(
                f"a step is a word or a few, in one line of up to {_STEP} characters, as clean"
            )
        if text != text.strip():
            raise InvalidInput("a step has no blanks around it")


@dataclass(frozen=True, slots=True)
class Derived:
    """Which items of one collection were made from which others.

    Attributes:
        collection: in which the derived items are, 32 bytes.
        rows: ascending by item and by what it was made from; each pair once.

    Raises:
        InvalidInput: no rows or too many, a pair twice, rows out of order, or a circle.
    """

    collection: bytes
    rows: Sequence[Row] = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", tuple(self.rows))
        bytes32(self.collection, "the collection")
        if not 1 <= len(self.rows) <= ROWS:
            raise InvalidInput(
                f"a document has 1 to {ROWS:,} rows, not {len(self.rows):,}; make several"
            )
        for before, after in pairwise(self.rows):
            if not before < after:
                raise InvalidInput(
                    f"{to_hex(after.item)} is made from {to_hex(after.made_from)} twice, or rows "
                    "are out of order; sort them, each pair once"
                )
        round_ = circles(self.rows)
        if round_:
            raise InvalidInput(
                f"{counted(len(round_), 'item')} would be made from each other in a circle: "
                f"{', '.join(map(to_hex, sorted(round_)[:3]))}"
            )

    @classmethod
    def of(cls, collection: bytes, rows: Iterable[Row]) -> Derived:
        """The same of rows in any order. A pair that is there twice with one step counts once.

        Raises:
            InvalidInput: as the constructor; a pair twice with different steps.
        """
        found: dict[tuple[bytes, bytes], Row] = {}
        for each in rows:
            there = found.setdefault((each.item, each.made_from), each)
            if there.step != each.step:
                raise InvalidInput(
                    f"{to_hex(each.item)} is made from {to_hex(each.made_from)} by {there.step} "
                    f"and by {each.step}; say one step"
                )
        return cls(collection, sorted(found.values()))

    @property
    def hash(self) -> bytes:
        """keccak256 of its one text: what is stated on the chain."""
        return keccak256(self.to_json().encode())

    def to_json(self) -> str:
        """The one text of it."""
        return documents.write(
            {
                "format": DERIVED_FORMAT,
                "collection": to_hex(self.collection),
                "rows": [
                    [to_hex(each.item), each.step, to_hex(each.made_from)] for each in self.rows
                ],
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Derived:
        """From what `to_json` gave.

        Raises:
            InvalidInput: another format, or a row that is none.
        """
        given = documents.members(
            documents.read(text, DERIVED_FORMAT), ["format", "collection", "rows"], "a document"
        )
        _, collection, rows = given
        listed = documents.rows(rows, 3, "the rows")
        if len(listed) > ROWS:
            raise InvalidInput(f"a document has at most {ROWS:,} rows, and this {len(listed):,}")
        return cls(
            from_hex(collection, 32, "the collection"),
            [
                Row(from_hex(item, 32, "an item"), from_hex(source, 32, "an item"), step)
                for item, step, source in listed
            ],
        )


def reached(
    rows: Mapping[bytes, Sequence[Row]], start: bytes, up: bool
) -> Iterator[tuple[int, Row]]:
    """Every row that is met on the way from an item, nearest first, each once: with how many steps
    it is away. It ends whatever circles there are, and holds no stack.

    Args:
        rows: by `Row.item` to go up to what an item was made from; by `Row.made_from` to go down.
        up: which of both.
    """
    seen, waiting = {start}, deque([(start, 1)])
    while waiting:
        here, away = waiting.popleft()
        for row in rows.get(here, ()):
            yield away, row
            there = row.made_from if up else row.item
            if there not in seen:
                seen.add(there)
                waiting.append((there, away + 1))


def circles(rows: Iterable[Row]) -> set[bytes]:
    """The items that lie on a circle, or between two circles; none where nothing is made from
    itself, by however many steps."""
    listed = list(rows)
    left = _trimmed({row.item for row in listed}, ((row.item, row.made_from) for row in listed))
    return _trimmed(left, ((row.made_from, row.item) for row in listed))


def _trimmed(among: set[bytes], edges: Iterable[tuple[bytes, bytes]]) -> set[bytes]:
    """Without those from which no edge leads on for ever: whoever leads to nothing goes first."""
    leads: defaultdict[bytes, int] = defaultdict(int)
    behind: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for here, there in edges:
        if here in among and there in among:
            leads[here] += 1
            behind[there].append(here)
    left = set(among)
    ends = [each for each in among if not leads[each]]
    while ends:
        end = ends.pop()
        left.discard(end)
        for each in behind[end]:
            leads[each] -= 1
            if not leads[each]:
                ends.append(each)
    return left
