"""One catalogue of sentences. English is the key; `tools/language.py` finds the keys in the code.

Translations are read by Python's own gettext, from the compiled file that lies in the package.
Babel makes that file, and importing it would take longer than most commands take.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from gettext import NullTranslations

__all__ = ["LANGUAGES", "known", "mark", "plural", "say"]

LANGUAGES = ("en", "ja")
"""The languages that there are."""

_PLACE = Path(__file__).parent / "locale"


def known(language: str) -> str:
    """The language, if there is such a one.

    Raises:
        InvalidInput: there is none.
    """
    if language not in LANGUAGES:
        raise InvalidInput(f"the language is one of {', '.join(LANGUAGES)}, not {language!r:.40}")
    return language


def mark(message: str) -> str:
    """The same text. It tells `tools/language.py` that `say` gets this message later."""
    return message


def say(message: str, language: str = "en", /, **values: object) -> str:
    """A message in a language.

    Args:
        message: in English, with the names of values in braces.
        values: texts and numbers; what they hold is not read as a message.

    Raises:
        InvalidInput: there is no such language.
    """
    if known(language) != "en":
        message = _catalogue(language).gettext(message)
    return message.format(**values)


def plural(one: str, many: str, number: int, language: str = "en", /, **values: object) -> str:
    """A message about a number of things: ``1 item``, ``2,000 items``.

    Args:
        one, many: in English, for one thing and for any other number; both hold ``{number}``, which
            is written in groups of three digits.

    Raises:
        InvalidInput: there is no such language.
    """
    message = one if number == 1 else many
    if known(language) != "en":
        message = _catalogue(language).ngettext(one, many, number)
    return message.format(number=f"{number:,}", **values)


@cache
def _catalogue(language: str) -> NullTranslations:
    from gettext import GNUTranslations, NullTranslations

    class Untranslated(NullTranslations):
        """Nobody signs half a sentence: what has no translation is an error, not English."""

        def gettext(self, message: str) -> str:
            raise LookupError(f"no {language} for {message!r}; run tools/language.py")

        def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
            raise LookupError(f"no {language} for {msgid1!r}; run tools/language.py")

    with (_PLACE / language / "LC_MESSAGES" / "kiseki.mo").open("rb") as file:
        found = GNUTranslations(file)
    found.add_fallback(Untranslated())
    return found
