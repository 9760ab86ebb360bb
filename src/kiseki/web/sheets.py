"""Tables that spreadsheets open as they are meant: with Japanese, and without running anything."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

__all__ = ["MARK", "inert", "lines"]

MARK = "\ufeff"
"""What a table begins with, so that Excel in Japan reads it as UTF-8."""


def inert(cell: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.lstrip(" ")[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} else cell


def lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Rows as lines of CSV (RFC 4180). Texts are made inert; numbers stay numbers."""
    told = io.StringIO()
    table = csv.writer(told)
    for row in rows:
        table.writerow([inert(each) if isinstance(each, str) else each for each in row])
        yield told.getvalue()
        told.seek(0)
        told.truncate()
