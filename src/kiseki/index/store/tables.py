"""The tables of the index.

Three kinds:

- **facts**, what an event states: appended, never changed. ``at`` is the place of the event,
  ``block << 20 | position``, so facts lie in the order of the chain, and undoing a reorganisation
  is deleting all from a place on;
- **worked out** once, from facts that are whole: what a model or batch rests on, and splits. They
  have the place of the event that made them so, and go with it;
- **books**, running figures that facts change; `undo` holds them as they were before each of the
  newest blocks.

Keys are 32 bytes and addresses lowercase text to whoever asks (`Key`, `Address`); times are Unix
seconds; hashes and commitments that stand once are bytes as they are.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    String,
    Table,
    literal,
    select,
)

from kiseki.index.store.types import Address, Amount, Bytes, Key, Long, Word, metadata

__all__ = [
    "BOOKS",
    "FACTS",
    "VERSION",
    "beginning_of",
    "block_of",
    "place_of",
    "time_of",
    "transaction_of",
]

VERSION = 10
"""Of the tables and of what is written into them. Another one is read into a place of its own."""

_BITS = 20
"""Of a place, for the position of a log in its block."""


_ROOM = {"fillfactor": 70}
"""Percent of a page of PostgreSQL that is filled at first. A row that changes then stays in its
page, and no index has to learn of it."""


def beginning_of(item: bytes) -> int:
    """The first 63 bits of a data ID, by which it is looked up; all of it would take four times as
    much room, and follows from its commitment."""
    return int.from_bytes(item[:8]) >> 1


def place_of(block: int, position: int = 0) -> int:
    """Where an event stands among all events of its chain."""
    return block << _BITS | position


def block_of(at: ColumnElement[int]) -> ColumnElement[int]:
    """The block of a place."""
    return at.bitwise_rshift(literal(_BITS, Integer))  # PostgreSQL takes no other number


def time_of(at: ColumnElement[int]) -> ColumnElement[int]:
    """When the event at a place was logged, in Unix seconds."""
    return select(block.c.time).where(block.c.number == block_of(at)).scalar_subquery()


def transaction_of(at: ColumnElement[int]) -> ColumnElement[bytes]:
    """The hash of the transaction that logged the event at a place."""
    before = select(tx.c.hash).where(tx.c.at <= at).order_by(tx.c.at.desc()).limit(1)
    return before.scalar_subquery()


def _table(
    name: str, primary: dict[str, Any], columns: dict[str, Any], *more: Any, changes: bool = False
) -> Table:
    return Table(
        name,
        metadata,
        *(
            Column(key, kind, primary_key=True, autoincrement=False)
            for key, kind in primary.items()
        ),
        *(Column(key, kind) for key, kind in columns.items()),
        *more,
        sqlite_with_rowid=list(primary.values()) == [Long],
        postgresql_with=_ROOM if changes else {},
    )


def _fact(
    name: str, columns: dict[str, Any], *lookups: str, once: str = "", many: bool = False
) -> Table:
    """A table of facts.

    Args:
        lookups: columns, or several with commas between, that questions look for.
        once: the same, of which no two facts are alike: later ones are passed over.
        many: whether one event states several.
    """
    primary = {"at": Long, "place": Integer} if many else {"at": Long}
    table = _table(name, primary, columns)
    for names in (*lookups, *([once] if once else [])):
        found = [table.c[key] for key in names.split(",")]
        Index(f"{name}_by_{'_'.join(names.split(','))}", *found, unique=names == once)
    return table


block = _table("block", {"number": Long}, {"time": Long, "hash": Bytes, "last": Integer})
_EMPTY = block.c.last < 0
Index("block_empty", block.c.number, sqlite_where=_EMPTY, postgresql_where=_EMPTY)
"""Blocks without events are forgotten once they are old; of all others nobody looks for that."""
tx = _table("tx", {"at": Long}, {"hash": Bytes})

# Data
terms = _fact(
    "terms",
    {"id": Key, "document": String, "until": Amount, "notice": Long},
    once="id",
)
"""``until``: the first second at which they refuse new uses by themselves; nothing without end.
``notice``: for how many seconds a revoked consent holds; nothing where none can be revoked."""
collection = _fact(
    "collection",
    {"id": Key, "provider": Address, "terms": Key, "root": Bytes, "count": Amount,
     "payee": Key, "origin": Bytes},
    "provider", "terms", once="id",
)  # fmt: skip
standing_use = _fact(
    "standing_use",
    {"collection": Key, "consent": Key, "collector": Address, "nonce": Word},
    "consent", once="collection",
)  # fmt: skip
nonce_cancelled = _fact("nonce_cancelled", {"signer": Address, "nonce": Word}, once="signer,nonce")
payee_change = _fact("payee_change", {"collection": Key, "payee": Key}, "collection")
revocation = _fact("revocation", {"collection": Key}, once="collection")
item_revocation = _fact(
    "item_revocation",
    {"item": Key, "provider": Address, "commitment": Bytes},
    "provider",
    once="item",
)
published = _fact(
    "published",
    {"group_id": Key, "commitment": Bytes, "item": Long},
    "group_id,item", "item", once="commitment,group_id", many=True,
)  # fmt: skip

# Models and outputs
model = _fact(
    "model",
    {"id": Key, "developer": Address, "weights": Bytes, "terms": Key, "run": Bytes,
     "payee": Key, "split": Key, "manifest": Bytes, "weight": Amount, "submitter": Address,
     "judged_at": Long},
    "developer", "weights", once="id",
)  # fmt: skip
model_source = _fact(
    "model_source",
    {"model": Key, "collection": Key, "items": Bytes, "weight": Amount, "submitter": Address,
     "judged_at": Long},
    "model",
)  # fmt: skip
batch = _fact(
    "batch",
    {"id": Key, "creator": Address, "root": Bytes, "count": Amount, "record": Bytes,
     "payee": Key, "split": Key, "endorsed": Boolean},
    "creator", once="id",
)  # fmt: skip
batch_source = _fact("batch_source", {"batch": Key, "collection": Key}, "batch")
base = _fact("base", {"group_id": Key, "model": Key}, "group_id", "model")
external = _fact("external", {"group_id": Key, "weights": Bytes, "document": Bytes}, "group_id")
statement = _fact(
    "statement",
    {"speaker": Address, "subject": Key, "kind": Bytes, "document": Bytes},
    "subject", "document", "subject,kind,speaker", "speaker,kind",
)  # fmt: skip
manifest_false = _fact(
    "manifest_false",
    {"model": Key, "kind": String, "collection": Key, "challenger": Address},
    "model",
)  # fmt: skip
manifest_checked = _fact("manifest_checked", {"model": Key, "walker": Address}, once="model")
allowed = _fact("allowed", {"registry": Address, "id": Key, "user": Address}, "registry,id")

# Rights and agreements
rights = _fact("rights", {"token": Key, "registry": Address, "id": Key}, once="token")
mint = _fact("mint", {"token": Key, "document": Bytes, "royalty_bps": Integer}, once="token")
transfer = _fact("transfer", {"token": Key, "holder": Address}, "token", "holder")
schedule = _fact(
    "schedule",
    {"id": Key, "token": Key, "nonce": Word, "holder": Address, "beneficiary": Address,
     "conditions": String, "deadline": Word, "shares": Amount, "total": Amount},
    "holder", "beneficiary", once="id",
)  # fmt: skip
schedule_end = _fact("schedule_end", {"id": Key, "how": String}, once="id")
offer = _fact(
    "offer", {"id": Key, "subject": Key, "owner": Address, "document": String}, "subject", once="id"
)
offer_end = _fact("offer_end", {"id": Key}, once="id")
licence = _fact(
    "licence",
    {"offer": Key, "subject": Key, "licensee": Address, "payer": Address, "ends": Word},
    "offer", "subject", "licensee", "subject,licensee",
)  # fmt: skip
identity = _fact(
    "identity",
    {"issuer": Address, "person": Key, "wallet": Address, "since": Long},
    "issuer,person", "since",
)  # fmt: skip
waterfall = _fact("waterfall", {"address": Address, "plan": String}, once="address")
tier = _fact("tier", {"waterfall": Address, "payee": Key}, "payee", many=True)

# Money
publication = _fact("publication", {"split": Key})
deposit = _fact(
    "deposit",
    {"payee": Key, "token": Address, "payer": Address, "amount": Amount, "ref": Bytes},
    "payee", "payer", "ref",
)  # fmt: skip
claim = _fact(
    "claim",
    {"split": Key, "token": Address, "payee": Key, "lo": Amount, "shares": Amount,
     "amount": Amount},
    "payee",
)  # fmt: skip
# What waited and what a claim brought leave for a wallet together: of a hostile token twice 2**128.
resolution = _fact(
    "resolution",
    {"subject": Key, "token": Address, "payee": Key, "amount": Word},
    "payee",
)  # fmt: skip
redirect = _fact(
    "redirect",
    {"payee": Address, "receiver": Address, "token": Address, "amount": Word},
    "payee", "receiver",
)  # fmt: skip

# Worked out
composed = _fact(
    "composed",
    {"id": Key, "kind": String, "sources_hash": Bytes, "data_ppm": Integer, "own_ppm": Integer,
     "own_split": Key, "split": Key, "level": Integer, "weight": Amount, "shares": Amount},
    once="id",
)  # fmt: skip
source = _fact(
    "source",
    {"group_id": Key, "collection": Key, "items": Bytes, "weight": Amount, "shares": Amount},
    "collection,at,weight,shares", "group_id", many=True,
)  # fmt: skip
"""What is declared about a collection lies together in its index, wherever the users stand."""
ancestor = _fact(
    "ancestor", {"group_id": Key, "model": Key, "own": Integer}, "group_id", "model", many=True
)
used = _fact("used", {"key": Key}, "key,at", many=True)
"""What a model or batch uses by its own word beside collections, for whoever asks what used
something last: each model that it builds on, and, as payee keys, the wallets whose collections and
models these are."""
rests = _fact("rests", {"key": Key}, "key,at", many=True)
"""On what a model rests: each collection that it declares, and each model under it, itself not. Of
batches nothing, so that no number of them stands between two models."""
split = _fact(
    "split", {"key": Key, "salt": Bytes, "parts": String, "total": Amount}, once="key", many=True
)
label = _fact(
    "label", {"split": Key, "kind": String, "group_id": Key}, once="split,kind,group_id", many=True
)
leaf = _table(
    "leaf",
    {"payee": Key, "split": Key, "place": Integer},
    {"shares": Amount, "total": Amount, "lo": Amount},
)
"""By payee, because what somebody is owed is asked most. ``total``: all shares of the split."""
Index("leaf_by_split_place", leaf.c.split, leaf.c.place)

# Books
subject = _table(
    "subject",
    {"key": Key},
    {"contract": Address, "id": Key, "payee": Key, "unknown": Integer},
)
naming = _table("naming", {"payee": Key, "subject": Key}, {})
edge = _table("edge", {"split": Key, "place": Integer}, {})
account = _table(
    "account",
    {"key": Key, "token": Address},
    {"received": Word, "passed": Word, "virtual": Word, "restless": Integer},
    changes=True,
)
Index("account_by_token", account.c.token)
claimed = _table(
    "claimed",
    {"payee": Key, "split": Key, "lo": Amount, "token": Address},
    {"amount": Amount},
    changes=True,
)
"""By payee, as `leaf` is: what a wallet was paid lies together, too."""
token = _table("token", {"token": Address}, {"deposited": Word, "restless": Integer})

log = _table("log", {"registry": Address}, {"hash": Word, "count": Long})

# Beside them
about = _table("about", {"name": String}, {"value": String})
undo = _table(
    "undo",
    {"block": Long, "place": Integer},
    {"name": String, "rows": String},
)
"""What rows of one table were before a block changed them, as JSON: key and row of each, in which
nothing is a row that was not there. One for each row takes as long as changing them."""


BOOKS = (subject, naming, edge, account, claimed, token, log)
"""The tables that `undo` puts back."""

FACTS = tuple(table for table in metadata.tables.values() if "at" in table.c and table.name != "tx")
"""The tables whose rows have the place of an event."""
