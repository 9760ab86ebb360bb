"""`kiseki statements`: what somebody says in public about something."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kiseki.cli import context, letters, names, pages, show
from kiseki.core.values import to_hex

__all__ = ["statements"]

statements = typer.Typer(help="State something in public, and read what others stated.")

Kind = Annotated[str, typer.Argument(help="What it is about: collection, model, batch or wallet.")]
About = Annotated[str, typer.Argument(help="Its ID, 0x…, or the address of the wallet.")]


@statements.command("make")
def make(
    kind: Kind, about: About,
    sort: Annotated[
        str,
        typer.Argument(help="One word: audit, derived, dispute, identity, list, manifest, origin, "
                            "receipt, reproduction, review, series, withdrawal or another."),
    ],
    document: Annotated[Path, typer.Argument(help="The document; only its hash is recorded.")],
    sign_to: letters.SignTo = None,
    days: letters.Days = letters.WAITING,
) -> None:  # fmt: skip
    """State in public what a document says about something.

    The record is permanent and names this wallet. No contract uses it; readers decide whom they
    believe. Publish the document itself, so that they can read it. Sends one transaction. A wallet
    without ether signs into a file with --sign, and anybody sends it with `kiseki statements send`.

    \b
    Examples:
      kiseki statements make model 0x3333… audit report.pdf
      kiseki statements make collection 0x1111… dispute letter.pdf --sign dispute.json
    """
    from kiseki.client.wallet import document_hash

    said, about = document_hash(document), _about(kind, about)
    k = context.kiseki()
    if sign_to is not None:
        letters.write_statement(k, sign_to, kind, about, sort, said, days)
        return
    says = f"{k.address} states as {sort} about the {kind} {about}, for good: {to_hex(said)}."
    done = context.spend(k, f"state {kind} {about} {sort} {said.hex()}", says,
                         lambda k: k.statements.state(kind, about, sort, said))  # fmt: skip
    context.receipts_told([done], document=to_hex(said))


@statements.command("send")
def send(file: letters.SignedLetter) -> None:
    """Send a statement that somebody else signed.

    Shows it in words. Sends one transaction, and this wallet pays the gas.

    \b
    Examples:
      kiseki statements send dispute.json
    """
    from kiseki.client import statements as client

    signed = client.LETTER.read(file)
    letters.bring(client.LETTER, signed, lambda k, signed: k.statements.submit(signed))


@statements.command("show")
def show_statements(
    kind: Kind, about: About, most: pages.Most = None, after: pages.After = None
) -> None:
    """Show everything that was stated about something, by whom and when.

    Reads the chain and sends nothing. What a document says only the document can tell: compare its
    hash.

    \b
    Examples:
      kiseki statements show model 0x3333…
      kiseki statements show model 0x3333… --most 100
    """
    from kiseki.client.statements import sort_in_words

    page = pages.after_place(after), pages.asked(most)
    found = context.watching().statements.about(kind, _about(kind, about), *page)
    if context.current.json:
        show.json_line([{"speaker": e.speaker, "sort": sort_in_words(e.kind),
                         "document": e.document, "time": e.time, "place": e.place}
                        for e in found])  # fmt: skip
        return
    show.table(
        ["stated by", "as", "document", "when"],
        [(e.speaker, sort_in_words(e.kind), e.document, show.date(e.time)) for e in found],
    )
    pages.told(found, most, after, lambda each: each.place, "Nobody stated anything about it.")


def _about(kind: str, about: str) -> str:
    return names.wallet(about, "the wallet") if kind == "wallet" else about
