"""A document of origin in words, in every language."""

from __future__ import annotations

from collections.abc import Collection

from kiseki.core.checksum import checksummed
from kiseki.core.days import utc
from kiseki.core.origin import WORLD, Origin, Owner
from kiseki.core.values import to_hex
from kiseki.language import LANGUAGES, day, joined, mark, portion, say

__all__ = ["LANGUAGES", "consents", "proves", "words"]

_BASIS = {
    "own": mark("The works are the provider's own."),
    "hire": mark("The works were made for hire: the employer counts as their author."),
    "assigned": mark("The rights in the works were assigned to the provider."),
    "licensed": mark("The provider has the works under a licence."),
    "joint": mark("The works are joint works."),
    "unknown": mark("The author of the works is unknown."),
    "public-domain": mark("The works are in the public domain."),
}


def words(origin: Origin, language: str = "en") -> list[str]:
    """What a document of origin says, in plain sentences. Names and texts stay as they are.

    Args:
        language: one of `LANGUAGES`.

    Raises:
        InvalidInput: there is no such language.
    """
    first, last = day(origin.first, language), day(origin.last, language)
    days = say("on {day}", language, day=first)
    if first != last:
        days = say("from {first} to {last}", language, first=first, last=last)
    found = [
        say("According to {provider}: {basis}", language, provider=checksummed(origin.provider),
            basis=say(_BASIS[origin.basis], language)),
        say("Collected by {collector} {days}. How: {how}", language,
            collector=_named(*origin.collector, language), days=days,
            how=_ended(origin.how, language)),
    ]  # fmt: skip
    if origin.source:
        found.append(say("From: {source}", language, source=_ended(origin.source, language)))
    if origin.territories == (WORLD,):
        found.append(say("This holds everywhere.", language))
    else:
        held = joined(origin.territories, language)
        found.append(say("This holds in {territories}.", language, territories=held))
    if origin.owners:
        owners = joined([_owner(each, language) for each in origin.owners], language, "; ")
        found.append(say("Owners: {owners}.", language, owners=owners))
    if origin.terms is not None:
        terms = to_hex(origin.terms)
        found.append(say("Only under the terms {terms}.", language, terms=terms))
    elif origin.required:
        found.append(
            say("Under which terms the works are registered, the provider says.", language)
        )
    if origin.search:
        search = _ended(origin.search, language)
        found.append(say("How the author was searched for: {search}", language, search=search))
    listed = [
        say("{document} (hash {hash})", language, document=each.words, hash=to_hex(each.hash))
        for each in origin.evidence
    ]
    evidence = joined(listed, language, "; ")
    found.append(
        say("Evidence: {documents}.", language, documents=evidence)
        if listed
        else say("No evidence is named.", language)
    )
    return found


def proves(provider: str, when: int | None, language: str = "en") -> list[str]:
    """What the hash of a document on the chain shows, and what it does not.

    Args:
        provider: whose collection it is.
        when: it was registered, in Unix seconds; none before that.
    """
    shown = say("It is not registered yet.", language)
    if when is not None:
        shown = say(
            "Shown: on {time} the collection of {provider} was registered with this very document.",
            language,
            time=utc(when, language),
            provider=checksummed(provider),
        )
    return [
        shown,
        say(
            "Not shown: that the document is true. Kiseki compares no name, contract or work with "
            "the world.",
            language,
        ),
    ]


def consents(origin: Origin, agreed: Collection[Owner], language: str = "en") -> list[str]:
    """Which required consents are shown, and which are not.

    Args:
        agreed: the owners whose consent is shown.
    """
    shown = joined([each.name for each in agreed], language)
    missing = joined([each.name for each in origin.required if each not in agreed], language)
    return [
        *([say("Consent is shown of: {owners}.", language, owners=shown)] if shown else []),
        *([say("No consent is shown of: {owners}.", language, owners=missing)] if missing else []),
    ]


def _owner(owner: Owner, language: str) -> str:
    share = portion(owner.share, language)
    named = _named(owner.name, owner.who, language)
    if owner.consents:
        return say("{owner} {share}, whose consent is required", language, owner=named, share=share)
    return say("{owner} {share}", language, owner=named, share=share)


def _named(name: str, who: str, language: str) -> str:
    if not who:
        return name
    wallet, colon, person = who.partition(":")
    wallet = f"{checksummed(wallet)}{colon}{person}"
    return say("{name} ({who})", language, name=name, who=wallet)


def _ended(text: str, language: str) -> str:
    if text.endswith((".", "。", "!", "?")):
        return text
    return say("{sentence}.", language, sentence=text)
