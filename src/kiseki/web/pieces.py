"""Pieces of which a page can have a thousand: links with the ends of an ID, and times.

`templates/parts.html` hands them on. They are Python, because a macro of a template takes up to
four times as long, and rows of tables are most of what a large page costs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol

from markupsafe import Markup, escape

from kiseki.client.models.backing import backed_in_words
from kiseki.language import mark
from kiseki.web.meanings import MEANINGS
from kiseki.web.names import Name
from kiseki.web.shown.findings import FindingRow
from kiseki.web.shown.items import TakenRow
from kiseki.web.shown.trained import BackingRow, FolderRow
from kiseki.web.words import Words

__all__ = ["Named", "Pieces", "quoted", "short"]

_DIGITS = 6
"""Decimals of a number that somebody typed."""
_KINDS = {
    "collection": mark("collection"),
    "model": mark("model"),
    "batch": mark("batch"),
    "wallet": mark("wallet"),
    "split": mark("split"),
    "token": mark("rights token"),
    "identity": mark("identity"),
    "item": mark("data ID or output"),
    "terms": mark("terms"),
    "offer": mark("offer"),
    "schedule": mark("schedule"),
    "external": mark("model that is not registered"),
}
_PAGES = {kind: kind for kind in _KINDS if kind != "external"} | {"item": "data"}
"""Kind -> the first part of the address of its page."""
_ABOUT = {
    "source_revoked": "collection",
    "source_expired": "collection",
    "item_revoked": "collection",
    "model_expired": "model",
    "external_registered": "model",
    "weights_twice": "model",
    "manifest_unpublished": "model",
    "manifest_false": "model",
    "manifest_checked": "model",
    "hook_manifest": "model",
    "never_consumed": "model",
    "never_handed_out": "model",
    "trainer_itself": "model",
    "trainer_manifest": "model",
    "trainer_more": "model",
    "trainer_weights": "model",
    "trainer_base": "model",
    "outputs_twice": "batch",
    "outputs_unpublished": "batch",
}
"""Code of a finding -> what its subject is."""
_WALLET = r"(?<![0-9A-Za-z])0x[0-9a-fA-F]{40}(?![0-9A-Za-z])"


def short(value: str) -> str:
    """The beginning and end of an ID, for people to recognise; never to identify."""
    return value if len(value) < 20 else f"{value[:8]}…{value[-4:]}"


def quoted(text: str, words: Words) -> str:
    """A name in quotation marks: it is somebody's word."""
    return f"「{text}」" if words.language == "ja" else f"“{text}”"


class Named(Protocol):
    """Something that has a kind and an ID."""

    @property
    def kind(self) -> str:
        """What it is."""

    @property
    def id(self) -> str:
        """Its ID, number or address."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces in one visitor's language. Each is whole: nothing in it is escaped again.

    Attributes:
        words: in the visitor's language.
        root: what addresses of pages begin with.
        named: ID or address, in lower case -> what it is called, of all that stands on the page.
    """

    words: Words
    root: str
    named: Mapping[str, Name] = field(default_factory=dict)

    def id(self, value: str, href: str = "") -> Markup:
        """The beginning and end of an ID, whole in its title; a link where there is a page. Behind
        it stands what it is called."""
        whole, shown = escape(value), escape(short(value))
        name = self.called(value)
        if not href:
            return Markup(f'<code class="id" title="{whole}">{shown}</code>{name}')  # noqa: S704
        return Markup(  # noqa: S704 - every part is escaped
            f'<a class="id" href="{escape(href)}" title="{whole}">{shown}</a>{name}'
        )

    def called(self, value: str) -> Markup:
        """What something is called, and by whose word; empty where nobody here knows."""
        name = self.named.get(value.lower())
        if name is None:
            return Markup()
        form = '{0}<span class="called"><bdi>{1}</bdi>{0}<small>{2}</small></span>'
        between = "" if self.words.language == "ja" else " "
        return Markup(form).format(  # noqa: S704 - a form of ours
            between, quoted(name.text, self.words), self.word_of(name)
        )

    def word_of(self, name: Name) -> str:
        """Whose word a name is."""
        words = self.words
        said = {
            "wallet": words.say("(this wallet's own word)"),
            "collection": words.say("(its provider's word)"),
            "model": words.say("(its developer's word)"),
            "batch": words.say("(its creator's word)"),
        }
        return said[name.kind]

    def who(self, address: str) -> Markup:
        """A wallet, with its page."""
        return self.id(address, f"{self.root}/wallet/{address}")

    def kind(self, name: str) -> str:
        """What something is, in a word or a few."""
        return self.words.say(_KINDS.get(name, mark("unknown")))

    def link(self, name: str, value: str) -> Markup:
        """Something of a kind, with its page where there is one."""
        page = _PAGES.get(name)
        return self.id(value, f"{self.root}/{page}/{value}" if page else "")

    def payee(self, shown: Named) -> Markup:
        """Who is paid: what it is, and its page."""
        return Markup(  # noqa: S704 - every part is escaped
            f"{escape(self.kind(shown.kind))} {self.link(shown.kind, shown.id)}"
        )

    def finding(self, row: FindingRow) -> Markup:
        """What was found, with links to what it speaks of."""
        begins = f"{row.subject[:10]}…"  # as `kiseki.index.answers.wording` has it
        told = Markup()
        for part in re.split(rf"({begins}|{_WALLET})", row.sentence):
            if part == begins:
                told += self.link(_ABOUT.get(row.code, ""), row.subject)
            elif re.fullmatch(_WALLET, part):
                told += self.who(part)
            else:
                told += self.words.phrases(part)
        return told

    def consent(self, revoked_at: int | None, ends_at: int | None, lapsed: bool) -> Markup:
        """How consent to something stands, in a few words and in the colour of `web.verdict`."""
        words, times = self.words, {}
        if revoked_at is not None:
            times["time"] = words.moment(revoked_at)
        if ends_at is not None:
            times["end"] = words.moment(ends_at)
        if lapsed and revoked_at is None:
            told = words.say("ended on {end}", **times)
        elif lapsed:
            told = words.say("revoked on {time}; ended on {end}", **times)
        elif revoked_at is None:
            return escape(words.say("in force"))
        elif ends_at is None:
            told = words.say("revoked on {time}; in force, as its terms say", **times)
        else:
            told = words.say("revoked on {time}; in force until {end}", **times)
        tone = "over" if lapsed else "ending"
        return Markup('<span class="{}">{}</span>').format(tone, told)

    def backed(self, row: BackingRow) -> str:
        """Somebody's word for what a model declares, in words. What a document says that is not
        here is unknown."""
        far = None if row.distance is None else Fraction(row.distance)
        return backed_in_words(row.level, far, self.words.language)

    def tolerance(self, stated: str) -> str:
        """Within which a rerun counts as the same."""
        if stated == "0":
            return self.words.say(
                "Before it was registered, the developer said that making the training again gives "
                "the same weights, bit for bit."
            )
        return self.words.say(
            "Before it was registered, the developer said that making the training again gives the "
            "same weights but for {part} of the way from the base model.",
            part=self.words.share(Fraction(stated)),
        )

    def taken(self, row: FolderRow) -> str:
        """How often training took each picture of a folder."""
        words = self.words
        if row.least is None:
            return words.say("unknown")
        if row.most is None or row.least == row.most:
            return self.often(row.least)
        least, most = self.decimal(row.least), self.decimal(row.most)
        return words.say("{least} to {most} times", least=least, most=most)

    def often(self, number: str) -> str:
        """So often, from a fraction as text."""
        if number.isdigit():
            return self.words.plural("{number} time", "{number} times", int(number))
        return self.words.say("{number} times", number=self.decimal(number))

    def decimal(self, number: str) -> str:
        """A fraction as people write it: 2.5; and 1/3 where no decimals end."""
        told = Fraction(number)
        digits = told * 10**_DIGITS
        if digits.denominator != 1:
            return number
        whole, rest = divmod(int(digits), 10**_DIGITS)
        return f"{whole:,}.{rest:0{_DIGITS}}".rstrip("0").rstrip(".")

    def took(self, row: TakenRow) -> str:
        """How often a model took an item."""
        words = self.words
        if row.weight is None:
            return words.say("unknown: its list of data is not here")
        weight, total = int(row.weight), int(row.total)
        if not weight:
            return words.say("its list of data does not name this")
        share = words.share(Fraction(weight, total))
        if row.counted:
            times = words.plural("{number} time", "{number} times", weight)
            return words.say("{times}, {share} of all that it took", times=times, share=share)
        return words.say("{share} of all that it took", share=share)

    def word(self, name: str) -> str:
        """A word that is explained."""
        return self.words.say(MEANINGS[name][0])

    def meaning(self, name: str) -> str:
        """What it means."""
        return self.words.say(MEANINGS[name][1])

    def sum(self, units: int, token: str) -> Markup:
        """An amount in a table; where that is not all of it, with all its digits behind it."""
        brief, exact = self.words.brief(units, token), self.words.exact(units, token)
        if brief == exact:
            return escape(brief)
        return Markup('<details class="sum"><summary>{}</summary>{}</details>').format(brief, exact)

    def when(self, seconds: int) -> Markup:
        """A time, for people and for programs."""
        said = escape(self.words.moment(seconds))
        return Markup(f'<time datetime="{self.words.iso(seconds)}">{said}</time>')  # noqa: S704
