"""A request as the book keeps it, and the tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kiseki.chain.contract.contracts import Call
from kiseki.core.values import from_hex, to_hex
from kiseki.web.relay.reasons import Reason

__all__ = ["COLUMNS", "LATER", "SCHEMA", "Paid", "Row", "Sending", "calls_text", "row_of"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS request (
    id INTEGER PRIMARY KEY,
    ticket TEXT NOT NULL UNIQUE,
    chain INTEGER NOT NULL,
    kind TEXT NOT NULL,
    person TEXT NOT NULL,
    key BLOB NOT NULL,
    about BLOB NOT NULL,
    text TEXT NOT NULL,
    ends INTEGER,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT '',
    calls TEXT NOT NULL DEFAULT '[]',
    gas INTEGER,
    sent INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    again INTEGER NOT NULL DEFAULT 0,
    hash BLOB,
    block INTEGER,
    created INTEGER NOT NULL,
    peer BLOB
);
CREATE INDEX IF NOT EXISTS request_key ON request (chain, key);
CREATE INDEX IF NOT EXISTS request_person ON request (chain, person, id);
CREATE INDEX IF NOT EXISTS request_open ON request (chain, id) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS request_peer ON request (peer, created) WHERE peer IS NOT NULL;
CREATE INDEX IF NOT EXISTS request_ended ON request (created) WHERE state != 'waiting';
CREATE TABLE IF NOT EXISTS sending (
    id INTEGER PRIMARY KEY,
    request INTEGER NOT NULL REFERENCES request (id) ON DELETE CASCADE,
    target TEXT NOT NULL,
    data BLOB NOT NULL,
    value TEXT NOT NULL,
    what TEXT NOT NULL,
    gas INTEGER NOT NULL,
    day INTEGER NOT NULL,
    reserved TEXT NOT NULL,
    open INTEGER NOT NULL DEFAULT 1,
    fee TEXT,
    hash BLOB,
    block INTEGER,
    done INTEGER
);
CREATE INDEX IF NOT EXISTS sending_request ON sending (request);
CREATE INDEX IF NOT EXISTS sending_day ON sending (day);
CREATE TABLE IF NOT EXISTS spent (
    chain INTEGER NOT NULL,
    day INTEGER NOT NULL,
    person TEXT NOT NULL,
    wei TEXT NOT NULL,
    PRIMARY KEY (chain, day, person)
);
CREATE TABLE IF NOT EXISTS counted (
    chain INTEGER NOT NULL,
    what TEXT NOT NULL,
    number TEXT NOT NULL,
    PRIMARY KEY (chain, what)
);
"""

LATER = {"fee": "TEXT", "hash": "BLOB", "block": "INTEGER", "done": "INTEGER"}
"""Columns that `sending` has since what each transaction cost is kept."""

COLUMNS = (
    "id, ticket, kind, person, about, text, ends, state, reason, detail, calls, gas, sent, tries,"
    " again, hash, block, created"
)


@dataclass(frozen=True, slots=True)
class Row:
    """A request as it stands.

    Attributes:
        id: in the book.
        ticket: for whoever asked.
        kind, person, about, text, ends: as `Work` has them.
        state: ``waiting``, ``done`` or ``refused``.
        reason, detail: why it waits or was refused; the detail in English, from elsewhere.
        calls: what is still missing, as it was last tried.
        gas: of the first of them.
        sent: how many transactions of it were carried out.
        tries: how often in a row nobody could tell what becomes of it.
        again: when it is tried again, in Unix seconds.
        hash, block: of its last transaction that is in a block.
        created: in Unix seconds.
    """

    id: int
    ticket: str
    kind: str
    person: str
    about: bytes
    text: str
    ends: int | None
    state: str
    reason: Reason
    detail: str
    calls: tuple[Call, ...]
    gas: int | None
    sent: int
    tries: int
    again: int
    hash: bytes | None
    block: int | None
    created: int


@dataclass(frozen=True, slots=True)
class Sending:
    """One transaction of a request that was begun.

    Attributes:
        id: in the book.
        call: what is sent, with its gas.
        day: that it counts for.
        reserved: what counts for it, in wei, until it is known what it cost.
    """

    id: int
    call: Call
    day: int
    reserved: int


@dataclass(frozen=True, slots=True)
class Paid:
    """A transaction that is in a block, and that this site paid for.

    Attributes:
        hash, block: of it, and in which it is; none where no node could tell.
        fee: what it cost, in wei.
        done: whether it was carried out; else it failed and cost its fee all the same.
    """

    hash: bytes | None
    block: int | None
    fee: int
    done: bool


def calls_text(calls: Sequence[Call]) -> str:
    """Calls as JSON."""
    return json.dumps(
        [{"to": c.to, "data": to_hex(c.data), "value": str(c.value), "what": c.what} for c in calls]
    )


def row_of(found: Sequence[Any]) -> Row:
    """A row of `COLUMNS`."""
    calls = tuple(
        Call(c["to"], from_hex(c["data"], None, "data"), int(c["value"]), c["what"])
        for c in json.loads(found[10])
    )
    values = [*found]
    values[8], values[10] = Reason(found[8]), calls
    return Row(*values)
