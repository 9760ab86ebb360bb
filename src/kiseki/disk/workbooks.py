"""Workbooks (``.xlsx``), read row by row with openpyxl.

A cell is taken as it stands in the file. What a spreadsheet made of what somebody typed is refused,
because it cannot be undone: a number of more than 15 digits (``1E+40``), a date, an error. A
formula counts with the result that is saved with it. What is hidden counts too, and is said.
"""

from __future__ import annotations

import contextlib
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from kiseki.errors import FilesError, InvalidInput

__all__ = ["Sheet", "sheet"]

_DIGITS = 15
"""Those that a spreadsheet keeps of a number."""
_ROWS = 1 << 20
"""Those that a sheet can have."""
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]{0,200}?ref=\"([A-Z0-9:]{1,40})\"")
_HIDDEN = re.compile(rb"<(?:\w+:)?(?:row|col)\b[^>]{0,290}?\shidden=\"(?:1|true)\"[^>]{0,290}>")
_NUMBER = re.compile(rb"\s(r|min|max)=\"(\d{1,7})\"")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_SHOWN = 5
_SHEETS = "xl/worksheets/"
_HELD, _READ = 1 << 28, 1 << 31
"""Bytes to which a workbook may unpack: all but its sheets, which is held; and its sheets, which
are read row by row. A few kilobytes can unpack to gigabytes."""
_LITERAL = re.compile(r'"[^"]*"|[\\_*].')
"""What a number's format shows as it is: its ``%`` is no percent."""
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, AttributeError, IndexError,
    EOFError, SyntaxError, OSError,
)  # fmt: skip
"""What openpyxl raises of a file that is no workbook, or half of one."""


class Sheet:
    """A sheet that is open.

    Attributes:
        name: as the workbook calls it.
        decimal: how numbers are written: with this mark before the decimals.
    """

    def __init__(self, path: Path, values: Any, formulas: Any) -> None:
        """
        Args:
            values, formulas: the same sheet, opened for results and for formulas.
        """
        self.name, self.decimal = str(values.title), ""
        self._path, self._values, self._formulas = path, values, formulas
        self._unseen: dict[str, dict[str, None]] = {"row": {}, "column": {}}

    def told(self) -> list[str]:
        """What is hidden and was read all the same, in sentences: a filter may have been left on,
        and nobody saw it."""
        return [
            f"{self._path}: {len(places):,} {what}{'' if len(places) == 1 else 's'} of the sheet "
            f"{self.name!r} {'is' if len(places) == 1 else 'are'} hidden and read too: "
            f"{', '.join(list(places)[:_SHOWN])}{', …' if len(places) > _SHOWN else ''}."
            for what, places in self._unseen.items()
            if places
        ]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row with its number.

        Raises:
            FilesError: the file is damaged.
            InvalidInput: a cell cannot be taken as it stands.
        """
        from openpyxl.utils import get_column_letter

        both: Iterator[tuple[Any, Any]] = ((row, row) for row in _cells(self._values))
        has_formulas, hidden_rows, hidden_columns = self._looked()
        if has_formulas:
            both = zip(_cells(self._values), _cells(self._formulas), strict=True)
        number = 0
        while True:
            try:
                values, formulas = next(both)
            except StopIteration:
                return
            except _DAMAGED as error:
                raise _damaged(self._path, error) from error
            number += 1
            if number > _ROWS:
                raise InvalidInput(f"{self._path} has more than {_ROWS:,} rows; save it as CSV")
            cells = [self._text(one, other) for one, other in zip(values, formulas, strict=True)]
            if number in hidden_rows and "".join(cells).strip():
                self._unseen["row"].setdefault(str(number))
            for place, cell in enumerate(cells, 1) if hidden_columns else ():
                if cell.strip() and any(low <= place <= high for low, high in hidden_columns):
                    self._unseen["column"].setdefault(get_column_letter(place))
            yield number, cells

    def _text(self, cell: Any, formula: Any) -> str:
        value = cell.value
        if isinstance(value, str) and cell.data_type != "e":
            return value
        if value is None:
            if formula.data_type != "f":
                return ""
            raise self._refusal(
                formula, "the result of its formula is not in the file; open the file in a "
                "spreadsheet and save it, or write the value",
            )  # fmt: skip
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._refusal(
                cell, f"it holds {_said(value)}; format the cell as text and write what is meant"
            )
        return self._number(cell, Decimal(repr(value)))

    def _number(self, cell: Any, value: Decimal) -> str:
        if not value.is_finite() or value.adjusted() >= _DIGITS or _digits(value) > _DIGITS:
            raise self._refusal(
                cell, f"it holds the number {value:.20}, of which a spreadsheet keeps {_DIGITS} "
                "digits; format the cell as text and write it again, or round it",
            )  # fmt: skip
        percent = "%" in _LITERAL.sub("", cell.number_format or "")
        text = f"{value * 100 if percent else value:f}"
        if "." in text:
            text = text.rstrip("0").removesuffix(".")
        return text.replace(".", self.decimal or ".") + ("%" if percent else "")

    def _refusal(self, cell: Any, why: str) -> InvalidInput:
        return InvalidInput(
            f"{self._path}, sheet {self.name!r}, row {cell.row}, column {cell.column_letter}: {why}"
        )

    def _looked(self) -> tuple[bool, set[int], set[tuple[int, int]]]:
        """Whether there are formulas, and which rows and columns (first and last) are hidden.
        Refuses merged cells, of which a file holds the first alone: the others would read as empty.
        """
        rest, formulas, rows, columns = b"", False, set[int](), set[tuple[int, int]]()
        try:
            with self._values._get_source() as source:
                for chunk in iter(lambda: source.read(1 << 20), b""):
                    found = _MERGED.search(rest + chunk)
                    if found:
                        raise InvalidInput(
                            f"{self._path}, sheet {self.name!r}: the cells {found[1].decode()} are "
                            "merged; unmerge them and fill in each row"
                        )
                    formulas = formulas or bool(_FORMULA.search(rest + chunk))
                    for tag in _HIDDEN.findall(rest + chunk):
                        place = {name: int(said) for name, said in _NUMBER.findall(tag)}
                        if b"r" in place:
                            rows.add(place[b"r"])
                        elif b"min" in place:
                            columns.add((place[b"min"], place.get(b"max", place[b"min"])))
                    rest = (rest + chunk)[-300:]
        except _DAMAGED as error:
            if isinstance(error, InvalidInput):
                raise
            raise _damaged(self._path, error) from error
        return formulas, rows, columns


@contextlib.contextmanager
def sheet(file: BinaryIO, path: Path, name: str) -> Iterator[Sheet]:
    """A sheet of a workbook; without a name the only one that is visible and not empty.

    Raises:
        FilesError: it cannot be read, or openpyxl is missing.
        InvalidInput: there is no such sheet, or several could be meant.
    """
    try:
        import openpyxl
    except ImportError:
        raise FilesError(
            f"{path} is a workbook; to read it, install openpyxl (pip install 'kiseki[xlsx]'), or "
            "save the table as CSV UTF-8"
        ) from None
    with contextlib.ExitStack() as stack:
        books = []
        try:
            if not zipfile.is_zipfile(file) or "xl/workbook.xml" not in (sizes := _sizes(file)):
                raise FilesError(
                    f"{path} is no workbook that can be read here; save it as .xlsx without a "
                    "password, or as CSV UTF-8"
                )
            sheets = sum(size for name, size in sizes.items() if name.startswith(_SHEETS))
            if sum(sizes.values()) - sheets > _HELD or sheets > _READ:
                raise InvalidInput(
                    f"{path} unpacks to {sum(sizes.values()) >> 20:,} MB, more than any table "
                    "needs; save it as CSV UTF-8"
                )
            for results in (True, False):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # about what is not read anyway
                    book = openpyxl.load_workbook(
                        path, read_only=True, data_only=results, keep_links=False
                    )
                stack.callback(book.close)
                for each in book.worksheets:
                    each.reset_dimensions()  # what a file says of its size can be wrong
                books.append(book)
            chosen = _chosen(path, books[0].worksheets, name)
        except _DAMAGED as error:
            if isinstance(error, InvalidInput):
                raise
            raise _damaged(path, error) from error
        yield Sheet(path, *(book[chosen] for book in books))


def _sizes(file: BinaryIO) -> dict[str, int]:
    """What a workbook holds, and how large each part says that it is; no more of it is unpacked."""
    with zipfile.ZipFile(file) as archive:
        return {each.filename: each.file_size for each in archive.infolist()}


def _chosen(path: Path, sheets: Sequence[Any], name: str) -> str:
    names = ", ".join(repr(each.title) for each in sheets)
    if name:
        if name not in [each.title for each in sheets]:
            raise InvalidInput(f"{path} has no sheet {name!r:.80}; it has {names}")
        return name
    filled = [each.title for each in sheets if each.sheet_state == "visible" and _is_filled(each)]
    if len(filled) != 1:
        why = "several sheets" if filled else "no sheet that is visible and not empty"
        raise InvalidInput(f"{path} has {why}: {names}; name one with --sheet")
    return str(filled[0])


def _is_filled(found: Any) -> bool:
    return any(each is not None for row in found.iter_rows(values_only=True) for each in row)


def _cells(found: Any) -> Iterator[Sequence[Any]]:
    return iter(found.iter_rows())


def _digits(value: Decimal) -> int:
    return len("".join(map(str, value.as_tuple().digits)).strip("0"))


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return f"the error {value!r:.20}"
    return f"the date or time {value}"


def _damaged(path: Path, error: Exception) -> FilesError:
    return FilesError(
        f"{path} cannot be read as a workbook ({type(error).__name__}); open it in a spreadsheet "
        "and save it as .xlsx or as CSV UTF-8"
    )
