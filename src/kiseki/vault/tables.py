"""The tables of a key store, and how their rows are read."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any

from kiseki.core.collection import Kept, Names, Slice
from kiseki.core.payee import Payee
from kiseki.core.split import Split
from kiseki.core.terms import Terms
from kiseki.core.values import address, address_text

__all__ = [
    "APPLICATION", "BEFORE", "BODY", "COLLECTIONS", "RECEIPTS", "SCHEMA",
    "kept_of", "packed", "qualified", "row_of", "slice_of", "unpacked",
]  # fmt: skip

APPLICATION = 0x4B49534B
"""In the file's header (PRAGMA application_id), so that no other database is taken for a store."""


# The salt numbered 0 is the one that counts. Others came from another store that was merged into
# this one and had made its own for the same content: what was registered with them needs them.
# Count, payee and origin are not in a collection's ID: what it was prepared with before is kept,
# because that may be what is registered.
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS salt (
    provider BLOB NOT NULL,
    sha256 BLOB NOT NULL,
    number INTEGER NOT NULL,
    salt BLOB NOT NULL,
    PRIMARY KEY (provider, sha256, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS collection (
    id BLOB PRIMARY KEY,
    provider BLOB NOT NULL,
    terms TEXT NOT NULL,
    root BLOB NOT NULL,
    count INTEGER NOT NULL,
    payee BLOB NOT NULL,
    opening BLOB NOT NULL,
    origin BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS slice (
    collection BLOB NOT NULL REFERENCES collection (id),
    number INTEGER NOT NULL,
    root BLOB NOT NULL,
    commitments BLOB NOT NULL,
    digests BLOB NOT NULL,
    names BLOB NOT NULL,
    UNIQUE (collection, number)
);
CREATE TABLE IF NOT EXISTS before (
    collection BLOB NOT NULL REFERENCES collection (id),
    count INTEGER NOT NULL,
    payee BLOB NOT NULL,
    opening BLOB NOT NULL,
    origin BLOB NOT NULL,
    UNIQUE (collection, count, payee, origin)
);
CREATE TABLE IF NOT EXISTS split (
    payee BLOB PRIMARY KEY,
    file TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS receipt (
    id BLOB PRIMARY KEY,
    provider BLOB NOT NULL,
    terms TEXT NOT NULL,
    root BLOB NOT NULL,
    count INTEGER NOT NULL,
    payee BLOB NOT NULL,
    opening BLOB NOT NULL,
    origin BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS received (
    collection BLOB NOT NULL REFERENCES receipt (id),
    commitment BLOB NOT NULL,
    sha256 BLOB NOT NULL,
    names BLOB NOT NULL,
    PRIMARY KEY (collection, commitment)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS origin (
    hash BLOB PRIMARY KEY,
    file TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS given_up (
    id BLOB PRIMARY KEY
);
PRAGMA application_id = {APPLICATION};
"""


COLLECTIONS = (
    "SELECT provider, terms, root, count, collection.payee, opening, origin, file FROM collection"
    " LEFT JOIN split USING (payee)"
)


RECEIPTS = (
    "SELECT provider, terms, root, count, receipt.payee, opening, origin, file FROM receipt"
    " LEFT JOIN split USING (payee)"
)


BEFORE = (
    "SELECT provider, terms, root, before.count, before.payee, before.opening, before.origin, file"
    " FROM before JOIN collection ON collection.id = before.collection"
    " LEFT JOIN split ON split.payee = before.payee"
)


BODY = "root, commitments, digests, names"


def qualified(columns: str) -> str:
    return ", ".join(f"slice.{each}" for each in columns.split(", "))


def kept_of(row: Sequence[Any]) -> Kept:
    provider, terms, root, count, payee, opening, origin, file = row
    paid = Payee(payee, opening, Split.from_json(file, payee) if file else None)
    return Kept(address_text(provider), Terms.from_json(terms), root, count, paid, origin)


def row_of(kept: Kept) -> tuple[Any, ...]:
    """The row of a collection, in `collection` or `receipt`."""
    return (
        kept.id, address(kept.provider, "the provider"), kept.terms.to_json(), kept.root,
        kept.count, kept.payee.key, kept.payee.opening, kept.origin,
    )  # fmt: skip


def slice_of(row: Sequence[Any]) -> Slice:
    root, commitments, digests, names = row
    return Slice(root, commitments, digests, tuple(map(tuple, json.loads(zlib.decompress(names)))))


def packed(names: Sequence[Names]) -> bytes:
    return zlib.compress(json.dumps(names, separators=(",", ":")).encode(), 1)


def unpacked(names: bytes) -> Names:
    """The names of one item that `packed` put away alone."""
    (found,) = json.loads(zlib.decompress(names))
    return tuple(found)
