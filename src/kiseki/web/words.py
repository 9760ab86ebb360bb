"""Sentences, times and amounts of a page, in the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from markupsafe import Markup, escape

from kiseki import language as words
from kiseki.core.values import ZERO_ADDRESS

__all__ = ["Words"]


@dataclass(frozen=True, slots=True)
class Words:
    """One reader's language, for templates.

    Attributes:
        language: one of `kiseki.language.LANGUAGES`.
    """

    language: str

    def say(self, message: str, **values: object) -> str:
        """A message, as `kiseki.language.say`."""
        return words.say(message, self.language, **values)

    def plural(self, one: str, many: str, number: int, **values: object) -> str:
        """A message about a number of things, as `kiseki.language.plural`."""
        return words.plural(one, many, number, self.language, **values)

    def sentences(self, said: Sequence[str]) -> str:
        """Sentences one after the other; what is empty is left out."""
        return words.sentences(said, self.language)

    def phrases(self, text: str) -> Markup:
        """A text in which a line of Japanese ends only between phrases."""
        if self.language != "ja":
            return escape(text)
        told = Markup("<wbr>").join(words.breakable(text))
        return Markup('<span class="phrases">{}</span>').format(told)

    def reason(self, said: str) -> Markup:
        """Why something was refused; in English, and marked so, where nobody translated it."""
        text, language = words.reason(said, self.language)
        if language == self.language:
            return self.phrases(text)
        return Markup('<span lang="{}">{}</span>').format(language, text)

    def refused(self, said: str) -> dict[str, str]:
        """The same for a script of a page, with the language that it is in."""
        text, language = words.reason(said, self.language)
        return {"error": text, "language": language}

    def moment(self, seconds: int) -> str:
        """A time in UTC."""
        return words.moment(seconds, self.language)

    def day(self, seconds: int) -> str:
        """A day in UTC."""
        return words.day(datetime.fromtimestamp(seconds, UTC).date(), self.language)

    def iso(self, seconds: int) -> str:
        """A time for programs, as HTML's `datetime` takes it."""
        return datetime.fromtimestamp(seconds, UTC).isoformat() if 0 <= seconds < 1 << 37 else ""

    def span(self, seconds: int) -> str:
        """So long."""
        return words.span(timedelta(seconds=seconds), self.language)

    def size(self, count: int) -> str:
        """So many bytes."""
        return words.size(count, self.language)

    def listed(self, names: Sequence[str]) -> str:
        """Names in a row."""
        return words.listed(names, self.language)

    def share(self, part: Fraction) -> str:
        """A part of a whole in percent, to two digits that count; exact where that is exact."""
        hundredths = part * 10_000
        if hundredths.denominator == 1:
            return words.percent(int(hundredths), self.language)
        if part < Fraction(1, 10_000):
            return words.say("less than 0.01%", self.language)
        return words.say("about {share}", self.language, share=f"{float(part) * 100:.2f}%")

    def rounded(self, part: float) -> str:
        """A part of a whole as a label of a picture, which says that it is rounded."""
        return f"{part:.1%}" if part >= 0.0005 else "<0.1%"

    def money(self, units: int, token: str) -> str:
        """An amount. Of a token that nobody here vouches for, its base units: how many digits
        stand after the point is what the token itself says."""
        if token == ZERO_ADDRESS:
            return words.amount(units, 18, "ETH", self.language)
        return words.say(
            "{units} units of the token {token}", self.language, units=f"{units:,}", token=token
        )

    def brief(self, units: int, token: str) -> str:
        """An amount in a list: of a token's address only how it begins and ends."""
        return self.money(units, token).replace(token, f"{token[:6]}…{token[-4:]}")

    def yen(self, amount: int) -> str:
        """So many yen."""
        return words.yen(amount, self.language)

    def date(self, given: date) -> str:
        """A day."""
        return words.day(given, self.language)

    def exact(self, units: int, token: str) -> str:
        """The same amount with all its digits."""
        if token == ZERO_ADDRESS:
            return words.amount(units, 18, "ETH", self.language, exact=True)
        return self.money(units, token)
