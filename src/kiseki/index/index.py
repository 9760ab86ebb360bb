"""The index: events in, answers out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kiseki.core.event import Event
from kiseki.core.values import address, address_text
from kiseki.errors import IndexUnusable, InvalidInput
from kiseki.index import garbage
from kiseki.index.answers.records import Records
from kiseki.index.answers.standsfor import StandsFor, standing_for
from kiseki.index.books import figures
from kiseki.index.books.figures import Claimed, Held
from kiseki.index.cursor import Cursor, Head, read_about, read_cursor, write_about
from kiseki.index.digest import digest
from kiseki.index.money import Money
from kiseki.index.past import Past
from kiseki.index.store.database import Store
from kiseki.index.writer import DEPTH, Writer

__all__ = ["ONCE", "Index"]

ONCE = (
    "DataRegistry",
    "Identities",
    "ModelRegistry",
    "OutputRegistry",
    "RevenueSplitter",
    "RightsToken",
)
"""The contracts that a chain has once; IDs and payees hold their addresses."""


class Index(Money):
    """What the events of one suite on one chain come to, kept in a file or database.

    Events are added in the order of the chain, and blocks can be taken back. Every split is rebuilt
    from events alone and compared with the one that the contract logged. It holds no connection to
    a node and asks nobody. Between two changes of its own all answers are as of one moment,
    whoever writes into the same file meanwhile (`refresh`).

    Attributes:
        agreements: conditional transfers, offers and licences, waterfalls.
        overview: impact, earnings, histories, coverage, counts, search.

    Args:
        contracts: name and address of each contract, of every release on the chain: all of
            :data:`ONCE`, and any number of others, of which several may have one name.
        where: a file, or the URL of a PostgreSQL database; nothing for memory.
        schema: of the database.
        depth: blocks below the newest one that can be taken back.

    Raises:
        InvalidInput: one of `ONCE` is missing or there twice, or an address is none.
    """

    def __init__(
        self,
        contracts: Iterable[tuple[str, str]],
        where: Path | str | None = None,
        schema: str = "kiseki",
        depth: int = DEPTH,
    ) -> None:
        names = {
            address_text(address(at, f"the address of {name}")): name for name, at in contracts
        }
        for name in ONCE:
            many = list(names.values()).count(name)
            if many != 1:
                raise InvalidInput(f"the index needs the address of one {name}, not of {many}")
        found = {name: at for at, name in names.items() if name in ONCE}
        super().__init__(Store(where, schema), found)
        self._contracts = names
        self._writer = Writer(self._store, names, found, depth)
        self._read: Cursor | None = None
        self._of(sorted(names.items()))

    @classmethod
    def kept(cls, where: Path | str, schema: str = "kiseki") -> Index:
        """One that is there already, for the contracts that it was read for.

        Raises:
            IndexUnusable: nothing was read into it, or it cannot be used.
        """
        store = Store(where, schema)
        try:
            said = read_about(store, "contracts")
            if said is None or read_cursor(store).block < 0:
                raise IndexUnusable("nothing was read into it yet")
        finally:
            store.close()
        return cls([(name, at) for at, name in json.loads(said)], where, schema)

    @property
    def contracts(self) -> list[tuple[str, str]]:
        """Name and address in lower case of each contract that it is for."""
        return sorted((name, at) for at, name in self._contracts.items())

    def _of(self, contracts: list[tuple[str, str]]) -> None:
        """What was read for other contracts than these is no use."""
        said = json.dumps(contracts)
        read = read_about(self._store, "contracts")
        if read != said:
            if read is not None:
                self._writer.clear()
            with self._store.writing():
                write_about(self._store, "contracts", said)

    # Events in

    @property
    def cursor(self) -> Cursor:
        """How far it goes."""
        if self._read is None:
            self._read = read_cursor(self._store)
        return self._read

    @property
    def block(self) -> int | None:
        """The last block that was applied; ``None`` before the first."""
        return self.cursor.block if self.cursor.block >= 0 else None

    @property
    def time(self) -> int:
        """That block's time, Unix seconds; zero before the first."""
        return self.cursor.time

    def apply(
        self, events: Iterable[Event], heads: Iterable[Head] = (), latest: int | None = None
    ) -> None:
        """Adds events in the order of the chain; those that were added before are skipped.

        All of them are kept or, when it raises, none.

        Args:
            events: of the suite's contracts; others are passed over.
            heads: what is known of the blocks; the last one is how far the index goes then.
            latest: the chain's latest block; blocks far below it cannot be taken back.

        Raises:
            IndexInconsistent: what is rebuilt is not what the contracts logged; events before are
                missing; or another transaction stands in the place of one already applied: the
                chain was reorganised, take blocks back with `undo`.
        """
        try:
            with garbage.put_off():
                self._writer.apply(events, heads, latest)
        finally:
            self._forget()

    @contextmanager
    def together(self) -> Iterator[Callable[[], None]]:
        """Keeps blocks that are added inside in few transactions, which is much faster where a
        long history is read. They are kept when it ends at the latest, also where it ends with an
        error of somebody else; nothing is to be asked before.

        It gives what keeps at once what was added so far. Others who write wait for a transaction,
        so do that where the next blocks are long in coming."""
        try:
            with self._writer.together() as keep:
                yield keep
        finally:
            self._forget()

    def undo(self, block: int) -> bool:
        """Takes back a block and all after it; ``False`` where that is too long ago to be undone,
        so that everything must be read again (`clear`)."""
        try:
            return self._writer.undo(block)
        finally:
            self._forget()

    def verify(self, block: int) -> None:
        """Notes that what is here up to a block is what the registries of the chain say, so that
        it is not compared again."""
        self._writer.verify(block)
        self._forget()

    def clear(self) -> None:
        """Takes back everything."""
        try:
            self._writer.clear()
        finally:
            self._forget()

    def refresh(self) -> None:
        """Sees what others wrote into the same file or database."""
        self._store.refresh()
        self._forget()

    def block_hashes(self) -> dict[int, bytes]:
        """Number -> hash of the newest blocks, as far as they can be taken back one by one."""
        first = self.cursor.floor - 1
        rows = self._store.read_all(
            "SELECT number, hash FROM block WHERE number >= ? ORDER BY number", first
        )
        return {number: bytes(hash_) for number, hash_ in rows if hash_}

    def digest(self) -> bytes:
        """A hash over all that is held, by which two indexes are compared; it reads everything."""
        return digest(self._store)

    def held(self) -> Iterator[Held]:
        """What every split and subject ever had, account by account: to compare with a chain."""
        return figures.held(self._store)

    def claimed(self) -> Iterator[Claimed]:
        """What every leaf was ever passed, likewise."""
        return figures.claimed(self._store)

    def stands_for(self, payees: Iterable[bytes]) -> dict[bytes, StandsFor]:
        """What payee keys stand for, as far as events tell by now: of wallets, of what nobody put
        on record, and of splits that were added here, nothing."""
        return standing_for(self._store, payees)

    # The past

    def as_of(self, block: int, now: int | None = None) -> Past:
        """All questions as they stood at the end of a block; `block_at` finds that of a time.

        Splits and identities that were added here are known there too. It holds a connection of its
        own: use it in a ``with`` block, or `close` it.

        Args:
            block: not after the last one here.
            now: the time that it is asked for, Unix seconds; that of the last block up to it of
                which something is known here when left out.

        Raises:
            InvalidInput: this index does not go as far.
        """
        if block > self.cursor.block:
            raise InvalidInput(
                f"the index goes up to block {self.cursor.block:,}, so nothing is known here of"
                f" block {block:,}"
            )
        then = Past(self._store, self._addresses, block, now)
        for split in self._splits.values():
            then.add_split(split)
        for who in self._identities:
            then.add_identity(*who)
        return then

    # Inside

    def _forget(self) -> None:
        """Drops what was worked out from the events so far."""
        self._seen = self._read = None
        self._records = Records(self._store)
