"""Passwords and private keys, which are typed in or lie in a file; they are never arguments."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from kiseki.chain.signing.accounts import password_file
from kiseki.cli import context
from kiseki.client import settings
from kiseki.disk import passwords
from kiseki.errors import InvalidInput

__all__ = ["Weak", "new_password", "password", "private_key"]


def password(what: str) -> str:
    """A password: from the password file, or typed in; refuses without a terminal."""
    known = password_file(context.given())
    if known is not None:
        return known
    if not sys.stdin.isatty():
        raise InvalidInput(
            "there is no terminal to ask for a password; write it into a file of mode 0600 and set "
            "KISEKI_PASSWORD_FILE to that file"
        )
    return str(typer.prompt(what, hide_input=True, err=True))


Weak = Annotated[bool, typer.Option("--weak", help="Take a weak password without a question.")]


def new_password(weak: bool, what: str = "New password") -> str:
    """A new password: from the password file, or typed in twice.

    Args:
        weak: whether a weak one was agreed to; else a person is asked, and nobody else may go on.

    Raises:
        InvalidInput: it is weak, or there is nobody to ask.
    """
    typed = password_file(context.given()) is None and sys.stdin.isatty()
    new = (
        str(typer.prompt(what, hide_input=True, confirmation_prompt=True, err=True))
        if typed
        else password(what)
    )
    why = "" if weak else passwords.weakness(new)
    if why and not typed:
        raise InvalidInput(f"{why}. Choose a longer one, or add --weak")
    if why:
        context.confirm(f"{why[0].upper()}{why[1:]}. Use it all the same?")
    return new


def private_key() -> str:
    """A private key: from the environment, or typed in. It is never an argument."""
    return settings.text("KISEKI_PRIVATE_KEY", context.given()) or password("Private key")
