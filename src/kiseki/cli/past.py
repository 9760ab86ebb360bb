"""`--at`: how things stood at the end of an earlier block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, show
from kiseki.core.days import utc
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki
    from kiseki.index import Index, Owed, Past

__all__ = ["At", "asked", "owed"]

At = Annotated[
    str | None,
    typer.Option(
        "--at",
        help="Show how it stood at the end of a block, given by its number; or on a day, as "
        "2027-12-31, a time, as 2027-12-31T14:05, or some days ago, as 30d. Default: now.",
    ),
]


@contextmanager
def asked(k: Kiseki, at: str | None, money: bool = False) -> Iterator[Index | Past]:
    """The index of today, or as it stood then, which is said.

    Args:
        money: whether it will be asked about money, which takes longer if that is long ago.
    """
    if at is None:
        yield k.index
        return
    block, now = _place(k, at)
    with k.index.as_of(block, now) as then:
        place = f"block {block:,}, " if block >= 0 else ""
        when = f"the last that is known of it is of {utc(then.time)}" if now is None else utc(now)
        show.say(f"As of {place}{when}.")
        if money and then.is_folded:
            show.say(
                "That is longer ago than blocks are kept one by one, so the amounts are worked out "
                "from all payments before. This takes longer."
            )
        yield then


def owed(index: Past | Index, wallet: str) -> list[Owed]:
    """What a wallet is owed in all tokens."""
    return [row for token in index.tokens_owed(wallet) for row in index.owed(wallet, token)]


def _place(k: Kiseki, text: str) -> tuple[int, int | None]:
    """A block, and the time that is meant; none where only the node could tell, and is away."""
    latest = k.index.cursor
    if text.isascii() and text.isdecimal() and len(text) < 16:
        return _block(k, int(text), latest.block)
    given = context.moment(text, "--at is not the number of a block, so it")
    if isinstance(given, timedelta):
        time = latest.time - int(given.total_seconds())
    else:
        time = int(given.timestamp())
        if "T" not in text and ":" not in text and time > latest.time > time - 86_400:
            time = latest.time  # today, as far as it has come
    if time > latest.time:
        raise InvalidInput(
            f"--at must not be in the future: the latest block is of {utc(latest.time)}"
        )
    return k.index.block_at(time), time


def _block(k: Kiseki, number: int, latest: int) -> tuple[int, int | None]:
    from kiseki.chain.logs import blocks

    if number > latest:
        raise InvalidInput(f"--at must not be in the future: the latest block is {latest:,}")
    if k.session.as_of is not None:
        return number, None
    (found,) = blocks(k.session.node, number)
    if found is None:
        raise InvalidInput(f"the node does not have block {number:,}; give a time instead")
    return number, found.time
