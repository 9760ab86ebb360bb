"""`kiseki identity`: artists who have no wallet yet."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, letters, names, show
from kiseki.cli.salts import AsNew, with_salts
from kiseki.core.values import ZERO_ADDRESS, to_hex
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki

__all__ = ["identity"]

identity = typer.Typer(help="Name artists who have no wallet yet, and bind a wallet later.")

_SHOWN = 20
"""Bindings of a table that are shown before they are sent."""
Person = Annotated[str, typer.Argument(help="The hash that `identity person` printed, 0x…")]


@identity.command("person")
def person(
    text: Annotated[str, typer.Argument(help="A text that identifies the artist; it stays here.")],
    as_new: AsNew = False,
) -> None:
    """Print the salted hash that stands for an artist without a wallet.

    Use the hash in lists and as a payee. The same text gives the same hash, as long as the key
    store has its salt; if the key store cannot open what this wallet registered before, the command
    asks first. Sends nothing.

    \b
    Examples:
      kiseki identity person "Studio staff number 12"
    """
    k = context.kiseki()
    found = with_salts(k, as_new, lambda: k.identities.person(text))
    named = f"{k.address}:{to_hex(found)}"
    if context.current.json:
        show.json_line({"person": found, "artist": named, "payee": k.identities.payee(found).key})
    else:
        show.fields([("person", found), ("in lists", named)])


@identity.command("bind")
def bind(
    person: Annotated[
        str, typer.Argument(help="The hash that `identity person` printed, 0x…, or nothing.")
    ] = "",
    wallet: Annotated[str, typer.Argument(help="The wallet of the artist.")] = "",
    table: Annotated[
        Path | None,
        typer.Option(help="A table with the columns person and wallet, in place of one artist."),
    ] = None,
    sign_to: letters.SignTo = None, days: letters.Days = letters.WAITING,
) -> None:  # fmt: skip
    """Bind wallets to artists, one or those of a table.

    Sends one transaction for up to 250 artists, or none if all are bound already. The binding is
    final after seven days. Before that you can bind another wallet, or take the binding back with
    `withdraw`. An issuer without ether signs into a file with --sign, and anybody sends that file
    with `kiseki identity bind-for`.

    \b
    Examples:
      kiseki identity bind 0x5555… 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
      kiseki identity bind 0x5555… 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --sign binding.json
      kiseki identity bind --table artists.csv
    """
    wallets = _wallets(person, wallet, table)
    k = context.kiseki()
    if sign_to is not None:
        _sign(k, sign_to, wallets, days)
        return
    says = [
        f"Bind the wallet {to} to the artist {to_hex(who)}: all their money goes there."
        for who, to in list(wallets.items())[:_SHOWN]
    ]
    if len(wallets) > _SHOWN:
        says.append(f"{len(wallets) - _SHOWN:,} more are bound as the table says.")
    says.append("A binding is final after seven days.")
    same = hashlib.sha256(repr(sorted(wallets.items())).encode()).hexdigest()
    done = context.spend(k, f"bind {same}", says, lambda k: k.identities.bind(wallets))
    context.receipts_told(done)


def _wallets(person: str, wallet: str, table: Path | None) -> dict[bytes, str]:
    """Person -> wallet, of what was typed or of a table."""
    from kiseki.client.identities import read_bindings

    if table is None and person and wallet:
        return {context.hex32(person, "the person"): names.wallet(wallet, "the artist")}
    if table is None or person or wallet:
        raise InvalidInput("name a person and a wallet, or a table of them with --table")
    found = read_bindings(table, context.table(), lambda text: names.wallet(text, "the artist"))
    if not found:
        raise InvalidInput(f"{table} names nobody")
    return found


@identity.command("withdraw")
def withdraw(
    person: Person, sign_to: letters.SignTo = None, days: letters.Days = letters.WAITING
) -> None:
    """Take back a binding that is not final yet.

    Sends one transaction. An issuer without ether signs into a file with --sign, and anybody sends
    that file with `kiseki identity bind-for`.

    \b
    Examples:
      kiseki identity withdraw 0x5555…
    """
    wanted = context.hex32(person, "the person")
    k = context.kiseki()
    if sign_to is not None:
        _sign(k, sign_to, {wanted: ZERO_ADDRESS}, days)
        return
    says = f"Take back the wallet that was bound to the artist {person}."
    done = context.spend(k, f"withdraw {person}", says, lambda k: k.identities.withdraw([wanted]))
    context.receipts_told(done)


@identity.command("bind-for")
def bind_for(file: letters.SignedLetter) -> None:
    """Send a binding, or the end of one, that an issuer signed.

    Shows it in words. Anybody can do this. Sends one transaction, and this wallet pays the gas.

    \b
    Examples:
      kiseki identity bind-for binding.json
    """
    from kiseki.client import identities

    signed = identities.LETTER.read(file)
    letters.bring(identities.LETTER, signed, lambda k, signed: k.identities.bind_for([signed]))


def _sign(k: Kiseki, file: Path, wallets: dict[bytes, str], days: int) -> None:
    from kiseki.client import identities

    made = k.identities.prepare(wallets, days)
    then = f"Anybody can send it, with `kiseki identity bind-for {file}`."
    letters.write(file, identities.LETTER, made, k.signed, then)


@identity.command("status")
def status(
    person: Person,
    issuer: Annotated[
        str, typer.Option(help="The issuer who knows the artist. Default: this wallet.")
    ] = "",
) -> None:
    """Show which wallet is bound to an artist, and whether that is final.

    Reads the chain and sends nothing.

    \b
    Examples:
      kiseki identity status 0x5555… --issuer 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    k = context.watching(names.wallet(issuer, "the issuer") if issuer else context.acting())
    found = k.identities.status(context.hex32(person, "the person"))
    if context.current.json:
        show.json_line(found)
        return
    final = "for good" if found.final else f"from {show.date(found.since)} on"
    show.fields([("wallet", f"{found.wallet}, {final}" if found.wallet else "none yet")])


@identity.command("vouch")
def vouch(
    issuer: Annotated[str, typer.Argument(help="The issuer's address.")],
    document: Annotated[
        Path, typer.Argument(help="A document about the issuer; its hash is recorded.")
    ],
    sign_to: letters.SignTo = None,
    days: letters.Days = letters.WAITING,
) -> None:
    """Record that this wallet knows and trusts an issuer of identities.

    Sends one transaction. No contract uses the record; readers decide whom they believe. `kiseki
    statements show wallet` shows who vouched. A wallet without ether signs into a file with --sign,
    and anybody sends that file with `kiseki statements send`.

    \b
    Examples:
      kiseki identity vouch 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 statement.txt
    """
    from kiseki.client.wallet import document_hash

    said, issuer = document_hash(document), names.wallet(issuer, "the issuer")
    k = context.kiseki()
    if sign_to is not None:
        letters.write_statement(k, sign_to, "wallet", issuer, "identity", said, days)
        return
    done = context.spend(k, f"vouch {issuer} {said.hex()}",
                         f"Say publicly that this wallet knows and trusts the issuer {issuer}.",
                         lambda k: k.identities.vouch(issuer, said))  # fmt: skip
    context.receipts_told([done])
