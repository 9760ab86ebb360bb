"""What documents say of one collection in its series, and of one item and what it was made from.

`Kiseki.data.series` and `Kiseki.data.derivations` follow whole series and lineages. Here one step
is told, at a cost that does not grow with them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kiseki.client.data.speaking import speakers
from kiseki.client.documents import Documents
from kiseki.core.derived import Derived, Row
from kiseki.core.keccak import keccak256
from kiseki.core.series import Instalment
from kiseki.index import Index, Statement

__all__ = ["Following", "MadeFrom", "following", "made_from"]

_SERIES, _DERIVED = keccak256(b"series"), keccak256(b"derived")
_STATED = 100
"""Statements of one wallet about one collection that are looked at: the last ones."""


@dataclass(frozen=True, slots=True)
class Following:
    """A collection in a series.

    Attributes:
        speaker: who says so, in lower case: the provider, or the collector under whose standing
            consent it was registered.
        time: when, in Unix seconds.
        instalment: what is said; none where the document is not at hand. Then it is unknown.
    """

    speaker: str
    time: int
    instalment: Instalment | None


@dataclass(frozen=True, slots=True)
class MadeFrom:
    """What an item was made from.

    Attributes:
        row: the item, what it was made from, and by which step.
        speaker: who says so, in lower case.
        time: when, in Unix seconds.
    """

    row: Row
    speaker: str
    time: int


def following(index: Index, documents: Documents, collection: bytes) -> Following | None:
    """The last word about a collection's place in a series, by who speaks for it; none where nobody
    said that it has one.

    Raises:
        NotInIndex: there is no such collection.
    """
    said = list(_said(index, collection, _SERIES))
    if not said:
        return None
    speaker, last = max(said, key=lambda each: each[1].place)
    told = documents.read(last.document, Instalment.from_json)
    of_this = told is not None and told.collection == collection
    return Following(speaker, last.time, told if of_this else None)


def made_from(
    index: Index, documents: Documents, collection: bytes, data_id: bytes
) -> list[MadeFrom]:
    """What an item was made from, by who speaks for its collection, as far as documents are at
    hand; each pair once, as it was said last.

    Raises:
        NotInIndex: there is no such collection.
    """
    found: dict[tuple[bytes, bytes], MadeFrom] = {}
    said = sorted(_said(index, collection, _DERIVED), key=lambda each: each[1].place)
    for speaker, each in said:
        told = documents.read(each.document, _by_item)
        if told is None or told.collection != collection:
            continue
        for row in told.rows.get(data_id, ()):
            found[row.item, row.made_from] = MadeFrom(row, speaker, each.time)
    return list(found.values())


def _said(index: Index, collection: bytes, kind: bytes) -> Iterator[tuple[str, Statement]]:
    for speaker in speakers(index, collection):
        stated = index.said_about("DataRegistry", collection, speaker, kind)
        for each in stated[-_STATED:]:
            yield speaker, each


@dataclass(frozen=True, slots=True)
class _Rows:
    """A document of derived items, by item."""

    collection: bytes
    rows: Mapping[bytes, list[Row]]

    def __len__(self) -> int:
        return len(self.rows)


def _by_item(text: bytes) -> _Rows:
    derived = Derived.from_json(text)
    rows: defaultdict[bytes, list[Row]] = defaultdict(list)
    for row in derived.rows:
        rows[row.item].append(row)
    return _Rows(derived.collection, dict(rows))
