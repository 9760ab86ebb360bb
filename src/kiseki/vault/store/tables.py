"""What is kept: salts, collections, receipts of data, documents of origin; objects of a vault, and
who was handed what.

Whoever changes a table here writes a migration beside it; a test compares what both make.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

__all__ = [
    "APPLICATION",
    "asked",
    "before",
    "called",
    "checkpoint",
    "collection",
    "entry",
    "epoch",
    "epoch_recipient",
    "erased",
    "erasing",
    "erasure",
    "given_up",
    "handed",
    "handout",
    "item",
    "log",
    "log_node",
    "metadata",
    "nonce",
    "objects",
    "opened",
    "origin",
    "receipt",
    "received",
    "salt",
    "session",
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

# An object is a content of one provider, kept once. `key` is what it is found by, which only its
# salt tells (`kiseki.vault.items`); `identity` is wrapped for the recipients of `epoch`,
# `recipient` is its public half. The content has `size` bytes, the object `sealed` ones. `added`
# are seconds.
objects = Table(
    "object",
    metadata,
    Column("name", LargeBinary, primary_key=True),
    Column("provider", LargeBinary, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sealed", BigInteger, nullable=False),
    Column("identity", LargeBinary, nullable=False),
    Column("recipient", LargeBinary, nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("epoch", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("provider", "key"),
    Index("object_epoch", "epoch", "name"),
)

# Of a vault: by its data ID, where an item is and what its content's object is found by.
item = Table(
    "item",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("collection", LargeBinary, primary_key=True),
    Column("provider", LargeBinary, nullable=False),
    Column("commitment", LargeBinary, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Index("item_key", "provider", "key"),
    Index("item_collection", "collection"),
    sqlite_with_rowid=False,
)

# What an object is called: an age file to the object's own identity. `key` tells whether it has
# this name already, and nothing else.
called = Table(
    "called",
    metadata,
    Column("object", LargeBinary, ForeignKey("object.name"), primary_key=True),
    Column("key", LargeBinary, primary_key=True),
    Column("text", LargeBinary, nullable=False),
)

# Signing in. Of what somebody else could use (cookies, tokens) only the SHA-256 is kept. Of a
# wallet that is a contract text and signature are, so that it can be asked again.
nonce = Table(
    "nonce",
    metadata,
    Column("nonce", Text, primary_key=True),
    Column("cookie", LargeBinary, nullable=False),
    Column("address", LargeBinary, nullable=False),
    Column("message", Text, nullable=False),
    Column("begins", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),
    Index("nonce_ends", "ends"),
)

session = Table(
    "session",
    metadata,
    Column("token", LargeBinary, primary_key=True),
    Column("address", LargeBinary, nullable=False),
    Column("begins", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),
    Column("message", Text),
    Column("signature", LargeBinary),
    Index("session_ends", "ends"),
)

# How often somebody asked in a span of time (its first second): one row for each who asked in it.
asked = Table(
    "asked",
    metadata,
    Column("who", LargeBinary, primary_key=True),
    Column("span", BigInteger, primary_key=True, autoincrement=False),
    Column("times", Integer, nullable=False),
    Index("asked_span", "span"),
)

# Collections that the keeper of the vault hands out by their terms.
opened = Table("opened", metadata, Column("collection", LargeBinary, primary_key=True))

# A hand-out lives for hours; its rows go with its end. Its receipts (`entry`) stay.
handout = Table(
    "handout",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("caller", LargeBinary, nullable=False),
    Column("use", Integer, nullable=False),
    Column("begins", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),
    Index("handout_ends", "ends"),
)

# `number` is that of the receipt in the provider's log. `head` and `key` are those of the age file
# that the receiver gets; the key is sealed, bound to its row (`kiseki.vault.store.places`). None:
# the receiver gets the content as it is.
handed = Table(
    "handed",
    metadata,
    Column("handout", LargeBinary, ForeignKey("handout.id"), primary_key=True),
    Column("item", LargeBinary, primary_key=True),
    Column("provider", LargeBinary, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("head", LargeBinary),
    Column("key", LargeBinary),
    sqlite_with_rowid=False,
)

# One log a provider: how many entries it has, and the time of the last.
log = Table(
    "log",
    metadata,
    Column("provider", LargeBinary, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)

log_node = Table(
    "log_node",
    metadata,
    Column("provider", LargeBinary, primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# A receipt of a hand-out, and the salt that hides it in the log; both sealed likewise.
entry = Table(
    "entry",
    metadata,
    Column("provider", LargeBinary, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("salt", LargeBinary, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("item", LargeBinary, nullable=False),
    Column("caller", LargeBinary, nullable=False),
    Index("entry_item", "item"),
    Index("entry_caller", "caller"),
    sqlite_with_rowid=False,
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("provider", LargeBinary, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("note", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Whose cosignatures of a provider's log are kept, by the text of the key (vkey); without a provider
# those of all logs.
cosigner = Table(
    "cosigner",
    metadata,
    Column("provider", LargeBinary, primary_key=True),
    Column("key", Text, primary_key=True),
)

# The last cosignature that a key made of a checkpoint: its time, and its line of a note.
cosignature = Table(
    "cosignature",
    metadata,
    Column("provider", LargeBinary, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("line", Text, nullable=False),
    sqlite_with_rowid=False,
)

# Of a vault. What is wrapped in an epoch is wrapped to its recipients; the column key is.
epoch = Table(
    "epoch",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("began", BigInteger, nullable=False),
    Column("column_key", LargeBinary, nullable=False),
)

# What is set of a vault, sealed: where objects lie, its domain, the key that signs its logs.
setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

epoch_recipient = Table(
    "epoch_recipient",
    metadata,
    Column("epoch", Integer, ForeignKey("epoch.number"), primary_key=True, autoincrement=False),
    Column("recipient", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("destroyed", BigInteger),
)

# An erasure: of all that is a provider's, or of some content; when it was asked for, by whom and on
# what ground (`request`, sealed); the epoch that was in force; in which other copies of the objects
# it is erased, too (JSON); and when it was gone from here, none while it is under way.
erasure = Table(
    "erasure",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("provider", LargeBinary, nullable=False),
    Column("everything", Boolean, nullable=False),
    Column("asked", BigInteger, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("copies", Text, nullable=False),
    Column("gone", BigInteger),
    Index("erasure_provider", "provider"),
)

# Which data IDs an erasure is of. They say nothing of the content, and stay.
erased = Table(
    "erased",
    metadata,
    Column("item", LargeBinary, primary_key=True),
    Column("erasure", Integer, ForeignKey("erasure.number"), nullable=False),
    Index("erased_erasure", "erasure"),
)

# Objects without a row that are still to be deleted from their places.
erasing = Table(
    "erasing",
    metadata,
    Column("object", LargeBinary, primary_key=True),
    Column("erasure", Integer, ForeignKey("erasure.number"), nullable=False),
)
