"""The rows of one process that trains, written into a file that nobody else writes meanwhile.

A row is committed before the batch is handed on, which survives the end of the process. What
survives a power cut as well is everything up to a row that was added durably, as a checkpoint's is.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from kiseki.disk import atomic, database
from kiseki.errors import TrainingError
from kiseki.training.ledger.rows import Kind, first_hash, hash_of
from kiseki.training.ledger.table import Rows, opened, path_of

__all__ = ["Journal"]

_PAGES = 10_000
"""Written before SQLite brings them into the file by itself, which waits for the disk."""
_INSERT = "INSERT INTO row VALUES (?, ?, ?, ?, ?)"
_BOTH = f"{_INSERT}, (?, ?, ?, ?, ?)"
_Values = tuple[int, int, int | None, bytes, bytes]
_HELD: set[str] = set()
"""Locks of this process: the system would not refuse it a second one."""
_HOLDING = threading.Lock()


class Journal:
    """Writes the rows of one rank.

    Attributes:
        path: of the file.
        rows: those that are there.
        seq, hash: of the last row.
    """

    def __init__(self, folder: Path, run: bytes, rank: int) -> None:
        """
        Raises:
            TrainingError: another process writes it, it is of another run, or it cannot be used.
        """
        self.path = path_of(folder, rank)
        self._held = _Held(folder / f"rank-{rank}.lock")
        try:
            with self.errors():
                self._db = opened(self.path, run, rank)
                database.make_durable(self._db)
                self._db.execute("PRAGMA synchronous = NORMAL")
                self._db.execute(f"PRAGMA wal_autocheckpoint = {_PAGES}")
                self.rows = Rows(self._db)
                last = self.rows.last()
                atomic.sync(folder)
        except BaseException:
            self._held.close()
            raise
        self._later: _Values | None = None
        self._process = os.getpid()
        atexit.register(self.flush)  # of a script that closes nothing
        self.seq = last.seq if last else 0
        self.hash = last.hash if last else first_hash(run, rank)

    def add(self, kind: Kind, step: int | None = None, body: bytes = b"") -> None:
        """Adds a row, after one that was to be added later.

        Raises:
            TrainingError: it cannot be written.
        """
        row = self._next(kind, step, body)
        try:
            if self._later is None:
                self._db.execute(_INSERT, row)
            else:
                self._db.execute(_BOTH, (*self._later, *row))
        except sqlite3.Error as error:
            raise self._broken(error) from error
        except KeyboardInterrupt:  # before or after it was written
            last = self.rows.last()
            if last is None or last.seq < row[0]:
                raise
            self._later, self.seq, self.hash = None, last.seq, last.hash
            raise
        self._later, self.seq, self.hash = None, row[0], row[4]

    def add_later(self, kind: Kind, step: int | None = None) -> None:
        """Adds a row with the next one, or when the journal is closed: one write for both.

        Raises:
            TrainingError: one that waited cannot be written.
        """
        self.flush()
        self._later = self._next(kind, step, b"")
        self.seq, self.hash = self._later[0], self._later[4]

    def flush(self) -> None:
        """Writes what waits.

        Raises:
            TrainingError: it cannot be written.
        """
        if self._later is not None and self._process == os.getpid():
            with self.errors():
                self._db.execute(_INSERT, self._later)
            self._later = None

    def add_durably(self, kind: Kind, step: int | None = None, body: bytes = b"") -> None:
        """Adds a row, and no power cut from now on loses it or one before it.

        Raises:
            TrainingError: it cannot be written.
        """
        with self.errors():
            self._db.execute("PRAGMA synchronous = FULL")
        try:
            self.add(kind, step, body)
        finally:
            with self.errors():
                self._db.execute("PRAGMA synchronous = NORMAL")

    def close(self) -> None:
        """Leaves one file behind, and others may write it.

        Raises:
            TrainingError: what waits cannot be written.
        """
        try:
            self.flush()
        finally:
            self._close()

    def _close(self) -> None:
        atexit.unregister(self.flush)
        with contextlib.suppress(sqlite3.Error):  # a reader is at it: the next one does it
            self._db.execute("PRAGMA busy_timeout = 0")
            self._db.execute("PRAGMA journal_mode = DELETE")
        self._db.close()
        self._held.close()

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """What goes wrong with the file inside is raised as a TrainingError."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise self._broken(error) from error

    def _next(self, kind: Kind, step: int | None, body: bytes) -> _Values:
        seq = self.seq + 1
        return seq, kind, step, body, hash_of(self.hash, seq, kind, step, body)

    def _broken(self, error: Exception) -> TrainingError:
        return TrainingError(
            f"the ledger {self.path} cannot be used ({error}), so what training consumes would "
            "not be counted; check the disk and the permissions, and train on from the last "
            "checkpoint"
        )


class _Held:
    """The right to write a journal. A child of the process does not inherit it, so that a worker
    that outlives its parent stands in nobody's way."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            TrainingError: somebody else writes, or the folder cannot be used.
        """
        self._name, self._process = str(path.resolve()), os.getpid()
        with _HOLDING:
            if self._name in _HELD:  # to close the file again would give the lock up
                raise _taken(path)
            try:
                self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise TrainingError(
                    f"{path} cannot be written ({error.strerror}), so what training consumes "
                    "would not be counted; name a folder that you may write to"
                ) from error
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(self._file)
                raise _taken(path) from None
            _HELD.add(self._name)

    def close(self) -> None:
        if self._process == os.getpid():
            with _HOLDING:
                _HELD.discard(self._name)
                os.close(self._file)


def _taken(path: Path) -> TrainingError:
    return TrainingError(
        f"{path.with_suffix('.sqlite')} is being written already, by another process or another "
        "Exposure of this one. Close that one. Each process that trains has a rank of its own "
        "(Exposure(folder, rank=…, ranks=…), or make the Exposure after "
        "torch.distributed.init_process_group), and each run a folder of its own"
    )
