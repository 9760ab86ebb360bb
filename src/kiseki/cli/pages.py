"""Lists that are shown a page at a time: `--most` and `--after`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

import typer

from kiseki.cli import context, show
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput

__all__ = ["After", "Most", "after_id", "after_place", "asked", "told"]

Most = Annotated[int | None, typer.Option(min=1, help="The number of rows. Default: all.")]
After = Annotated[
    str | None, typer.Option(help="The last row of the page before, as that page names it.")
]

T = TypeVar("T")


def asked(most: int | None) -> int:
    """How many rows the index is asked for."""
    from kiseki.index.answers.pages import ALL

    return ALL if most is None else most


def after_id(after: str | None) -> bytes | None:
    """The ID after which a page begins."""
    return None if after is None else context.hex32(after, "--after")


def after_place(after: str | None) -> int:
    """The place of the chain after which a page begins."""
    if after is None:
        return -1
    if not after.isdecimal() or not after.isascii():
        raise InvalidInput("--after takes the number that the page before ended with")
    return int(after)


def told(
    found: Sequence[T],
    most: int | None,
    after: str | None,
    cursor: Callable[[T], bytes | int],
    nothing: str,
) -> None:
    """Says how to go on after a table, or that there is nothing.

    Args:
        cursor: what names a row.
        nothing: what is said of an empty list.
    """
    if not found:
        show.say(nothing if after is None else "There are no more rows.")
    if len(found) == most:
        last = cursor(found[-1])
        show.say(f"For the next rows: --after {to_hex(last) if isinstance(last, bytes) else last}")
