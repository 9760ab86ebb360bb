"""In which language people are told what is signed."""

from __future__ import annotations

from typing import Annotated

import typer

from kiseki.cli import context
from kiseki.client import settings

__all__ = ["Language", "confirm", "languages"]

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


def confirm(question: str, said: str = "") -> None:
    """Asks a question of the catalogue, in the languages in which the rest is told."""
    from kiseki.language import say

    context.confirm(" / ".join(say(question, each) for each in languages(said)))
