"""From files and lists to collections in the key store, in constant memory.

Items are sorted on disk, in a database that SQLite makes for the time and that has no name, so
their number does not matter: they are read and hashed; each gets its salt from whoever keeps them;
sorted by ID, what several rows say of one content is put together; sorted by whose it is, the items
are cut into slices, and every collection is kept before this returns.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from math import gcd
from operator import itemgetter
from typing import Any, NamedTuple

from kiseki.core.collection import Kept, Slice
from kiseki.core.keccak import keccak256
from kiseki.core.merkle import SLICE, root_of
from kiseki.core.values import ZERO32, address
from kiseki.errors import FilesError, InvalidInput, SecretsError
from kiseki.vault.doubts import Decide, Doubts, of_digest, refuse
from kiseki.vault.files import hash_each
from kiseki.vault.lists import Entry, weights
from kiseki.vault.protocol import Keeps
from kiseki.vault.taking import Same

__all__ = ["Owners", "Works", "collect", "sorting"]

Progress = Callable[[int, int], None]
Owners = tuple[tuple[str, int], ...]
"""Whose a work is: each artist with their part, as whole numbers without a common divisor."""


class Works(NamedTuple):
    """The works that become one collection.

    Attributes:
        owners: whose they are.
        origin: what their rows say of where they come from (`kiseki.vault.lists.ORIGIN`), or
            nothing.
        row: the first of them.
    """

    owners: Owners
    origin: tuple[str, ...]
    row: int


_Whose = tuple[str, tuple[str, ...]]
"""An artist, and what a row says of where the work comes from."""
_SOME, _TASK = 10_000, 256
"""Items that are held at a time; that one core is given at a time."""
_MUCH = 1 << 26
"""Bytes after which it is told how far reading has got, however few items they are."""

_PRAGMAS = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA temp_store = FILE;
PRAGMA cache_size = -16000;
"""
_SCHEMA = """
CREATE TABLE entry (
    artist INTEGER, share TEXT, line INTEGER, sha256 BLOB, commitment BLOB, name TEXT, doubt TEXT
);
CREATE TABLE item (
    id BLOB, line INTEGER, artist INTEGER, share TEXT, commitment BLOB, sha256 BLOB, name TEXT
);
CREATE TABLE work (owners INTEGER, id BLOB, commitment BLOB, sha256 BLOB, names TEXT);
CREATE TABLE turn (owners INTEGER PRIMARY KEY, place INTEGER);
CREATE TABLE slice (root BLOB, commitments BLOB, digests BLOB, names TEXT);
"""


def collect(
    entries: Iterable[Entry],
    salts: Keeps,
    provider_of: Callable[[str], str],
    kept_of: Callable[[Works, bytes, int], Kept],
    told: Callable[[int, int], None] = lambda *_: None,
    decide: Decide = refuse,
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[Kept]:
    """One collection for each artist in `entries`, and for all joint works of the same artists in
    the same proportion, from the same origin, in the order of their first items.

    Args:
        provider_of: whose the IDs are, by artist.
        kept_of: the collection, by its works, root and count.
        told: called with the number of items and of bytes read so far.
        decide: what becomes of doubtful files.
        tell: called with what somebody should know, in words.

    Raises:
        FilesError, InvalidInput: an item cannot be taken; then none is.
        SecretsError: the key store cannot be used.
    """
    with sorting(_SCHEMA) as db:
        whose = _read(db, entries, told, decide)
        if not whose or not db.execute("SELECT 1 FROM entry").fetchone():
            raise FilesError("there is nothing to register there; name a folder or list with items")
        providers = [provider_of(artist) for artist, _ in whose]
        _hide(db, salts, providers)
        works = _unite(db, whose, tell)
        rows = db.execute(
            "SELECT owners, id, commitment, sha256, names FROM work JOIN turn USING (owners)"
            " ORDER BY place, id"
        )
        for number, items in groupby(rows, itemgetter(0)):
            root, count = _slice(db, items)
            kept = kept_of(works[number], root, count)
            salts.keep(kept, _slices(db))
            yield kept


@contextlib.contextmanager
def sorting(tables: str) -> Iterator[sqlite3.Connection]:
    """A database on disk without a name, which is gone when it is closed.

    Raises:
        SecretsError: there is no room for it.
    """
    db = sqlite3.connect("", isolation_level=None)
    try:
        db.executescript(_PRAGMAS + tables)
        yield db
    except sqlite3.OperationalError as error:
        raise SecretsError(
            f"there is no room to sort the items ({error}); free some in the folder for temporary "
            "files, or name another in SQLITE_TMPDIR; nothing was sent"
        ) from None
    finally:
        db.close()


def _read(
    db: sqlite3.Connection, entries: Iterable[Entry], told: Progress, decide: Decide
) -> list[_Whose]:
    """Puts every item into the table, hashed; whose they are, in the order of their first items."""
    numbers: dict[_Whose, int] = {}
    doubts = Doubts()
    count = size = last = 0

    def rows() -> Iterator[tuple[Any, ...]]:
        nonlocal count, size, last
        hashed = hash_each(entries, lambda each: each.file or None, _where, _TASK)
        for entry, digest, length, doubt in hashed:
            count += 1
            size += length
            if not count % 1_000 or size - last > _MUCH:
                last = size
                told(count, size)
            number = numbers.setdefault((entry.artist, entry.origin), len(numbers))
            line = entry.row or count
            if entry.doubt:
                doubts.add(f"{_where(entry)}{entry.name}", entry.doubt, readable=False)
                continue
            known = digest or entry.sha256
            if doubt:
                doubts.add(f"{_where(entry)}{entry.file}", doubt)
            elif doubt := of_digest(known):
                doubts.add(f"row {line}, column sha256: {entry.name or known.hex()}", doubt)
            yield number, entry.share, line, known, entry.commitment, entry.name, doubt

    db.execute("BEGIN")
    db.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", rows())
    if doubts and not decide(doubts):
        db.execute("DELETE FROM entry WHERE doubt <> ''")
    db.execute("COMMIT")
    told(count, size)
    return list(numbers)


def _hide(db: sqlite3.Connection, salts: Keeps, providers: list[str]) -> None:
    """Gives every item its commitment and ID. By digest, as the salts lie on the disk."""
    db.execute("BEGIN")
    rows = db.execute(
        "SELECT sha256, commitment, artist, share, line, name FROM entry"
        " ORDER BY sha256, commitment, line"
    )
    last: Any = None
    while some := rows.fetchmany(_SOME):
        for row in some:
            if last and row[:2] == last[:2]:
                _must_be_one(providers, last, row)
            last = row
        for who in dict.fromkeys(providers[row[2]] for row in some):
            prefix = b"\x01" + address(who, "the provider")
            mine = [row for row in some if providers[row[2]] == who]
            hidden = iter(salts.salts(who, [row[0] for row in mine if row[0]]))
            items = [
                (keccak256(digest + next(hidden)) if digest else commitment, digest, *more)
                for digest, commitment, *more in mine
            ]
            db.executemany(
                "INSERT INTO item VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (keccak256(prefix + c), line, artist, share, c, digest or ZERO32, name)
                    for c, digest, artist, share, line, name in items
                ],
            )
    db.execute("DROP TABLE entry")
    db.execute("COMMIT")


def _must_be_one(providers: list[str], one: Any, other: Any) -> None:
    """An ID binds one wallet, so nobody can register a work for several who each consent."""
    if providers[one[2]] != providers[other[2]]:
        raise InvalidInput(
            f"rows {one[4]} and {other[4]}, {_said(one[5], other[5])}, are a joint work of "
            f"{providers[one[2]]} and {providers[other[2]]}, and its ID binds one wallet, so they "
            "cannot both be its provider; put it into a list of payees (`kiseki data register`): "
            "who registers it is its provider, and both are paid"
        )


def _unite(db: sqlite3.Connection, whose: list[_Whose], tell: Callable[[str], None]) -> list[Works]:
    """Puts together what several rows say of one content: its names, whose it is and where it comes
    from; the works of each collection, by number. A digest that is known in one row is known."""
    numbers: dict[tuple[Owners, tuple[str, ...]], int] = {}
    first: list[int] = []
    alone: dict[tuple[int, str], tuple[Owners, tuple[str, ...]]] = {}
    same_content = Same()

    def work(found: bytes, same: list[Any]) -> tuple[Any, ...]:
        _, line, artist, share, hidden, known, name = same[0]
        names = [name] if name else []
        if len(same) > 1:  # seldom
            known = max(row[5] for row in same)
            names = list(dict.fromkeys(row[6] for row in same if row[6]))
            same_content.add(names)
            group = _owners(whose, same, names), _origin(whose, same, names)
        elif (artist, share) in alone:
            group = alone[artist, share]
        else:
            group = alone[artist, share] = _owners(whose, same, names), whose[artist][1]
        number = numbers.setdefault(group, len(numbers))
        if number == len(first):
            first.append(line)
        elif line < first[number]:
            first[number] = line
        return number, found, hidden, known, json.dumps(names)

    def works() -> Iterator[tuple[Any, ...]]:
        rows = db.execute(
            "SELECT id, line, artist, share, commitment, sha256, name FROM item ORDER BY id, line"
        )
        same: list[Any] = []
        for row in rows:
            if same and same[0][0] != row[0]:
                yield work(same[0][0], same)
                same = []
            same.append(row)
        yield work(same[0][0], same)

    db.execute("BEGIN")
    db.executemany("INSERT INTO work VALUES (?, ?, ?, ?, ?)", works())
    db.executemany("INSERT INTO turn VALUES (?, ?)", enumerate(first))
    db.execute("DROP TABLE item")
    db.execute("COMMIT")
    same_content.told(tell)
    return [Works(*group, row) for group, row in zip(numbers, first, strict=True)]


def _origin(whose: list[_Whose], rows: Sequence[Any], names: Sequence[str]) -> tuple[str, ...]:
    """Where a work comes from, by all rows that say something of it."""
    said: dict[tuple[str, ...], int] = {}
    for _, line, artist, *_ in rows:
        if whose[artist][1]:
            said.setdefault(whose[artist][1], line)
    if len(said) > 1:
        lines = sorted(said.values())
        raise InvalidInput(
            f"rows {' and '.join(map(str, lines[:10]))}, {_said(*names)}, are one work, and say "
            "that it comes from different places; say the same, or say it in one row"
        )
    return next(iter(said), ())


def _owners(whose: list[_Whose], rows: Sequence[Any], names: Sequence[str]) -> Owners:
    """Whose a work is, by all rows that say something of it."""
    parts: dict[str, tuple[str, int]] = {}
    for _, line, artist, share, *_ in rows:
        said, before = parts.setdefault(whose[artist][0], (share, line))
        if said != share:
            raise InvalidInput(
                f"rows {before} and {line}, {_said(*names)}: column share: {whose[artist][0]} has "
                f"{said or 'none'} and {share or 'none'} of one work; say the same in both"
            )
    lines = sorted(line for _, line in parts.values())
    where = f"row {lines[0]}" if len(lines) == 1 else f"rows {' and '.join(map(str, lines))}"
    named = sorted(parts)
    if len(named) > 1 and not named[0]:
        raise InvalidInput(
            f"{where}, {_said(*names)}, are one work, and only some name an artist; name whose it "
            "is in all of them, or in none"
        )
    try:
        shares = weights([parts[who][0] for who in named])
    except InvalidInput as error:
        raise InvalidInput(f"{where}, {_said(*names)}: {error}") from None
    common = gcd(*shares)
    return tuple((who, n // common) for who, n in zip(named, shares, strict=True))


def _where(entry: Entry) -> str:
    return f"row {entry.row}, column file: " if entry.row else ""


def _said(*names: str) -> str:
    """What a work is called, in an error."""
    return " alias ".join(repr(each)[:80] for each in dict.fromkeys(names) if each) or "unnamed"


def _slice(db: sqlite3.Connection, items: Iterator[Any]) -> tuple[bytes, int]:
    """Cuts a collection into slices, which wait in the table because its root is known last; the
    root, and how many IDs."""
    roots, count = [], 0
    db.execute("DELETE FROM slice")
    for some in _cut(items):
        _, found, commitments, digests, names = zip(*some, strict=True)
        count += len(found)
        roots.append(root_of(found))
        row = (roots[-1], b"".join(commitments), b"".join(digests), f"[{','.join(names)}]")
        db.execute("INSERT INTO slice VALUES (?, ?, ?, ?)", row)
    return root_of(roots), count


def _slices(db: sqlite3.Connection) -> Iterator[Slice]:
    for root, commitments, digests, names in db.execute("SELECT * FROM slice ORDER BY rowid"):
        yield Slice(root, commitments, digests, tuple(map(tuple, json.loads(names))))


def _cut(items: Iterator[Any]) -> Iterator[list[Any]]:
    some: list[Any] = []
    for each in items:
        some.append(each)
        if len(some) == SLICE:
            yield some
            some = []
    if some:
        yield some
