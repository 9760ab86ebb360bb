"""Prints. Results go to stdout: tables for people, or one JSON document for machines.
Everything else (progress, questions, errors) goes to stderr, and progress only to a terminal."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from kiseki.cli import layout
from kiseki.core.base import Base
from kiseki.core.checksum import checksummed
from kiseki.core.counts import counted as count
from kiseki.core.counts import percent
from kiseki.core.days import utc
from kiseki.core.values import to_hex

if TYPE_CHECKING:
    from rich.progress import Progress

    from kiseki.client.asof import AsOf

__all__ = [
    "begin", "count", "date", "document", "fields", "json_line", "line", "old", "paused", "percent",
    "plain", "progress", "question", "ready", "say", "table", "undated", "waiting",
]  # fmt: skip


def _console(stream: TextIO) -> Console:
    """In a pipe nothing is folded, so that what is read there line by line is whole."""
    width = None if stream.isatty() else _ENDLESS
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False,
                   soft_wrap=True)  # fmt: skip


_ENDLESS = 1_000_000


def _out() -> Console:
    return _console(sys.stdout)


def _err() -> Console:
    return _console(sys.stderr)


Told = Callable[[int, int], None]
_bars: list[Progress] = []
_old: list[AsOf] = []
"""How old what is printed is, if the node does not answer."""
_unsaid: list[AsOf] = []
"""The same as long as nobody was told."""


def begin() -> None:
    """For a new command: nothing is old yet."""
    _old.clear()
    _unsaid.clear()


def old(as_of: AsOf) -> None:
    """From now on answers are that old: it is said before the next one, and JSON has it too."""
    _old[:] = [as_of]
    _unsaid.append(as_of)


def _date() -> None:
    if _unsaid:
        said = _unsaid[-1].words
        _unsaid.clear()
        say(said)


def undated() -> None:
    """What comes next is no answer, so nobody needs to know how old it is."""
    _unsaid.clear()


def json_line(value: Any) -> None:
    """One JSON document on stdout. An old answer has `as_of`; one that is a list lies beside it as
    `answer`, so that no program takes it for one of now."""
    _date()
    told = plain(value)
    if _old:
        as_of = plain(_old[0]) | {"age": _old[0].age}
        told = {"as_of": as_of} | (told if isinstance(told, dict) else {"answer": told})
    text = json.dumps(told, indent=2, ensure_ascii=False)
    # A file's name need not be text; who reads this wants text.
    sys.stdout.write(text.encode(errors="surrogateescape").decode(errors="replace") + "\n")
    sys.stdout.flush()


def ready(value: Any) -> None:
    """One line of JSON on stdout, for scripts that wait for it while the command goes on."""
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def plain(value: Any) -> Any:
    """As JSON has it: bytes as 0x text, and numbers that JavaScript would round as text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            each.name: plain(getattr(value, each.name))
            for each in dataclasses.fields(value)
            if each.repr
        }
    if isinstance(value, bytes):
        return to_hex(value)
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(each) for key, each in value.items()}
    if isinstance(value, Base):
        return str(value)
    if isinstance(value, bool | None | str):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, Path | Exception):
        return str(value)
    if isinstance(value, Iterable):
        return [plain(each) for each in value]
    return str(value)


def say(text: str) -> None:
    """A sentence for people, on stderr."""
    _date()
    err = _err()
    err.print(Text(_folded(_text(text), err)))


def question(text: str) -> str:
    """A question as it is asked: no word is broken where the terminal ends."""
    return _folded(_text(text), _err())


def line(value: Any) -> None:
    """A result of one line, on stdout."""
    _date()
    out = _out()
    out.print(Text(_folded(_text(value), out)))


def document(text: str) -> None:
    """A whole text on stdout: folded on a terminal, and as it is in a pipe or file, so that its
    hash is that of the text."""
    _date()
    out = _out()
    if sys.stdout.isatty():
        out.print(Text("\n".join(layout.wrapped(text.removesuffix("\n"), out.width))))
    else:
        sys.stdout.write(text)


def fields(rows: Iterable[tuple[str, Any]]) -> None:
    """Names and values, one under the other. A name without a value is left out."""
    shown = [(name, _text(value)) for name, value in rows]
    shown = [(name, value) for name, value in shown if value.strip()]
    if not shown:
        return
    _date()
    out = _out()
    indent = max(cell_len(name) for name, _ in shown) + layout.GAP
    for name, value in shown:
        first, *more = layout.beside(name, value, indent, out.width)
        out.print(Text.assemble((name, "dim"), first[len(name) :]))
        for each in more:
            out.print(Text(each))


def table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], numbers: Sequence[str] = ()
) -> None:
    """A table; `numbers` are the columns that stand on the right.

    A column with nothing in it is left out, and so is a table without rows: a header over nothing
    says nothing. On a terminal that is too narrow each row becomes a few lines: no column is lost.
    """
    from rich.table import Table

    shown = [[_text(each) for each in row] for row in rows]
    full = [place for place in range(len(columns)) if any(row[place] for row in shown)]
    columns = [columns[place] for place in full]
    shown = [[row[place] for place in full] for row in shown]
    if not shown:
        return
    _date()
    out = _out()
    # A number or ID that is broken cannot be copied; words can be read all the same.
    whole = [
        name in numbers or all(re.fullmatch("(0x\\S+)?", row[place]) for row in shown)
        for place, name in enumerate(columns)
    ]
    if not layout.fits(columns, shown, whole, out.width):
        for place, row in enumerate(shown):
            if place:
                out.print()
            fields(zip(columns, row, strict=True))
        return
    made = Table(box=None, padding=(0, layout.GAP, 0, 0), pad_edge=False, header_style="dim")
    for name, unbroken in zip(columns, whole, strict=True):
        right = name in numbers
        made.add_column(
            name, justify="right" if right else "left", overflow="fold", no_wrap=unbroken
        )
    for row in shown:
        made.add_row(*map(Text, row))
    out.print(made)


def date(seconds: int | None) -> str:
    """A time on a chain, for people."""
    return utc(seconds) if seconds else ""


@contextmanager
def progress(what: str, unit: str = "") -> Iterator[Told]:
    """A bar with rate and time left on a terminal, silence anywhere else. It is gone in the end."""
    err = _err()
    if not err.is_interactive:  # a terminal that can take a line back
        yield lambda *_: None
        return
    from kiseki.cli.bar import bar_of

    bar = bar_of(err, unit)
    _bars.append(bar)
    try:
        with bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total or None)
    finally:
        _bars.remove(bar)


@contextmanager
def waiting(what: str) -> Iterator[Callable[[str], None]]:
    """A line on a terminal that says what is waited for, until it is over; silence elsewhere."""
    err = _err()
    if not err.is_interactive:  # a terminal that can take a line back
        yield lambda _: None
        return
    with err.status(Text(what)) as status:
        yield lambda said: status.update(Text(said))


@contextmanager
def progress_if_long(what: str, unit: str = "") -> Iterator[Told]:
    """The same, but only for what takes longer than a second."""
    began = time.monotonic()
    with ExitStack() as stack:
        bars: list[Told] = []

        def told(done: int, total: int) -> None:
            if not bars and time.monotonic() - began > 1:
                bars.append(stack.enter_context(progress(what, unit)))
            for bar in bars:
                bar(done, total)

        yield told


@contextmanager
def paused() -> Iterator[None]:
    """For asking somebody something in the block: no bar moves, and nothing of it is on stdout.

    Click writes the blank behind a question there, so it would be in the file of a result.
    """
    for bar in _bars:
        bar.stop()
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        for bar in _bars:
            bar.start()


def _folded(text: str, console: Console) -> str:
    """With lines that end between words."""
    return "\n".join(layout.wrapped(text, console.width))


_ADDRESS = re.compile(r"(?<![0-9A-Za-z])0x[0-9a-f]{40}(?![0-9A-Za-z])")


def _text(value: Any) -> str:
    """As text that a terminal only shows: what others wrote could give it orders. An address has
    its checksum wherever it stands, so that two that are the same look the same."""
    if isinstance(value, bytes):
        return to_hex(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    text = "".join(each if each.isprintable() or each == "\n" else "�" for each in text)
    return _ADDRESS.sub(lambda found: checksummed(found[0]), text)
