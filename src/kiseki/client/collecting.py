"""From files and lists to collections in the key store, in constant memory.

Items are sorted on disk, in a database that SQLite makes for the time and that has no name, so
their number does not matter: they are read and hashed; each gets its salt from whoever keeps them;
sorted by ID they are cut into slices, and every collection is kept before this returns.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from kiseki.client.files import hash_each
from kiseki.client.lists import Entry
from kiseki.client.secrets import Kept, Names, Salts, Slice
from kiseki.core.keccak import keccak256
from kiseki.core.merkle import SLICE, root_of
from kiseki.core.values import ZERO32, address
from kiseki.errors import FilesError, SecretsError

__all__ = ["collect"]

Progress = Callable[[int, int], None]
_SOME, _TASK = 10_000, 256
"""Items that are held at a time; that one core is given at a time."""
_MUCH = 1 << 26
"""Bytes after which it is told how far reading has got, however few items they are."""

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA temp_store = FILE;
PRAGMA cache_size = -16000;
CREATE TABLE entry (artist INTEGER, sha256 BLOB, commitment BLOB, name TEXT);
CREATE TABLE item (artist INTEGER, id BLOB, commitment BLOB, sha256 BLOB, name TEXT);
CREATE TABLE slice (root BLOB, commitments BLOB, digests BLOB, names TEXT);
"""


def collect(
    entries: Iterable[Entry],
    salts: Salts,
    provider_of: Callable[[str], str],
    kept_of: Callable[[str, bytes, int], Kept],
    told: Callable[[int, int], None] = lambda *_: None,
) -> Iterator[Kept]:
    """One collection for each artist in `entries`, in the order of their first items.

    Args:
        provider_of: whose the IDs are, by artist.
        kept_of: the collection, by artist, root and count.
        told: called with the number of items and of bytes read so far.

    Raises:
        FilesError, InvalidInput: an item cannot be taken; then none is.
        SecretsError: the key store cannot be used.
    """
    with _sorting() as db:
        artists = _read(db, entries, told)
        if not artists:
            raise FilesError("there is nothing to register there; name a folder or list with items")
        providers = [provider_of(each) for each in artists]
        _hide(db, salts, providers)
        rows = db.execute(
            "SELECT artist, id, commitment, sha256, name FROM item ORDER BY artist, id"
        )
        for number, items in groupby(rows, itemgetter(0)):
            root, count = _slice(db, items)
            kept = kept_of(artists[number], root, count)
            salts.keep(kept, _slices(db))
            yield kept


@contextlib.contextmanager
def _sorting() -> Iterator[sqlite3.Connection]:
    """A database on disk without a name, which is gone when it is closed."""
    db = sqlite3.connect("", isolation_level=None)
    try:
        db.executescript(_SCHEMA)
        yield db
    except sqlite3.OperationalError as error:
        raise SecretsError(
            f"there is no room to sort the items ({error}); free some in the folder for temporary "
            "files, or name another in SQLITE_TMPDIR; nothing was registered"
        ) from None
    finally:
        db.close()


def _read(db: sqlite3.Connection, entries: Iterable[Entry], told: Progress) -> list[str]:
    """Puts every item into the table, hashed; the artists, in the order of their first items."""
    numbers: dict[str, int] = {}
    count = size = last = 0

    def rows() -> Iterator[tuple[Any, ...]]:
        nonlocal count, size, last
        hashed = hash_each(entries, lambda each: each.file or None, _TASK)
        for entry, digest, length in hashed:
            count += 1
            size += length
            if not count % 1_000 or size - last > _MUCH:
                last = size
                told(count, size)
            number = numbers.setdefault(entry.artist, len(numbers))
            yield number, digest or entry.sha256, entry.commitment, entry.name

    db.execute("BEGIN")
    db.executemany("INSERT INTO entry VALUES (?, ?, ?, ?)", rows())
    db.execute("COMMIT")
    told(count, size)
    return list(numbers)


def _hide(db: sqlite3.Connection, salts: Salts, providers: list[str]) -> None:
    """Gives every item its commitment and ID. By digest, as the salts lie on the disk."""
    db.execute("BEGIN")
    rows = db.execute("SELECT artist, sha256, commitment, name FROM entry ORDER BY sha256")
    while some := rows.fetchmany(_SOME):
        for who in dict.fromkeys(providers[row[0]] for row in some):
            prefix = b"\x01" + address(who, "the provider")
            mine = [row for row in some if providers[row[0]] == who]
            plain = [row for row in mine if row[1]]
            hidden = salts.salts(who, [row[1] for row in plain])
            items = [
                (number, commitment, digest, name)
                for (number, digest, _, name), salt in zip(plain, hidden, strict=True)
                for commitment in (keccak256(digest + salt),)
            ]
            items += [(row[0], row[2], ZERO32, row[3]) for row in mine if not row[1]]
            db.executemany(
                "INSERT INTO item VALUES (?, ?, ?, ?, ?)",
                [(a, keccak256(prefix + c), c, d, name) for a, c, d, name in items],
            )
    db.execute("DROP TABLE entry")
    db.execute("COMMIT")


def _slice(db: sqlite3.Connection, items: Iterator[Any]) -> tuple[bytes, int]:
    """Cuts a collection into slices, which wait in the table because its root is known last; the
    root, and how many IDs."""
    roots, count = [], 0
    db.execute("DELETE FROM slice")
    for some in _cut(_distinct(items)):
        found, commitments, digests, names = zip(*some, strict=True)
        count += len(found)
        roots.append(root_of(found))
        row = (roots[-1], b"".join(commitments), b"".join(digests), json.dumps(names))
        db.execute("INSERT INTO slice VALUES (?, ?, ?, ?)", row)
    return root_of(roots), count


def _slices(db: sqlite3.Connection) -> Iterator[Slice]:
    for root, commitments, digests, names in db.execute("SELECT * FROM slice ORDER BY rowid"):
        yield Slice(root, commitments, digests, tuple(map(tuple, json.loads(names))))


def _distinct(items: Iterator[Any]) -> Iterator[tuple[bytes, bytes, bytes, Names]]:
    """One for each ID, with all its names. A digest that is known in one row is known."""
    last, commitment, digest = b"", b"", b""
    names: Names = ()
    for _, found, hidden, sha256, name in items:
        if found != last:
            if last:
                yield last, commitment, digest, names
            last, commitment, digest, names = found, hidden, sha256, (name,) if name else ()
        else:
            digest = max(digest, sha256)
            if name and name not in names:
                names = (*names, name)
    if last:
        yield last, commitment, digest, names


def _cut(items: Iterator[Any]) -> Iterator[list[Any]]:
    some: list[Any] = []
    for each in items:
        some.append(each)
        if len(some) == SLICE:
            yield some
            some = []
    if some:
        yield some
