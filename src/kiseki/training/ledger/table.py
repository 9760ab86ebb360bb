"""The SQLite table that rows are kept in, and the tail of it, to be read; also while somebody
writes."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kiseki.disk import database
from kiseki.errors import TrainingError
from kiseki.training.ledger.rows import Begin, Kind, Row, first_hash, hash_of
from kiseki.training.ledger.tail import following, rows_in, tail_of

__all__ = ["Rows", "opened", "path_of", "rows_of"]

_APPLICATION = 0x4B4C4447
_ANY = "SELECT count(*) FROM sqlite_master"
_SCHEMA = """
CREATE TABLE about (run BLOB NOT NULL, rank INTEGER NOT NULL);
CREATE TABLE row (
    seq INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    step INTEGER,
    body BLOB NOT NULL,
    hash BLOB NOT NULL
);
"""
_WITH_TAIL = """
CREATE TEMP TABLE tail (
    seq INTEGER PRIMARY KEY, kind INTEGER, step INTEGER, body BLOB, hash BLOB
);
CREATE TEMP VIEW row AS
    SELECT * FROM main.row
    UNION ALL
    SELECT * FROM temp.tail WHERE seq > (SELECT coalesce(max(seq), 0) FROM main.row);
"""
"""A name without its database is a temporary one's first. A row that moves meanwhile is in it once.
"""
_COLUMNS = "SELECT seq, kind, step, body, hash FROM row"
_MARKS = (Kind.STEP, Kind.BEGIN)
"""The rows that say how many steps the weights have had."""


def path_of(folder: Path, rank: int) -> Path:
    """The journal of a rank."""
    return folder / f"rank-{rank}.sqlite"


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a journal.

    Every method raises `sqlite3.Error` where the file cannot be read.
    """

    db: sqlite3.Connection

    def last(self) -> Row | None:
        """The last one."""
        return self._one("ORDER BY seq DESC LIMIT 1")

    def at(self, seq: int) -> Row | None:
        """The one of this number."""
        return self._one("WHERE seq = ?", seq)

    def begins(self) -> list[Begin]:
        """All beginnings, earliest first."""
        found = self.db.execute(f"{_COLUMNS} WHERE kind = ? ORDER BY seq", (Kind.BEGIN,))
        return [Begin.of(Row(*each)) for each in found]

    def between(self, first: int, last: int) -> Iterator[Row]:
        """From one to another, both included."""
        found = self.db.execute(
            f"{_COLUMNS} WHERE seq BETWEEN ? AND ? ORDER BY seq",
            (first, last),
        )
        return (Row(*each) for each in found)

    def mark(self, first: int, last: int, step: int | None = None) -> Row | None:
        """The last row between two that says how many steps there were; only one that says `step`,
        where it is given."""
        where, values = "", [*_MARKS, first, last]
        if step is not None:
            where, values = "AND step = ?", [*values, step]
        return self._one(
            f"WHERE kind IN (?, ?) AND seq BETWEEN ? AND ? {where} ORDER BY seq DESC LIMIT 1",
            *values,
        )

    def has_steps(self) -> bool:
        """Whether an optimizer ever stepped here."""
        return self._one("WHERE kind = ? LIMIT 1", Kind.STEP) is not None

    def states(self) -> list[Row]:
        """What checkpoints were told, earliest first."""
        found = self.db.execute(f"{_COLUMNS} WHERE kind = ? ORDER BY seq", (Kind.STATE,))
        return [Row(*each) for each in found]

    def check(self, path: Path, run: bytes, rank: int) -> None:
        """Computes every hash again.

        Raises:
            TrainingError: a row was changed, taken out or put in.
        """
        before = first_hash(run, rank)
        for place, row in enumerate(self.between(0, 1 << 62), 1):
            if row.seq != place or row.hash != hash_of(before, *row[:4]):
                raise TrainingError(
                    f"row {place:,} of the ledger {path} is not as it was written: the file was "
                    "changed or damaged. What it counts proves nothing; put back a copy"
                )
            before = row.hash

    def _one(self, where: str, *values: int) -> Row | None:
        found = self.db.execute(f"{_COLUMNS} {where}", values).fetchone()
        return None if found is None else Row(*found)


def opened(path: Path, run: bytes, rank: int) -> sqlite3.Connection:
    """A journal to be written, new or one that is there.

    Raises:
        TrainingError: it is another program's file, or of another run or rank.
        sqlite3.Error: it cannot be opened.
    """
    db = database.connect(path)
    try:
        if not database.is_of(db, _APPLICATION):
            raise TrainingError(f"{path} is another program's file; name another folder")
        with database.transaction(db):
            if not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                for each in _SCHEMA.strip().removesuffix(";").split(";\n"):
                    db.execute(each)
                db.execute("INSERT INTO about VALUES (?, ?)", (run, rank))
                db.execute(f"PRAGMA application_id = {_APPLICATION}")
        _must_be(db, path, run, rank)
    except BaseException:
        db.close()
        raise
    return db


@contextlib.contextmanager
def rows_of(folder: Path, run: bytes, rank: int) -> Iterator[Rows]:
    """The journal of a rank to be read, also while it is written.

    Raises:
        TrainingError: it is no journal of this run, or cannot be read.
    """
    path = path_of(folder, rank)
    try:
        # Before SQLite is asked: what has left the tail by then is found there.
        left = rows_in(tail_of(folder, rank))
        with contextlib.closing(_reading(path)) as db:
            _must_be(db, path, run, rank)
            rows = Rows(db)
            if left:
                last = rows.last()
                after = (last.seq, last.hash) if last else (0, first_hash(run, rank))
                db.execute("PRAGMA temp_store = MEMORY")
                db.executescript(_WITH_TAIL)
                db.executemany("INSERT INTO tail VALUES (?, ?, ?, ?, ?)", following(left, *after))
            yield rows
    except (OSError, sqlite3.Error) as error:
        raise TrainingError(f"the ledger {path} cannot be read ({error})") from error


def _reading(path: Path) -> sqlite3.Connection:
    """A journal that is only read.

    A process that was killed while it committed leaves a transaction half-written. SQLite takes it
    back at the next question, but not for somebody who may only read.

    Raises:
        sqlite3.Error: it cannot be read, or there is such a transaction and this process may not
            write.
    """
    where = f"{path.resolve().as_uri()}?mode=ro"
    db = sqlite3.connect(where, uri=True, isolation_level=None, timeout=60)
    try:
        db.execute(_ANY).fetchone()
        return db
    except sqlite3.OperationalError as error:
        db.close()
        if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
            raise
    with contextlib.closing(database.connect(path)) as writing:
        writing.execute(_ANY).fetchone()
    return sqlite3.connect(where, uri=True, isolation_level=None, timeout=60)


def _must_be(db: sqlite3.Connection, path: Path, run: bytes, rank: int) -> None:
    """
    Raises:
        TrainingError: a journal is of another run, or of another rank.
    """
    if db.execute("SELECT run, rank FROM about").fetchone() != (run, rank):
        raise TrainingError(
            f"{path} is the journal of another run or rank than its folder says; put back the "
            "files that belong together, or name another folder"
        )
