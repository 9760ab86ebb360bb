"""`kiseki vault`: what is kept of a person, a name put right, and a keeper's records."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, names, show
from kiseki.cli.vault import opened, vault
from kiseki.core.checksum import checksummed
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.vault.objects.envelope import Called
    from kiseki.vault.vault import Vault

__all__: list[str] = []


@vault.command("person")
def person(
    wallet: Annotated[str, typer.Argument(help="The wallet of the person: an address or a name.")],
    folder: Annotated[Path, typer.Argument(help="A new folder for all of it.")],
    content: Annotated[
        bool, typer.Option("--content", help="Put their works into it too, decrypted.")
    ] = False,
    language: Annotated[
        str, typer.Option(help="Of the page: en, ja or both. Without it, English.")
    ] = "en",
) -> None:
    """Write all that the vault keeps of one person into a folder, to give it to them.

    That is works with names, captions and salts; items of collections; receipts given and received;
    sign-ins and erasures: JSON for programs, and a page for people. It also says what cannot be
    erased, and why (GDPR Art. 15, APPI Art. 33). The folder is for its owner only. Asks no node and
    sends nothing.

    \b
    Examples:
      kiseki vault person alice for-alice
      kiseki vault person 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 out --content --language both
    """
    from kiseki.vault.personal.export import export

    who = names.wallet(wallet, "the person")
    languages = ["en", "ja"] if language == "both" else [language]
    count = 0
    with opened() as found, show.progress("writing", "works") as told:

        def tell(done: int) -> None:
            nonlocal count
            count = done
            told(done, 0)

        export(found, who, folder, int(time.time()), content=content, languages=languages,
               told=tell)  # fmt: skip
    if context.current.json:
        show.json_line({"wallet": checksummed(who), "folder": folder, "works": count})
        return
    show.say(
        f"What is kept of {checksummed(who)} is in {folder}, with {show.count(count, 'work')}. "
        "Open index.html in a browser. With the salts in it anybody can tell which ID is of which "
        "work, so give it to that person only, and delete it afterwards."
    )


@vault.command("correct")
def correct(
    item: Annotated[str, typer.Argument(help="The data ID of the content, 0x…")],
    name: Annotated[str | None, typer.Option(help="What it is called from now on.")] = None,
    caption: Annotated[str | None, typer.Option(help="Its caption from now on.")] = None,
    old: Annotated[
        str | None, typer.Option(help="The name that is wrong, where the content has several.")
    ] = None,
    provider: Annotated[
        str | None, typer.Option(help="Whose content it is: an address. Default: this wallet.")
    ] = None,
) -> None:
    """Put a name or a caption right, wherever the vault has the old one.

    The old one is gone from here; a backup of before still has it, sealed. No ID changes. Asks no
    node and sends nothing.

    \b
    Examples:
      kiseki vault correct 0x1111… --name harbour.png
      kiseki vault correct 0x1111… --caption "The harbour at dawn" --provider alice
    """
    from kiseki.vault.personal.correcting import correct as put_right

    if name is None and caption is None:
        raise InvalidInput("say what is right: --name, --caption, or both")
    who = names.wallet(provider, "the provider") if provider else context.acting()
    wanted = context.hex32(item, "the data ID")
    with opened() as found:
        digest, called = _called(found, who, wanted)
        was = _one_of(called, old)
        new = was._replace(
            name=was.name if name is None else name,
            caption=was.caption if caption is None else caption,
        )
        show.say(f"{_words(was)} becomes {_words(new)}.")
        if not context.current.yes:
            context.confirm("Put it right?")
        put_right(found, who, digest, was, new)
    if context.current.json:
        show.json_line({"item": wanted, "name": new.name, "caption": new.caption})
        return
    show.say("It is called so now, and the old words are gone from here.")


def _called(found: Vault, who: str, wanted: bytes) -> tuple[bytes, list[Called]]:
    from kiseki.vault.personal.access import Access

    for digest, known in Access(found, who).known():
        if any(of == wanted for of, _ in known):
            stored = found.contents.content_of(who, digest)
            if stored is not None:
                return digest, stored.called()
    raise InvalidInput(
        f"no content of {checksummed(who)} with the data ID {to_hex(wanted)} is in this vault; "
        "look at the ID, or name another --provider"
    )


def _one_of(called: list[Called], old: str | None) -> Called:
    meant = [each for each in called if old is None or each.name == old]
    if len(meant) == 1:
        return meant[0]
    known = ", ".join(repr(each.name) for each in called)
    raise InvalidInput(f"the content is called {known}; name with --old which one is wrong")


def _words(what: Called) -> str:
    return f"{what.name} ({what.caption})" if what.caption else what.name


@vault.command("record")
def record(
    file: Annotated[Path, typer.Argument(help="A new file: .html, a page; or .json.")],
    begin: Annotated[
        str | None,
        typer.Option("--from", help="The first day of the hand-outs, as 2027-01-01 (UTC)."),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="The last day of them, as 2027-12-31 (UTC).")
    ] = None,
    language: Annotated[str, typer.Option(help="Of the page: en or ja.")] = "en",
) -> None:
    """Draft the records that a keeper must have: of processing, and of provision to third parties.

    From receipts and settings it writes what the vault knows (GDPR Art. 30, APPI Art. 29), and
    marks what only a person can say: names, purposes, grounds, whether a work is personal data.
    Days count for hand-outs only. Asks no node and sends nothing.

    \b
    Examples:
      kiseki vault record record.html --language ja
      kiseki vault record record-2027.json --from 2027-01-01 --to 2027-12-31
    """
    from kiseki.vault.personal.filing import file_records

    first = None if begin is None else _midnight(begin, "--from")
    last = None if end is None else _midnight(end, "--to", 1)
    if first is not None and last is not None and first >= last:
        raise InvalidInput("--from is after --to")
    with opened() as found:
        file_records(found, file, int(time.time()), begin=first, end=last, language=language)
    if context.current.json:
        show.json_line({"file": file, "from": first, "until": last})
        return
    show.say(f"The records are in {file}. It is a draft: a person must say what it leaves open.")


def _midnight(text: str, option: str, days: int = 0) -> int:
    """When a day begins, so many days later."""
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
    except (ValueError, OverflowError):
        raise InvalidInput(f"{option} must be a day, as 2027-12-31, not {text!r:.40}") from None
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
