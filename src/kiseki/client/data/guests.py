"""Who stands in a list of drawings, before anybody is invited: `kiseki.client.data.invitations`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kiseki.core.checksum import checksummed
from kiseki.core.keccak import keccak256
from kiseki.core.values import one_line
from kiseki.disk.tables import PLAIN, Format
from kiseki.errors import InvalidInput
from kiseki.vault import lists
from kiseki.vault.lists import ORIGIN, Entry
from kiseki.vault.people import folded, is_name

__all__ = ["Guest", "Lost", "Names", "Seen", "look", "must_be_a_name", "must_be_there", "rows"]

_TOLD = 20
"""Files of which a refusal has the names."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who would be invited.

    Attributes:
        called: as the list calls them; the address where it has no name.
        wallet: theirs, in lower case, where the list or the address book knows it.
        works: how many files are theirs, for each invitation that they would get: works that come
            from different places are different ones.
    """

    called: str
    wallet: str | None
    works: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lost:
    """A file that a list names and that is not there.

    Attributes:
        file: as the list calls it.
        artist: whose it is, as the list calls them.
    """

    file: str
    artist: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What a list says of whom to invite. No file was read: what they hold may still be refused.

    Attributes:
        guests: in the order of the list.
        lost: files that are not there, in the order of the list.
    """

    guests: tuple[Guest, ...]
    lost: tuple[Lost, ...]


class Names:
    """Artists of a list by an address: their own, or one that stands for a name alone.

    Args:
        known_to: the wallet of somebody whom the studio knows; none for whom it does not.
    """

    def __init__(self, known_to: Callable[[str], str | None]) -> None:
        self._known_to = known_to
        self._names: dict[str, tuple[str, str | None]] = {}

    def account(self, text: str) -> str:
        """By which a list's artist is told from others."""
        if not is_name(text):
            return text
        wallet = self._known_to(text)
        stands = wallet or "0x" + keccak256(b"name " + folded(text).encode())[12:].hex()
        self._names.setdefault(stands.lower(), (" ".join(text.split()), wallet))
        return stands

    def called(self, artist: str) -> str:
        """How the list calls them."""
        name, _ = self._names.get(artist, (checksummed(artist), None))
        return name

    def known(self, artist: str) -> str | None:
        """Their wallet, in lower case; none where nobody knows it."""
        _, wallet = self._names.get(artist, ("", artist))
        return None if wallet is None else wallet.lower()


def look(
    source: str | Path,
    names: Callable[[str], str | None] = lambda _: None,
    table: Format = PLAIN,
    within: Path | None = None,
) -> Seen:
    """Who would be invited from a list, and what of it is not there. Reads the list alone.

    Args:
        as of `kiseki.client.data.invitations.Invitations.invite`.

    Raises:
        FilesError: the list cannot be read.
        InvalidInput: nobody can be invited from it.
    """
    named = Names(names)
    works: dict[tuple[str, tuple[str, ...]], set[str]] = {}
    found = rows(source, named, table, within)
    for each in found:
        works.setdefault((each.artist, each.origin), set()).add(each.file)
    artists = dict.fromkeys(artist for artist, _ in works)
    guests = (
        Guest(
            named.called(artist), named.known(artist),
            tuple(len(files) for (whose, _), files in works.items() if whose == artist),
        )
        for artist in artists
    )  # fmt: skip
    return Seen(tuple(guests), tuple(_lost(found, Path(source).absolute().parent, named)))


def rows(
    source: str | Path, named: Names, table: Format = PLAIN, within: Path | None = None
) -> list[Entry]:
    """The rows of a list from which artists can be invited.

    Raises:
        FilesError, InvalidInput: as `look`.
    """
    found = [_usable(each) for each in lists.read(source, table, named.account)]
    if not found:
        raise InvalidInput(f"there is nobody to invite in {source}")
    if within is not None:
        _must_be_within(found, within)
    return found


def must_be_a_name(studio: str) -> None:
    """Refuses what a studio cannot be called.

    Raises:
        InvalidInput: it is no short line of text.
    """
    if one_line(studio, 100) != studio or not studio.strip():
        raise InvalidInput("say the studio's name in one short line of text")


def must_be_there(entries: Sequence[Entry], beside: Path, named: Names) -> None:
    """Refuses a list that names files which are not there, all of them at once: whoever prepared
    the list learns which and whose, as the list calls them.

    Args:
        beside: the folder of the list.

    Raises:
        InvalidInput: one is not.
    """
    lost = _lost(entries, beside, named)
    if not lost:
        return
    shown = ", ".join(f"{each.file[:80]} ({each.artist[:80]})" for each in lost[:_TOLD])
    raise InvalidInput(
        f"the list names files that are not there, {len(lost)} in all: {shown}; add them, or take "
        "their rows out; nobody was invited"
    )


def _lost(entries: Sequence[Entry], beside: Path, named: Names) -> list[Lost]:
    return [
        Lost(os.path.relpath(each.file, beside), named.called(each.artist))
        for each in entries
        if not Path(each.file).exists()
    ]


def _usable(entry: Entry) -> Entry:
    """A row that an invitation can be made from.

    Raises:
        InvalidInput: it is none.
    """
    where = f"row {entry.row}, " if entry.row else ""
    if entry.doubt:
        raise InvalidInput(f"{where}{entry.name!r:.80} is {entry.doubt}")
    if not entry.artist:
        raise InvalidInput(f"{where}{entry.name!r:.80}, names no artist who could be invited")
    if ":" in entry.artist:
        raise InvalidInput(
            f"{where}{entry.artist}, is somebody who can be paid and cannot consent; write the "
            "name instead"
        )
    if not entry.file:
        raise InvalidInput(
            f"{where}{entry.name!r:.80}, names no file; an artist must see what they consent to"
        )
    if entry.origin and entry.origin[0] in ("joint", "unknown"):
        raise InvalidInput(
            f"{where}{entry.name!r:.80}, is of several or unknown authors, for whom one artist "
            "cannot consent; use a list of payees (`kiseki data register`)"
        )
    return entry


def _must_be_within(entries: Sequence[Entry], folder: Path) -> None:
    """Refuses rows whose file or evidence is outside of a folder: whoever wrote the list could show
    an artist, or put on record, what is elsewhere on this machine.

    Raises:
        InvalidInput: one is.
    """
    root = folder.resolve()
    for entry in entries:
        said = entry.origin[ORIGIN.index("evidence")].split(";") if entry.origin else []
        evidence = [e.partition("=")[0].strip() for e in said if not e.startswith("0x")]
        for each in (entry.file, *filter(None, evidence)):
            if not Path(each).resolve().is_relative_to(root):
                name = os.path.relpath(each, folder)
                raise InvalidInput(
                    f"row {entry.row}, {name!r:.80} is no file of the folder that was chosen"
                )
