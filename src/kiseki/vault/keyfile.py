"""The place of a key store: one SQLite file that only its owner can read, or a PostgreSQL database.

Any number of threads and processes may use one.
"""

from __future__ import annotations

import fcntl
import threading
import weakref
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Executable

from kiseki.disk.private import create
from kiseki.vault.keys.epochs import columns_of
from kiseki.vault.keys.services import Opens
from kiseki.vault.older import take_over
from kiseki.vault.store.database import Database, must_be_private, told
from kiseki.vault.store.sealed import Columns

__all__ = ["KeyFile"]

_MAGIC = b"SQLite format 3\x00"


class KeyFile:
    """A store in a file or a database, or without a place while the process lives."""

    _at: tuple[int, int] | None = None

    def __init__(self, where: Path | str | None = None, key: Opens | None = None) -> None:
        """
        Args:
            where: a file, made when it is not there, or ``postgresql://…``. A key file of JSON
                lines, as earlier versions kept, is taken over: its salts are in the store, and
                itself is kept beside it with ``.before`` at the end of its name. A store of an
                earlier release becomes one of this release.
            key: what opens it, where it is a vault.

        Raises:
            SecretsError: it cannot be used, others can read it, it is damaged, it keeps
                something else, or it is a vault that this key does not open.
        """
        with _opening:
            if isinstance(where, Path):
                self._at = self._take_over(where)
            _live.add(self)
        try:
            self._store, self._key = Database(where), key
        except BaseException:
            _live.discard(self)
            raise
        self._known_columns: dict[int | None, Columns] = {}
        self._store.begun = self._look
        try:
            self._look_once()
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.place!r})"

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return self._store.place

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes it; the store cannot be asked afterwards."""
        self._store.close()
        _live.discard(self)

    def gather(self) -> None:
        """Puts all of it into the one file, until the store is written to again."""
        self._store.gather()

    def restore(self, path: Path) -> int:
        """Takes in what another file holds; see `KeyStore.restore`."""
        raise NotImplementedError

    @property
    def is_vault(self) -> bool:
        """Whether what it keeps is sealed."""
        return self._look_once().epoch is not None

    @property
    def database(self) -> Database:
        """Where it lies, for what a vault keeps beside salts."""
        return self._store

    @property
    def columns(self) -> Columns:
        """How values are read and written in the transaction that is open."""
        return self._columns

    @property
    def _columns(self) -> Columns:
        return self._store.columns

    def _look(self, db: Connection) -> Columns:
        """Somebody may have made a vault of it, or begun another epoch."""
        number = db.exec_driver_sql("SELECT max(number) FROM epoch").scalar()
        if number not in self._known_columns:
            self._known_columns[number] = columns_of(self._store, self._key)
        return self._known_columns[number]

    def _look_once(self) -> Columns:
        with self._store.reading():
            return self._columns

    def _rows(self, question: Executable, **values: Any) -> list[tuple[Any, ...]]:
        return self._store.rows(question, **values)

    def _take_over(self, path: Path) -> tuple[int, int]:
        """Puts a store in the place of an older key file; which file it is.

        A file that this process has open as a store is not opened again: closing it would take away
        the locks that SQLite has on it (POSIX, fcntl), and another process would delete the log
        (``-wal``) that is still written to.
        """
        with told(str(path)):
            create(path)
            must_be_private(path)
            at = _inode(path)
            if any(each._at == at for each in _live):
                return at
            with path.open("r+b") as file:
                begin = file.read(len(_MAGIC))
                if begin and begin != _MAGIC:
                    fcntl.flock(file, fcntl.LOCK_EX)
                    take_over(path, file, type(self))
            return _inode(path)


_opening = threading.RLock()
_live: weakref.WeakSet[KeyFile] = weakref.WeakSet()
"""The stores that this process has open."""


def _inode(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino
