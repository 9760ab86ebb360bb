"""A database in a file that only its owner can read, for what a studio keeps beside its keys."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from kiseki.disk import database
from kiseki.disk.private import create, open_to_others
from kiseki.errors import SecretsError

__all__ = ["OwnFile"]


class OwnFile:
    """Any number of threads and processes may use one."""

    def __init__(self, path: Path, application: int, schema: str, called: str) -> None:
        """
        Args:
            path: of the file, made when it is not there.
            application: what stands in its header, so that no other file is taken for one.
            schema: its tables, each only made where it is not there.
            called: what it keeps, in errors.

        Raises:
            SecretsError: it cannot be used, others can read it, or it is something else.
        """
        self._path, self._called, self._lock = path, called, threading.RLock()
        with self._using():
            create(path)
            if mode := open_to_others(path):
                raise SecretsError(
                    f"others can read the {called} in {path} (mode {mode}); run `chmod 600 {path}`"
                )
            self._db = database.connect(path)
            if not database.is_of(self._db, application):
                raise SecretsError(f"{path} is no file of {called}; name another")
            database.make_durable(self._db)
            self._db.execute("PRAGMA foreign_keys = ON")
            self._db.executescript(schema + f"PRAGMA application_id = {application};")

    def close(self) -> None:
        """Closes the file; it cannot be asked afterwards."""
        with self._lock:
            self._db.close()

    @contextlib.contextmanager
    def _using(self) -> Iterator[None]:
        """For one thread at a time; what SQLite and the system raise tells nothing kept here."""
        with self._lock:
            try:
                yield
            except (OSError, sqlite3.Error) as error:
                raise SecretsError(
                    f"the {self._called} in {self._path} cannot be used ({error})"
                ) from error

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """All or nothing, and on the disk when it is left."""
        with self._using(), database.transaction(self._db):
            yield
