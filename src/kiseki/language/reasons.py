"""Why something was refused: the English message of an error, in the language of whoever reads it.

Errors are raised in English, with their values in the sentence; programs and the command line read
them so. A page knows the sentence again by what stands between its values, and says it in another
language with the same values. Which sentences there are, `tools/reasons.py` finds in the code.
What is not known again stays English: a reason is never hidden because nobody translated it.
"""

from __future__ import annotations

import json
import string
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kiseki.language.catalogue import known, say

__all__ = ["reason"]

_SENTENCES = Path(__file__).parent / "locale" / "reasons.json"
_LONGEST = 4_000
"""Characters of a message that is looked for."""
_DEEP = 4
"""How many messages may stand in one another: a reason, its reason, and so on."""
_FEW = 4
"""Letters below which a sentence is hardly one, as ``{a}: {b}`` or ``{a}, row {b}``: it counts only
where its last value is a reason too, or a value is a number."""
_BOTH = 400
"""Characters up to which two values side by side are told apart."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A message with values.

    Attributes:
        message: with ``{a}``, ``{b}`` where values stand.
        texts: what stands before, between and behind the values.
        names: of the values.
        letters: how many letters of its own it has.
    """

    message: str
    texts: tuple[str, ...]
    names: tuple[str, ...]
    letters: int

    @property
    def is_hardly_one(self) -> bool:
        """Whether next to nothing of it is its own."""
        return bool(self.names) and self.letters < _FEW

    def is_place(self, values: list[str]) -> bool:
        """Whether it names a place by its number, as ``{a}, row {b}``."""
        return bool(self.letters) and any(map(str.isdigit, values))

    def values(self, said: str) -> list[str] | None:
        """The values in what was said; none if it is another sentence. Each text is taken where it
        stands first, so what a stranger wrote into a value costs no second look."""
        first, *between = self.texts
        if not between:
            return [] if said == first else None
        last = between.pop()
        if not (said.startswith(first) and said.endswith(last)):
            return None
        at, end, found = len(first), len(said) - len(last), []
        for text in between:
            place = said.find(text, at, end)
            if place < 0:
                return None
            found.append(said[at:place])
            at = place + len(text)
        return [*found, said[at:end]] if at <= end else None


def reason(said: str, language: str) -> tuple[str, str]:
    """A reason in a language, and the language that it is in: English where it is not known.

    Raises:
        InvalidInput: there is no such language.
    """
    if known(language) == "en" or len(said) > _LONGEST:
        return said, "en"
    found = _said(said, language, _DEEP)
    return (said, "en") if found is None else (found, language)


def _said(said: str, language: str, deep: int) -> str | None:
    for sentence in _sentences() if deep else ():
        values = sentence.values(said)
        if values is None:
            continue
        values = _apart(sentence, values, language)
        told = [_said(each, language, deep - 1) for each in values]
        if sentence.is_hardly_one and told[-1] is None and not sentence.is_place(values):
            continue  # any text with a colon would be this one
        # The full stop of a sentence within a sentence goes.
        shown = [
            each if inner is None else inner.removesuffix("。")
            for each, inner in zip(values, told, strict=True)
        ]
        return say(sentence.message, language, **dict(zip(sentence.names, shown, strict=True)))
    return None


def _apart(sentence: _Sentence, values: list[str], language: str) -> list[str]:
    """The values, where two stand side by side cut so that one of them is known."""
    for place, text in enumerate(sentence.texts[1:-1]):
        both = "".join(values[place : place + 2])
        if text or len(both) > _BOTH:
            continue
        for cut in range(len(both)):
            parts = [both[:cut], both[cut:]]
            if any(each and _said(each, language, 1) is not None for each in reversed(parts)):
                values = [*values[:place], *parts, *values[place + 2 :]]
                break
    return values


@cache
def _sentences() -> list[_Sentence]:
    """All of them, those with the most text of their own first."""
    found = []
    for message in json.loads(_SENTENCES.read_text("utf-8")):
        texts, names = [""], []
        for text, name, _, _ in string.Formatter().parse(message):
            texts[-1] += text
            if name is not None:
                names.append(name)
                texts.append("")
        letters = sum(map(str.isalpha, "".join(texts)))
        found.append(_Sentence(message, tuple(texts), tuple(names), letters))
    return sorted(found, key=lambda each: -each.letters)
