"""The write-ahead journal of sending: what is going to be sent is written down before it is.

An *intent* is one transaction of one wallet: what it calls, and the nonce that it has taken. Its
*attempts* are the signed transactions that carry it out, of which only one can ever get into a
block, because all have its nonce. A crash at any moment leaves either nothing or an intent with
all that was ever handed to a node, so the next run finds out what became of it and goes on.

Whoever asks for a call whose intent an interrupted run left is given that intent, not a second
one. Within a *command* that holds for intents that were carried out as well, until the command is
finished; so a command of many payments that is run again pays what is missing and nothing twice.

No key is ever in it. What is: calldata, signed transactions, hashes.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from kiseki.chain.contract.contracts import Call
from kiseki.chain.sending.fees import Fees
from kiseki.chain.sending.intents import Attempt, Intent, Lane, Scope
from kiseki.chain.signing.signer import SignedTransaction
from kiseki.core.keccak import keccak256
from kiseki.disk import database
from kiseki.disk.private import create, open_to_others
from kiseki.errors import ChainError

__all__ = ["Journal"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS intent (
    id INTEGER PRIMARY KEY,
    lane TEXT NOT NULL,
    nonce INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    what TEXT NOT NULL,
    target TEXT NOT NULL,
    data BLOB NOT NULL,
    value TEXT NOT NULL,
    gas INTEGER NOT NULL,
    command TEXT NOT NULL,
    run TEXT NOT NULL,
    told INTEGER NOT NULL DEFAULT 0,
    block INTEGER,
    block_hash BLOB,
    since REAL NOT NULL,
    UNIQUE (lane, nonce)
);
CREATE INDEX IF NOT EXISTS intent_fingerprint ON intent (lane, fingerprint);
CREATE TABLE IF NOT EXISTS attempt (
    hash BLOB PRIMARY KEY,
    intent INTEGER NOT NULL REFERENCES intent (id) ON DELETE CASCADE,
    raw BLOB NOT NULL,
    most TEXT NOT NULL,
    tip TEXT,
    cancels INTEGER NOT NULL DEFAULT 0,
    sent REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS attempt_intent ON attempt (intent);
"""

_WAIT = 60.0
"""Seconds that one process waits for another's write."""

_OPENING = threading.Lock()
"""One journal is opened at a time; see `Journal._open`."""

_COLUMNS = "id, nonce, what, target, data, value, gas, command, run, told, block, block_hash, since"


class Journal:
    """Intents and their attempts, in a file that several processes may share."""

    def __init__(self, path: Path | None = None) -> None:
        """
        Args:
            path: of the file, made with mode 0600; none to remember only while the process lives.

        Raises:
            ChainError: it cannot be used.
        """
        self._path = path
        self._lock = threading.RLock()
        self._lanes: dict[str, threading.Lock] = {}
        self._run = uuid.uuid4().hex
        self._numbers = itertools.count(1)
        self._scope = threading.local()
        self.closed = False
        """Whether `close` was called; the file says so too, in that the run's own file is gone."""
        self._alive: IO[bytes] | None = None
        try:
            with _OPENING:
                self._db = self._open()
            if path is not None:
                self._alive = self._lock_file(self._runs / self._run)
        except (OSError, sqlite3.Error) as error:
            raise ChainError(
                f"the journal {path} cannot be used ({error}); check the path and its "
                "permissions, or name another file; nothing was sent"
            ) from error

    def __repr__(self) -> str:
        return f"Journal({str(self._path) if self._path else 'in memory'})"

    def close(self) -> None:
        """Frees the file; what this run left unfinished may be taken up by the next."""
        with self._lock:
            self.closed = True
            self._db.close()
            if self._alive is not None:
                self._alive.close()
                with contextlib.suppress(OSError):
                    (self._runs / self._run).unlink()

    # Commands

    @contextlib.contextmanager
    def command(self, name: str) -> Iterator[None]:
        """All that this thread sends inside belongs to the command `name`, until it ends well.

        Args:
            name: the same whenever the same is asked for again, so with everything in it that
                tells one command from another; not a secret.
        """
        if self.inside.command:  # a part of what is going on already
            yield
            return
        scope = self._scope.of = Scope(name, f"{self._run}.{next(self._numbers)}")
        mine = (name, f"{scope.run}.%")
        try:
            yield
        except BaseException:
            with self._write() as db:
                db.execute("UPDATE intent SET run = '' WHERE command = ? AND run LIKE ?", mine)
            raise
        finally:
            del self._scope.of
        with self._write() as db:
            db.execute("UPDATE intent SET command = '' WHERE command = ? AND run LIKE ?", mine)

    @property
    def folder(self) -> Path | None:
        """Where it lies; none for one in memory."""
        return None if self._path is None else self._path.parent

    @property
    def inside(self) -> Scope:
        """What this thread sends belongs to."""
        found: Scope = getattr(self._scope, "of", Scope("", f"{self._run}.0"))
        return found

    def flight(self) -> Scope:
        """For who sends some calls and waits for them: while that run is, nobody adopts them."""
        scope = self.inside
        return Scope(scope.command, f"{scope.run}.{next(self._numbers)}")

    # Nonces

    @contextlib.contextmanager
    def hold(self, lane: Lane) -> Iterator[None]:
        """Nobody else, thread or process, hands out nonces of `lane` while the block runs."""
        with self._lock:
            mine = self._lanes.setdefault(str(lane), threading.Lock())
        with mine, contextlib.ExitStack() as stack:
            if self._path is not None:
                stack.enter_context(self._lock_file(self._runs / f"lane-{lane}"))
            yield

    def highest(self, lane: Lane) -> int | None:
        """The highest nonce that was handed out and may still be needed."""
        found = self._rows("SELECT max(nonce) FROM intent WHERE lane = ?", str(lane))
        return None if found[0][0] is None else int(found[0][0])

    # Intents

    def add(
        self,
        lane: Lane,
        new: Iterable[tuple[int, Call, int, SignedTransaction, Fees]],
        flight: Scope,
    ) -> list[Intent]:
        """Writes down what is going to be sent: nonce, call, gas limit, signed, fees. All or none.

        Only while `hold`ing the lane.
        """
        given = list(new)
        now = time.time()
        numbers: list[int] = []
        with self._write() as db:
            for nonce, call, gas, signed, fees in given:
                values = (
                    str(lane), nonce, fingerprint(call), call.what, call.to, call.data,
                    str(call.value), gas, flight.command, flight.run, now,
                )  # fmt: skip
                cursor = db.execute(
                    "INSERT INTO intent (lane, nonce, fingerprint, what, target, data, value, gas,"
                    " command, run, since) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    values,
                )
                number = int(cursor.lastrowid or 0)
                numbers.append(number)
                self._attempt(db, number, signed, fees, cancels=False)
        return [
            Intent(
                number, nonce, Call(call.to, call.data, call.value, call.what, gas),
                flight.command, False, None, None, now,
            )
            for number, (nonce, call, gas, _, _) in zip(numbers, given, strict=True)
        ]  # fmt: skip

    def adopt(self, lane: Lane, calls: Sequence[Call], flight: Scope) -> list[Intent | None]:
        """For each call the intent that an interrupted run left for it, the oldest; now `flight`'s.

        That of another command is not taken: who wants the same a second time gets it.
        """
        found: list[Intent | None] = []
        alive: dict[str, bool] = {}
        with self._write() as db:
            for call in calls:
                rows = db.execute(
                    f"SELECT {_COLUMNS} FROM intent WHERE lane = ? AND fingerprint = ?"  # noqa: S608
                    " AND command = ? AND (told = 0 OR command != '') ORDER BY nonce",
                    (str(lane), fingerprint(call), flight.command),
                ).fetchall()
                for row in rows:
                    if row[8] not in alive:
                        alive[row[8]] = self._is_alive(row[8])
                row = next((each for each in rows if not alive[each[8]]), None)
                if row is not None:
                    taken = "UPDATE intent SET run = ?, told = 0 WHERE id = ?"
                    db.execute(taken, (flight.run, row[0]))
                    alive[flight.run] = True
                found.append(None if row is None else _intent(row))
        return found

    def holds(self, lane: Lane, call: Call, flight: Scope) -> bool:
        """Whether there is an intent for `adopt` to find for this call. It is not taken."""
        rows = self._rows(
            "SELECT run FROM intent WHERE lane = ? AND fingerprint = ? AND command = ?"
            " AND (told = 0 OR command != '')",
            str(lane), fingerprint(call), flight.command,
        )  # fmt: skip
        return any(not self._is_alive(run) for (run,) in rows)

    def is_interrupted(self, lane: Lane) -> bool:
        """Whether there is anything for `adopt` to find, which is one question for many calls."""
        runs = self._rows("SELECT DISTINCT run FROM intent WHERE lane = ?", str(lane))
        return any(not self._is_alive(run) for (run,) in runs)

    def intents(self, lane: Lane) -> list[Intent]:
        """All of a lane's that are not done with, by nonce."""
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM intent WHERE lane = ? ORDER BY nonce",  # noqa: S608
            str(lane),
        )
        return [_intent(row) for row in rows]

    def attempts(self, intent: Intent) -> list[Attempt]:
        """Every transaction that carries out an intent, the latest last."""
        rows = self._rows(
            "SELECT raw, hash, most, tip, cancels, sent FROM attempt WHERE intent = ?"
            " ORDER BY rowid",
            intent.id,
        )
        return [
            Attempt(raw, sent_as, Fees(int(most), None if tip is None else int(tip)), bool(no), at)
            for raw, sent_as, most, tip, no, at in rows
        ]

    def sent_as(self, lane: Lane, call: Call) -> bytes | None:
        """The hash of the transaction that was last signed for a call; none where none was, or
        where it is done with for long."""
        rows = self._rows(
            "SELECT attempt.hash FROM intent JOIN attempt ON attempt.intent = intent.id"
            " WHERE lane = ? AND fingerprint = ? ORDER BY attempt.rowid DESC LIMIT 1",
            str(lane), fingerprint(call),
        )  # fmt: skip
        return bytes(rows[0][0]) if rows else None

    def attempt(
        self, intent: Intent, signed: SignedTransaction, fees: Fees, *, cancels: bool = False
    ) -> None:
        """Writes down another transaction for an intent, before it is sent."""
        with self._write() as db:
            self._attempt(db, intent.id, signed, fees, cancels)

    def seen(self, found: Iterable[tuple[Intent, int | None, bytes | None]]) -> None:
        """In which block each stands now; none for one that a reorganisation took out of it."""
        with self._write() as db:
            db.executemany(
                "UPDATE intent SET block = ?, block_hash = ? WHERE id = ?",
                [(block, block_hash, intent.id) for intent, block, block_hash in found],
            )

    def tell(self, given: Iterable[tuple[Intent, bool]]) -> None:
        """Somebody was given their results, and whether each was carried out.

        Nobody else is, but for the unfinished command of one that was.
        """
        with self._write() as db:
            db.executemany(
                "UPDATE intent SET told = 1, command = CASE WHEN ? THEN command ELSE '' END"
                " WHERE id = ?",
                [(done, intent.id) for intent, done in given],
            )

    def leave(self, flight: Scope) -> None:
        """What it still waited for may be given to whoever asks for the same."""
        with self._write() as db:
            db.execute("UPDATE intent SET run = '' WHERE run = ? AND told = 0", (flight.run,))

    def deep(self, lane: Lane, block: int) -> None:
        """What stands in a block up to this one stays there: nothing need be sent again for it."""
        told = "WHERE lane = ? AND told = 1 AND block <= ?"
        with self._write() as db:
            db.execute(f"DELETE FROM intent {told} AND command = ''", (str(lane), block))  # noqa: S608
            # That it was carried out is still asked for by its command; what it was is not.
            rows = db.execute(
                f"UPDATE intent SET data = x'' {told} AND data != x'' RETURNING id",  # noqa: S608
                (str(lane), block),
            ).fetchall()
            db.executemany("UPDATE attempt SET raw = x'' WHERE intent = ?", rows)

    def forget(self, intents: Iterable[Intent]) -> None:
        """Nothing more can become of them, or no node ever took them."""
        with self._write() as db:
            db.executemany("DELETE FROM intent WHERE id = ?", [(each.id,) for each in intents])

    # The file

    def _attempt(
        self, db: sqlite3.Connection, number: int, signed: SignedTransaction, fees: Fees,
        cancels: bool,
    ) -> None:  # fmt: skip
        tip = None if fees.tip is None else str(fees.tip)
        db.execute(
            "INSERT OR REPLACE INTO attempt (hash, intent, raw, most, tip, cancels, sent)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (signed.hash, number, signed.raw, str(fees.most), tip, int(cancels), time.time()),
        )

    @property
    def _runs(self) -> Path:
        """A folder beside the file: a locked file in it is a run that lives, or a lane in use."""
        if self._path is None:
            raise ValueError("a journal in memory has no folder")
        return self._path.with_name(self._path.name + ".d")

    def _open(self) -> sqlite3.Connection:
        if self._path is not None:
            create(self._path)
            self._runs.mkdir(exist_ok=True, mode=0o700)
            mode = open_to_others(self._path)
            if mode:
                raise ChainError(
                    f"others can read the journal {self._path} (mode {mode}); "
                    f"run `chmod 600 {self._path}`; nothing was sent"
                )
        db = database.connect(self._path)
        db.execute("PRAGMA auto_vacuum = FULL")
        database.make_durable(db)  # a power cut must not lose what was handed out
        db.execute("PRAGMA foreign_keys = ON")
        db.executescript(_SCHEMA)
        return db

    @contextlib.contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                with database.transaction(self._db):
                    yield self._db
            except sqlite3.Error as error:
                raise ChainError(
                    f"the journal {self._path} cannot be written ({error}); free some space or "
                    "check its permissions, then run this again, which sends nothing twice"
                ) from error

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._db.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise ChainError(
                    f"the journal {self._path} cannot be read ({error}); check its permissions, "
                    "then run this again, which sends nothing twice"
                ) from error

    def _lock_file(self, path: Path) -> IO[bytes]:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
        fcntl.flock(file, fcntl.LOCK_EX)
        return file

    def _is_alive(self, flight: str) -> bool:
        """Whether the process that it is of still holds its file."""
        run = flight.partition(".")[0]
        if run == self._run:
            return True
        if self._path is None or not run:
            return False
        path = self._runs / run
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False
        except OSError as error:  # who is taken for dead and lives would be paid for twice
            raise ChainError(
                f"it cannot be told whether another run still sends ({error}); "
                "close some files or check the permissions, then run this again"
            ) from error
        with contextlib.suppress(OSError):
            path.unlink()
        return False


def fingerprint(call: Call) -> bytes:
    """What tells one call from another: whom it calls, with what, and with how much ether."""
    if call.same is not None:
        return keccak256(b"same" + call.to.lower().encode() + call.same)
    return keccak256(call.to.lower().encode() + call.value.to_bytes(32, "big") + call.data)


def _intent(row: tuple[Any, ...]) -> Intent:
    number, nonce, what, target, data, value, gas, command, _, told, block, block_hash, since = row
    call = Call(target, data, int(value), what, gas)
    return Intent(number, nonce, call, command, bool(told), block, block_hash, since)
