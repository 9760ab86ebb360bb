"""Prints. Results go to stdout: tables for people, or one JSON document for machines.
Everything else (progress, questions, errors) goes to stderr, and progress only to a terminal."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from kiseki.core.base import Base
from kiseki.core.values import to_hex

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = [
    "count", "date", "err", "fields", "json_line", "line", "out", "paused", "plain", "progress",
    "say", "table",
]  # fmt: skip

# In a pipe nothing is folded, so that what is read there line by line is whole.
out = Console(
    highlight=False,
    markup=False,
    emoji=False,
    soft_wrap=True,
    width=None if sys.stdout.isatty() else 400,
)
err = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)

Told = Callable[[int, int], None]
_bars: list[Progress] = []


def json_line(value: Any) -> None:
    """One JSON document on stdout."""
    text = json.dumps(plain(value), indent=2, ensure_ascii=False)
    # A file's name need not be text; who reads this wants text.
    sys.stdout.write(text.encode(errors="surrogateescape").decode(errors="replace") + "\n")
    sys.stdout.flush()


_GAP = 2
_WORDS = 24
"""Characters between two columns, and those that a column of words keeps at least."""


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
    err.print(Text(_text(text)))


def line(value: Any) -> None:
    """A result of one line, on stdout."""
    out.print(Text(_text(value)))


def fields(rows: Iterable[tuple[str, Any]]) -> None:
    """Names and values, one under the other."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(name, Text(_text(value)))
    out.print(grid)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], numbers: Sequence[str] = ()
) -> None:
    """A table; `numbers` are the columns that stand on the right.

    On a terminal that is too narrow for it each row becomes a few lines: no column is lost.
    """
    from rich.table import Table

    shown = [[_text(each) for each in row] for row in rows]
    if not shown:  # a header over nothing says nothing; the command says that there is none
        return
    # A number or ID that is broken cannot be copied; words can be read all the same.
    whole = [
        name in numbers or all(re.fullmatch("(0x\\S+)?", row[place]) for row in shown)
        for place, name in enumerate(columns)
    ]
    if _least(columns, shown, whole) > out.width:
        for row in shown:
            fields((name, cell) for name, cell in zip(columns, row, strict=True) if cell)
            out.print()
        return
    made = Table(box=None, padding=(0, _GAP, 0, 0), header_style="dim")
    for name, unbroken in zip(columns, whole, strict=True):
        right = name in numbers
        made.add_column(
            name, justify="right" if right else "left", overflow="fold", no_wrap=unbroken
        )
    for row in shown:
        made.add_row(*map(Text, row))
    out.print(made)


def _least(columns: Sequence[str], rows: Sequence[Sequence[str]], whole: Sequence[bool]) -> int:
    """How many characters a table needs at least, so that no ID, number or word is broken."""
    width = 0
    for place, name in enumerate(columns):
        cells = [name, *(row[place] for row in rows)]
        longest = max(map(len, cells))
        if not whole[place]:  # rich shrinks the widest columns and leaves the narrow ones
            words = (word for cell in cells for word in cell.split())
            longest = min(longest, max(_WORDS, *map(len, words)))
        width += longest + _GAP  # rich keeps a gap behind the last column too
    return width


def count(number: int, noun: str, many: str = "") -> str:
    """A number of things: ``1 item``, ``2,000 items``.

    Args:
        many: the noun for several, where it does not end in s.
    """
    return f"{number:,} {noun if number == 1 else many or f'{noun}s'}"


def date(seconds: int | None) -> str:
    """A time on a chain, for people."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%MZ}" if seconds else ""


@contextmanager
def progress(what: str, unit: str = "") -> Iterator[Told]:
    """A bar with rate and time left on a terminal, silence anywhere else."""
    if not err.is_terminal:
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


def _text(value: Any) -> str:
    """As text that a terminal only shows: what others wrote could give it orders."""
    if isinstance(value, bytes):
        return to_hex(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    return "".join(each if each.isprintable() or each == "\n" else "�" for each in text)
