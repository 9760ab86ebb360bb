"""The anchors of a vault as files in a folder, one a day, and what is shown of them to anybody.

They are public, and each of them names all providers. So a stranger who asks gets the head of one
log with hashes of the others (`kiseki.vault.log.heads`), and never a document.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

from kiseki.core import documents
from kiseki.core.values import from_hex, to_hex
from kiseki.disk import texts
from kiseki.errors import FilesError, InvalidInput
from kiseki.vault.log.heads import Anchor
from kiseki.vault.log.notes import Note
from kiseki.vault.log.proofs import LogProof

__all__ = ["AnchorFiles", "Listed", "Placed"]

_NAMES = "????-??-??.json"
_PLACED = "kiseki-anchor-place-v1"
_KEPT = 4
"""Documents that are kept in memory: receivers ask for the last ones."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an anchor is on the chain, as the node said when it was stated.

    Attributes:
        block: in which it is.
        time: of the block, in seconds since 1970.
        transaction: its hash, 32 bytes.
    """

    block: int
    time: int
    transaction: bytes


@dataclass(frozen=True, slots=True)
class Listed:
    """An anchor that lies here.

    Attributes:
        path: of the document.
        hash: by which it is stated.
        taken: when its heads were read, in seconds since 1970.
        wallet: who states it.
        note: the anchor, signed.
    """

    path: Path
    hash: bytes
    taken: int
    wallet: str
    note: Note


class AnchorFiles:
    """The anchors in a folder. It may be used by several threads; other processes may add to it.

    Args:
        folder: where; it need not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = Lock()
        self._listed: list[Listed] = []
        self._first: dict[str, int] = {}
        self._read = lru_cache(_KEPT)(_read)

    def keep(self, anchor: Anchor) -> Path:
        """Writes the anchor of a day, which must not be there yet; where it is.

        Raises:
            FilesError: it cannot be written.
        """
        path = self.folder / f"{anchor.stamp.day}.json"
        if path.exists():
            raise FilesError(f"{path} is there already; each day has one anchor")
        texts.write(path, anchor.to_json(), folder=True)
        return path

    def place(self, day: str, placed: Placed) -> None:
        """Writes beside the anchor of a day where it is on the chain.

        Raises:
            FilesError: it cannot be written.
        """
        told = {
            "block": str(placed.block), "time": str(placed.time),
            "transaction": to_hex(placed.transaction),
        }  # fmt: skip
        texts.write(self._beside(day), documents.write({"format": _PLACED, **told}) + "\n")

    def placed(self, day: str) -> Placed | None:
        """Where the anchor of a day is on the chain; none where nothing of it was written.

        Raises:
            FilesError: it cannot be read.
        """
        path = self._beside(day)
        if not path.exists():
            return None
        try:
            document = documents.read(texts.read(path), _PLACED)
            names = ("format", "block", "time", "transaction")
            what = "the place of an anchor"
            _, block, time, transaction = documents.members(document, names, what)
            return Placed(
                documents.decimal(block, what), documents.decimal(time, what),
                from_hex(transaction, 32, what),
            )  # fmt: skip
        except InvalidInput as error:
            raise FilesError(
                f"{path} cannot be used ({error}); delete it, and run `kiseki vault anchor`"
            ) from error

    def _beside(self, day: str) -> Path:
        return self.folder / f"{day}.stated.json"

    def last(self) -> Iterator[Anchor]:
        """All of them, the latest first; each is read when it is wanted.

        Raises:
            FilesError: one cannot be read, or was changed.
        """
        for each in reversed(self._paths()):
            yield _read(each)

    def listed(self) -> list[Listed]:
        """What lies here, the earliest first. What was read once is not read again.

        Raises:
            FilesError: one cannot be read, or was changed.
        """
        with self._lock:
            paths, known = self._paths(), [each.path for each in self._listed]
            if paths[: len(known)] != known:  # somebody took one away, or put one back
                self._listed, self._first, known = [], {}, []
            for path in paths[len(known) :]:
                self._add(path)
            return list(self._listed)

    def of(self, origin: str, most: int, before: int | None = None) -> list[Listed]:
        """The anchors in which a log has a head, the latest first. A log that is in one is in all
        later ones.

        Args:
            most: so many at most.
            before: only those whose heads were read earlier, in seconds since 1970.
        """
        listed = self.listed()
        first = self._first.get(origin, len(listed))
        end = len(listed)
        if before is not None:
            end = bisect_left(listed, before, key=lambda each: each.taken)
        return listed[max(first, end - most) : end][::-1]

    def note(self, document: bytes) -> Note | None:
        """An anchor without its heads, by the hash that is stated; none if it is not here."""
        found = self._find(document)
        return None if found is None else found.note

    def prove(self, origin: str, document: bytes) -> LogProof | None:
        """The proof that the head of a log is in an anchor; none if it is not, or the anchor is not
        here."""
        found = self._find(document)
        if found is None:
            return None
        anchor = self._read(found.path)
        return None if anchor.head(origin) is None else anchor.prove(origin)

    def _find(self, document: bytes) -> Listed | None:
        return next((each for each in reversed(self.listed()) if each.hash == document), None)

    def _add(self, path: Path) -> None:
        anchor = _read(path)
        stamp = anchor.stamp
        for origin in anchor.origins:
            self._first.setdefault(origin, len(self._listed))
        self._listed.append(Listed(path, anchor.hash, stamp.taken, stamp.wallet, anchor.note))

    def _paths(self) -> list[Path]:
        try:
            return sorted(self.folder.glob(_NAMES))
        except OSError as error:
            raise FilesError(f"{self.folder} cannot be read ({error.strerror})") from error


def _read(path: Path) -> Anchor:
    try:
        return Anchor.from_json(texts.read(path))
    except InvalidInput as error:
        raise FilesError(f"{path} is no anchor ({error}); restore it from a backup") from error
