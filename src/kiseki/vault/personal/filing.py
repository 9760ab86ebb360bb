"""The records of processing and of provision to third parties, as one file: JSON for programs, or a
page for people. Nothing of it is left out, and the file is for its owner only."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO

from kiseki.core.values import to_hex
from kiseki.disk import atomic
from kiseki.errors import FilesError, InvalidInput
from kiseki.language.catalogue import known, say
from kiseki.language.forms import moment
from kiseki.vault.personal.laws import PROCESSING, PROVISION
from kiseki.vault.personal.page import Section, page
from kiseki.vault.personal.records import processing, provisions
from kiseki.vault.personal.words import basis_named, use_named
from kiseki.vault.vault import Vault

__all__ = ["RECORD_FORMAT", "file_records"]

RECORD_FORMAT = "kiseki-record-v1"
"""What the JSON says that it is."""


def file_records(
    vault: Vault,
    path: Path,
    now: int,
    *,
    begin: int | None = None,
    end: int | None = None,
    language: str = "en",
) -> None:
    """Writes both records into a new file: a page where its name ends with ``.html``, else JSON.

    Args:
        now: Unix seconds.
        begin: the first second of the hand-outs that are recorded, Unix seconds; none: all.
        end: the first second after them; none: until now.
        language: of what is for people.

    Raises:
        InvalidInput: the name ends otherwise, or there is no such language.
        FilesError: there is something at that path already, or it cannot be written.
        SecretsError: the store cannot be used.
    """
    known(language)
    write = {".json": _write_json, ".html": _write_page}.get(path.suffix.lower())
    if write is None:
        raise InvalidInput(f"{path} must end with .html (a page) or .json (for programs)")
    if os.path.lexists(path):
        raise FilesError(f"there is something at {path} already; name another file")
    try:
        with atomic.whole(path, mode=0o600, new=True) as file:
            write(file, vault, now, begin, end, language)
    except OSError as error:
        raise FilesError(f"{path} cannot be written ({error.strerror or error})") from error


def _write_json(
    file: IO[bytes], vault: Vault, now: int, begin: int | None, end: int | None, language: str
) -> None:
    head = {
        "format": RECORD_FORMAT, "vault": vault.setup.domain, "made": now, "from": begin,
        "until": end, "processing": [each.to_json() for each in processing(vault, language)],
    }  # fmt: skip
    file.write(json.dumps(head, ensure_ascii=False)[:-1].encode() + b', "provisions": [')
    for number, each in enumerate(provisions(vault, begin=begin, end=end)):
        file.write((b",\n" if number else b"\n") + json.dumps(each.to_json()).encode())
    file.write(b"\n]}\n")


def _write_page(
    file: IO[bytes], vault: Vault, now: int, begin: int | None, end: int | None, language: str
) -> None:
    first = say("the beginning", language) if begin is None else moment(begin, language)
    last = moment(now if end is None else end, language)
    about = [
        say("What the vault {vault} knows, on {when}. A person must say the rest.", language,
            vault=vault.setup.domain, when=moment(now, language)),
        say("Hand-outs from {first} until {last}.", language, first=first, last=last),
    ]  # fmt: skip
    title = say("Records of processing and of provision", language)
    sections = [_processing(vault, language), _provisions(vault, begin, end, language)]
    file.write(page(title, about, sections, language).encode(errors="replace"))


def _processing(vault: Vault, language: str) -> Section:
    add = say("a person must say", language)
    return Section(
        say("Record of processing", language) + f" ({PROCESSING})",
        say("A draft of the whole vault's, from what the vault knows.", language),
        [say("what", language), say("law", language), say("the vault knows", language),
         say("and", language)],
        [[each.what, each.law, each.vault or "", add if each.person else ""]
         for each in processing(vault, language)],
    )  # fmt: skip


def _provisions(vault: Vault, begin: int | None, end: int | None, language: str) -> Section:
    return Section(
        say("Record of provision to third parties", language) + f" ({PROVISION})",
        say("A draft from the receipts. A person must add: the names behind the wallets, whether a "
            "work is personal data, and the consent.", language),
        [say("when", language), say("to", language), say("of", language), say("what", language),
         say("use", language), say("because", language)],
        [[moment(each.at, language), each.receiver, each.provider, to_hex(each.item),
          use_named(each.use, language), basis_named(each.basis, language)]
         for each in provisions(vault, begin=begin, end=end)],
    )  # fmt: skip
