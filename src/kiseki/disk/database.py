"""SQLite, opened one way: by several threads and processes, and whole after a power cut."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

__all__ = ["connect", "is_of", "make_durable", "transaction"]

_SECONDS = 60.0
"""How long one process waits for another's transaction."""


def connect(path: Path | None) -> sqlite3.Connection:
    """A database; without a path one in memory. Whoever uses it begins and ends transactions.

    Raises:
        sqlite3.Error: it cannot be opened.
    """
    where = ":memory:" if path is None else str(path)
    return sqlite3.connect(where, timeout=_SECONDS, isolation_level=None, check_same_thread=False)


def make_durable(db: sqlite3.Connection) -> None:
    """Readers do not wait for a writer, and what was committed survives a power cut.

    Raises:
        sqlite3.Error: it is no database, or cannot be written.
    """
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")


def is_of(db: sqlite3.Connection, application: int) -> bool:
    """Whether a database is new, or has this number in its header (PRAGMA application_id), so that
    no other program's file is taken for one's own.

    Raises:
        sqlite3.Error: it is no database.
    """
    (given,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return given == application or not (given or tables)


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All that is written in the block or none of it, and on the disk when it is left.

    Raises:
        sqlite3.Error: it cannot be written.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite has ended it itself on some errors
            db.execute("ROLLBACK")
        raise
