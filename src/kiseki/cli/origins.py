"""Where data comes from, in words: before it is registered, and of what is on record."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiseki.cli import context, show
from kiseki.cli.spoken import languages
from kiseki.core.origin import Origin
from kiseki.core.values import to_hex
from kiseki.disk import texts

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki
    from kiseki.core.collection import Kept
    from kiseki.index import CollectionRecord

__all__ = [
    "OriginFile", "in_words", "of_record", "say_words", "sentences", "told",
    "told_before", "told_of_record",
]  # fmt: skip

_MOST = 3
"""Documents that are shown in words before registering."""
OriginFile = Annotated[
    Path | None,
    typer.Option(
        "--origin",
        help="Where it comes from: a document (`kiseki data origin new`), or any other file.",
    ),
]


def told(given: Path | None) -> None:
    """Says what is about to be registered as the origin, where Kiseki cannot read it.

    Raises:
        FilesError: it cannot be read at all.
        InvalidInput: it is a document of origin, and damaged.
    """
    if given is None:
        return
    from kiseki.client.data import origins
    from kiseki.client.wallet import document_hash

    if origins.read(given) is None:
        show.say(
            f"{given} is a document that Kiseki cannot read: only its hash is recorded, "
            f"{to_hex(document_hash(given))}. `kiseki data origin new` writes one that is shown in "
            "words."
        )


def told_before(k: Kiseki, collections: Iterable[Kept]) -> None:
    """Says in words where collections come from, before they are registered, and writes the files
    that owners have to sign yet."""
    known = {each.origin: k.data.origins.known(each.origin) for each in collections}
    files = [each for each in known.values() if each is not None]
    for each in files[:_MOST]:
        say_words(each.origin, "both")
    if len(files) > _MOST:
        show.say(f"Not shown here: {show.count(len(files) - _MOST, 'more document')} of origin.")
    for each in files:
        if each.origin.required and (missing := k.data.origins.unsigned(each)):
            path = context.beside_secrets() / "origins" / f"{each.origin.hash.hex()}.json"
            texts.write(path, each.to_json(), mode=0o600, folder=True)
            names = ", ".join(owner.name for owner in missing)
            show.say(
                f"Before these works are registered, {names} must sign {path} (`kiseki data origin "
                "sign`); then take it in (`kiseki data origin gather`) and run this again."
            )


def say_words(made: Origin, language: str) -> None:
    """A document in words, on stderr."""
    for each in sentences(made, language):
        show.say(each)


def in_words(made: Origin) -> dict[str, Any]:
    """A document for machines: as JSON, and in both languages."""
    from kiseki.client.data import originwords

    return {
        "document": json.loads(made.to_json()),
        "words": {each: originwords.words(made, each) for each in originwords.LANGUAGES},
    }


def of_record(k: Kiseki, record: CollectionRecord, language: str) -> list[str]:
    """Where a collection comes from, as far as the key store knows it, and what that shows."""
    from kiseki.client.data import originwords

    if not any(record.origin):
        return ["nothing is said"]
    found = k.data.origins.known(record.origin)
    if found is None:
        return [
            f"a document of which only the hash is known here: {to_hex(record.origin)}. Ask the "
            "provider for it, or for a receipt with it"
        ]
    said: list[str] = []
    agreed = k.data.origins.consented(found)
    for each in languages(language, "both"):
        said += originwords.words(found.origin, each)
        said += originwords.consents(found.origin, agreed, each)
        said += originwords.proves(record.provider, record.registered_at, each)
    return [*said, f"hash {to_hex(record.origin)}"]


def sentences(made: Origin, language: str) -> list[str]:
    """A document in words."""
    from kiseki.client.data import originwords

    return [each for one in languages(language, "both") for each in originwords.words(made, one)]


def told_of_record(k: Kiseki, record: CollectionRecord) -> dict[str, Any] | None:
    """The same for machines; nothing where only the hash is known here."""
    found = k.data.origins.known(record.origin)
    return None if found is None else in_words(found.origin)
