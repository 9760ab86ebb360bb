"""The rows of one process that trains, written into files that nobody else writes meanwhile.

A row is in the tail (`tail`) before the batch is handed on, which survives the end of the process.
What survives a power cut as well is everything up to a row that was added durably, as a
checkpoint's is. SQLite takes rows out of the tail a thousand at a time, and waits for the disk
before they leave it.
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
from kiseki.training.ledger.rows import Kind, Row, first_hash, hash_of
from kiseki.training.ledger.table import Rows, opened, path_of
from kiseki.training.ledger.tail import Tail, following, packed, rows_in, tail_of

__all__ = ["Journal"]

_PAGES = 10_000
"""Written before SQLite brings them into the file by itself, which waits for the disk."""
_ROWS, _BYTES = 1_000, 1 << 20
"""With so many the tail is brought into SQLite: a reader has all of it in memory."""
_Said = tuple[Kind, int | None, bytes]
"""Of a row: its kind, step and body."""
_HELD: set[str] = set()
"""Locks of this process: the system would not refuse it a second one."""
_HOLDING = threading.Lock()


class Journal:
    """Writes the rows of one rank.

    Attributes:
        path: of the file that SQLite has.
        seq, hash: of the last row that is written.
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
                self._db.execute(f"PRAGMA wal_autocheckpoint = {_PAGES}")
                last = Rows(self._db).last()
                self.seq = last.seq if last else 0
                self.hash = last.hash if last else first_hash(run, rank)
                left = rows_in(tail_of(folder, rank))
                self._tail = Tail(tail_of(folder, rank))
                atomic.sync(folder)
        except BaseException:
            self._held.close()
            raise
        self._later: _Said | None = None
        self._waiting: dict[int, Row] = {}
        """In the tail, and not yet in SQLite; by their number."""
        self._unsure: tuple[int, int, list[Row]] | None = None
        """Rows that are being written, and the sizes of the tail before and after."""
        self._process = os.getpid()
        try:
            self._have(list(following(left, self.seq, self.hash)))
            self.flush()
        except BaseException:
            self._leave(done=False)
            raise
        atexit.register(self.flush)  # of a script that closes nothing

    @property
    def rows(self) -> Rows:
        """Those that are there.

        Raises:
            TrainingError: what waits cannot be written.
        """
        self.flush()
        return Rows(self._db)

    def add(self, kind: Kind, step: int | None = None, body: bytes = b"") -> None:
        """Adds a row, after one that was to be added later.

        Raises:
            TrainingError: it cannot be written.
        """
        try:
            self._write((kind, step, body))
        except (OSError, sqlite3.Error) as error:
            raise self._broken(error) from error

    def add_later(self, kind: Kind, step: int | None = None) -> None:
        """Adds a row with the next one, or when the journal is closed: one write for both.

        Raises:
            TrainingError: one that waited cannot be written.
        """
        if self._later is not None or self._unsure is not None:
            with self.errors():
                self._write()
        self._later = kind, step, b""

    def add_durably(self, kind: Kind, step: int | None = None, body: bytes = b"") -> None:
        """Adds a row, and no power cut from now on loses it or one before it.

        Raises:
            TrainingError: it cannot be written.
        """
        self.add(kind, step, body)
        self.flush()

    def flush(self) -> None:
        """Brings all rows into SQLite, where no power cut loses them.

        Raises:
            TrainingError: they cannot be written.
        """
        if self._process != os.getpid():
            return
        with self.errors():
            self._write()
            self._bring_in()

    def close(self) -> None:
        """Leaves one file behind, and others may write it.

        Raises:
            TrainingError: what waits cannot be written.
        """
        done = False
        try:
            self.flush()
            done = True
        finally:
            self._leave(done=done)

    def _leave(self, *, done: bool) -> None:
        atexit.unregister(self.flush)
        with contextlib.suppress(sqlite3.Error):  # a reader is at it: the next one does it
            self._db.execute("PRAGMA busy_timeout = 0")
            self._db.execute("PRAGMA journal_mode = DELETE")
        self._db.close()
        with contextlib.suppress(OSError):  # an empty one stands in nobody's way
            self._tail.close(remove=done)
        self._held.close()

    def _write(self, *given: _Said) -> None:
        """What was to be written later, and rows: all of them or none, also where a signal
        interrupts it."""
        if self._unsure is not None:
            self._settle()
        if self._later is not None:
            given = self._later, *given
        elif not given:
            return
        before = self._tail.size()
        if before >= _BYTES or len(self._waiting) >= _ROWS:
            self._bring_in()
            before = 0
        rows, seq, last = [], self.seq, self.hash
        for each in given:
            seq += 1
            last = hash_of(last, seq, *each)
            rows.append(Row(seq, *each, last))
        raw = packed(rows)
        self._unsure = before, before + len(raw), rows
        try:
            self._tail.add(raw)
        finally:
            self._settle()

    def _settle(self) -> None:
        """Finds out whether rows were written where that was interrupted, and takes back a part."""
        if self._unsure is None:
            return
        before, after, rows = self._unsure
        if self._tail.size() == after:
            self._have(rows)
        else:
            self._tail.cut(before)
        self._unsure = None

    def _have(self, rows: list[Row]) -> None:
        for row in rows:
            self._waiting[row.seq] = row
            self._later, self.seq, self.hash = None, row.seq, row.hash

    def _bring_in(self) -> None:
        """Brings the tail into SQLite. A second time it changes nothing."""
        if self._waiting:
            if self._db.in_transaction:  # a signal left it open
                self._db.execute("ROLLBACK")
            with database.transaction(self._db) as db:
                (last,) = db.execute("SELECT coalesce(max(seq), 0) FROM row").fetchone()
                missing = [row for seq, row in self._waiting.items() if seq > last]
                db.executemany("INSERT INTO row VALUES (?, ?, ?, ?, ?)", missing)
        if self._tail.size():
            self._tail.cut()
        self._waiting.clear()

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """What goes wrong with the file inside is raised as a TrainingError."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise self._broken(error) from error

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
