"""The book of a relay: requests, their transactions and what was spent, in a file of its own.

What it answers with is on the disk. A request is in it before whoever asked is answered; what a
transaction may cost is in it before the transaction is signed. So a restart forgets nothing, sends
nothing twice (with the journal of sending) and begins no new day.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from kiseki.chain.contract.contracts import Call
from kiseki.disk import database
from kiseki.disk.private import create, open_to_others
from kiseki.errors import FilesError, InvalidInput
from kiseki.web.guard import network
from kiseki.web.relay.limits import DAY, Limits, day_of
from kiseki.web.relay.reasons import Reason
from kiseki.web.relay.rows import COLUMNS, LATER, SCHEMA, Paid, Row, Sending, calls_text, row_of
from kiseki.web.relay.works import Work

__all__ = ["Book", "Ticket", "TooMany", "Whose"]

_HOUR = 3_600
_KEPT = 30 * DAY
"""How long a request can be looked up after it was made, once nothing more becomes of it."""


_SHOWN = 50
"""Requests of one person that are told together."""


class TooMany(InvalidInput):
    """Somebody asks too often, or too much waits already."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What somebody gets who asked; nobody can guess it.

    Attributes:
        id: 32 hex digits, the last part of its page's address.
        new: whether the request was not there before.
    """

    id: str
    new: bool

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose requests are looked for. In lower case.

    Attributes:
        persons: wallets and accounts.
        begins, ends: or how the address begins and ends; nobody where it does not begin.
    """

    persons: tuple[str, ...] = ()
    begins: str = ""
    ends: str = ""


class Book:
    """Requests of one chain.

    Args:
        path: of the file, made with mode 0600; none to remember only while the process lives.
        chain: the chain's ID.

    Raises:
        FilesError: it cannot be used, or another process relays with it.
    """

    def __init__(self, path: Path | None, chain: int) -> None:
        self._path, self._chain = path, chain
        self._lock = threading.RLock()
        self._alone: IO[bytes] | None = None
        try:
            if path is not None:
                create(path)
                mode = open_to_others(path)
                if mode:
                    raise FilesError(
                        f"others can read {path} (mode {mode}); run `chmod 600 {path}`"
                    )
                self._alone = _alone(path.with_name(f"{path.name}.{chain}.lock"))
            self._db = database.connect(path)
            database.make_durable(self._db)
            self._db.execute("PRAGMA foreign_keys = ON")
            self._db.executescript(SCHEMA)
            known = {row[1] for row in self._db.execute("PRAGMA table_info(sending)")}
            for name, kind in LATER.items():  # a file of before costs were kept
                if name not in known:
                    self._db.execute(f"ALTER TABLE sending ADD COLUMN {name} {kind}")
            self._salt = self._secret()
        except (OSError, sqlite3.Error) as error:
            raise FilesError(f"the relay's file {path} cannot be used ({error})") from error

    def close(self) -> None:
        """Frees the file."""
        with self._lock:
            self._db.close()
            if self._alone is not None:
                self._alone.close()

    # Asking

    def take(self, work: Work, peer: str, now: int, limits: Limits) -> Ticket:
        """Writes a request down. The same request has the same ticket, unless it was refused.

        Raises:
            TooMany: `peer` asked too often, or too much waits.
        """
        who = hashlib.sha256(f"{self._salt} {network(peer)}".encode()).digest() if peer else None
        with self._write() as db:
            there = db.execute(
                "SELECT ticket FROM request WHERE chain = ? AND key = ? AND state != 'refused'"
                " AND (state = 'waiting' OR kind != 'claim')",
                (self._chain, work.key),
            ).fetchone()
            if there is not None:
                return Ticket(there[0], False)
            asked = db.execute(
                "SELECT count(*) FROM request WHERE peer = ? AND created > ?", (who, now - _HOUR)
            ).fetchone()[0]
            if asked >= limits.hourly:
                raise TooMany("this network address asked too often; ask again in an hour")
            waits = db.execute(
                "SELECT count(*) FROM request WHERE chain = ? AND state = 'waiting'",
                (self._chain,),
            ).fetchone()[0]
            if waits >= limits.waiting:
                raise TooMany("too many requests wait here already; ask again later")
            ticket = secrets.token_hex(16)
            db.execute(
                "INSERT INTO request (ticket, chain, kind, person, key, about, text, ends, state,"
                " reason, created, peer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, ?, ?)",
                (ticket, self._chain, work.KIND, work.person, work.key, work.about, work.text,
                 work.ends, Reason.TURN, now, who),
            )  # fmt: skip
        return Ticket(ticket, True)

    def row(self, ticket: str) -> Row | None:
        """A request by its ticket; none if there is none, or no more."""
        found = self._rows(
            f"SELECT {COLUMNS} FROM request WHERE ticket = ? AND chain = ?",  # noqa: S608
            ticket, self._chain,
        )  # fmt: skip
        return row_of(found[0]) if found else None

    def waiting(self, now: int) -> list[Row]:
        """What waits and is to be tried now: what somebody signed first, and then claims, of which
        anybody can ask any number; each in the order in which it was asked."""
        found = self._rows(
            f"SELECT {COLUMNS} FROM request WHERE chain = ? AND state = 'waiting'"  # noqa: S608
            " AND again <= ? ORDER BY kind = 'claim', id",
            self._chain, now,
        )  # fmt: skip
        return [row_of(each) for each in found]

    def counts(self) -> dict[str, int]:
        """How many requests are in each state; those that ended long ago are forgotten."""
        return dict(
            self._rows(
                "SELECT state, count(*) FROM request WHERE chain = ? GROUP BY state", self._chain
            )
        )

    def on_their_way(self) -> int:
        """How many transactions were begun, and nothing is known of yet."""
        found = self._rows(
            "SELECT count(*) FROM sending JOIN request ON request.id = sending.request"
            " WHERE open = 1 AND chain = ?",
            self._chain,
        )
        return int(found[0][0])

    def last(self, most: int, whose: Whose | None = None) -> list[Row]:
        """The last requests, the newest first; of somebody, where that is asked."""
        where, values = "", list[object]()
        if whose is not None:
            where = (
                " AND (person IN (SELECT value FROM json_each(?)) OR ? != '' AND"
                " substr(person, 1, ?) = ? AND substr(person, 43 - ?) = ?)"
            )
            begins, ends = whose.begins, whose.ends
            values = [json.dumps(whose.persons), begins, len(begins), begins, len(ends), ends]
        found = self._rows(
            f"SELECT {COLUMNS} FROM request WHERE chain = ?{where}"  # noqa: S608
            " ORDER BY id DESC LIMIT ?",
            self._chain, *values, most,
        )  # fmt: skip
        return [row_of(each) for each in found]

    def of_person(self, person: str) -> list[Row]:
        """What somebody handed in and nobody has carried out, the newest first."""
        found = self._rows(
            f"SELECT {COLUMNS} FROM request WHERE chain = ? AND person = ?"  # noqa: S608
            " AND state != 'done' AND kind != 'claim' ORDER BY id DESC LIMIT ?",
            self._chain, person, _SHOWN,
        )  # fmt: skip
        return [row_of(each) for each in found]

    def consented(self, person: str) -> bool:
        """Whether somebody handed in a consent that this studio prepared."""
        found = self._rows(
            "SELECT 1 FROM request WHERE chain = ? AND person = ? AND kind = 'consent' LIMIT 1",
            self._chain, person,
        )  # fmt: skip
        return bool(found)

    # What becomes of them

    def planned(self, row: Row, calls: Sequence[Call], gas: int | None) -> None:
        """What is missing of a request."""
        with self._write() as db:
            db.execute(
                "UPDATE request SET calls = ?, gas = ?, tries = 0 WHERE id = ?",
                (calls_text(calls), gas, row.id),
            )

    def waits(self, row: Row, reason: Reason, again: int, tries: int = 0, detail: str = "") -> None:
        """It waits, and is tried again later."""
        if (row.reason, row.again, row.tries, row.detail) == (reason, again, tries, detail):
            return
        with self._write() as db:
            db.execute(
                "UPDATE request SET reason = ?, again = ?, tries = ?, detail = ? WHERE id = ?",
                (reason, again, tries, detail, row.id),
            )

    def ends(self, row: Row, state: str, reason: Reason, detail: str = "") -> None:
        """Nothing more becomes of it."""
        with self._write() as db:
            db.execute(
                "UPDATE request SET state = ?, reason = ?, detail = ? WHERE id = ?",
                (state, reason, detail, row.id),
            )
            self._count(db, state, 1)

    # Transactions

    def begin(self, row: Row, call: Call, reserved: int, now: int) -> Sending:
        """Writes down that a transaction is going to be sent, and what it may cost."""
        day, gas = day_of(now), call.gas or 0
        with self._write() as db:
            cursor = db.execute(
                "INSERT INTO sending (request, target, data, value, what, gas, day, reserved)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (row.id, call.to, call.data, str(call.value), call.what, gas, day, str(reserved)),
            )
            for who in ("", row.person):
                self._spend(db, day, who, reserved)
            return Sending(int(cursor.lastrowid or 0), call, day, reserved)

    def begun(self, row: Row) -> Sending | None:
        """The transaction of a request that was begun, and of which nothing is known yet."""
        found = self._sendings("request = ? AND open = 1", row.id)
        return found[0] if found else None

    def carried_out(self, row: Row) -> list[Call]:
        """The calls of a request that were carried out."""
        return [each.call for each in self._sendings("request = ? AND open = 0", row.id)]

    def settled(self, since: int) -> list[Call]:
        """The calls that were settled on a day, counted from 1970, or later."""
        return [each.call for each in self._sendings("open = 0 AND day >= ?", since)]

    def release(self, row: Row, sending: Sending) -> None:
        """It was not sent."""
        with self._write() as db:
            db.execute("DELETE FROM sending WHERE id = ?", (sending.id,))
            for who in ("", row.person):
                self._spend(db, sending.day, who, -sending.reserved)

    def settle(self, row: Row, sending: Sending, paid: Paid) -> None:
        """What it cost, and where it is."""
        with self._write() as db:
            db.execute(
                "UPDATE sending SET open = 0, fee = ?, hash = ?, block = ?, done = ? WHERE id = ?",
                (str(paid.fee), paid.hash, paid.block, paid.done, sending.id),
            )
            for who in ("", row.person):
                self._spend(db, sending.day, who, paid.fee - sending.reserved)
            self._count(db, "wei", paid.fee)
            if paid.done:
                db.execute(
                    "UPDATE request SET hash = ?, block = ?, sent = sent + 1, tries = 0"
                    " WHERE id = ?",
                    (paid.hash, paid.block, row.id),
                )

    def paid(self, row: Row) -> tuple[Paid, ...]:
        """The transactions of a request that are in a block, in order, each with what it cost."""
        found = self._rows(
            "SELECT hash, block, fee, done FROM sending WHERE request = ? AND fee IS NOT NULL"
            " ORDER BY id",
            row.id,
        )
        return tuple(Paid(hash_, at, int(fee), bool(done)) for hash_, at, fee, done in found)

    def today(self, now: int) -> tuple[int, int]:
        """What counts for the day, and of that what is kept for transactions of which nothing is
        known yet, in wei."""
        with self._lock:
            found = self._rows(
                "SELECT reserved FROM sending JOIN request ON request.id = sending.request"
                " WHERE open = 1 AND chain = ? AND day = ?",
                self._chain, day_of(now),
            )  # fmt: skip
            return self.spent(now), sum(int(wei) for (wei,) in found)

    def spent(self, now: int, person: str = "") -> int:
        """What counts for the day, in wei: of all, or of one person."""
        found = self._rows(
            "SELECT wei FROM spent WHERE chain = ? AND day = ? AND person = ?",
            self._chain, day_of(now), person,
        )  # fmt: skip
        return int(found[0][0]) if found else 0

    def totals(self) -> dict[str, int]:
        """Since the book was begun: requests ``done`` and ``refused``, and ``wei`` paid."""
        found = self._rows("SELECT what, number FROM counted WHERE chain = ?", self._chain)
        return {"done": 0, "refused": 0, "wei": 0} | {what: int(many) for what, many in found}

    def tidy(self, now: int) -> None:
        """Forgets who asked after an hour, and what ended long ago."""
        with self._write() as db:
            db.execute("UPDATE request SET peer = NULL WHERE created <= ?", (now - _HOUR,))
            db.execute(
                "DELETE FROM request WHERE state != 'waiting' AND created <= ?", (now - _KEPT,)
            )
            db.execute("DELETE FROM spent WHERE day < ?", (day_of(now) - 7,))

    # The file

    def _secret(self) -> str:
        """What network addresses are hashed with, so that nobody can try all of them."""
        new = "INSERT OR IGNORE INTO counted VALUES (0, 'secret', ?)"
        self._db.execute(new, (secrets.token_hex(32),))
        found = self._db.execute("SELECT number FROM counted WHERE what = 'secret'").fetchone()
        return str(found[0])

    def _sendings(self, where: str, *values: Any) -> list[Sending]:
        found = self._rows(
            "SELECT id, target, data, value, what, gas, day, reserved FROM sending WHERE "  # noqa: S608
            f"{where} ORDER BY id",
            *values,
        )
        return [
            Sending(number, Call(to, data, int(value), what, gas or None), day, int(reserved))
            for number, to, data, value, what, gas, day, reserved in found
        ]

    def _spend(self, db: sqlite3.Connection, day: int, who: str, wei: int) -> None:
        place = (self._chain, day, who)
        found = db.execute(
            "SELECT wei FROM spent WHERE chain = ? AND day = ? AND person = ?", place
        ).fetchone()
        total = wei + (int(found[0]) if found else 0)
        db.execute("INSERT OR REPLACE INTO spent VALUES (?, ?, ?, ?)", (*place, str(total)))

    def _count(self, db: sqlite3.Connection, what: str, more: int) -> None:
        place = (self._chain, what)
        found = db.execute(
            "SELECT number FROM counted WHERE chain = ? AND what = ?", place
        ).fetchone()
        total = more + (int(found[0]) if found else 0)
        db.execute("INSERT OR REPLACE INTO counted VALUES (?, ?, ?)", (*place, str(total)))

    @contextlib.contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._errors(), database.transaction(self._db):
            yield self._db

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock, self._errors():
            return self._db.execute(sql, values).fetchall()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise FilesError(
                f"the relay's file {self._path} cannot be used ({error}); free some space or check "
                "its permissions"
            ) from error


def _alone(path: Path) -> IO[bytes]:
    """A lock that one process has."""
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise FilesError(
            "another process relays with this folder already; end it, or name another --journal"
        ) from None
    return file
