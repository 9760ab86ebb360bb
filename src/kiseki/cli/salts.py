"""The question that comes before new salts, where the key store lacks old ones."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from kiseki.cli import context, show
from kiseki.errors import SaltsMissing

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki

__all__ = ["AsNew", "with_salts"]

T = TypeVar("T")

AsNew = Annotated[
    bool,
    typer.Option(
        "--as-new",
        help="Make new salts although the key store cannot open earlier registrations.",
    ),
]


def with_salts(k: Kiseki, as_new: bool, work: Callable[[], T]) -> T:
    """Does work that may need new salts. Where the key store cannot open earlier registrations, it
    says which, and goes on only after a yes or with `--as-new`; `--yes` is not enough.

    Raises:
        SaltsMissing: nobody can be asked, and `as_new` was not given.
    """
    while True:
        try:
            return work()
        except SaltsMissing as missing:
            if not as_new and (context.current.yes or not sys.stdin.isatty()):
                raise
            show.say(f"{missing}.")
            if not as_new:
                context.confirm("Go on as new?")
            k.data.openings.give_up(missing.registrations)
