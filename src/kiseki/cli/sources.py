"""What is to be registered, read: folders, files and lists. What is doubtful is asked about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, names, show
from kiseki.cli.salts import with_salts
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki
    from kiseki.core.collection import Kept
    from kiseki.vault.doubts import Decide, Doubts

__all__ = ["Doubtful", "Source", "decide", "read"]

Source = Annotated[
    Path, typer.Argument(help="A folder of files, one file, or a list (MANIFEST.csv).")
]
Doubtful = Annotated[
    str,
    typer.Option(
        help="What to do with files that are probably no works (empty files, pointers of Git LFS, "
        "Thumbs.db, unfinished downloads, links out of the folder): ask, leave-out or take. With "
        "--yes, or without a terminal, ask refuses them."
    ),
]


def decide(doubtful: str) -> Decide:
    """What becomes of doubtful files: they are shown, and then what the option says.

    Raises:
        InvalidInput: the option says something else.
    """
    from kiseki.vault import doubts

    ways: dict[str, Decide] = {"ask": _ask, "leave-out": doubts.leave_out, "take": doubts.take}
    if doubtful not in ways:
        raise InvalidInput(f"--doubtful is ask, leave-out or take, not {doubtful!r:.40}")

    answers: list[bool] = []

    def told(found: Doubts) -> bool:
        if not answers:  # the files are read again after a question about salts
            if doubtful != "ask" or context.asks():
                for each in found.words:
                    show.say(f"{each}.")
            answers.append(ways[doubtful](found))
        return answers[0]

    return told


def read(
    k: Kiseki, source: Path, doubtful: str, as_new: bool, prepare: Callable[..., list[Kept]]
) -> list[Kept]:
    """Collections of what is in a folder or list.

    Args:
        as_new: see `with_salts`.
        prepare: makes them, given the entries and how to tell and ask.
    """
    from kiseki.vault import lists

    decides = decide(doubtful)
    with show.progress("reading", "items") as told:
        total = lists.count(source)
        return with_salts(k, as_new, lambda: prepare(
            lists.read(source, context.table(), names.account),
            progress=lambda items, _: told(items, total), doubtful=decides, tell=show.say,
        ))  # fmt: skip


def _ask(found: Doubts) -> bool:
    from kiseki.vault import doubts

    if not context.asks():
        return doubts.refuse(found)
    what = "this file" if found.count == 1 else f"these {show.count(found.count, 'file')}"
    context.confirm(f"Leave {what} out and register the others?")
    return False
