"""What is printed can be read and copied, however wide the terminal is: no ID, number or word is
broken, nothing is cut off, and nothing stands over nothing."""

import io
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from kiseki.cli import bar, layout, show

WIDTHS = (60, 80, 120, 200)
COLUMNS = ("offer", "price", "allows", "lasts")
OFFER = "0x" + "ab" * 32
ROWS = [
    (OFFER, "0.5 ether", "ai_generative_training, generation", "365 days"),
    ("0x" + "cd" * 32, "1,200 of a token", "generation", ""),
]
WALLET = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
SENTENCES = f"""\
The wallet {WALLET} holds 9,998.409795871957444294 ANIME since 2026-11-29 15:08 UTC, and \
pays {OFFER}.
証明されること：2026年11月29日15:08（UTC）に、提供者{WALLET}のコレクションがこの文書を由来として\
登録されたこと。氏名、契約、作品が事実と合うかどうかをKisekiは確認しません。""".replace(
    "pays\n", "pays "
)
WORDS = (WALLET, OFFER, "9,998.409795871957444294 ANIME", "2026-11-29 15:08 UTC")


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch, width: int) -> io.StringIO:
    """What both streams show on a terminal of a width."""
    file = io.StringIO()
    console = Console(
        file=file, width=width, highlight=False, markup=False, emoji=False, soft_wrap=True
    )
    monkeypatch.setattr(show, "_console", lambda _: console)
    return file


def too_wide(text: str, width: int) -> list[str]:
    """The lines that are wider than the terminal, but for a single word."""
    return [line for line in text.splitlines() if cell_len(line) > width and " " in line.strip()]


@pytest.mark.parametrize("width", WIDTHS)
def test_no_column_is_lost_at_any_width(screen: io.StringIO, width: int) -> None:
    show.table(COLUMNS, ROWS, numbers=["price"])
    text = screen.getvalue()
    assert not too_wide(text, width)
    for word in " ".join(map(" ".join, ROWS)).split():
        assert word in text.split()
    assert OFFER in text.split(), "an ID can be copied"


@pytest.mark.parametrize("width", [200])
def test_a_wide_terminal_has_a_row_a_line(screen: io.StringIO) -> None:
    show.table(COLUMNS, ROWS, numbers=["price"])
    heading, first, second = screen.getvalue().splitlines()
    assert [heading.split()[0], first.split()[0], second.split()[0]] == [
        "offer", OFFER, ROWS[1][0],
    ]  # fmt: skip


@pytest.mark.parametrize("width", [80])
def test_a_narrow_one_has_a_line_for_each_cell(screen: io.StringIO) -> None:
    show.table(COLUMNS, ROWS, numbers=["price"])
    lines = screen.getvalue().splitlines()
    assert [line.split()[0] for line in lines if line.strip()] == [
        "offer", "price", "allows", "lasts", "offer", "price", "allows",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "said"),
    [("bytes", ("6.6 GB of 6.6 GB", "B/s")), ("files", ("6,636,000,000/", "files/s"))],
)
def test_a_bar_keeps_to_one_line_on_a_phone(unit: str, said: tuple[str, str]) -> None:
    made = bar.bar_of(Console(file=io.StringIO(), width=60, force_terminal=True), unit)
    task = made.add_task("hashing", total=6_636_000_000)
    made.update(task, completed=3_000_000_000)
    made.update(task, completed=6_636_000_000)
    screen = Console(file=io.StringIO(), width=60 if unit == "bytes" else 100)
    screen.print(made.get_renderable())
    assert isinstance(screen.file, io.StringIO)
    (line,) = screen.file.getvalue().splitlines()
    assert all(each in line for each in said)


@pytest.mark.parametrize("soon", [60.0, 0.0])
def test_a_command_that_fails_leaves_no_bar_over_its_message(
    monkeypatch: pytest.MonkeyPatch, soon: float
) -> None:
    file = io.StringIO()
    console = Console(file=file, width=80, force_terminal=True, soft_wrap=True)
    monkeypatch.setattr(show, "_console", lambda _: console)
    monkeypatch.setattr(bar, "_SOON", soon)
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(ValueError, match="here"), show.progress("hashing", "files"):
        raise ValueError("here")
    show.say("It failed.")
    text = re.sub(r"\x1b\[\?25[hl]|\r", "", file.getvalue())
    if soon:
        assert "hashing" not in text and text.endswith("\x1b[2KIt failed.\n")
        assert text.count("\n") == 1, "what is over at once never had a bar"
    else:
        assert "hashing" in text and text.endswith("\n\x1b[1A\x1b[2KIt failed.\n"), "taken back"


def test_a_terminal_that_takes_no_line_back_has_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setenv("TERM", "dumb")
    console = Console(file=file, width=80, force_terminal=True)
    monkeypatch.setattr(show, "_console", lambda _: console)
    with show.progress("hashing", "files") as told, show.waiting("running"):
        told(1, 2)
    assert file.getvalue() == ""


def test_a_name_that_is_no_text_is_shown_all_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    """It was a traceback: a file that somebody brought from another system."""
    name = Path(os.fsdecode(b"cut\xff.png"))
    show.json_line({"path": name})
    assert json.loads(capfd.readouterr().out) == {"path": "cut\ufffd.png"}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("way", ["say", "line", "question", "fields", "table"])
def test_a_line_ends_between_words_whatever_shows_it(
    screen: io.StringIO, width: int, way: str
) -> None:
    ways: dict[str, Callable[[], object]] = {
        "say": lambda: show.say(SENTENCES),
        "line": lambda: show.line(SENTENCES),
        "question": lambda: screen.write(show.question(SENTENCES)),
        "fields": lambda: show.fields([("stays with the registrant", SENTENCES)]),
        "table": lambda: show.table(["what", "why"], [(OFFER, each) for each in WORDS]),
    }
    ways[way]()
    text = screen.getvalue()
    assert not too_wide(text, width)
    lines = text.splitlines()
    for word in WORDS:
        assert any(word in line for line in lines), (word, text)


@pytest.mark.parametrize("width", WIDTHS)
def test_japanese_is_measured_by_what_it_takes_on_a_terminal(
    screen: io.StringIO, width: int
) -> None:
    people = [("山田花子", "原画・キーアニメーション", WALLET), ("Ed", "動画", WALLET.lower())]
    show.table(["name", "role", "wallet"], people)
    text = screen.getvalue()
    assert not too_wide(text, width)
    starts = [cell_len(line[: line.index("0x")]) for line in text.splitlines() if "0x" in line]
    assert len(set(starts)) == 1, "the columns are aligned"
    assert all(each[0] not in "、。）」" for each in layout.wrapped(SENTENCES, width) if each)


@pytest.mark.parametrize("width", [80])
def test_what_is_empty_has_no_name_over_it(screen: io.StringIO) -> None:
    show.fields([("revoked", ""), ("items", 3)])
    show.table(["contract", "gas"], [("Escrow", ""), ("Approvals", None)])
    show.table(["nobody"], [])
    assert re.findall(r"\w+", screen.getvalue()) == [
        "items", "3", "contract", "Escrow", "Approvals",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [80])
def test_an_address_has_its_checksum_wherever_it_is_shown(screen: io.StringIO) -> None:
    show.say(f"{WALLET.lower()} pays, and 0x{'ab' * 32} is an ID.")
    show.fields([("wallet", WALLET.lower())])
    assert re.findall("0x[0-9a-fA-F]+", screen.getvalue()) == [WALLET, OFFER, WALLET]


def test_parts_and_counts_are_told_as_people_write_them() -> None:
    assert [show.percent(each) for each in (0.2, 0.05, 0.000554, 1, 0)] == [
        "20%", "5%", "0.0554%", "100%", "0%",
    ]  # fmt: skip
    assert show.count(1, "item") == "1 item"
    assert show.count(2_000, "item") == "2,000 items"
    assert show.count(2, "person", "people") == "2 people"
