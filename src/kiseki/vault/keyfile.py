"""The file of a key store: one SQLite database that only its owner can read.

The file and the two that SQLite puts beside it (``-wal``, ``-shm``) have mode 0600, and a wider one
is refused. Any number of threads and processes may use one.
"""

from __future__ import annotations

import contextlib
import fcntl
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from kiseki.disk import database
from kiseki.disk.private import create, open_to_others
from kiseki.errors import KisekiError, SecretsError
from kiseki.vault.older import take_over
from kiseki.vault.tables import APPLICATION, SCHEMA

__all__ = ["KeyFile"]

_MAGIC = b"SQLite format 3\x00"
_FILES = ("", "-wal", "-shm")


class KeyFile:
    """A database in a file, or without a path while the process lives."""

    def __init__(self, path: Path | None = None) -> None:
        """
        Args:
            path: of the file, made when it is not there. A key file of JSON lines, as earlier
                versions kept, is taken over: its salts are in the store, and itself is kept beside
                it with ``.before`` at the end of its name.

        Raises:
            SecretsError: the file cannot be used, others can read it, it is damaged, or it keeps
                something else.
        """
        self._path = path
        self._lock = threading.RLock()
        with self._errors():
            if path is not None:
                self._make(path)
            self._db = self._connect(path)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.place!r})"

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return "in memory" if self._path is None else str(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; the store cannot be asked afterwards."""
        with self._lock:
            self._db.close()

    def gather(self) -> None:
        """Puts all of it into the one file, until the store is written to again."""
        with self._lock, self._errors():
            self._db.execute("PRAGMA journal_mode = DELETE")

    def restore(self, path: Path) -> int:
        """Takes in what another file holds; see `KeyStore.restore`."""
        raise NotImplementedError

    # Inside

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock, self._errors():
            return self._db.execute(sql, values).fetchall()

    @contextlib.contextmanager
    def _write(self) -> Iterator[None]:
        """All or nothing, and on the disk when it is left."""
        with database.transaction(self._db):
            yield

    # The file

    def _connect(self, path: Path | None) -> sqlite3.Connection:
        db = database.connect(path)
        try:
            if path is not None and not database.is_of(db, APPLICATION):
                raise self._something_else()
            database.make_durable(db)
            db.execute("PRAGMA journal_size_limit = 67108864")  # bytes left to -wal afterwards
            db.execute("PRAGMA cache_size = -16000")  # kilobytes
            db.executescript(SCHEMA)
        except BaseException:
            db.close()
            raise
        return db

    def _make(self, path: Path) -> None:
        """The file, for its owner only, with what an older key file kept."""
        create(path)
        with path.open("r+b") as file:
            self._check()
            begin = file.read(len(_MAGIC))
            if not begin or begin == _MAGIC:
                return
            fcntl.flock(file, fcntl.LOCK_EX)
            take_over(path, file, type(self))

    def _check(self) -> None:
        """Refuses a file that others can read."""
        if self._path is None:
            return
        for end in _FILES:
            path = self._path.with_name(self._path.name + end)
            try:
                mode = open_to_others(path)
            except FileNotFoundError:
                continue
            if mode:
                raise SecretsError(
                    f"others can read the key store {path} (mode {mode}); "
                    f"run `chmod 600 {path}` and think about who has seen it"
                )

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Turns what SQLite and the system raise into an error that tells nothing kept here."""
        try:
            yield
        except KisekiError:
            raise
        except OSError as error:
            raise SecretsError(
                f"the key store {self.place} cannot be used ({error.strerror}); "
                "check the path and its permissions; nothing was sent"
            ) from error
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.OperationalError as error:
            raise SecretsError(
                f"the key store {self.place} cannot be used ({error}); check that its folder "
                "can be written to and has room, and run this again; nothing was sent"
            ) from None
        except sqlite3.DatabaseError:
            raise SecretsError(
                f"the key store {self.place} is damaged; restore a backup into a new one; "
                "nothing was sent"
            ) from None

    def _something_else(self) -> SecretsError:
        return SecretsError(
            f"{self._path} is a database that keeps something else; name another file"
        )
