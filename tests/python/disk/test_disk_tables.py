"""Tables mean one thing, whatever program saved them; what could mean two is refused (13)."""

import csv
import datetime
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiseki.disk.tables import PLAIN, Format, Table
from kiseki.errors import FilesError, InvalidInput

KNOWN = ("file", "name", "share")
Rows = list[tuple[int, list[str]]]
Reads = Callable[..., Rows]


def rows_of(path: Path, form: Format = PLAIN) -> Rows:
    with Table(path, KNOWN, form) as table:
        return [(table.row, cells) for cells in table]


@pytest.fixture
def text(tmp_path: Path) -> Reads:
    """Reads these bytes as a table."""

    def read(content: bytes | str, **form: str) -> Rows:
        (tmp_path / "list.csv").write_bytes(
            content.encode() if isinstance(content, str) else content
        )
        return rows_of(tmp_path / "list.csv", Format(**form))  # type: ignore[arg-type]

    return read


@pytest.fixture
def book(tmp_path: Path) -> Reads:
    """Reads a workbook of these rows as a table."""

    def read(
        *rows: Iterable[Any], change: Callable[[Any], None] = lambda _: None, **form: str
    ) -> Rows:
        made = openpyxl.Workbook()
        for row in rows:
            made.active.append(list(row))
        change(made)
        made.save(tmp_path / "list.xlsx")
        return rows_of(tmp_path / "list.xlsx", Format(**form))  # type: ignore[arg-type]

    return read


# Texts

TWO = [(2, ["a,b.png", "花子", ""]), (3, ["c", "", ""])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_table_is_the_same_from_every_program(
    text: Reads, separator: str, end: str, encoding: str
) -> None:
    rows = (("file", "name"), ('"a,b.png"', "花子"), ("c", ""))
    assert text("".join(separator.join(row) + end for row in rows).encode(encoding)) == TWO


def test_how_it_was_read_is_said(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "list.csv").write_bytes("name;file\na;b\n".encode("utf-16"))
    rows_of(tmp_path / "list.csv", Format(tell=told.append))
    (sentence,) = told
    assert sentence.endswith("the columns file, name; separated by semicolons, UTF-16.")


@pytest.mark.parametrize(
    "header",
    [
        "FILE,Name",
        " file , name",
        "ｆｉｌｅ,Ｎａｍｅ",
        "F_i-l e,na\u3000me",
        '"file\n",name',
        "file,\u200bname",
    ],
)
def test_columns_are_named_in_any_case_width_and_spacing(text: Reads, header: str) -> None:
    assert [cells for _, cells in text(f"{header}\na,b\n")] == [["a", "b", ""]]


def test_blanks_before_a_cell_belong_to_the_separator(text: Reads) -> None:
    assert text('file, "name"\na, "b, c"\n" d",e\n') == [
        (2, ["a", "b, c", ""]),
        (3, [" d", "e", ""]),
    ]


def test_what_is_empty_counts_for_nothing_and_rows_keep_their_numbers(text: Reads) -> None:
    content = "\n;;;\nfile;name;;\n\n ;\u3000;;\na;b;;\nc;d;;;;;\n;;\n"
    assert text(content) == [(6, ["a", "b", ""]), (7, ["c", "d", ""])]


@pytest.mark.parametrize(
    ("content", "row"),
    [
        ("sep=;\nfile;name\na;b,c\n", 2),  # no spreadsheet shows that line
        ('"sep=;"\r\nfile;name\r\na;b,c\r\n', 2),
        ("decimal=,;\nfile;name\na;b,c\n", 3),
        ("sep=;\ndecimal=,\nencoding=utf-8\nfile;name\na;b,c\n", 4),
    ],
)
def test_a_table_says_itself_how_it_is_read(text: Reads, content: str, row: int) -> None:
    assert text(content) == [(row, ["a", "b,c", ""])]


def test_the_mark_of_decimals_is_the_tables_own_or_the_option_and_never_both(
    tmp_path: Path,
) -> None:
    path = tmp_path / "list.csv"
    for content, option, mark in (("", "", ""), ("", ",", ","), ("decimal=,\n", "", ",")):
        path.write_text(f"{content}file;name\n")
        with Table(path, KNOWN, Format(decimal=option)) as table:
            assert table.decimal == mark
    with pytest.raises(InvalidInput, match=r"says decimal=,, and --decimal says .; say one"):
        rows_of(path, Format(decimal="."))


def test_an_encoding_is_never_guessed(text: Reads) -> None:
    content = "file,name\na,山田花子\n".encode("cp932")
    with pytest.raises(InvalidInput, match=r"line 2, .*'a,山田花子' \(--encoding cp932\) or '"):
        text(content)
    assert text(content, encoding="cp932") == [(2, ["a", "山田花子", ""])]
    assert text(b"encoding=Shift_JIS,\n" + content) == [(3, ["a", "山田花子", ""])]
    late = b"file,name\n" + b"a,b\n" * 30_000 + "a,花\n".encode("cp932")
    with pytest.raises(InvalidInput, match="line 30002, is not text in UTF-8"):
        text(late)


@pytest.mark.parametrize(
    ("content", "form", "why"),
    [
        ("", {}, "is empty; its first row must name the columns"),
        ("\n\n", {}, "is empty"),
        ("x,name\n", {}, "row 1, column A: there is no column 'x'; .*, of file, name, share"),
        ("file,File\n", {}, "row 1, column B: the column file is there twice"),
        ("file,name;share\n", {}, "cannot be told what separates the cells"),
        ("file,name\na\n", {}, "row 2: it has fewer cells"),
        ("file,name\na,b,c\n", {}, "row 2, column C: 'c' stands in a column without a name"),
        ("file,,name\na,x,b\n", {}, "row 2, column B: 'x' stands in a column without"),
        ('file,name\n"a\nb",c\nd,e,f\n', {}, r"row 3 \(line 4\), column C"),
        ('file,name\n"a\n', {}, r"row 2 \(line 2\): this is no CSV"),
        ('file\n"a"b\n', {}, "this is no CSV"),
        ('file,name\n"a,b\n' + "c,d\n" * 50_000, {}, "row 2 .* a quote that is not closed"),
        ("file\n" + "a" * (1 << 20), {}, "a line that is too long"),
        ("file,name\na,b\0\n", {}, "not text in UTF-8"),
        ("file,name\n" + "a,b\n" * 30_000 + "a,\0\n", {}, "row 30002: a cell holds a zero byte"),
        ("file,name\n".encode("utf-16-le"), {}, "if it is UTF-16, say --encoding utf-16-le"),
        ("\ufefffile\n", {"encoding": "cp932"}, "the mark of utf-8, so it is not in cp932"),
        ("file\n", {"encoding": "base64"}, "there is no encoding 'base64'"),
        ("encoding=cp932\nfile\n", {"encoding": "cp1252"}, "say one thing"),
        ("file\n", {"sheet": "List"}, "is no workbook, so it has no sheet 'List'"),
    ],
)
def test_what_cannot_be_read_in_one_way_is_refused_with_its_place(
    text: Reads, content: bytes | str, form: dict[str, str], why: str
) -> None:
    with pytest.raises(InvalidInput, match=why):
        text(content, **form)


def test_a_table_of_one_column_needs_no_name_where_that_is_allowed(tmp_path: Path) -> None:
    for content, row in (("a\nb\n", 1), ("File\na\nb\n", 2), ("\ufeff\na\nb\n", 2)):
        (tmp_path / "list").write_text(content)
        with Table(tmp_path / "list", ("file",), headless=True) as table:
            assert [(table.row, cells) for cells in table] == [(row, ["a"]), (row + 1, ["b"])]


def test_a_file_that_is_not_there_is_no_empty_table(tmp_path: Path) -> None:
    with pytest.raises(FilesError, match="cannot be read"):
        rows_of(tmp_path / "nowhere.csv")
    with pytest.raises(FilesError, match="cannot be read"):
        rows_of(tmp_path)


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)


@given(rows=st.lists(st.tuples(CELL, CELL)), separator=st.sampled_from(",;\t|"))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_written_is_read(tmp_path: Path, rows: list[Any], separator: str) -> None:
    path = tmp_path / "list.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        # In quotes, because blanks before a cell that has none belong to the separator.
        made = csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL)
        made.writerows([("file", "name"), *rows])
    assert rows_of(path) == [
        (number, [one, other, ""])
        for number, (one, other) in enumerate(rows, 2)
        if (one + other).strip()
    ]


# Workbooks


def formatted(cell: str, form: str) -> Callable[[Any], None]:
    def change(made: Any) -> None:
        made.active[cell].number_format = form

    return change


def with_sheet(state: str, value: str) -> Callable[[Any], None]:
    def change(made: Any) -> None:
        made.create_sheet("Other")["A1"] = value or None
        made["Other"].sheet_state = state

    return change


def test_a_workbook_is_a_table(book: Reads) -> None:
    rows = (["File", "Ｎａｍｅ", None], [None], ["山.png", "花子"], ["c", 12], ["d", 12.5])
    assert book(*rows) == [
        (3, ["山.png", "花子", ""]),
        (4, ["c", "12", ""]),
        (5, ["d", "12.5", ""]),
    ]


def test_a_number_is_what_its_cell_shows_with_the_tables_mark(book: Reads) -> None:
    header = ["file", "share"]
    assert book(header, ["a", 0.6], change=formatted("B2", "0%")) == [(2, ["a", "", "60%"])]
    third = book(header, ["a", 0.335], change=formatted("B2", "0.0%"), decimal=",")
    assert third == [(2, ["a", "", "33,5%"])]
    assert book(["decimal=,"], header, ["a", 1.125]) == [(3, ["a", "", "1,125"])]
    assert book(header, ["a", 1e-7]) == [(2, ["a", "", "0.0000001"])]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (1e40, r"the number 1E\+40, of which a spreadsheet keeps 15 digits"),
        (1234567890123456, "the number 1234567890123456"),
        (1 / 3, "the number 0.333"),
        (datetime.date(2026, 3, 4), "the date or time 2026-03-04"),
        (datetime.time(12, 30), "the date or time 12:30"),
        (True, "it holds TRUE"),
        ("#N/A", "the error '#N/A'"),
        ("=1+1", "the result of its formula is not in the file"),
    ],
)
def test_what_a_spreadsheet_made_of_a_cell_is_refused(book: Reads, value: Any, why: str) -> None:
    with pytest.raises(InvalidInput, match=f"list.xlsx, sheet 'Sheet', row 2, column B: .*{why}"):
        book(["file", "name"], ["a", value])


def test_merged_cells_are_refused_because_a_file_holds_only_the_first(book: Reads) -> None:
    rows = (["file", "name"], ["a", "花子"], ["b", None])
    with pytest.raises(InvalidInput, match="the cells B2:B3 are merged"):
        book(*rows, change=lambda made: made.active.merge_cells("B2:B3"))


def test_what_a_spreadsheet_hides_counts_and_is_said(tmp_path: Path) -> None:
    """A list that was filtered showed one row, and all of them were paid without a word
    (promise 4)."""
    made, told = openpyxl.Workbook(), list[str]()
    for row in (["file", "name", "share"], ["a", "", 1], ["b", "", 2]):
        made.active.append(row)
    for number in (3, 5):
        made.active.row_dimensions[number].hidden = True
    for letter in ("B", "C", "D"):
        made.active.column_dimensions[letter].hidden = True
    made.active.append(["c", "", 3])
    made.save(tmp_path / "list.xlsx")
    rows = rows_of(tmp_path / "list.xlsx", Format(tell=told.append))
    assert [row for row, _ in rows] == [2, 3, 4]
    path = tmp_path / "list.xlsx"
    assert told[1:] == [
        f"{path}: 1 row of the sheet 'Sheet' is hidden and read too: 3.",
        f"{path}: 2 columns of the sheet 'Sheet' are hidden and read too: B, C.",
    ]


def test_a_percent_sign_that_is_only_shown_changes_no_number(book: Reads) -> None:
    for form, shown in (('0"%"', "60"), ("0\\%", "60"), ("0%", "6000%")):
        assert book(["share"], [60], change=formatted("A2", form)) == [(2, ["", "", shown])]


def test_which_sheet_is_meant_is_clear_or_asked_for(book: Reads) -> None:
    rows = (["file"], ["a"])
    for state, value in (("visible", ""), ("hidden", "file")):
        assert book(*rows, change=with_sheet(state, value)) == [(2, ["a", "", ""])]
    with pytest.raises(InvalidInput, match="several sheets: 'Sheet', 'Other'; name one"):
        book(*rows, change=with_sheet("visible", "file"))
    assert book(*rows, change=with_sheet("visible", "file"), sheet="Other") == []
    with pytest.raises(InvalidInput, match="has no sheet 'List'; it has 'Sheet', 'Other'"):
        book(*rows, change=with_sheet("visible", "file"), sheet="List")
    with pytest.raises(InvalidInput, match="do not name an encoding"):
        book(*rows, encoding="cp932")


def test_what_only_looks_like_a_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    for content in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0" * 9):
        path.write_bytes(content)
        with pytest.raises(FilesError, match="is no workbook that can be read here"):
            rows_of(path)
    made = openpyxl.Workbook()
    made.active.append(["file"])
    made.save(path)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"xl/worksheets/sheet1.xml", b"xl/worksheets/sheet9.xml"))
    with pytest.raises((FilesError, InvalidInput), match=r"cannot be read as a workbook|no sheet"):
        rows_of(path)


def test_without_openpyxl_it_is_said_what_to_install(
    book: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(FilesError, match=r"pip install 'kiseki\[xlsx\]'"):
        book(["file"], ["a"])


def test_a_workbook_that_unpacks_to_gigabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """A few megabytes of zeros took gigabytes of memory and half a minute."""
    book = openpyxl.Workbook()
    book.create_sheet("cuts", 0).append(["file"])
    book.save(tmp_path / "good.xlsx")
    large = tmp_path / "large.xlsx"
    with (
        zipfile.ZipFile(tmp_path / "good.xlsx") as good,
        zipfile.ZipFile(large, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made,
    ):
        for each in good.infolist():
            made.writestr(each.filename, good.read(each))
        with made.open("xl/sharedStrings.xml", "w", force_zip64=True) as part:
            for _ in range(300):
                part.write(bytes(1 << 20))
    assert large.stat().st_size < 2 << 20
    with pytest.raises(InvalidInput, match="unpacks to 300 MB"):
        Table(large, ["file"])
