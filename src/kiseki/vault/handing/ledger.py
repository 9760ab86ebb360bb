"""The providers' logs of receipts, in the store: one log a provider.

All that belongs to one hand-out is written in one transaction: receipts, nodes, the log's size and
the checkpoint over them. A transaction that writes is alone in a store, whichever process has it,
so no log forks. Nothing of a log is kept in memory from one transaction to the next: what was kept
of one that was undone would contradict what another process wrote in its place.

A receipt is never earlier than the one before it in its log. A clock that stands a few seconds
behind it, as clocks of two servers do, gets the time of that one; a clock further behind was set
back, and nothing is handed out until it is right again. So a clock that once stood ahead stops the
hand-outs of that provider until its time has come: what somebody has seen signed cannot be taken
back.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, select, text, union_all, update

from kiseki.core.values import address, address_text, uint
from kiseki.errors import InvalidInput, LogDamaged
from kiseki.vault.handing import clocks
from kiseki.vault.handing.receipts import Receipt, Salted
from kiseki.vault.log.checkpoints import Checkpoint
from kiseki.vault.log.log import Log
from kiseki.vault.log.notes import Note, Signer, VerifierKey, key_name
from kiseki.vault.log.proofs import LogProof
from kiseki.vault.log.tiles import ENTRIES, WIDTH, Tile, bundle, tile_places
from kiseki.vault.log.tree import Node, inclusion_places
from kiseki.vault.store import tables
from kiseki.vault.store.database import Database, add_many
from kiseki.vault.store.places import entry_receipt, entry_salt
from kiseki.vault.store.sealed import text_hidden, text_shown

__all__ = ["Issued", "Ledger"]

_DURABLE = text(
    "SELECT set_config('synchronous_commit', 'on', true) "
    "WHERE current_setting('synchronous_commit') = 'off'"
)


_PART = 500
"""Receipts that are proved with one question."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A receipt that is in its provider's log.

    Attributes:
        salted: the receipt, with the time that it was given, and its salt.
        number: which entry of the log, from 0.
        checkpoint: over the log up to and with it, signed by the log.
    """

    salted: Salted
    number: int
    checkpoint: Note


class Ledger:
    """The logs of all providers of one vault.

    Args:
        database: where they lie.
        domain: of the vault, which begins the name of each log.
        seed: the private key that signs checkpoints, 32 bytes (Ed25519).

    Raises:
        InvalidInput: the domain cannot begin a name, or the seed has another length.
    """

    def __init__(self, database: Database, domain: str, seed: bytes) -> None:
        self._database, self._seed = database, seed
        self._domain = key_name(domain)
        Signer(domain, seed)

    @property
    def database(self) -> Database:
        """Where they lie."""
        return self._database

    def origin(self, provider: str) -> str:
        """The name of a provider's log: the domain and the address."""
        return f"{self._domain}/{address_text(address(provider, 'the provider'))}"

    def issue(self, receipts: Sequence[Receipt], now: int) -> list[Issued]:
        """Adds receipts to the logs of their providers, and signs these. All of it is on the disk
        when this returns, or none of it is.

        Args:
            receipts: in any order; their time is set to `now`.
            now: in seconds since 1970.

        Raises:
            VaultError: the clock was set back.
            SecretsError: the store cannot be written.
            LogDamaged: a log lacks a node.
        """
        if self._database.is_writing:
            raise RuntimeError("receipts are not durable before the transaction around them ends")
        with self._database.writing() as db:
            return self.append(db, receipts, now)

    def append(self, db: Connection, receipts: Sequence[Receipt], now: int) -> list[Issued]:
        """`issue` inside a transaction that writes more. **Nothing that this returns may leave the
        process before that transaction has ended.**
        """
        if db.dialect.name == "postgresql":
            db.execute(_DURABLE)
        places: dict[str, list[int]] = {}
        for place, each in enumerate(receipts):
            places.setdefault(each.provider, []).append(place)
        issued: dict[int, Issued] = {}
        for provider, theirs in sorted(places.items()):
            done = self._append(db, provider, [receipts[each] for each in theirs], now)
            issued.update(zip(theirs, done, strict=True))
        return [issued[place] for place in range(len(receipts))]

    def _append(
        self, db: Connection, provider: str, receipts: Sequence[Receipt], now: int
    ) -> list[Issued]:
        who = address(provider, "the provider")
        nodes = _Nodes(db, who)
        at = clocks.after(nodes.at, now)
        salted = [Salted(replace(each, at=at), os.urandom(32)) for each in receipts]
        log = Log(Signer(self.origin(provider), self._seed), nodes)
        nodes.load(_frontier(nodes.size))
        numbers = log.append(each.entry for each in salted)
        note, columns = log.checkpoint(), self._database.columns
        add_many(
            db,
            tables.entry,
            [
                (
                    who, number, columns.hidden(each.salt, entry_salt(who, number)),
                    text_hidden(columns, each.receipt.to_json(), entry_receipt(who, number)),
                    each.receipt.item, address(each.receipt.caller, "the caller"),
                )
                for number, each in zip(numbers, salted, strict=True)
            ],
        )  # fmt: skip
        add_many(db, tables.checkpoint, [(who, nodes.size, at, note.to_bytes())])
        db.execute(update(tables.log).where(tables.log.c.provider == who).values(at=at))
        return [Issued(*each, note) for each in zip(salted, numbers, strict=True)]

    # What is there

    def key(self, provider: str) -> VerifierKey:
        """By which others check what a provider's log signs."""
        return Signer(self.origin(provider), self._seed).key

    def latest(self, provider: str) -> Note | None:
        """The checkpoint over all of a provider's log; none where nothing was handed out."""
        c = tables.checkpoint.c
        found = self._database.rows(
            select(c.note)
            .where(c.provider == address(provider, "the provider"))
            .order_by(c.size.desc())
            .limit(1)
        )
        return Note.from_bytes(found[0][0]) if found else None

    def checkpoint(self, provider: str, size: int) -> Note | None:
        """The checkpoint over so many entries of a provider's log; none where none was signed."""
        c = tables.checkpoint.c
        found = self._database.rows(
            select(c.note).where(
                c.provider == address(provider, "the provider"), c.size == uint(size, 63, "a size")
            )
        )
        return Note.from_bytes(found[0][0]) if found else None

    def numbers(
        self,
        provider: str,
        most: int,
        before: int | None = None,
        *,
        caller: str | None = None,
        item: bytes | None = None,
    ) -> list[int]:
        """Numbers of entries of a provider's log, the newest first, so many at most.

        Args:
            before: only those below this number.
            caller: only of what somebody was given.
            item: only of this item.
        """
        c = tables.entry.c
        question = select(c.number).where(c.provider == address(provider, "the provider"))
        if before is not None:
            question = question.where(c.number < uint(before, 63, "a number"))
        if caller is not None:
            question = question.where(c.caller == address(caller, "the caller"))
        if item is not None:
            question = question.where(c.item == item)
        found = self._database.rows(question.order_by(c.number.desc()).limit(most))
        return [number for (number,) in found]

    def tile(self, provider: str, where: Tile) -> bytes:
        """A tile of a provider's log, or a bundle: its entries are hashes, and say nothing.

        Raises:
            InvalidInput: this log has no such tile yet.
            LogDamaged: the log lacks a node or an entry.
        """
        who = address(provider, "the provider")
        with self._database.reading() as db:
            nodes = _Nodes(db, who)
            if where.level != ENTRIES:
                _must_be(where, nodes.size >> 8 * where.level)
                nodes.load(tile_places(where))
                return Log(Signer(self.origin(provider), self._seed), nodes).tile(where)
            first = _must_be(where, nodes.size)
            c, end = tables.entry.c, first + where.width
            rows = self._some(None, c.provider == who, c.number >= first, c.number < end)
        if len(rows) != where.width:
            raise LogDamaged(f"the log lacks an entry from {first} on")
        return bundle(sha256(salt + receipt.encode()).digest() for _, receipt, salt in rows)

    def heads(self) -> list[Note]:
        """The checkpoint over all of each log that has an entry, by provider."""
        c, of = tables.checkpoint.c, tables.log.c
        question = (
            select(c.note)
            .join(tables.log, (of.provider == c.provider) & (of.size == c.size))
            .order_by(c.provider)
        )
        return [Note.from_bytes(note) for (note,) in self._database.rows(question)]

    def receipt(self, provider: str, number: int) -> Salted:
        """An entry of a provider's log.

        Raises:
            InvalidInput: there is none with this number.
        """
        c = tables.entry.c
        found = self.entries(
            c.provider == address(provider, "the provider"), c.number == number
        )  # fmt: skip
        if not found:
            raise InvalidInput(f"this log has no entry {number}")
        return found[0]

    def receipts_of(self, item: bytes, provider: str) -> list[Salted]:
        """Who was given an item, in the order of the log."""
        c = tables.entry.c
        return self.entries(c.item == item, c.provider == address(provider, "the provider"))

    def received_by(self, caller: str) -> list[Salted]:
        """What somebody was given, one provider's after the other's."""
        return self.entries(tables.entry.c.caller == address(caller, "the caller"))

    def entries(self, *which: ColumnElement[bool]) -> list[Salted]:
        """Entries, one provider's after the other's, in the order of their logs.

        Args:
            which: conditions on `kiseki.vault.store.tables.entry`.
        """
        return [Salted(Receipt.from_json(said), salt) for _, said, salt in self._some(None, *which)]

    def _some(self, most: int | None, *which: ColumnElement[bool]) -> list[tuple[int, str, bytes]]:
        """Number, text of the receipt and salt of such entries, so many at most."""
        c = tables.entry.c
        question = (
            select(c.provider, c.number, c.receipt, c.salt)
            .where(*which)
            .order_by(c.provider, c.number)
            .limit(most)
        )
        with self._database.reading() as db:
            columns = self._database.columns
            return [
                (
                    number, text_shown(columns, receipt, entry_receipt(who, number)),
                    columns.shown(salt, entry_salt(who, number)),
                )
                for who, number, receipt, salt in db.execute(question)
            ]  # fmt: skip

    def given(self, provider: str, since: int, most: int) -> list[tuple[int, str, bytes]]:
        """Entries of a provider's log from a number on: number, text of the receipt, salt."""
        c = tables.entry.c
        return self._some(
            most, c.provider == address(provider, "the provider"), c.number >= since
        )  # fmt: skip

    def received(
        self, caller: str, provider: str, since: int, most: int
    ) -> list[tuple[int, str, bytes]]:
        """The same of one log, of what somebody was given."""
        c = tables.entry.c
        return self._some(
            most, c.caller == address(caller, "the caller"),
            c.provider == address(provider, "the provider"), c.number >= since,
        )  # fmt: skip

    def givers(self, caller: str) -> list[str]:
        """Whose items somebody was given."""
        c = tables.entry.c
        question = select(c.provider).where(c.caller == address(caller, "the caller")).distinct()
        return sorted(address_text(each) for (each,) in self._database.rows(question))

    def proofs(self, issued: Sequence[Issued]) -> list[LogProof]:
        """The proof of each receipt, with its salt, under the checkpoint that it was issued with.

        Raises:
            LogDamaged: a log lacks a node, or has another root than was signed.
        """
        made: list[LogProof] = []
        for start in range(0, len(issued), _PART):
            with self._database.reading() as db:
                made += self._proofs(db, issued[start : start + _PART])
        return made

    def _proofs(self, db: Connection, issued: Sequence[Issued]) -> list[LogProof]:
        sizes = {
            each.checkpoint.text: Checkpoint.from_text(each.checkpoint.text).size for each in issued
        }
        asked: dict[str, dict[tuple[int, int], None]] = {}
        for each in issued:
            places = inclusion_places(each.number, sizes[each.checkpoint.text])
            asked.setdefault(each.salted.receipt.provider, {}).update(dict.fromkeys(places))
        logs = {}
        for provider, needed in asked.items():
            nodes = _Nodes(db, address(provider, "the provider"))
            nodes.load(list(needed))
            logs[provider] = Log(Signer(self.origin(provider), self._seed), nodes)
        return [
            logs[each.salted.receipt.provider].prove(each.number, each.checkpoint, each.salted.salt)
            for each in issued
        ]

    def prove(self, provider: str, number: int, checkpoint: Note | None = None) -> LogProof:
        """The proof that an entry is in a provider's log, with the salt of its receipt.

        Args:
            checkpoint: of this log, with the cosignatures that it has; the latest if left out.

        Raises:
            InvalidInput: there is no such entry.
            ProofError: the checkpoint is of another log.
            LogDamaged: the log lacks a node, or has another root than was signed.
        """
        salted = self.receipt(provider, number)
        note = checkpoint or self.latest(provider)
        if note is None:
            raise LogDamaged("this log has entries and no checkpoint")
        with self._database.reading() as db:
            nodes = _Nodes(db, address(provider, "the provider"))
            nodes.load(inclusion_places(number, nodes.size))
            log = Log(Signer(self.origin(provider), self._seed), nodes)
            return log.prove(number, note, salted.salt)

    def consistency(self, provider: str, old: int, new: int) -> tuple[bytes, ...]:
        """The proof that a provider's first `new` entries begin with the first `old`.

        Raises:
            InvalidInput: `old` is above `new`, or there are not so many.
            LogDamaged: the log lacks a node.
        """
        with self._database.reading() as db:
            nodes = _Nodes(db, address(provider, "the provider"))
            return Log(Signer(self.origin(provider), self._seed), nodes).consistency(old, new)


class _Nodes:
    """The nodes of one log, inside one transaction (`kiseki.vault.log.log.Store`)."""

    def __init__(self, db: Connection, provider: bytes) -> None:
        self._db, self._provider = db, provider
        self._loaded: dict[tuple[int, int], bytes] = {}
        c = tables.log.c
        row = db.execute(select(c.size, c.at).where(c.provider == provider)).one_or_none()
        self._new = row is None
        self.size: int = row[0] if row else 0
        self.at: int = row[1] if row else 0

    def load(self, places: Sequence[tuple[int, int]]) -> None:
        """Reads nodes at once that will be asked for."""
        levels: dict[int, list[int]] = {}
        for level, number in places:
            levels.setdefault(level, []).append(number)
        # Level by level, because SQLite reads all of a log for `(level, number) IN (…)`.
        c = tables.log_node.c
        parts = [
            select(c.level, c.number, c.hash).where(
                c.provider == self._provider, c.level == level, c.number.in_(numbers)
            )
            for level, numbers in levels.items()
        ]
        for level, number, found in self._db.execute(union_all(*parts)) if parts else ():
            self._loaded[level, number] = found

    def nodes(self, places: Sequence[tuple[int, int]]) -> list[bytes]:
        """The hashes of complete subtrees, asked for at once."""
        self.load([each for each in places if each not in self._loaded])
        return [self.node(*each) for each in places]

    def node(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree."""
        if (level, index) not in self._loaded:
            self.load([(level, index)])
        found = self._loaded.get((level, index))
        if found is None:
            raise LogDamaged(f"the log's node {index} of level {level} is not there")
        return found

    def add(self, before: int, nodes: Sequence[Node], size: int) -> None:
        """Stores them, when the transaction ends."""
        if before != self.size:
            raise LogDamaged(f"the log has {self.size} entries, not {before} as before")
        add_many(self._db, tables.log_node, [(self._provider, *each) for each in nodes])
        self._loaded.update(((each.level, each.at), each.hash) for each in nodes)
        if self._new:
            add_many(self._db, tables.log, [(self._provider, size, self.at)])
        else:
            log = tables.log
            self._db.execute(update(log).where(log.c.provider == self._provider).values(size=size))
        self.size, self._new = size, False


def _frontier(size: int) -> list[tuple[int, int]]:
    """The largest complete subtrees of a log, as (level, index)."""
    found, start = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            found.append((level, start >> level))
            start += 1 << level
    return found


def _must_be(where: Tile, count: int) -> int:
    """The number of a tile's first node or entry.

    Raises:
        InvalidInput: the log has not so many.
    """
    first = where.at * WIDTH
    if first + where.width > count:
        raise InvalidInput(f"this log has no tile {where.path} yet")
    return first
