"""How a model, batch or output stands: headline, sentences and colour, all decided here.

Consent has four states, which are never mixed up: it was given when something was registered, which
nothing changes afterwards; it is in force today; it was revoked and is in force until its notice is
over; it has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from markupsafe import Markup, escape

from kiseki.web.pieces import Pieces
from kiseki.web.shown.findings import FindingRow
from kiseki.web.shown.lineages import ChangedRow, Standing

__all__ = ["Judged", "Verdict", "verdict"]

_TOLD = ("source_revoked", "source_expired")
"""Codes of findings that say when consent to a collection ended or was revoked."""


class Judged(Protocol):
    """A model, batch or output, as a page tells it."""

    @property
    def standing(self) -> Standing:
        """How what it rests on stands."""

    @property
    def problems(self) -> int:
        """How many findings are problems."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of how something stands, in a visitor's language.

    Attributes:
        tone: ``over`` where there is a problem or consent has ended, ``ending`` where all of it is
            in force and some was revoked; empty where neither is so. A page has it as a class.
        head: of a file that is known.
        said: how it stands, in sentences.
        changes: to which collection consent was revoked or has ended, by whom and when.
        more: to how many others.
        bases: what else is said of its base models.
        told: the collections of `changes`.
    """

    tone: str
    head: str
    said: str
    changes: Sequence[Markup]
    more: int
    bases: Sequence[str]
    told: frozenset[str]

    def rest(self, findings: Sequence[FindingRow]) -> list[FindingRow]:
        """The findings that say more than `changes` do."""
        return [row for row in findings if row.code not in _TOLD or row.subject not in self.told]


def verdict(judged: Judged, pieces: Pieces) -> Verdict:
    """How something stands.

    Args:
        pieces: in the visitor's language.
    """
    standing, is_over = judged.standing, judged.problems or judged.standing.consent == "ended"
    return Verdict(
        "over" if is_over else "ending" if standing.consent == "ending" else "",
        _head(standing, judged.problems, pieces),
        _said(standing, pieces),
        [_change(each, pieces) for each in standing.changed],
        standing.lapsed + standing.in_notice - len(standing.changed),
        _bases(standing, pieces),
        frozenset(each.collection for each in standing.changed),
    )  # fmt: skip


def _head(standing: Standing, problems: int, pieces: Pieces) -> str:
    words = pieces.words
    if problems:
        return words.say("This file is known, and not all is in order")
    if standing.consent == "ended":
        return words.say("This file is known; some consent has ended since")
    if standing.consent == "ending":
        return words.say(
            "This file is known; all consent is in force, and what was revoked ends later"
        )
    return words.say("This file is known, and nothing was found against it")


def _said(standing: Standing, pieces: Pieces) -> str:
    words = pieces.words
    if standing.consent == "none":
        return words.say("Whoever registered it names no registered data that it rests on.")
    in_force = standing.collections - standing.lapsed
    collections = words.plural("{number} collection", "{number} collections", standing.collections)
    providers = words.plural("{number} provider", "{number} providers", standing.providers)
    said = [
        words.say(
            "Whoever registered it says that it rests on {collections} of data, from {providers}.",
            collections=collections, providers=providers,
        ),
        words.say(
            "Each was authorised when this was registered: the contract refuses anything else."
        ),
    ]  # fmt: skip
    if not standing.lapsed:
        said.append(words.say("Consent to all of them is in force today."))
    elif in_force:
        said.append(words.plural(
            "Consent to {number} of them is in force today.",
            "Consent to {number} of them is in force today.", in_force,
        ))  # fmt: skip
    if standing.lapsed:
        said.append(words.plural(
            "Consent to {number} of them has ended since.",
            "Consent to {number} of them has ended since.", standing.lapsed,
        ))  # fmt: skip
    if standing.in_notice:
        said.append(words.plural(
            "Consent to {number} of them was revoked; it holds until its notice is over.",
            "Consent to {number} of them was revoked; it holds until its notice is over.",
            standing.in_notice,
        ))  # fmt: skip
    if standing.changed:
        said.append(words.say("What was registered before stays as it was."))
    return words.sentences(said)


def _change(each: ChangedRow, pieces: Pieces) -> Markup:
    words = pieces.words
    held = {"collection": "{collection}", "provider": "{provider}"}
    if each.ends_at is not None:
        held["end"] = words.moment(each.ends_at)
    if each.revoked_at is not None:
        held["time"] = words.moment(each.revoked_at)
    if each.revoked_at is None:
        told = words.say(
            "Consent to the collection {collection} of {provider} ended on {end}, as its terms"
            " say.", **held,
        )  # fmt: skip
    elif each.lapsed:
        told = words.say(
            "{provider} revoked consent to the collection {collection} on {time}; it ended on"
            " {end}.", **held,
        )  # fmt: skip
    elif each.ends_at is not None:
        told = words.say(
            "{provider} revoked consent to the collection {collection} on {time}; it is in force"
            " until {end}.", **held,
        )  # fmt: skip
    else:
        told = words.say(
            "{provider} revoked consent to the collection {collection} on {time}; it stays in"
            " force, as its terms say.", **held,
        )  # fmt: skip
    return Markup(escape(told)).format(  # noqa: S704 - escaped
        collection=pieces.link("collection", each.collection), provider=pieces.who(each.provider)
    )


def _bases(standing: Standing, pieces: Pieces) -> list[str]:
    words = pieces.words
    said = []
    if standing.stated:
        said.append(words.plural(
            "{number} base model is not registered: somebody states what it is, and nobody has"
            " checked that.",
            "{number} base models are not registered: somebody states what they are, and nobody has"
            " checked that.", standing.stated,
        ))  # fmt: skip
    if standing.undisclosed:
        said.append(words.plural(
            "Of {number} base model nobody says what it is.",
            "Of {number} base models nobody says what they are.", standing.undisclosed,
        ))  # fmt: skip
    return said
