"""`kiseki revenue unclaimed`: what waits for a payee, and since when."""

from __future__ import annotations

from typing import Annotated

import typer

from kiseki.cli import context, names, pages, past, show
from kiseki.cli.labels import label
from kiseki.cli.revenue import Token, revenue
from kiseki.core.payee import Payee
from kiseki.core.values import ZERO_ADDRESS, from_hex
from kiseki.errors import InvalidInput, KisekiError

__all__ = ["unclaimed"]


@revenue.command("unclaimed")
def unclaimed(
    to: Annotated[
        str,
        typer.Argument(
            metavar="payee",
            help="A wallet; or the ID of a batch, model or collection, or the file of a split or "
            "title: what waits there for anybody. Default: this wallet.",
        ),
    ] = "",
    token: Token = ZERO_ADDRESS,
    most: Annotated[int, typer.Option(min=1, help="The number of rows.")] = 100,
    after: pages.After = None,
    at: past.At = None,
) -> None:
    """Show money that nobody has claimed yet, and since when it waits.

    Money leaves a split in the order in which it came, so the time is that of the oldest payment of
    which something is left. Where a part still lies in splits further up, that time is the oldest
    that any of it can have. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki revenue unclaimed
      kiseki revenue unclaimed 0x4444… --most 20
      kiseki revenue unclaimed --at 30d
    """
    start = b"" if after is None else _cursor(after)
    k = context.watching(context.acting() if not to else ZERO_ADDRESS)
    payee = names.payee(k, to) if to else Payee.of(k.address)
    with past.asked(k, at, money=True) as index:
        found = index.unclaimed(payee.key, token, start, most)
    following = found[-1].cursor if len(found) == most else None
    if context.current.json:
        show.json_line({
            "payee": payee.key, "token": token, "after": following,
            "unclaimed": [{
                "payee": e.payee, "amount": str(e.amount), "here": str(e.here), "split": e.split,
                "labels": e.labels, "since": e.since, "block": e.block, "complete": e.complete,
            } for e in found],
        })  # fmt: skip
        return
    show.table(
        ["waits", "of it further up", "since", "for", "from"],
        [(context.money(k, token, e.amount),
          context.money(k, token, e.amount - e.here) if e.amount > e.here else "",
          show.date(e.since), Payee(e.payee).words(), label(e.labels)) for e in found],
        numbers=["waits", "of it further up"],
    )  # fmt: skip
    pages.told(found, most, after, lambda each: each.cursor, "Nothing waits in this currency.")


def _cursor(text: str) -> bytes:
    try:
        return from_hex(text, 37, "the row")
    except KisekiError:
        raise InvalidInput("--after takes the word that the page before ended with") from None
