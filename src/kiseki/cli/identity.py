"""`kiseki identity`: artists who have no wallet yet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kiseki.cli import context, show
from kiseki.client.wallet import document_hash
from kiseki.core.values import to_hex

__all__ = ["identity"]

identity = typer.Typer(help="Identities: artists who have no wallet yet.")

Person = Annotated[str, typer.Argument(help="What `identity person` printed, 0x…")]


@identity.command("person")
def person(
    text: Annotated[str, typer.Argument(help="What tells them apart; it stays here.")],
) -> None:
    """The salted hash of somebody, as lists and payees name them.

    \b
    Examples:
      kiseki identity person "Studio staff number 12"
    """
    k = context.kiseki()
    found = k.identities.person(text)
    named = f"{k.address}:{to_hex(found)}"
    if context.current.json:
        show.json_line({"person": found, "artist": named, "payee": k.identities.payee(found).key})
    else:
        show.fields([("person", found), ("in lists", named)])


@identity.command("bind")
def bind(person: Person, wallet: Annotated[str, typer.Argument(help="Their wallet.")]) -> None:
    """Say whose wallet it is. Final after seven days; until then it can be corrected.

    \b
    Examples:
      kiseki identity bind 0x5555… 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    wanted = context.hex32(person, "the person")
    k = context.kiseki()
    done = context.spend(
        k, f"bind {person} {wallet}", lambda k: k.identities.bind({wanted: wallet})
    )
    context.receipts_told(done)


@identity.command("withdraw")
def withdraw(person: Person) -> None:
    """Take a binding back that is not final.

    \b
    Examples:
      kiseki identity withdraw 0x5555…
    """
    wanted = context.hex32(person, "the person")
    k = context.kiseki()
    done = context.spend(k, f"withdraw {person}", lambda k: k.identities.withdraw([wanted]))
    context.receipts_told(done)


@identity.command("status")
def status(
    person: Person,
    issuer: Annotated[str, typer.Option(help="Who knows them; this wallet if left out.")] = "",
) -> None:
    """What a person is bound to, and whether that is final.

    \b
    Examples:
      kiseki identity status 0x5555… --issuer 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    k = context.watching(issuer or context.acting())
    found = k.identities.status(context.hex32(person, "the person"))
    if context.current.json:
        show.json_line(found)
        return
    final = "for good" if found.final else f"from {show.date(found.since)} on"
    show.fields([("wallet", f"{found.wallet}, {final}" if found.wallet else "none yet")])


@identity.command("vouch")
def vouch(
    issuer: Annotated[str, typer.Argument(help="The issuer's address.")],
    document: Annotated[Path, typer.Argument(help="What is said about it; its hash is stated.")],
) -> None:
    """State that this wallet knows an issuer. It gates nothing: readers choose whom to believe.

    \b
    Examples:
      kiseki identity vouch 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 statement.txt
    """
    said = document_hash(document)
    k = context.kiseki()
    done = context.spend(k, f"vouch {issuer} {said.hex()}",
                         lambda k: k.identities.vouch(issuer, said))  # fmt: skip
    context.receipts_told([done])
