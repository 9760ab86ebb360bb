"""Receipts: files that tell an artist or a developer which works are in which collection."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kiseki.cli import context, show, typed
from kiseki.cli.data import data
from kiseki.cli.origins import in_words, say_words, sentences
from kiseki.cli.terms import Collection
from kiseki.core.payee import Payee
from kiseki.core.values import ZERO_ADDRESS, to_hex

__all__ = ["check_receipt", "receipt", "receive"]


@data.command("receipt")
def receipt(
    collection: Collection,
    to: Annotated[Path, typer.Option("--out", help="The file to write.")],
    recipient: Annotated[
        str | None, typer.Option("--for", help="The age key of who gets it (age1…).")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only items with this name; * and ? match. Repeat.")
    ] = None,
    clear: Annotated[
        bool, typer.Option(help="Do not encrypt: every reader gets the salts.")
    ] = False,
    origin: Annotated[
        bool | None,
        typer.Option(
            "--origin/--no-origin",
            help="Put the document of origin in, which holds names. Without: it asks.",
        ),
    ] = None,
    weak: typed.Weak = False,
) -> None:
    """Write a receipt: the names, salts and proofs of items, for an artist or a licensed developer.

    Who gets it can tell which files are registered, and finds their data IDs (`kiseki data
    receive`). The file is encrypted, to an age key (`kiseki keys identity`) or with a passphrase.
    Sends nothing and asks no node.

    \b
    Examples:
      kiseki data receipt 0x1111… \\
        --for age1qqqq --out alice.age
    """
    from kiseki.vault import receipts

    wanted = context.hex32(collection, "the collection")
    with context.store() as store:
        named = store.origin(store.collection(wanted).origin)
        if named is not None and origin is not False:
            show.say("The receipt holds the document of origin; who reads it reads these names:")
            say_words(named.origin, "both")
            if origin is None and not context.current.yes:
                context.confirm("Hand it on? (--no-origin leaves it out)")
        passphrase = None if recipient or clear else typed.new_password(weak, "Passphrase")
        count = receipts.write(store, wanted, to, only=only, recipient=recipient,
                               passphrase=passphrase, clear=clear,
                               origin=origin is not False)  # fmt: skip
    if context.current.json:
        show.json_line({"path": to, "items": count})
    else:
        show.say(f"{to} holds {show.count(count, 'item')}.")


@data.command("receive")
def receive(
    file: Annotated[Path, typer.Argument(help="The file of the receipt.")],
    identity: Annotated[
        Path | None, typer.Option(help="The age identity file that decrypts the receipt.")
    ] = None,
    clear: Annotated[bool, typer.Option(help="The receipt is not encrypted.")] = False,
) -> None:
    """Take a receipt into the key store, so that its files are found by their content.

    Computes everything in the receipt again, and asks the chain whether the collection is
    registered. Afterwards `kiseki data find` and `kiseki model manifest` know the files. Sends
    nothing.

    \b
    Examples:
      kiseki data receive receipt.age --identity key.txt
    """
    from kiseki.vault import receipts

    passphrase = None if identity or clear else typed.password("Passphrase")
    read = receipts.read(file, identity=identity, passphrase=passphrase)
    shown = receipts.check(read)
    k = context.watching()
    new = k.data.openings.receive(read)
    if context.current.json:
        show.json_line({"collection": shown.collection, "items": shown.items, "new": new})
        return
    show.line(shown.sentence)
    show.say(f"New in the key store {k.salts.place}: {show.count(new, 'item')}.")


@data.command("check-receipt")
def check_receipt(
    file: Annotated[Path, typer.Argument(help="The file of the receipt.")],
    folder: Annotated[
        Path | None, typer.Argument(help="A folder; find your own files in it.")
    ] = None,
    identity: Annotated[
        Path | None, typer.Option(help="The age identity file that decrypts the receipt.")
    ] = None,
    clear: Annotated[bool, typer.Option(help="The receipt is not encrypted.")] = False,
    chain: Annotated[bool, typer.Option(help="Also ask the chain about the collection.")] = False,
) -> None:
    """Check a receipt, and find your own files in it.

    Computes everything in the receipt again. Sends nothing; asks a node only with --chain.

    \b
    Examples:
      kiseki data check-receipt alice.age drawings --identity key.txt
    """
    from kiseki.client.data import receipts_on_chain
    from kiseki.vault import receipts

    passphrase = None if identity or clear else typed.password("Passphrase")
    read = receipts.read(file, identity=identity, passphrase=passphrase)
    shown = receipts.check(read)
    told: dict[str, Any] = show.plain(shown)
    told["origin"] = None if read.origin is None else in_words(read.origin.origin)
    found = receipts.find(read, folder) if folder else []
    told["files"] = [
        {"path": str(e.path), "names": e.item.names, "id": to_hex(e.id)} for e in found
    ]
    if chain:
        on_chain = receipts_on_chain.on_chain(read, context.watching(ZERO_ADDRESS).session)
        told["chain"] = show.plain(on_chain)
    if context.current.json:
        show.json_line(told)
        return
    show.line(shown.sentence)
    if read.origin is not None:
        for each in sentences(read.origin.origin, "both"):
            show.line(each)
    elif any(read.kept.origin):
        show.line(f"The receipt leaves the origin out; its hash is {to_hex(read.kept.origin)}.")
    if folder:
        show.table(
            ["file", "item", "data ID"], [(e.path, ", ".join(e.item.names), e.id) for e in found]
        )
    if chain:
        there = told["chain"]
        show.say(f"Registered {show.date(there['registered_at'])}." if there else "Not registered.")
        if there and there["payee"] != to_hex(read.kept.payee.key):
            now = Payee(bytes.fromhex(there["payee"][2:])).words()
            show.say(f"The collection pays {now} now; the receipt names {read.kept.payee.words()}.")
