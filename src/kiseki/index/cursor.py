"""How far an index goes, and what else is noted of the index itself."""

from __future__ import annotations

import json
from dataclasses import dataclass

from kiseki.index.store.database import Store

__all__ = ["Cursor", "Head", "read_about", "read_cursor", "write_about"]


@dataclass(frozen=True, slots=True)
class Head:
    """A block: number, time (Unix seconds) and hash; the hash is empty where nobody told it."""

    number: int
    time: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far an index goes.

    Attributes:
        block, time, hash: of the last block; -1, 0 and empty before the first.
        event: the place of the last event, -1 before the first.
        floor: the first block that can be undone.
        verified: the last block as of which the registries' logs were found to be those of the
            chain; -1 before the first.
        cleared: how often everything was taken back.
    """

    block: int = -1
    time: int = 0
    hash: str = ""
    event: int = -1
    floor: int = 0
    verified: int = -1
    cleared: int = 0


def read_cursor(store: Store) -> Cursor:
    """How far a store goes."""
    row = read_about(store, "cursor")
    return Cursor() if row is None else Cursor(**json.loads(row))


def read_about(store: Store, name: str) -> str | None:
    """What is noted of the index itself under a name."""
    row = store.read("SELECT value FROM about WHERE name = ?", name)
    return None if row is None else str(row[0])


def write_about(store: Store, name: str, value: str) -> None:
    """Notes something of the index itself."""
    store.write(
        "INSERT INTO about (name, value) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        name, value,
    )  # fmt: skip
