"""In which language people are told what is signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from kiseki.cli import context, show
from kiseki.client import settings

__all__ = ["Language", "Wallet", "as_in_wallet", "confirm", "languages"]

Language = Annotated[
    str,
    typer.Option(
        help="In which language it is said: en, ja or both.  [env: KISEKI_LANGUAGE, LANG]"
    ),
]


def languages(said: str = "", usual: str = "") -> tuple[str, ...]:
    """The languages in which something is told, in the order in which it is.

    Args:
        said: what the option says; without it, KISEKI_LANGUAGE counts.
        usual: what counts where neither says anything; without it, the language of the machine.

    Raises:
        InvalidInput: there is no such language.
    """
    return settings.languages({**context.given(), "--language": said}, usual)


Wallet = Annotated[
    bool, typer.Option("--wallet", help="Show the labels and values too, as a wallet does.")
]


def as_in_wallet(message: Mapping[str, Any], language: str) -> None:
    """Shows a message as a wallet shows it that knows its descriptor."""
    from kiseki.core.labels import shown

    found = shown(message, language)
    show.line(found.intent)
    show.fields(found.rows)


def confirm(question: str, said: str = "") -> None:
    """Asks a question of the catalogue, in the languages in which the rest is told."""
    from kiseki.language import say

    context.confirm(" / ".join(say(question, each) for each in languages(said)))
