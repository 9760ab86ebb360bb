"""What is kept: salts, collections, receipts of data, documents of origin.

Whoever changes a table here writes a migration beside it; a test compares what both make.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = [
    "APPLICATION",
    "before",
    "collection",
    "given_up",
    "metadata",
    "origin",
    "receipt",
    "received",
    "salt",
    "slices",
    "split",
]

APPLICATION = 0x4B49534B
"""In the header of an SQLite file (PRAGMA application_id), so that no other database is taken for a
store."""

metadata = MetaData()

# The salt numbered 0 is the one that counts. Others came from another store that was merged into
# this one and had made its own for the same content: what was registered with them needs them.
salt = Table(
    "salt",
    metadata,
    Column("provider", LargeBinary, primary_key=True),
    Column("sha256", LargeBinary, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("salt", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# `place` is the order in which collections, receipts and documents came.
collection = Table(
    "collection",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("provider", LargeBinary, nullable=False),
    Column("terms", Text, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("count", Integer, nullable=False),
    Column("payee", LargeBinary, nullable=False),
    Column("opening", LargeBinary, nullable=False),
    Column("origin", LargeBinary, nullable=False),
    Column("place", Integer),
    Index("collection_place", "place"),
    Index("collection_provider", "provider"),
)

slices = Table(
    "slice",
    metadata,
    Column("collection", LargeBinary, ForeignKey("collection.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("commitments", LargeBinary, nullable=False),
    Column("digests", LargeBinary, nullable=False),
    Column("names", LargeBinary, nullable=False),
    UniqueConstraint("collection", "number"),
)

# Count, payee and origin are not in a collection's ID: what it was prepared with before is kept,
# because that may be what is registered.
before = Table(
    "before",
    metadata,
    Column("collection", LargeBinary, ForeignKey("collection.id"), nullable=False),
    Column("count", Integer, nullable=False),
    Column("payee", LargeBinary, nullable=False),
    Column("opening", LargeBinary, nullable=False),
    Column("origin", LargeBinary, nullable=False),
    Column("place", Integer),
    UniqueConstraint("collection", "count", "payee", "origin"),
    Index("before_place", "place"),
)

split = Table(
    "split",
    metadata,
    Column("payee", LargeBinary, primary_key=True),
    Column("file", Text, nullable=False),
)

receipt = Table(
    "receipt",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("provider", LargeBinary, nullable=False),
    Column("terms", Text, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("count", Integer, nullable=False),
    Column("payee", LargeBinary, nullable=False),
    Column("opening", LargeBinary, nullable=False),
    Column("origin", LargeBinary, nullable=False),
    Column("place", Integer),
    Index("receipt_place", "place"),
)

received = Table(
    "received",
    metadata,
    Column("collection", LargeBinary, ForeignKey("receipt.id"), primary_key=True),
    Column("commitment", LargeBinary, primary_key=True),
    Column("sha256", LargeBinary, nullable=False),
    Column("names", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

origin = Table(
    "origin",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("file", Text, nullable=False),
    Column("place", Integer),
    Index("origin_place", "place"),
)

given_up = Table("given_up", metadata, Column("id", LargeBinary, primary_key=True))
