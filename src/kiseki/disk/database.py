"""SQLite, opened one way: by several threads and processes, and whole after a power cut."""

from __future__ import annotations

import sqlite3
from pathlib import Path

__all__ = ["connect", "make_durable"]

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
