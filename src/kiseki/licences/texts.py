"""The licences that there are, their texts, and which of them terms name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tiny_keccak import keccak256

from kiseki.errors import InvalidInput
from kiseki.language import LANGUAGES, known
from kiseki.licences import first
from kiseki.licences.first import Fields

__all__ = ["LICENCES", "Licence", "blank", "document", "licence", "matches", "named"]


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence text.

    Attributes:
        name: as the command line takes it.
        version: which text it is; a version never changes once it is released.
        language: of the text that governs, and whose hash is in the terms.
    """

    name: str
    version: int
    language: str

    def title(self, language: str = "en") -> str:
        """What it is called: "Train for a royalty"."""
        return first.title(self.name, known(language))

    @property
    def word(self) -> str:
        """As the command line takes it, with its language: ``royalty``, ``royalty:ja``."""
        return self.name if self.language == LANGUAGES[0] else f"{self.name}:{self.language}"


LICENCES = ("royalty", "licensed", "no-ai")
"""Their names. Each is there in every language."""


def named(word: str) -> Licence | None:
    """The licence that a word names, as ``royalty`` or ``royalty:ja``; none where it names none."""
    name, _, language = word.partition(":")
    if name not in LICENCES or (language or LANGUAGES[0]) not in LANGUAGES:
        return None
    return Licence(name, 1, language or LANGUAGES[0])


def licence(terms: Fields, which: Licence, language: str = "") -> str:
    """The text of a licence, made from all fields of `terms` but the document.

    Args:
        language: of a translation; the language that governs if it is left out.

    Raises:
        InvalidInput: these terms cannot be under that licence, or there is no such language.
    """
    if why := first.problem(which.name, terms):
        raise InvalidInput(
            f"these terms do not fit the licence “{which.title()}”: {why}; change the terms, or "
            "name another licence"
        )
    return first.rendered(which.name, terms, known(language or which.language), which.language)


def blank(which: Licence, language: str = "") -> str:
    """The text of a licence with blanks where the terms stand."""
    return first.rendered(which.name, None, known(language or which.language), which.language)


def document(terms: Fields, which: Licence) -> bytes:
    """What terms under a licence name as their document: the keccak256 of its text in UTF-8.

    Raises:
        InvalidInput: as `licence`.
    """
    return bytes(keccak256(licence(terms, which).encode()))


@lru_cache(maxsize=1_024)
def matches(terms: Fields) -> Licence | None:
    """The licence whose text, made from these terms, is the document that they name; none where
    that is another document, or there is none."""
    if not any(terms.document):
        return None
    return next((each for each in _fitting(terms) if document(terms, each) == terms.document), None)


def _fitting(terms: Fields) -> Iterator[Licence]:
    for name in LICENCES:
        if not first.problem(name, terms):
            yield from (Licence(name, 1, each) for each in LANGUAGES)
