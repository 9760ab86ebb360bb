"""What a backup of the key store holds, line by line, and how it is read again.

JSON lines in UTF-8, byte strings as hex without 0x: a first line that says what it is; each salt
(``provider``, ``sha256``, ``salt``); each collection (``collection`` and what is in its ID), then
its slices (``commitments``, ``sha256s``, ``names``), of up to 4,000 items; a last line that counts
them. A collection's line also has the file of the split that it pays (``split``), where that is
known; values that a collection was prepared with before stand in lines of their own (``before``),
and so do items that a receipt told of (``received``), documents of origin (``document``) and
people of the address book (``person``).
Key files of earlier versions are salts alone, without first and last line, and are
read as well: a last line that a crash cut off is then passed over, because its salt was never used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from kiseki.core import origin as origins
from kiseki.core.collection import Kept, Names, Slice, cut
from kiseki.core.documents import shallow
from kiseki.core.merkle import SLICE, root_of
from kiseki.core.origin import OriginFile
from kiseki.core.payee import Payee
from kiseki.core.split import Split
from kiseki.core.terms import Terms
from kiseki.core.values import address, address_text, bytes32
from kiseki.errors import KisekiError, SecretsError
from kiseki.vault import sealed
from kiseki.vault.people import Person

__all__ = [
    "Line", "Part", "Salt", "Told",
    "before", "body", "head", "origin", "person", "read", "told", "write",
]  # fmt: skip

_FORMAT = "kiseki-keys-v1"
_LONGEST = 1 << 26
"""Bytes of a line: a slice is less than a megabyte beside its names."""


class Salt(NamedTuple):
    """A salt, with whose and of what it is."""

    provider: bytes
    digest: bytes
    salt: bytes


class Part(NamedTuple):
    """A slice, with where it belongs."""

    kept: Kept
    number: int
    slice: Slice


class Told(NamedTuple):
    """Items that a receipt told of: commitment, digest and names of each."""

    kept: Kept
    items: list[tuple[bytes, bytes, Names]]


Line = Salt | Kept | Part | Told | OriginFile | Person
"""What a line tells."""


def write(
    path: Path,
    lines: Iterator[dict[str, Any]],
    recipient: str | None,
    passphrase: str | None,
    clear: bool,
) -> None:
    """A new backup; see `KeyStore.backup`."""

    def content() -> Iterator[bytes]:
        count = 0
        yield _text({"format": _FORMAT})
        for line in lines:
            count += 1
            yield _text(line)
        yield _text({"end": count})

    sealed.write(path, content(), recipient=recipient, passphrase=passphrase, clear=clear)


def read(
    path: Path,
    take: Callable[[Line], None],
    identity: str | Path | None = None,
    passphrase: str | None = None,
) -> None:
    """Hands everything in a backup or key file to `take`; after an error nothing of it counts.

    Raises:
        SecretsError: as `KeyStore.restore`; it tells nothing of what is in it.
    """
    reader = _Reader(path, take)
    sealed.copy(path, reader, identity=identity, passphrase=passphrase)
    reader.finish()


def head(kept: Kept) -> dict[str, Any]:
    """The line of a collection."""
    return {
        "collection": kept.id.hex(),
        "provider": kept.provider,
        "terms": kept.terms.to_json(),
        "root": kept.root.hex(),
        "count": kept.count,
        "payee": kept.payee.key.hex(),
        "opening": kept.payee.opening.hex(),
        "origin": kept.origin.hex(),
        "split": kept.payee.split.to_json() if kept.payee.split else None,
    }


def before(kept: Kept) -> dict[str, Any]:
    """The line of values that a collection was prepared with before."""
    return {"before": head(kept)}


def body(each: Slice) -> dict[str, Any]:
    """The line of a slice."""
    return {
        "commitments": each.commitments.hex(),
        "sha256s": each.digests.hex(),
        "names": each.names,
    }


def origin(file: OriginFile) -> dict[str, Any]:
    """The line of a document of origin."""
    return {"document": file.to_json()}


def person(who: Person) -> dict[str, Any]:
    """The line of somebody in the address book."""
    return {"person": asdict(who)}


def told(kept: Kept, items: Sequence[tuple[bytes, bytes, Names]]) -> Iterator[dict[str, Any]]:
    """The lines of items that a receipt told of, a slice's number in each."""
    for start in range(0, len(items), SLICE):
        some = items[start : start + SLICE]
        yield {
            "received": head(kept),
            "commitments": b"".join(each for each, _, _ in some).hex(),
            "sha256s": b"".join(each for _, each, _ in some).hex(),
            "names": [names for _, _, names in some],
        }


class _Reader:
    """Takes the bytes of a backup as they come."""

    def __init__(self, path: Path, take: Callable[[Line], None]) -> None:
        self._path = path
        self._take = take
        self._rest: list[bytes] = []
        self._size = 0
        self._line = 0
        self._whole = False  # a backup, which says how it ends; otherwise a key file
        self._end: int | None = None
        self._kept: Kept | None = None
        self._roots: list[bytes] = []

    def write(self, chunk: bytes) -> int:
        first, *others = bytes(chunk).split(b"\n")
        self._add(first)
        for each in others:
            self._one(b"".join(self._rest))
            self._rest, self._size = [], 0
            self._add(each)
        return len(chunk)

    def flush(self) -> None:
        """Nothing waits: here because files have it."""

    def finish(self) -> None:
        rest = b"".join(self._rest)
        if self._whole:
            self._close()
            if rest or self._end != self._line - 2:
                raise SecretsError(f"{self._path} is cut off; use another copy of it")
        elif rest:
            begun = rest.rstrip(b"\x00")
            short = self._line > 0 or len(rest) <= len(_LINE)  # zeros alone are something else
            if short and len(begun) < len(_LINE) and _LINE.startswith(_blurred(begun)):
                return  # cut off while it was written, so its salt was never used
            self._one(rest)

    def _add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > _LONGEST:
            raise self._damaged()
        self._rest.append(piece)

    def _one(self, line: bytes) -> None:
        self._line += 1
        if not line.strip() and not self._whole:
            return
        try:
            entry = json.loads(shallow(line.decode()))
            self._understand(entry)
        except (ValueError, KeyError, TypeError, AttributeError, KisekiError) as error:
            if isinstance(error, SecretsError):
                raise
            # Without the cause: it would hold the line.
            raise self._damaged() from None

    def _understand(self, entry: dict[str, Any]) -> None:
        if self._line == 1 and "format" in entry:
            if entry["format"] != _FORMAT:
                raise ValueError
            self._whole = True
        elif "salt" in entry:
            self._take(
                Salt(
                    address(entry["provider"], "the provider"),
                    bytes32(bytes.fromhex(entry["sha256"]), "the digest"),
                    bytes32(bytes.fromhex(entry["salt"]), "the salt"),
                )
            )
        elif not self._whole:
            raise ValueError
        elif "received" in entry:
            self._take(_told(entry))
        elif "document" in entry:
            self._take(_origin(entry["document"]))
        elif "person" in entry:
            self._take(Person(**entry["person"]))
        elif "before" in entry:
            self._take(_kept(entry["before"]))
        elif "collection" in entry:
            self._close()
            self._kept = _kept(entry)
            self._take(self._kept)
        elif "commitments" in entry and self._kept is not None:
            part = _slice(self._kept.provider, entry)
            self._take(Part(self._kept, len(self._roots), part))
            self._roots.append(part.root)
        elif self._end is None:
            self._end = int(entry["end"])
        else:
            raise ValueError

    def _close(self) -> None:
        """The collection that was read has the root that it must have."""
        if self._kept is not None and root_of(self._roots) != self._kept.root:
            raise self._damaged()
        self._kept, self._roots = None, []

    def _damaged(self) -> SecretsError:
        return SecretsError(
            f"line {self._line} of {self._path} is damaged; restore a backup, or name another file "
            "if this one keeps something else; nothing was sent"
        )


def _kept(entry: dict[str, Any]) -> Kept:
    payee, split = bytes32(bytes.fromhex(entry["payee"]), "the payee"), entry.get("split")
    leaves = None if split is None else Split.from_json(split, payee)
    kept = Kept(
        address_text(address(entry["provider"], "the provider")),
        Terms.from_json(entry["terms"]),
        bytes32(bytes.fromhex(entry["root"]), "the root"),
        int(entry["count"]),
        Payee(payee, bytes.fromhex(entry["opening"]), leaves),
        bytes32(bytes.fromhex(entry["origin"]), "the origin"),
    )
    if kept.id.hex() != entry["collection"]:
        raise ValueError
    return kept


def _origin(text: str) -> OriginFile:
    found = origins.read(text.encode())
    if found is None:
        raise ValueError
    return found


def _slice(provider: str, entry: dict[str, Any]) -> Slice:
    return Slice.of(provider, *_columns(entry))


def _told(entry: dict[str, Any]) -> Told:
    commitments, digests, names = _columns(entry)
    rows = zip(cut(commitments), cut(digests), names, strict=True)
    return Told(_kept(entry["received"]), list(rows))


def _columns(entry: dict[str, Any]) -> tuple[bytes, bytes, tuple[Names, ...]]:
    """Commitments, digests and names of the items in a line."""
    commitments, digests = bytes.fromhex(entry["commitments"]), bytes.fromhex(entry["sha256s"])
    names = tuple(tuple(map(_name, each)) for each in entry["names"])
    sizes = {len(commitments), len(digests), 32 * len(names)}
    if len(sizes) != 1 or not 0 < len(names) <= SLICE:
        raise ValueError
    return commitments, digests, names


def _name(given: Any) -> str:
    if not isinstance(given, str):
        raise TypeError
    return given


def _text(line: dict[str, Any]) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def _blurred(line: bytes) -> bytes:
    """Its form without its values: every hex digit as a zero, but for that of 0x."""
    return re.sub(rb"[0-9a-f](?!x)", b"0", line)


_LINE = _blurred(
    json.dumps({"provider": "0x" + "0" * 40, "sha256": "0" * 64, "salt": "0" * 64}).encode()
)
"""What a line of a key file that was cut off begins like. No line of another file does."""
