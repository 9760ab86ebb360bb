"""The table of a season's outputs: which file was made with which models.

A table (`kiseki.disk.tables`) with these columns:

``file``         a file, by its path in the folder of the outputs
``model``        the IDs of the models that made it, with ``;`` between several; where the column or
                 the cell is empty, the models that somebody names for all such rows
``collection``   if wanted, the IDs of collections that generation read
``record``       if wanted, a document about how it was made, by its path in the same folder
``endorsement``  if wanted, what developers signed for the batch (`kiseki output endorse`)

Rows that agree in all but their file are one batch. A path is only looked up among the files that
the folder holds, so none leads out of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from kiseki.core.values import from_hex
from kiseki.disk.tables import PLAIN, Format, Table
from kiseki.errors import InvalidInput

__all__ = ["COLUMNS", "Made", "ids", "place", "read"]

COLUMNS = ("file", "model", "collection", "record", "endorsement")
_BETWEEN = re.compile(r"[\s;,、]+")


class Made(NamedTuple):
    """A row: a file, and what it was made with.

    Attributes:
        row: where it stands in the table, as a spreadsheet counts.
        file: as the row names it.
        models: their IDs, ascending; none where the row names none.
        collections: the IDs of those that generation read, ascending.
        record: a document, as the row names it; empty for none.
        endorsements: as their developers gave them.
    """

    row: int
    file: str
    models: tuple[bytes, ...]
    collections: tuple[bytes, ...]
    record: str
    endorsements: tuple[str, ...]

    @property
    def batch(self) -> tuple[object, ...]:
        """Rows that agree in this are one batch."""
        return self.models, self.collections, self.record, self.endorsements


def read(table: Path, form: Format = PLAIN) -> Iterator[Made]:
    """The rows of a table, one after the other.

    Args:
        form: how it is to be read, where it does not say so itself.

    Raises:
        FilesError: it cannot be read.
        InvalidInput: a row cannot be right; it says which, and in which column.
    """
    with Table(table, COLUMNS, form) as rows:
        rows.need(COLUMNS[:1])
        for file, models, collections, record, endorsements in rows:
            if not file.strip():
                raise rows.refusal("file", "say which file this row is about")
            made_with = _ids(rows, "model", models)
            has_read = _ids(rows, "collection", collections)
            words = tuple(endorsements.split())
            yield Made(rows.row, file.strip(), made_with, has_read, record.strip(), words)


def place(name: str) -> str:
    """By which a path is looked up: macOS takes letters apart (``か`` and its mark), other systems
    do not, and a table is often written on another system."""
    parts = PurePosixPath(name).parts
    return "/".join(unicodedata.normalize("NFC", each) for each in parts if each != ".")


def ids(text: str) -> tuple[bytes, ...]:
    """IDs as somebody writes several, ascending: with ``;``, commas or blanks between them.

    Raises:
        InvalidInput: one is none.
    """
    given = {each for each in _BETWEEN.split(text.strip()) if each}
    return tuple(sorted(from_hex(each, 32, "the ID") for each in given))


def _ids(table: Table, column: str, cell: str) -> tuple[bytes, ...]:
    try:
        return ids(cell)
    except InvalidInput as error:
        raise table.refusal(column, error) from None
