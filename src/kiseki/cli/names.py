"""Whom a word means, wherever a command takes an address: an address, or a name of the address
book. An unknown name is asked for where somebody can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from kiseki.cli import context, show
from kiseki.core.values import address, one_line
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki
    from kiseki.core.payee import Payee
    from kiseki.vault.people import People

__all__ = ["account", "known", "payee", "people", "shown", "wallet"]


def people() -> People:
    """The address book, beside the key store."""
    from kiseki.vault.people import People

    return People(context.beside_secrets() / "people.json")


def account(text: str) -> str:
    """What a name stands for, a wallet or ``0xISSUER:0xPERSON``; any other word as it is.

    Raises:
        InvalidInput: nobody, or more than one, has this name.
    """
    from kiseki.vault.people import is_name

    if not is_name(text):
        return text
    try:
        return people().account(text)
    except LookupError:
        return _asked(text.strip())


def known(name: str) -> str | None:
    """The wallet of somebody in the address book; none of whom it does not know, or who has none.

    Raises:
        InvalidInput: several people have this name.
    """
    try:
        found = people().account(name)
    except LookupError:
        return None
    return None if ":" in found else found


def wallet(text: str, what: str) -> str:
    """The address that a word means.

    Args:
        what: whose it is, in an error.

    Raises:
        InvalidInput: it is no address and no name of somebody who has a wallet.
    """
    found = account(text)
    if ":" in found and found != text:
        raise InvalidInput(
            f"{what} is {one_line(text, 80)}, who has no wallet yet and can only be paid; once "
            "there is one, `kiseki people add --replace` names it"
        )
    address(found, what)
    return found


def shown(text: str) -> str:
    """A word as it is said before something is sent: a name with what it stands for."""
    found = account(text)
    return text if found == text else f"{one_line(text, 80)} ({found})"


def payee(k: Kiseki, text: str) -> Payee:
    """The payee that a word means: see `Kiseki.payee`, and names."""
    return k.payee(account(text))


def _asked(name: str) -> str:
    from kiseki.vault.people import Person
    from kiseki.vault.people import account as account_of

    shown = one_line(name, 80)
    if not context.asks():
        raise InvalidInput(
            f"{shown!r} is no address, and nobody in the address book has this name; add them with "
            f"`kiseki people add {shown!r} 0x…`"
        )

    def read(text: str) -> str:
        try:
            return account_of(text) if text.strip() else ""
        except InvalidInput as error:
            raise typer.BadParameter(str(error)) from None

    with show.paused():
        show.say(f"{shown} is not in the address book.")
        found = str(typer.prompt(
            show.question("Their wallet (0x…) or identity (0xISSUER:0xPERSON), or nothing to stop"),
            default="", show_default=False, err=True, value_proc=read,
        ))  # fmt: skip
    if not found:
        show.say("Nothing was done.")
        raise typer.Exit(1)
    people().add([Person(name, found)])
    return found
