"""`kiseki data series`: successive collections under one name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, letters, show
from kiseki.cli.data import data
from kiseki.cli.derived import Documents
from kiseki.cli.terms import Collection
from kiseki.core.values import to_hex

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki
    from kiseki.core.series import Instalment

__all__ = ["series"]

series = typer.Typer(help="Series: successive collections, as a studio goes on collecting.")
data.add_typer(series, name="series")


@series.command("begin")
def begin(
    collection: Collection, folder: Documents,
    name: Annotated[
        str, typer.Option(help="What the series is called; whoever has the documents reads it.")
    ] = "",
    sign_to: letters.SignTo = None, days: letters.Days = letters.WAITING,
) -> None:  # fmt: skip
    """Begin a series with a registered collection.

    The document goes into the folder, and its hash on the chain, in the name of the provider, or of
    the collector under whose standing consent the collection is registered. The hash does not give
    the name away; the document does. Sends one transaction. A wallet without ether signs into a
    file with --sign, and anybody sends it with `kiseki statements send`.

    \b
    Examples:
      kiseki data series begin 0x1111… documents --name "Foxes"
      kiseki data series begin 0x1111… documents --sign series.json
    """
    k = context.kiseki()
    made = k.data.series.begin(context.hex32(collection, "the collection"), folder, name=name)
    _state(k, made, folder, sign_to, days)


@series.command("add")
def add(
    collection: Collection,
    to: Annotated[str, typer.Argument(help="Any collection of the series, 0x…")],
    folder: Documents,
    sign_to: letters.SignTo = None,
    days: letters.Days = letters.WAITING,
) -> None:
    """Add a registered collection to the end of a series of this wallet.

    Register the collection first (`kiseki data register`). It costs the same however long the
    series is. Sends one transaction. A wallet without ether signs into a file with --sign, and
    anybody sends it with `kiseki statements send`.

    \b
    Examples:
      kiseki data series add 0x2222… 0x1111… documents
      kiseki data series add 0x2222… 0x1111… documents --sign series.json
    """
    k = context.kiseki()
    wanted, there = context.hex32(collection, "the collection"), context.hex32(to, "the series")
    _state(k, k.data.series.add(wanted, there, folder), folder, sign_to, days)


@series.command("show")
def show_series(collection: Collection, folder: Documents) -> None:
    """Show the series in which a collection stands, and by whose word.

    Follows what the provider of the collection said, or the collector under whose standing consent
    it is registered. What anybody else says is shown and not followed. Reads the chain and sends
    nothing.

    \b
    Examples:
      kiseki data series show 0x1111… documents
    """
    k, wanted = context.watching(), context.hex32(collection, "the collection")
    found, strangers = k.data.series.of(wanted, folder), k.data.series.strangers(wanted)
    if context.current.json:
        told = [
            show.plain(each)
            | {"not_followed": [show.plain(e) | {"words": e.words} for e in each.not_followed]}
            for each in found
        ]
        show.json_line({"series": told, "strangers": strangers})
        return
    for each in found:
        show.fields([("series", each.name or "without a name"), ("said by", each.speaker)])
        show.table(
            ["number", "collection", "provider", "said as", "when"],
            [(e.number, e.collection, e.provider, e.role, show.date(e.time))
             for e in each.members],
            numbers=["number"],
        )  # fmt: skip
        for problem in each.not_followed:
            show.say(f"Not followed: {problem.words}.")
        if each.unread:
            show.say(f"The folder has no document for {show.count(each.unread, 'statement')} of "
                     "this wallet, so nobody can tell here what they say.")  # fmt: skip
    if not found:
        show.say("Nobody who speaks for this collection says, in a document of this folder, that "
                 "it is in a series.")  # fmt: skip
    for who in strangers:
        show.say(f"Not followed: {who} says something of a series, and does not speak for the "
                 "collection.")  # fmt: skip


def _state(k: Kiseki, made: Instalment, folder: Path, sign_to: Path | None, days: int) -> None:
    """States it, or signs it into a file."""
    where = "begins the series" if made.before is None else f"comes after {to_hex(made.before)}"
    named = f" of {made.name!r}" if made.name else ""
    said = f"{to_hex(made.collection)} {where}, as number {made.number:,}{named}."
    if sign_to is not None:
        show.say(said)
        prepared = k.data.series.prepare(made, folder, days)
        letters.write_prepared(k, sign_to, prepared)
        return
    says = [said, f"{k.address} states that for good, for everybody to see: {to_hex(made.hash)}."]
    done = context.spend(k, f"series {made.collection.hex()} {made.hash.hex()}", says,
                         lambda k: k.data.series.state(made, folder))  # fmt: skip
    context.receipts_told(done, document=to_hex(made.hash), number=made.number)
