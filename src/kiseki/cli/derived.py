"""`kiseki data derive` and `lineage`: what was made from what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, letters, show
from kiseki.cli.data import data
from kiseki.cli.terms import Collection
from kiseki.core.values import to_hex

if TYPE_CHECKING:
    from kiseki.client.data.descents import Descent, Known, Step

__all__ = ["derive", "lineage"]

Documents = Annotated[
    Path, typer.Argument(help="The folder with the documents; each is named by its hash.")
]
_SHOWN = 50


@data.command("derive")
def derive(
    collection: Collection,
    table: Annotated[
        Path,
        typer.Argument(help="A table with the columns item, step and from: files or data IDs."),
    ],
    folder: Documents,
    sign_to: letters.SignTo = None,
    days: letters.Days = letters.WAITING,
) -> None:
    """State what the items of a collection were made from: rough, clean, colour.

    The document holds data IDs and the words of the steps, and no names. It goes into the folder;
    publish it, so that others can follow it. Its hash goes on the chain, in the name of the
    provider, or of the collector under whose standing consent the collection is registered. A
    derived item keeps its own terms, and nobody is paid because of it. Sends one transaction. A
    wallet without ether signs into a file with --sign, and anybody sends it with `kiseki statements
    send`.

    \b
    Examples:
      kiseki data derive 0x1111… cleaned.csv documents
      kiseki data derive 0x1111… cleaned.csv documents --sign cleaned.json
    """
    wanted = context.hex32(collection, "the collection")
    k = context.kiseki()
    with show.progress("hashing", "files") as told:
        made = k.data.derivations.read(wanted, table, form=context.table(), progress=told)
    steps = dict.fromkeys(each.step for each in made.rows)
    named = ", ".join(list(steps)[:5]) + (" …" if len(steps) > 5 else "")
    parents = {each.made_from for each in made.rows} - {each.item for each in made.rows}
    said = (
        f"{show.count(len(made.rows), 'step')} ({named}) in the collection {to_hex(wanted)}, from "
        f"{show.count(len(parents), 'item')} that {'is' if len(parents) == 1 else 'are'} not "
        "derived here."
    )
    if sign_to is not None:
        show.say(said)
        prepared = k.data.derivations.prepare(made, folder, days)
        letters.write_prepared(k, sign_to, prepared)
        return
    says = [
        said,
        f"{k.address} states as derived about the collection {to_hex(wanted)}, for good: "
        f"{to_hex(made.hash)}.",
        "Derived items keep their own terms. Being derived changes no money.",
    ]
    done = context.spend(k, f"derived {wanted.hex()} {made.hash.hex()}", says,
                         lambda k: k.data.derivations.state(made, folder))  # fmt: skip
    context.receipts_told(done, document=to_hex(made.hash))


@data.command("lineage")
def lineage(
    item: Annotated[str, typer.Argument(help="A file that the key store knows, or a data ID, 0x…")],
    folder: Documents,
) -> None:
    """Show what an item was made from, and what was made from it.

    Follows the documents in the folder that were stated by who speaks for their collections, and
    says why it does not follow others. Names what was revoked above the item: the item's own terms
    hold all the same. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki data lineage colour/12.png documents
      kiseki data lineage 0x2222… documents
    """
    k = context.watching()
    found = k.data.derivations.of(k.data.derivations.item(item), folder)
    ended = found.ended_above(k.index.time)
    if context.current.json:
        show.json_line({
            "item": found.item, "above": found.above, "below": found.below,
            "ended_above": [each.id for each in ended], "circles": found.circles,
            "not_followed": [show.plain(e) | {"words": e.words} for e in found.not_followed],
        })  # fmt: skip
        return
    show.fields([("item", found.item.id), ("in", _where(found.item)),
                 ("consent", _consent(found.item, k.index.time))])  # fmt: skip
    _table("made from", found.above, [each.made_from for each in found.above], k.index.time)
    _table("made from it", found.below, [each.item for each in found.below], k.index.time)
    if not found.above and not found.below:
        show.say("No document that can be followed says what it was made from, or what was made "
                 "from it.")  # fmt: skip
    _warn(found, ended)


def _warn(found: Descent, ended: list[Known]) -> None:
    if ended:
        listed = ", ".join(to_hex(each.id) for each in ended[:5])
        show.say(
            f"Consent to {show.count(len(ended), 'item')} that it was made from has ended or was "
            f"revoked: {listed}. Its own terms hold all the same; whether it may be used is for "
            "its own provider to say."
        )
    if found.circles:
        listed = ", ".join(map(to_hex, found.circles[:5]))
        show.say(f"Items would be made from each other in a circle, so a document is false: "
                 f"{listed}.")  # fmt: skip
    if any(not each.checked for each in (*found.above, *found.below)):
        show.say(
            "Where the log of a collection is not whole, nobody can tell whether its items are in "
            "it; there it is the word of who states it."
        )
    for passed in found.not_followed[:_SHOWN]:
        show.say(f"Not followed: {passed.words}.")


def _table(what: str, steps: tuple[Step, ...], items: list[Known], now: int) -> None:
    show.table(
        [what, "step", "away", "in", "consent", "said by"],
        [(each.id, step.step, step.away, _where(each), _consent(each, now),
          f"{step.speaker} ({step.role})")
         for step, each in list(zip(steps, items, strict=True))[:_SHOWN]],
        numbers=["away"],
    )  # fmt: skip
    if len(steps) > _SHOWN:
        show.say(f"{len(steps) - _SHOWN:,} more are in the answer with --json.")


def _where(item: Known) -> str:
    if item.home is None:
        return "unknown: the log has no such item"
    return f"the {item.kind} {to_hex(item.home)}"


def _consent(item: Known, now: int) -> str:
    if item.revoked_at is not None:
        return f"revoked on {show.date(item.revoked_at)}"
    if item.kind != "collection":
        return "" if item.kind else "unknown"
    if item.ends_at is None:
        return "holds"
    return f"{'ended' if item.ends_at <= now else 'holds until'} {show.date(item.ends_at)}"
