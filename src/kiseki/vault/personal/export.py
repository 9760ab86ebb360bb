"""What a vault keeps of a person, as a folder: JSON for programs, a page for people, and the
content where it is wanted.

The folder is there whole or not at all, and for its owner only. Files of content are called by
their digest, because a name that somebody gave is no name for a disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from kiseki.core.values import to_hex
from kiseki.disk import atomic
from kiseki.errors import FilesError
from kiseki.language.catalogue import known, say
from kiseki.language.forms import moment, size
from kiseki.vault.handing.receipts import Receipt
from kiseki.vault.personal.access import Access, Held
from kiseki.vault.personal.laws import ACCESS, ERASURE, PROCESSING, PROVISION, STAYS
from kiseki.vault.personal.page import Section, page
from kiseki.vault.personal.records import processing, provisions
from kiseki.vault.personal.words import basis_named, run_named, use_named
from kiseki.vault.vault import Vault

__all__ = ["PERSONAL_FORMAT", "export"]

PERSONAL_FORMAT = "kiseki-personal-v1"
"""What `about.json` says that the folder is."""
_SHOWN = 500
"""Rows of a table on the page; the file has all."""


def export(
    vault: Vault,
    wallet: str,
    folder: Path,
    now: int,
    *,
    content: bool = False,
    languages: Sequence[str] = ("en",),
    told: Callable[[int], None] = lambda _: None,
) -> None:
    """Writes all that a vault keeps of a person into a new folder.

    Args:
        wallet: of the person.
        now: Unix seconds; stands on the page.
        content: whether their works go along, decrypted.
        languages: of the page; the first one is in ``index.html``, Japanese beside English in
            ``index.ja.html``.
        told: called with how many contents are done.

    Raises:
        InvalidInput: no such wallet or language.
        FilesError: there is something at that path already, or it cannot be written.
        VaultError: a content or a name does not open.
        SecretsError: the store cannot be used.
    """
    for language in languages:
        known(language)
    access = Access(vault, wallet)
    folder = folder.absolute()
    begun = folder.with_name(f".{folder.name}.begun")
    try:
        if os.path.lexists(folder):
            raise FilesError(f"there is something at {folder} already; name another folder")
        shutil.rmtree(begun, ignore_errors=True)  # of a run that was killed
        begun.mkdir(mode=0o700, parents=True)
        try:
            first, *others = languages
            _Writing(vault, access, begun, first, told).all(now, content)
            for language in others:
                _Page(vault, access, begun, language, lambda _: None).all(now, content=False)
            atomic.sync(begun)
            begun.rename(folder)
            atomic.sync(folder.parent)
        except BaseException:
            shutil.rmtree(begun, ignore_errors=True)
            raise
    except OSError as error:
        raise FilesError(f"{folder} cannot be written ({error.strerror or error})") from error


class _Words:
    """The catalogue in one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def say(self, message: str, **values: object) -> str:
        """A message."""
        return say(message, self.language, **values)


class _Writing:
    """The files of one export."""

    @property
    def _index(self) -> str:
        return "index.html"

    def __init__(
        self, vault: Vault, access: Access, folder: Path, language: str, told: Callable[[int], None]
    ) -> None:
        self._vault, self._access, self._folder = vault, access, folder
        self._language, self._told = language, told
        self._words = _Words(language)

    def all(self, now: int, content: bool) -> None:
        small = self._access.rows()
        sections = [
            self._held(content),
            self._registered(),
            self._receipts("given.jsonl", given=True),
            self._receipts("received.jsonl", given=False),
            self._runs(small),
            self._erasures(small),
            self._provisions(),
            self._processing(),
            self._stays(),
        ]
        self._origins()
        about = {
            "format": PERSONAL_FORMAT,
            "wallet": self._access.wallet,
            "vault": self._vault.setup.domain,
            "made": now,
            "content": content,
            **small,
        }
        self._text("about.json", json.dumps(about, indent=1) + "\n")
        self._page(now, sections)

    # Sections

    def _held(self, content: bool) -> Section:
        words = self._words
        rows, count = list[list[str]](), 0
        with self._lines("works.jsonl") as write:
            for count, each in enumerate(self._access.held(), 1):
                file = self._content(each) if content else None
                bytes_ = None if each.stored is None else each.stored.size
                write(
                    {
                        "sha256": each.digest.hex(),
                        "size": bytes_,
                        "file": file,
                        "ids": [{"id": to_hex(of), "salt": salt.hex()} for of, salt in each.ids],
                        "names": [{"name": name, "caption": text} for name, text in each.names],
                    }
                )
                if count <= _SHOWN:
                    names = "; ".join(" – ".join(filter(None, name)) for name in each.names)
                    shown = (
                        words.say("not in the vault")
                        if bytes_ is None
                        else size(bytes_, self._language)
                    )
                    rows.append([names, shown, ", ".join(to_hex(of) for of, _ in each.ids)])
                self._told(count)
        return Section(
            words.say("Works"),
            words.say("What is kept as yours, with the salt that links each work to its ID."),
            [words.say("name and caption"), words.say("size"), words.say("data ID")],
            rows,
            "works.jsonl",
            max(0, count - _SHOWN),
        )

    def _registered(self) -> Section:
        words, rows, count = self._words, list[list[str]](), 0
        with self._lines("registered.jsonl") as write:
            for count, each in enumerate(self._access.registered(), 1):
                write(
                    {
                        "collection": to_hex(each.collection),
                        "id": to_hex(each.item),
                        "sha256": None if each.digest is None else each.digest.hex(),
                        "names": list(each.names),
                        "received": each.received,
                    }
                )
                if count <= _SHOWN:
                    rows.append(["; ".join(each.names), to_hex(each.item), to_hex(each.collection)])
        return Section(
            words.say("Items of your collections"),
            words.say("What was prepared to be registered. Whether it was, the chain says."),
            [words.say("name"), words.say("data ID"), words.say("collection")],
            rows,
            "registered.jsonl",
            max(0, count - _SHOWN),
        )

    def _receipts(self, file: str, *, given: bool) -> Section:
        words, rows, count = self._words, list[list[str]](), 0
        found = self._access.given() if given else self._access.received()
        with self._lines(file) as write:
            for count, (each, salt) in enumerate(found, 1):
                write({"receipt": each.to_json(), "salt": salt.hex()})
                if count <= _SHOWN:
                    rows.append(self._receipt(each, each.caller if given else each.provider))
        if given:
            title = words.say("Who was given your works")
            says = words.say("That it was released to somebody, not that it arrived.")
        else:
            title = words.say("What you were given")
            says = words.say("Works of others that this wallet asked for and was given.")
        who = words.say("to") if given else words.say("of")
        heads = [
            words.say("when"),
            who,
            words.say("data ID"),
            words.say("use"),
            words.say("because"),
        ]
        return Section(title, says, heads, rows, file, max(0, count - _SHOWN))

    def _receipt(self, each: Receipt, who: str) -> list[str]:
        language = self._language
        use, because = use_named(each.use, language), basis_named(each.basis, language)
        return [moment(each.at, language), who, to_hex(each.item), use, because]

    def _runs(self, small: dict[str, Any]) -> Section:
        words = self._words
        rows = [
            [
                run_named(each["what"], self._language),
                moment(each["begins"], self._language),
                moment(each["ends"], self._language),
            ]
            for each in small["runs"]
        ]
        return Section(
            words.say("Sign-ins and running hand-outs"),
            words.say(
                "The vault deletes these some time after they end. It keeps no network address."
            ),
            [words.say("what"), words.say("from"), words.say("over at")],
            rows,
            "about.json",
        )

    def _erasures(self, small: dict[str, Any]) -> Section:
        words = self._words

        def when(seconds: int | None, unknown: str) -> str:
            return unknown if seconds is None else moment(seconds, self._language)

        rows = [
            [
                when(each["asked"], ""),
                each["asked_by"],
                each["ground"],
                when(each["gone_here"], words.say("under way")),
                when(each["gone_from_backups"], words.say("not yet, or unknown")),
            ]
            for each in small["erasures"]
        ]
        return Section(
            words.say("Erasures") + f" ({ERASURE})",
            words.say(
                "Gone from backups is what somebody said: that every key of that time is "
                "destroyed. Nobody can prove it."
            ),
            [
                words.say("asked"),
                words.say("asked by"),
                words.say("ground"),
                words.say("gone here"),
                words.say("gone from backups"),
            ],
            rows,
            "about.json",
        )

    def _provisions(self) -> Section:
        words, rows, count = self._words, list[list[str]](), 0
        with self._lines("provisions.jsonl") as write:
            for count, each in enumerate(provisions(self._vault, self._access.wallet), 1):
                write(each.to_json())
                if count <= _SHOWN:
                    rows.append(
                        [
                            moment(each.at, self._language),
                            each.receiver,
                            to_hex(each.item),
                            basis_named(each.basis, self._language),
                        ]
                    )
        return Section(
            words.say("Record of provision to third parties") + f" ({PROVISION})",
            words.say(
                "A draft from the receipts. A person must add: the names behind the wallets, "
                "whether a work is personal data, and the consent."
            ),
            [words.say("when"), words.say("to"), words.say("what"), words.say("because")],
            rows,
            "provisions.jsonl",
            max(0, count - _SHOWN),
        )

    def _processing(self) -> Section:
        words = self._words
        found = processing(self._vault, self._language)
        told = [each.to_json() for each in found]
        self._text("processing.json", json.dumps(told, indent=1) + "\n")
        rows = [
            [
                each.what,
                each.law,
                each.vault or "",
                words.say("a person must say") if each.person else "",
            ]
            for each in found
        ]
        return Section(
            words.say("Record of processing") + f" ({PROCESSING})",
            words.say("A draft of the whole vault's, not of you alone, from what the vault knows."),
            [words.say("what"), words.say("law"), words.say("the vault knows"), words.say("and")],
            rows,
            "processing.json",
        )

    def _stays(self) -> Section:
        words = self._words
        rows = [[words.say(each.what), words.say(each.why), each.law] for each in STAYS]
        return Section(
            words.say("What erasing leaves, and why"),
            words.say("Whether a ground carries in your case, a person must say."),
            [words.say("what"), words.say("why"), words.say("law")],
            rows,
        )

    def _origins(self) -> None:
        with self._lines("origins.jsonl") as write:
            for each in self._access.origins():
                write({"document": each})

    # Files

    def _page(self, now: int, sections: list[Section]) -> None:
        words = self._words
        about = [
            words.say(
                "What the vault {vault} keeps of {wallet}, on {when}. Access: {law}.",
                vault=self._vault.setup.domain,
                wallet=self._access.wallet,
                when=moment(now, self._language),
                law=ACCESS,
            ),
            words.say(
                "Keep this folder to yourself: with a salt and a work anybody can tell which ID is "
                "yours."
            ),
        ]
        title = words.say("What is kept of you")
        self._text(self._index, page(title, about, sections, self._language))

    def _content(self, each: Held) -> str | None:
        if each.stored is None:
            return None
        name = f"content/{each.digest.hex()}"
        (self._folder / "content").mkdir(mode=0o700, exist_ok=True)
        with each.stored.open() as opened, self._file(name) as file:
            for piece in opened.read():
                file.write(piece)
        return name

    @contextlib.contextmanager
    def _lines(self, name: str) -> Iterator[Callable[[dict[str, Any]], None]]:
        with self._file(name) as file:

            def write(row: dict[str, Any]) -> None:
                file.write(json.dumps(row).encode() + b"\n")

            yield write

    @contextlib.contextmanager
    def _file(self, name: str) -> Iterator[IO[bytes]]:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(self._folder / name, flags, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())

    def _text(self, name: str, text: str) -> None:
        with self._file(name) as file:
            file.write(text.encode(errors="replace"))


class _Page(_Writing):
    """The page in another language. What programs read is there already."""

    @property
    def _index(self) -> str:
        return f"index.{self._language}.html"

    @contextlib.contextmanager
    def _file(self, name: str) -> Iterator[IO[bytes]]:
        if name == self._index:
            with super()._file(name) as file:
                yield file
        else:
            with os.fdopen(os.open(os.devnull, os.O_WRONLY), "wb") as file:
                yield file
