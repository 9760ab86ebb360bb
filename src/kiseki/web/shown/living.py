"""What pages tell of a collection in its series, and of what an item was made from."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.client.data.living import following, made_from
from kiseki.client.documents import Documents
from kiseki.core.checksum import checksummed
from kiseki.core.values import to_hex
from kiseki.index import Index

__all__ = ["MadeFromRow", "SeriesShown", "made_of", "series"]


@dataclass(frozen=True, slots=True)
class SeriesShown:
    """A collection's place in a series.

    Attributes:
        by: who says so.
        time: when.
        here: whether the document is at hand. If not, the rest is unknown.
        number: in the series, from 1; none where unknown.
        before: the collection before it; none of the first, and where unknown.
        name: of the series, as it was said; empty for none.
    """

    by: str
    time: int
    here: bool
    number: int | None
    before: str | None
    name: str


@dataclass(frozen=True, slots=True)
class MadeFromRow:
    """What an item was made from.

    Attributes:
        item: the data ID of that.
        step: what was done, as it was said.
        by: who says so.
        time: when.
    """

    item: str
    step: str
    by: str
    time: int


def series(index: Index, documents: Documents, which: bytes) -> SeriesShown | None:
    """A collection's place in a series; none where nobody who speaks for it said that it has one.

    Raises:
        NotInIndex: there is no such collection.
    """
    found = following(index, documents, which)
    if found is None:
        return None
    told = found.instalment
    return SeriesShown(
        checksummed(found.speaker), found.time, told is not None,
        None if told is None else told.number,
        None if told is None or told.before is None else to_hex(told.before),
        "" if told is None else told.name,
    )  # fmt: skip


def made_of(
    index: Index, documents: Documents, collection: bytes, data_id: bytes
) -> list[MadeFromRow]:
    """What an item was made from, as far as documents are at hand."""
    return [
        MadeFromRow(to_hex(each.row.made_from), each.row.step, checksummed(each.speaker), each.time)
        for each in made_from(index, documents, collection, data_id)
    ]
