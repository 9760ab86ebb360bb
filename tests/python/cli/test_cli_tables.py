"""Every command that takes a table takes it as spreadsheets save it (13)."""

import json
from pathlib import Path

import openpyxl

from kiseki import LocalKiseki

from .conftest import ARTIST, BUYER, Shell

WRONG = ARTIST[:-1] + ("9" if ARTIST[-1] != "9" else "8")


def written(path: Path, *rows: tuple[object, ...]) -> str:
    """A workbook of these rows."""
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    made.save(path)
    return path.name


def test_a_list_is_read_as_excel_saves_it_and_that_is_said(shell: Shell) -> None:
    shell.files("art")
    rows = (
        f"FILE;ｎａｍｅ;Artist;;\r\nart/0.svg;一;{ARTIST};;\r\n;;;;\r\nart/1.svg;二;{BUYER};;\r\n"
    )
    (shell.folder / "list.csv").write_bytes(rows.encode("cp932"))
    register = ("data", "register", "--uses", "train", "list.csv", "--royalty", "20%", "--yes")
    refused = shell.run(*register, code=2)
    assert "list.csv, line 1, is not text in UTF-8; it could be read as 'FILE;ｎａｍｅ" in refused
    told = shell.run(*register, "--encoding", "cp932")
    assert "the columns file, name, artist; separated by semicolons, cp932." in told
    assert shell.json("keys", "list")[0]["count"] == 1
    (shell.folder / "list.csv").write_bytes(rows.replace(BUYER, WRONG).encode("utf-16"))
    refused = shell.run(*register, code=2)
    assert f"row 4, column artist: the artist is {WRONG}, whose checksum is wrong" in refused


def test_statements_cuts_splits_and_buyers_are_tables_too(shell: Shell, k: LocalKiseki) -> None:
    name = written(
        shell.folder / "october.xlsx", ("Payee", "AMOUNT", "channel", "territory"), (),
        (WRONG, 1, "tv", "JP"),
    )  # fmt: skip
    refused = shell.run("revenue", "statement", "pay", name, "--period", "2026-10", code=2)
    assert "row 3, column payee: " in refused
    assert "whose checksum is wrong" in refused
    name = written(
        shell.folder / "october.xlsx", ("decimal=,",), ("payee", "amount", "channel", "territory"),
        (ARTIST, "1.250 gwei", "tv", "JP"), (ARTIST, 0.125, "net", "JP"),
    )  # fmt: skip
    lines = shell.json("revenue", "statement", "check", name, "--period", "2026-10", code=4)
    assert [each["amount"] for each in lines] == ["1250000000000", "125000000000000000"]
    (shell.folder / "team.csv").write_text(f"payee\tShare\n{ARTIST}\t60%\n{BUYER}\t40%\n")
    shell.run("revenue", "split", "team.json", "team.csv")
    assert json.loads((shell.folder / "team.json").read_text())["total"] == "100000000"
    (shell.folder / "team.csv").write_text(f"payee,share\n{ARTIST},3\n{BUYER},half\n")
    refused = shell.run("revenue", "split", "other.json", "team.csv", code=2)
    assert "team.csv, row 3, column share: a share is a whole number" in refused
    (shell.folder / "cuts.csv").write_text("Batch;Weight\n0x12;1\n")
    refused = shell.run("revenue", "title", "add", "s.json", "1", "cuts.csv", "--name", "S", code=2)
    assert "cuts.csv, row 2, column batch: the batch must be 32 bytes" in refused
    (shell.folder / "buyers.txt").write_text(f"{ARTIST}\r\n{WRONG}\r\n")
    refused = shell.run("market", "buy", "0x" + "12" * 32, "--buyers", "buyers.txt", code=2)
    assert "buyers.txt, row 2, column buyer: the buyer is" in refused
