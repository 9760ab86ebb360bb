"""Tables as spreadsheets save them, read one way: CSV in its dialects, and ``.xlsx``.

The first row names the columns, in any order, case and spacing. Empty rows and empty columns count
for nothing. Nothing is guessed that could change a name or an amount: which mark separates the
cells is found by the names of the columns, the encoding is UTF-8 or what a byte order mark says,
and anything else is refused until somebody says what it is. A table can say so itself, in rows
before its columns::

    sep=;
    encoding=cp932
    decimal=,
    file;name;artist

What is in a table is not known here. Rows are read one after the other and never held; rows are
numbered as a spreadsheet shows them.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from kiseki.errors import FilesError, InvalidInput

if TYPE_CHECKING:
    from kiseki.disk.workbooks import Sheet

__all__ = ["PLAIN", "Format", "Table", "first_cells"]

Record = tuple[int, int, list[str]]
"""A row: its number, the number of its last line in a text (0 where there is none), its cells."""

_HEAD = 1 << 16
"""Bytes in which the columns must be named."""
_LONGEST = 1 << 20
"""Characters of a line."""
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LIKELY = ("cp932", "cp1252")
"""What Excel saves in Japan and in the West unless it is told to save UTF-8."""
_SETTING = re.compile(
    r'"?(?:sep=(?P<sep>[^\w\s"]|\t)|decimal=(?P<decimal>[.,])|encoding=(?P<encoding>[\w.-]+))"?'
    r"[,;\t|]*",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Format:
    """How a table is to be read, where it does not say so itself.

    Attributes:
        encoding: of a text, as ``cp932``; without one it is UTF-8, or what its mark says.
        sheet: of a workbook; without one its only sheet that is visible and not empty.
        decimal: what separates decimals in its numbers, ``.`` or ``,``; empty where nobody said.
        tell: called with how a table is read, in words.
    """

    encoding: str = ""
    sheet: str = ""
    decimal: str = ""
    tell: Callable[[str], None] = field(default=lambda _: None, repr=False)


PLAIN = Format()


class Table:
    """A table that is open, to be gone through once.

    Attributes:
        path: its file.
        columns: those of the known columns that it has, by the names that are known.
        decimal: what separates decimals in its numbers; empty where nobody said.
        row: the number of the row that was given last.
    """

    def __init__(
        self, path: Path, known: Sequence[str], form: Format = PLAIN, *, headless: bool = False
    ) -> None:
        """
        Args:
            known: the columns that it may have.
            headless: whether a table that names no column holds the first one alone.

        Raises:
            FilesError: it cannot be read, or a library for it is missing.
            InvalidInput: it is no table with these columns, or nobody said how to read it.
        """
        self.path, self.row, self._line, self.decimal = path, 0, 0, ""
        self._known = {_folded(each): each for each in known}
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(path.open("rb"))
                head = file.read(_HEAD)
                file.seek(0)
            except OSError as error:
                raise self._unreadable(error) from error
            if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
                self._records, how = self._workbook(file, head, form, stack)
            else:
                self._records, how = self._text(file, head, form)
            first = self._first()
            names = [self._known.get(_folded(each), "") for each in first]
            if headless and not any(names):
                self._records = _put_back((self.row, self._line, first), self._records)
                names = list(known[:1])
            else:
                self._check(first, names)
            self.columns = tuple(each for each in known if each in names)
            self._names = names
            self._width = max((place for place, name in enumerate(names, 1) if name), default=0)
            self._has_gaps = not all(names[: self._width])
            self._places = [names.index(each) if each in names else -1 for each in known]
            form.tell(f"{path}: the columns {', '.join(self.columns)}; {how}.")
            self._stack = stack.pop_all()

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __iter__(self) -> Iterator[list[str]]:
        """The cells of each row that is not empty, in the order of the known columns; empty where
        the table has no such column.

        Raises:
            FilesError: it cannot be read to its end.
            InvalidInput: a row is none.
        """
        width, places = self._width, self._places
        for row, line, cells in self._records:
            self.row, self._line = row, line
            text = "".join(cells)
            if not text or text.isspace():
                continue
            if "\0" in text:
                raise self.refusal("", "a cell holds a zero byte, so this is no text")
            if self._has_gaps or len(cells) != width:
                self._fit(cells)
            cells.append("")  # what a column holds that is not there
            yield [cells[place] for place in places]

    def need(self, columns: Sequence[str]) -> None:
        """
        Raises:
            InvalidInput: the table lacks one of these columns.
        """
        for each in columns:
            if each not in self.columns:
                raise InvalidInput(
                    f"{self._place}: there is no column {each}; the columns are "
                    f"{', '.join(columns)}, and there is {', '.join(self.columns)}"
                )

    def refusal(self, column: str, why: object) -> InvalidInput:
        """An error about a cell of the row that was given last, or about the row."""
        return InvalidInput(f"{self._place}{f', column {column}' if column else ''}: {why}")

    @property
    def _place(self) -> str:
        line = f" (line {self._line})" if self._line not in (0, self.row) else ""
        return f"{self.path}, row {self.row}{line}"

    def _unreadable(self, error: OSError) -> FilesError:
        return FilesError(f"{self.path} cannot be read ({error.strerror})")

    # Rows

    def _first(self) -> list[str]:
        """The row that names the columns: the first that is not empty."""
        for row, line, cells in self._records:
            self.row, self._line = row, line
            if "".join(cells).strip():
                return cells
        raise InvalidInput(f"{self.path} is empty; its first row must name the columns")

    def _check(self, first: Sequence[str], names: Sequence[str]) -> None:
        known = ", ".join(self._known.values())
        for place, (cell, name) in enumerate(zip(first, names, strict=True)):
            where = f"{self._place}, column {_letters(place)}"
            if cell.strip() and not name:
                raise InvalidInput(
                    f"{where}: there is no column {cell.strip()!r:.80}; the first row must name "
                    f"the columns, of {known}"
                )
            if name and name in names[:place]:
                raise InvalidInput(f"{where}: the column {name} is there twice; name each once")

    def _fit(self, cells: list[str]) -> None:
        """Takes away what is empty behind the last column; refuses what is not, and what lacks."""
        for place, cell in enumerate(cells):
            if cell.strip() and not (place < len(self._names) and self._names[place]):
                raise InvalidInput(
                    f"{self._place}, column {_letters(place)}: {cell.strip()!r:.40} stands in a "
                    "column without a name; name the column or empty the cell. A cell that holds "
                    "the separator must be in quotes"
                )
        if len(cells) < self._width:
            raise InvalidInput(
                f"{self._place}: it has fewer cells ({len(cells)}) than the first row "
                f"({self._width})"
            )
        del cells[self._width :]

    # Texts

    def _text(self, file: BinaryIO, head: bytes, form: Format) -> tuple[Iterator[Record], str]:
        if form.sheet:
            raise InvalidInput(f"{self.path} is no workbook, so it has no sheet {form.sheet!r:.80}")
        settings, skipped = _settings(head)
        self._take(settings, form)
        encoding = self._encoding(head, settings.get("encoding", ""), form.encoding)
        try:
            decoder = codecs.getincrementaldecoder(encoding)()
            begin = decoder.decode(head, final=len(head) < _HEAD)
        except UnicodeError:
            self._not_text(encoding)
        lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", begin)
        begin = "".join(lines[skipped:])
        separator = settings.get("sep") or self._separator(begin)
        text = io.TextIOWrapper(file, encoding=encoding, newline="")
        how = [] if separator == "" else [f"separated by {_SEPARATORS.get(separator, separator)}"]
        how += [encoding.removesuffix("-sig").upper() if encoding[:3] == "utf" else encoding]
        hidden = 1 if "sep" in settings else 0  # spreadsheets do not show it
        records = self._rows_of(text, encoding, separator or ",", skipped, hidden)
        return records, ", ".join(how)

    def _take(self, settings: dict[str, str], form: Format) -> None:
        said = settings.get("decimal", "")
        if said and form.decimal and said != form.decimal:
            raise InvalidInput(
                f"{self.path} says decimal={said}, and --decimal says {form.decimal}; say one thing"
            )
        self.decimal = said or form.decimal

    def _encoding(self, head: bytes, said: str, wanted: str) -> str:
        """The encoding of a text: what its mark says, what somebody says, or UTF-8."""
        if said and wanted and said.lower() != wanted.lower():
            raise InvalidInput(
                f"{self.path} says encoding={said}, and --encoding says {wanted}; say one thing"
            )
        named = said or wanted
        if named:
            try:
                named = codecs.lookup(named).name
                "".encode(named)  # refuses what is no encoding of text
            except LookupError:
                raise InvalidInput(
                    f"there is no encoding {named!r:.40}; there is utf-8, utf-16, cp932, cp1252 …"
                ) from None
        for mark, encoding in _MARKS:
            if head.startswith(mark):
                if named and not named.startswith(encoding.removesuffix("-sig")):
                    raise InvalidInput(
                        f"{self.path} begins with the mark of {encoding.removesuffix('-sig')}, so "
                        f"it is not in {named}; do not name an encoding"
                    )
                return encoding
        if not named and b"\0" in head:
            raise InvalidInput(
                f"{self.path} is not text in UTF-8; if it is UTF-16, say --encoding utf-16-le, or "
                "save it as CSV UTF-8"
            )
        return named or "utf-8"

    def _separator(self, begin: str) -> str:
        """What separates the cells: that with which the first row names the most columns; empty
        where there is one column alone."""
        found = {each: first_cells(begin, each) for each in _SEPARATORS}
        count = {
            each: sum(_folded(cell) in self._known for cell in cells)
            for each, cells in found.items()
        }
        best = [each for each in found if count[each] == max(count.values())]
        if max(count.values()) == 0:
            return max(found, key=lambda each: len(found[each]))  # whose names are unknown
        if len(best) == 1:
            return best[0]
        if all(found[each] == found[best[0]] for each in best):
            return ""
        raise InvalidInput(
            f"{self.path}, row 1: it cannot be told what separates the cells; put a line like "
            "sep=; before the first row"
        )

    def _rows_of(
        self, text: io.TextIOWrapper, encoding: str, separator: str, skipped: int, hidden: int
    ) -> Iterator[Record]:
        lines = self._lines(text)
        row = skipped - hidden
        reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)
        try:
            for _ in range(skipped):
                next(lines)
            for cells in reader:
                row += 1
                yield row, reader.line_num + skipped, cells
        except csv.Error as error:
            line = reader.line_num + skipped
            raise InvalidInput(
                f"{self.path}, row {row + 1} (line {line}): this is no CSV: {error}; look for a "
                "quote that is not closed"
            ) from None
        except OSError as error:
            raise self._unreadable(error) from error
        except UnicodeError:
            self._not_text(encoding)

    def _lines(self, text: io.TextIOWrapper) -> Iterator[str]:
        for line in iter(partial(text.readline, _LONGEST), ""):
            if len(line) >= _LONGEST:
                raise InvalidInput(f"{self.path} has a line that is too long, so it is no table")
            yield line

    def _not_text(self, encoding: str) -> NoReturn:
        """Says which line is not in the encoding, and what it would say in others."""
        name = encoding.removesuffix("-sig")
        raw, number = b"", 0
        if not name.startswith(("utf-16", "utf-32")):
            with self.path.open("rb") as file:
                for number, raw in enumerate(file, 1):  # noqa: B007
                    try:
                        raw.decode(name)
                    except UnicodeError:
                        break
        where = f", line {number}," if number else ""
        readings = []
        for each in _LIKELY if name == "utf-8" else ():
            with contextlib.suppress(UnicodeError):
                readings.append(f"{raw.decode(each).strip()!r:.60} (--encoding {each})")
        told = f"; it could be read as {' or '.join(readings)}" if readings else ""
        raise InvalidInput(
            f"{self.path}{where} is not text in {name.upper()}{told}. Save it as CSV UTF-8, or say "
            "which encoding it has"
        )

    # Workbooks

    def _workbook(
        self, file: BinaryIO, head: bytes, form: Format, stack: contextlib.ExitStack
    ) -> tuple[Iterator[Record], str]:
        from kiseki.disk import workbooks

        if form.encoding:
            raise InvalidInput(f"{self.path} is a workbook; do not name an encoding")
        sheet = stack.enter_context(workbooks.sheet(file, self.path, form.sheet))
        return self._rows_in(sheet, form), f"sheet {sheet.name!r}"

    def _rows_in(self, sheet: Sheet, form: Format) -> Iterator[Record]:
        settings: dict[str, str] = {}
        begins = True
        self._take(settings, form)
        sheet.decimal = self.decimal
        for row, cells in sheet.rows():
            found = _SETTING.fullmatch(cells[0].strip()) if cells and begins else None
            if found and not "".join(cells[1:]).strip():
                settings |= {name: said for name, said in found.groupdict().items() if said}
                self._take(settings, form)
                sheet.decimal = self.decimal
                continue
            begins = begins and not "".join(cells).strip()
            yield row, 0, cells
        for each in sheet.told():
            form.tell(each)


def first_cells(text: str, separator: str) -> list[str]:
    """The cells of the first row of a text that is not empty; nothing where it has none."""
    with contextlib.suppress(csv.Error):
        rows = csv.reader(
            io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True
        )
        return next((cells for cells in rows if "".join(cells).strip()), [])
    return []


def _settings(head: bytes) -> tuple[dict[str, str], int]:
    """What the first lines of a text say about it, and how many lines these are."""
    encoding = next((name for mark, name in _MARKS if head.startswith(mark)), "latin-1")
    settings: dict[str, str] = {}
    lines = re.split(r"\r\n|\r|\n", head.decode(encoding, "ignore"))
    for number, line in enumerate(lines):
        found = _SETTING.fullmatch(line)
        if not found:
            return settings, number
        settings |= {name: said for name, said in found.groupdict().items() if said}
    return settings, len(lines)


def _folded(name: str) -> str:
    """A column's name without case, width, blanks and what joins words."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(
        each for each in plain if each not in "-_" and unicodedata.category(each)[0] not in "ZC"
    )


def _letters(place: int) -> str:
    """A column as spreadsheets name it: A, B, … Z, AA."""
    text, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text


def _put_back(first: Record, others: Iterator[Record]) -> Iterator[Record]:
    yield first
    yield from others
