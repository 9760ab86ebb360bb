"""`kiseki licence`: the licence texts that ship with Kiseki."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kiseki import licences
from kiseki.cli import context, show
from kiseki.core.terms import Terms
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput
from kiseki.language import LANGUAGES, listed

__all__ = ["licence"]

licence = typer.Typer(help="Show the licence texts that ship with Kiseki.")


@licence.command("list")
def list_licences() -> None:
    """List the licence texts that ship with Kiseki.

    Each is there in English and Japanese; `royalty:ja` is the one whose Japanese text governs.
    Asks no node and sends nothing. They are no legal advice.

    \b
    Examples:
      kiseki licence list
    """
    every = [licences.Licence(name, 1, LANGUAGES[0]) for name in licences.LICENCES]
    if context.current.json:
        show.json_line([
            {"name": each.name, "version": each.version, "languages": LANGUAGES,
             "titles": {language: each.title(language) for language in LANGUAGES}}
            for each in every
        ])  # fmt: skip
        return
    show.table(
        ["name", "version", *LANGUAGES],
        [(each.name, str(each.version), *map(each.title, LANGUAGES)) for each in every],
    )


@licence.command("show")
def show_licence(
    what: Annotated[
        str,
        typer.Argument(
            help="The name of a licence, as royalty or royalty:ja; or a collection's ID; or a "
            "consent file."
        ),
    ],
    language: Annotated[
        str, typer.Option(help="In which language: en or ja. Default: the one that governs.")
    ] = "",
) -> None:
    """Show the text of a licence.

    Of a name it shows the text with blanks. Of a collection or a consent file it makes the text
    again from the terms; the keccak-256 of what is printed is the document that they name. For a
    collection it reads the chain. Sends nothing.

    \b
    Examples:
      kiseki licence show royalty
      kiseki licence show royalty --language ja
      kiseki licence show consents/0x1234.json
      kiseki licence show 0x1111…
    """
    which, terms = licences.named(what), None
    if which is None:
        terms = _terms(what)
        which = licences.matches(terms)
    if which is None:
        raise InvalidInput(
            f"the terms of {what} name {_other(terms)}, and no licence that ships with Kiseki"
        )
    text = (
        licences.blank(which, language)
        if terms is None
        else licences.licence(terms, which, language)
    )
    if context.current.json:
        show.json_line({
            "licence": which.name, "version": which.version, "governs": which.language,
            "title": which.title(), "language": language or which.language,
            "document": terms and terms.document, "text": text,
        })  # fmt: skip
        return
    show.document(text)


def _terms(what: str) -> Terms:
    """The terms of a consent file, or of a collection on the chain."""
    if Path(what).is_file():
        from kiseki.client.data.consents import Consent
        from kiseki.client.data.standing import StandingConsent

        try:
            return Consent.read(what).kept.terms
        except InvalidInput:
            return StandingConsent.read(what).terms
    if not what.startswith("0x"):
        names = listed(licences.LICENCES)
        raise InvalidInput(
            f"{what!r:.80} is no licence; name {names}, each also with :ja, or a collection's ID, "
            "or a consent file"
        )
    index = context.watching().index
    return index.terms(index.collection(context.hex32(what, "the collection")).terms_id)


def _other(terms: Terms | None) -> str:
    if terms is None or not any(terms.document):
        return "no document"
    return f"the document {to_hex(terms.document)}"
