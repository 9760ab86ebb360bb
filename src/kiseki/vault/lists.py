"""What is to be registered in bulk: a folder, a file, or a list that says more of each item.

A list is a table (`kiseki.disk.tables`) with these columns:

``file``        a file, from the list's own folder; it is hashed
``sha256``      instead, the SHA-256 of a content that is elsewhere, 64 hex digits
``commitment``  instead, the commitment that somebody else made with a salt of their own
``name``        if wanted, what the item is called in receipts; otherwise its ``file``
``artist``      if wanted, whose it is: a wallet's address, or for somebody who has none yet
                ``0xISSUER:0xPERSON`` (`kiseki.client.identities`), or a name of the address book
                (`kiseki.vault.people`). One collection for each
``share``       if wanted, which part of a joint work is that artist's: a whole number, or as 60%

Eight more say where a work comes from (`kiseki.core.origin`); works of the same artists with the
same origin are one collection with one document: ``basis``; ``collector`` (``NAME`` or
``NAME,WALLET``); ``collected`` (a day, or ``FIRST/LAST``); ``how``; ``source``; ``evidence``
(files or ``0xHASH=WORDS``, with ``;`` between them); ``territory`` (``JP,US`` or ``world``);
``search``. The owners of joint works and of works by an unknown author are their artists.

::

    file,name,artist
    cuts/001.png,Cut 1,0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    cuts/002.png,Cut 2,0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC

One content in several rows, by its path or its digest, is one item. Where these name several
artists it is a joint work: they are paid together, in equal parts or by their shares, and all works
of the same artists in the same proportion are one collection. Either all of a work's artists have a
share or none has; percents of a work add up to 100. An artist who is named again for the same work
counts once, and must have the same share.

Nothing of a list counts unless all of it can be read. Lists and folders may be of any size.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from kiseki.core.counts import counted
from kiseki.core.values import address, address_text, from_hex, to_hex
from kiseki.disk.tables import PLAIN, Format, Table
from kiseki.errors import FilesError, InvalidInput
from kiseki.vault.folders import leads_out, look, walk

__all__ = ["COLUMNS", "ORIGIN", "Entry", "count", "read", "read_share", "weights"]

ORIGIN = (
    "basis", "collector", "collected", "how", "source", "evidence", "territory", "search",
)  # fmt: skip
"""The columns that say where a work comes from."""
COLUMNS = ("file", "sha256", "commitment", "name", "artist", "share", *ORIGIN)
_WHAT = COLUMNS[:3]
_TABLES = (".csv", ".tsv", ".tab", ".xlsx", ".xlsm", ".xls", ".ods", ".numbers")
_SHARE = re.compile(r"[0-9]{1,20}|[0-9]{1,3}(\.[0-9]{1,6})?%", re.ASCII)


class Entry(NamedTuple):
    """One item that is to be registered.

    Attributes:
        file: its file, or empty.
        sha256: its digest, where that is known.
        commitment: its commitment, where only that is known.
        name: what it is called.
        artist: whose it is, in lower case; empty for nobody's in particular.
        share: their part of it, as ``3`` or ``60%``; empty for an equal one.
        row: where it stands in its list, counted from 1; zero where there is none.
        doubt: why it is no work and cannot be read, of what a folder holds; then there is no file.
        origin: what its row says in the columns `ORIGIN`; nothing where it says none of that.
        called: the artist as the list calls them, where that is a name.
    """

    file: str
    sha256: bytes
    commitment: bytes
    name: str
    artist: str
    share: str = ""
    row: int = 0
    doubt: str = ""
    origin: tuple[str, ...] = ()
    called: str = ""


def weights(shares: Sequence[str]) -> list[int]:
    """What the shares of one work are to each other, as whole numbers; equal where none is said.

    Raises:
        InvalidInput: only some are said, whole numbers beside percents, or percents that do not
            add up to 100.
    """
    if not any(shares):
        return [1] * len(shares)
    if not all(shares):
        raise InvalidInput("column share: every artist of a work has a share, or none has")
    percents = [each for each in shares if each.endswith("%")]
    if not percents:
        return list(map(int, shares))
    if len(percents) < len(shares):
        raise InvalidInput("column share: say all shares of a work in percent, or none")
    parts = [Decimal(each.removesuffix("%")) for each in percents]
    if sum(parts) != 100:
        raise InvalidInput(f"column share: {' and '.join(percents)} add up to {sum(parts)}%")
    return [int(each * 1_000_000) for each in parts]


@lru_cache(1_024)
def read_share(text: str, decimal: str = "") -> str:
    """A share as somebody writes it, as ``3`` or ``60%``; empty where none is said.

    Args:
        decimal: what separates decimals; a point where nobody said.

    Raises:
        InvalidInput: it is none.
    """
    share = "".join(text.split())
    if decimal == "," and "." not in share:
        share = share.replace(",", ".")
    if share and (not _SHARE.fullmatch(share) or not share.strip("0.%")):
        raise InvalidInput(
            f"a share is a whole number above zero, or as 60%, not {text.strip()!r:.40}"
        )
    return share


Names = Callable[[str], str]
"""Whose wallet or identity a name stands for; whatever is no name stays as it is."""


def read(
    source: str | Path, form: Format = PLAIN, names: Names = lambda text: text
) -> Iterator[Entry]:
    """Everything in a folder and below, a file, or everything in a list; one after the other.

    Args:
        form: how the list is to be read, where it does not say so itself.
        names: whom the names of artists stand for, as `People.resolve`.

    Raises:
        FilesError: there is no such thing, or it cannot be read.
        InvalidInput: a row of the list cannot be right; it says which, and in which column.
    """
    place = Path(source)
    if place.is_dir():
        return _folder(place, form)
    if not place.exists():
        raise FilesError(f"there is no {place}; check the path")
    if not _is_list(place, form):
        return iter([Entry(str(place), b"", b"", _text(place.name), "")])
    return _list(place, form, names)


def count(source: str | Path) -> int:
    """How many items there are, of a list about: its lines are counted and not read; zero where
    only reading would tell. For whoever tells how far reading has got.

    Raises:
        FilesError: as `read`.
    """
    place = Path(source)
    if place.is_dir():
        return sum(1 for _ in walk(place))
    if place.exists() and not _is_list(place, PLAIN):
        return 1
    try:
        with place.open("rb") as file:
            if file.read(2) == b"PK":
                return 0
            lines = sum(part.count(b"\n") for part in iter(lambda: file.read(1 << 20), b""))
    except OSError as error:
        raise _unreadable(place, error) from error
    return max(lines - 1, 1)


def _unreadable(place: Path, error: OSError) -> FilesError:
    if isinstance(error, FileNotFoundError):
        return FilesError(f"there is no {place}; name a folder, or a list like manifest.csv")
    return FilesError(f"the list {place} cannot be read ({error.strerror})")


def _folder(place: Path, form: Format) -> Iterator[Entry]:
    begin = len(os.path.join(place, ""))  # noqa: PTH118 - it ends with a separator
    for path, doubt in look(place, form.tell):
        if doubt:
            yield Entry("", b"", b"", _text(path), "", doubt=doubt)
        else:
            yield Entry(path, b"", b"", _text(path[begin:]), "")


def _is_list(place: Path, form: Format) -> bool:
    """Whether a file is a list and not a work: by its name, or by its columns."""
    if place.suffix.lower() not in ("", ".txt"):
        return place.suffix.lower() in _TABLES
    try:
        with Table(place, COLUMNS, replace(form, tell=lambda _: None)) as table:
            return not set(table.columns).isdisjoint(_WHAT)
    except (FilesError, InvalidInput):
        return False


def _list(place: Path, form: Format, names: Names) -> Iterator[Entry]:
    artists = lru_cache(1_024)(lambda text: _artist(names(text)))
    with Table(place, COLUMNS, form) as table:
        if not set(table.columns) & set(_WHAT):
            raise InvalidInput(
                f"{place}, row {table.row}: one of the columns {', '.join(_WHAT)} is needed; there "
                f"is {', '.join(table.columns)}"
            )
        folder, unnamed = str(place.parent), 0
        for cells in table:
            entry = _entry(table, artists, folder, *cells)
            unnamed += not entry.artist
            yield entry
        if unnamed and "artist" in table.columns:  # as below a merged cell, saved as CSV
            form.tell(
                f"{place}: {counted(unnamed, 'row')} without an artist; nobody of the "
                "list is paid for these works."
            )


def _entry(
    table: Table,
    artists: Callable[[str], str],
    folder: str,
    file: str,
    sha256: str,
    commitment: str,
    name: str,
    artist: str,
    share: str,
    *origin: str,
) -> Entry:
    if bool(file) + bool(sha256) + bool(commitment) != 1:
        raise table.refusal("", f"say one of {', '.join(_WHAT)}")
    column = "sha256" if sha256 else "commitment"
    try:
        digest = _hash(sha256, "the sha256") if sha256 else b""
        hidden = _hash(commitment, "the commitment") if commitment else b""
        column = "artist"
        who = artists(artist) if artist.strip() else ""
        column = "share"
        part = read_share(share, table.decimal)
        if part and not who:
            raise InvalidInput("it is nobody's; name the artist whose it is")
    except InvalidInput as error:
        raise table.refusal(column, error) from None
    path = os.path.join(folder, file) if file else ""  # noqa: PTH118 - a path less for every row
    if path and (out := leads_out(path, folder)):
        return Entry("", b"", b"", out.path, who, part, table.row, out.doubt)
    said = _origin(folder, origin) if any(origin) else ()
    called = "" if artist.strip()[:2] in ("", "0x", "0X") else artist.strip()
    return Entry(path, digest, hidden, name or file, who, part, table.row, "", said, called)


def _origin(folder: str, cells: Sequence[str]) -> tuple[str, ...]:
    """The cells in one line each, and files of evidence from the list's own folder."""
    lines = [" ".join(each.split()) for each in cells]
    place = ORIGIN.index("evidence")
    named = [each.strip() for each in lines[place].split(";") if each.strip()]
    lines[place] = ";".join(
        each if each.startswith("0x") else os.path.join(folder, each)  # noqa: PTH118
        for each in named
    )
    return tuple(lines) if any(lines) else ()


def _hash(text: str, what: str) -> bytes:
    text = text.strip()
    return from_hex(text if text.startswith("0x") else f"0x{text}", 32, what)


def _artist(text: str) -> str:
    who, colon, person = text.strip().partition(":")
    issuer = address_text(address(who, "the artist"))
    return f"{issuer}:{to_hex(from_hex(person, 32, 'the person'))}" if colon else issuer


def _text(name: str) -> str:
    """A file's name as text, also where it is none."""
    return name.encode(errors="surrogateescape").decode(errors="replace")
