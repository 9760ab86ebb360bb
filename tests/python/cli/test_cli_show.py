"""What is printed can be read and copied, however wide the terminal is."""

import io
import json
import os
from pathlib import Path

import pytest
from rich.console import Console

from kiseki.cli import show

COLUMNS = ("offer", "price", "allows", "lasts")
OFFER = "0x" + "ab" * 32
ROWS = [
    (OFFER, "0.5 ether", "ai_generative_training, generation", "365 days"),
    ("0x" + "cd" * 32, "1,200 of a token", "generation", ""),
]


def printed(monkeypatch: pytest.MonkeyPatch, width: int) -> str:
    out = Console(file=io.StringIO(), width=width, highlight=False, markup=False, emoji=False)
    monkeypatch.setattr(show, "out", out)
    show.table(COLUMNS, ROWS, numbers=["price"])
    file = out.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_no_column_is_lost_at_any_width(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    text = printed(monkeypatch, width)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    whole = "".join(text.split())  # an ID is wider than the narrowest
    for word in " ".join(map(" ".join, ROWS)).split():
        assert word in whole
    if width >= 80:
        assert any(OFFER in line for line in lines), "an ID can be copied"


def test_a_wide_terminal_has_a_row_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    heading, first, second = printed(monkeypatch, 200).splitlines()
    assert [heading.split()[0], first.split()[0], second.split()[0]] == [
        "offer", OFFER, ROWS[1][0],
    ]  # fmt: skip


def test_a_narrow_one_has_a_line_for_each_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(monkeypatch, 80).splitlines()
    assert [line.split()[0] for line in lines if line.strip()] == [
        "offer", "price", "allows", "lasts", "offer", "price", "allows",
    ]  # fmt: skip


def test_a_name_that_is_no_text_is_shown_all_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    """It was a traceback: a file that somebody brought from another system."""
    name = Path(os.fsdecode(b"cut\xff.png"))
    show.json_line({"path": name})
    assert json.loads(capfd.readouterr().out) == {"path": "cut\ufffd.png"}
