"""Events into facts and books, block by block; and back, where a chain was reorganised."""

from __future__ import annotations

import json
import sys
import time as clock
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from itertools import chain, groupby
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from kiseki.core import ids
from kiseki.core.event import Event
from kiseki.core.registrations import fold as fold_log
from kiseki.core.split import Split
from kiseki.core.values import ZERO32
from kiseki.errors import IndexInconsistent
from kiseki.index.books.accounts import Books
from kiseki.index.books.graph import Graph
from kiseki.index.books.naming import Naming
from kiseki.index.cursor import Cursor, Head, read_cursor, write_about
from kiseki.index.facts import fold
from kiseki.index.facts.rebuild import Rebuilder
from kiseki.index.facts.splits import Splits
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.figures import Figures, note, undo_from
from kiseki.index.store.types import Key, keys, metadata

__all__ = ["DEPTH", "REGISTRIES", "Writer"]

DEPTH = 64
"""Blocks below the newest one that can be undone."""

REGISTRIES = {"DataRegistry": "collections", "ModelRegistry": "models", "OutputRegistry": "batches"}
"""The registries that keep a log of what they registered, and what that is."""

_REGISTERED = {"collection": "DataRegistry", "model": "ModelRegistry", "batch": "OutputRegistry"}


_KEYS = {
    table.name: [column.name for column in table.columns if isinstance(column.type, Key)]
    for table in t.FACTS
}
_MONEY = {
    "deposit": ("payee",),
    "claim": ("split", "payee"),
    "resolution": ("subject", "payee"),
}
"""The facts that change accounts, and which of their columns name those."""

_SHARE = 10
"""Of the time that a long history takes, passing money down gets about one part in so many."""
_SHORTEST, _LONGEST = 2.0, 20.0
"""Seconds of one transaction of a long history; the first batch that ends later ends it. Others who
write wait as long, and a stopped process loses as much."""


class _Told(NamedTuple):
    """An event of one of the contracts, the facts that it states, and the split that it shows."""

    event: Event
    contract: str
    facts: fold.Rows
    split: Split | None


class Writer:
    """Writes into one store. What it has read is dropped where another wrote in between.

    Args:
        contracts: address in lower case -> name, of each contract of the suite.
        addresses: name -> address, of those that a chain has once.
        depth: blocks below the newest one that can be undone.
    """

    def __init__(
        self,
        store: Store,
        contracts: Mapping[str, str],
        addresses: Mapping[str, str],
        depth: int = DEPTH,
    ) -> None:
        self._store, self._contracts, self._addresses = store, contracts, addresses
        self._depth = depth
        self._cursor, self._is_stale = Cursor(), True
        self._open: ExitStack | None = None
        self._is_together = False
        self._ends = self._rested = 0.0
        self._make()

    def _make(self) -> None:
        splitter = ids.wallet(self._addresses["RevenueSplitter"])
        store = self._store
        self._splits = Splits(store)
        self._graph = Graph(store, store.keys.number(splitter))
        self._books = Books(store, self._graph)
        self._naming = Naming(store, self._graph, self._books, self._addresses)
        self._rebuilder = Rebuilder(store, self._addresses["DataRegistry"])
        self._logs = Figures(store, t.log)
        last = store.read("SELECT hash FROM tx ORDER BY at DESC LIMIT 1")
        self._transaction = b"" if last is None else bytes(last[0])
        self._figures = (*self._graph.figures, *self._books.figures, self._logs)

    # Blocks in

    def apply(
        self, events: Iterable[Event], heads: Iterable[Head] = (), latest: int | None = None
    ) -> Cursor:
        """Adds events in the order of the chain; those that were added before are skipped.

        All of them are kept or, when it raises, none.

        Args:
            events: of the suite's contracts; others are passed over.
            heads: what is known of the blocks; the last of them is how far the index then goes.
            latest: the chain's latest block, from which blocks that can be undone are counted.

        Returns:
            How far the index goes now.

        Raises:
            IndexInconsistent: what is rebuilt is not what the contracts logged, or another
                transaction stands in the place of one already applied.
        """
        known = {head.number: head for head in heads}
        ours = [event for event in events if event.address.lower() in self._contracts]
        ours.sort(key=attrgetter("block", "position"))
        numbers = sorted({*known, *(event.block for event in ours)})
        with self._changing() as cursor:
            if not numbers:
                return cursor
            _check_places(ours, numbers)
            top = max(numbers[-1], cursor.block, latest or 0) - self._depth
            told = [self._told(event) for event in ours if self._is_new(event, cursor)]
            self._ahead(told)
            in_block = {
                number: list(group)
                for number, group in groupby(told, lambda told: told.event.block)
            }
            for number in numbers:
                self._block(number, in_block.get(number, []), known.get(number), top)
            self._finish(top)
        return self._cursor

    def undo(self, block: int) -> bool:
        """Takes back a block and all after it; does nothing where that is too long ago."""
        self._end()
        with self._changing() as cursor:
            if block <= cursor.block and block < cursor.floor:
                return False
            undo_from(self._store, block, self._figures)
            place = t.place_of(block)
            self._store.write(
                "DELETE FROM leaf WHERE split IN (SELECT key FROM split WHERE at >= ?)", place
            )
            for table in (*t.FACTS, t.tx):
                self._store.write(f"DELETE FROM {table.name} WHERE at >= ?", place)  # noqa: S608
            self._store.write("DELETE FROM block WHERE number >= ?", block)
            self._set(self._last_before(block, cursor))
        self._is_stale = True
        return True

    def clear(self) -> None:
        """Takes back everything."""
        self._end()
        with self._changing() as cursor:
            for table in (*t.FACTS, *t.BOOKS, t.tx, t.block, t.leaf, t.undo, keys):
                self._store.write(f"DELETE FROM {table.name}")  # noqa: S608
            self._store.keys.forget()
            self._set(Cursor(cleared=cursor.cleared + 1))
        self._is_stale = True

    def verify(self, block: int) -> None:
        """Notes that what is here up to a block is what the registries say."""
        self._end()
        with self._changing() as cursor:
            if cursor.verified < block <= cursor.block:
                self._set(replace(cursor, verified=block))

    # Transactions

    @contextmanager
    def together(self) -> Iterator[Callable[[], None]]:
        """Keeps what is added inside in few transactions, because money is passed down at the end
        of each. Blocks that are added inside are kept when it ends at the latest, also where it
        ends with an error of somebody else; nothing is to be asked before.

        It gives what keeps at once what was added so far, so that others can write.
        """
        self._is_together = True
        try:
            yield self._end
        finally:
            self._is_together = False
            self._end()

    @contextmanager
    def _changing(self) -> Iterator[Cursor]:
        """Changes in one transaction, which ends with them or is left open for more."""
        if self._open is None:
            self._begin()
        try:
            yield self._cursor
        except BaseException:
            self._cancel()
            raise
        if self._is_together and clock.monotonic() < self._ends:
            self._go_on()
        else:
            self._end()
            if self._is_together:
                self._store.give_way()

    def _begin(self) -> None:
        """What was read before is dropped where it is not what there is now."""
        with ExitStack() as transaction:
            transaction.enter_context(self._store.writing())
            cursor = read_cursor(self._store)
            if cursor != self._cursor:  # another wrote, and may have numbered keys anew
                self._store.keys.forget()
                self._store.keys.begin()
            if cursor != self._cursor or self._is_stale:
                self._make()
            self._cursor, self._is_stale = cursor, True
            self._open = transaction.pop_all()
        lasts = min(max(_SHORTEST, self._rested * _SHARE), _LONGEST)
        self._ends = clock.monotonic() + lasts

    def _go_on(self) -> None:
        """Writes what changed where that is much, of blocks that cannot be undone."""
        for figures in self._figures:
            if figures.is_crowded:
                figures.changes()
                figures.flush()
        self._store.go_on()

    def _end(self) -> None:
        """Passes money down, and keeps what the transaction changed."""
        if self._open is not None:
            try:
                self._rest()
                for figures in self._figures:
                    figures.flush()
            except BaseException:
                self._cancel()
                raise
            transaction, self._open = self._open, None
            transaction.close()
            self._is_stale = False

    def _cancel(self) -> None:
        """Takes back what the transaction changed."""
        transaction, self._open = self._open, None
        if transaction is not None:
            transaction.__exit__(*sys.exc_info())

    def _set(self, cursor: Cursor) -> None:
        write_about(self._store, "cursor", json.dumps(asdict(cursor)))
        self._cursor = cursor

    def _last_before(self, block: int, cursor: Cursor) -> Cursor:
        last = "SELECT number, time, hash, last FROM block WHERE number < ?"
        row = self._store.read(f"{last} ORDER BY number DESC LIMIT 1", block)
        event = self._store.read(f"{last} AND last >= 0 ORDER BY number DESC LIMIT 1", block)
        if row is None:
            return Cursor(floor=cursor.floor, cleared=cursor.cleared)
        verified = min(cursor.verified, row[0])
        place = -1 if event is None else t.place_of(event[0], event[3])
        return Cursor(
            row[0], row[1], bytes(row[2]).hex(), place, cursor.floor, verified, cursor.cleared
        )

    def _is_new(self, event: Event, cursor: Cursor) -> bool:
        at = t.place_of(event.block, event.position)
        if at > cursor.event and event.block >= cursor.block:
            return True
        row = self._store.read("SELECT hash FROM tx WHERE at <= ? ORDER BY at DESC LIMIT 1", at)
        if row is None or bytes(row[0]) != bytes(event.transaction):
            raise IndexInconsistent(
                f"another transaction stands at position {event.position} of block {event.block}"
                " now, or events came out of their order; the chain was reorganised, so read it"
                " again into a new index"
            )
        return False

    def _told(self, event: Event) -> _Told:
        contract = self._contracts[event.address.lower()]
        is_split = (contract, event.name) == ("RevenueSplitter", "SplitPublished")
        split = fold.read_split(event.args) if is_split else None
        return _Told(event, contract, fold.facts(contract, event), split)

    def _ahead(self, told: Iterable[_Told]) -> None:
        """Reads together what these events will ask for, which is much faster than one by one."""
        facts = [fact for each in told for fact in each.facts]
        keys = self._store.keys
        shown = [each.split for each in told if each.split]
        keys.seek(
            chain(
                (row[key] for name, row in facts for key in _KEYS[name] if row[key] is not None),
                (key for name, row in facts for key in self._naming.keys_of(name, row)),
                (split.key for split in shown),
                (payee for split in shown for payee, _ in split.leaves),
            )
        )
        accounts: list[tuple[int, int]] = []
        leaves: list[tuple[int, int, int, int]] = []
        for name, row in facts:
            token = keys.look_up(row["token"]) if name in _MONEY else None
            if token is None:
                continue
            held = {key: keys.look_up(row[key]) for key in _MONEY[name]}
            accounts += [(key, token) for key in held.values() if key is not None]
            split, payee = held.get("split"), held["payee"]
            if name == "claim" and split is not None and payee is not None:
                leaves.append((payee, split, row["lo"], token))
        self._books.load(accounts, leaves)
        self._graph.load({account for account, _ in accounts})
        self._graph.load_known(split for _, split, _, _ in leaves)

    def _block(self, number: int, told: list[_Told], head: Head | None, top: int) -> None:
        cursor = self._cursor
        events = [each.event for each in told]
        if number < cursor.block or (number == cursor.block and not events):
            return
        if cursor.block <= top < number:  # what came before is not undone any more
            self._rest()
        time = events[0].timestamp if events else head.time if head else cursor.time
        self._naming.run(cursor.time, time)
        for each in told:
            self._event(*each)
        if number > top:
            self._books.settle()
            note(self._store, number, self._figures)
        self._cursor = Cursor(
            block=number,
            time=time,
            hash=head.hash.hex() if head else "",
            event=t.place_of(number, events[-1].position) if events else cursor.event,
            floor=cursor.floor,
            verified=cursor.verified,
            cleared=cursor.cleared,
        )
        self._store.write(
            "INSERT INTO block (number, time, hash, last) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (number) DO UPDATE SET last = excluded.last",
            number, time, head.hash if head else b"", events[-1].position if events else -1,
        )  # fmt: skip

    def _rest(self) -> None:
        """Passes money down once for many blocks, which cannot be undone one by one."""
        began = clock.monotonic()
        self._go_on()
        self._books.settle(self._go_on)
        self._rested = clock.monotonic() - began
        self._note_nothing()

    def _note_nothing(self) -> None:
        for figures in self._figures:
            figures.changes()

    def _finish(self, top: int) -> None:
        if self._cursor.block <= top:
            self._note_nothing()
        self._store.write("DELETE FROM undo WHERE block <= ?", top)
        last = min(top, self._cursor.block) - 1  # the block before those that can be undone stays
        self._store.write("DELETE FROM block WHERE number <= ? AND last < 0", last)
        self._set(replace(self._cursor, floor=max(self._cursor.floor, top + 1)))
        self._rebuilder.end()
        self._graph.trim()

    # One event

    def _event(self, event: Event, contract: str, facts: fold.Rows, split: Split | None) -> None:
        at = t.place_of(event.block, event.position)
        self._store.keys.mark()
        if event.transaction != self._transaction:
            self._store.add(t.tx, [{"at": at, "hash": bytes(event.transaction)}])
            self._transaction = event.transaction
        if len(facts) == 1:
            ((name, row),) = facts
            self._facts(name, [row], at, event.timestamp)
        else:
            for name, rows in groupby(facts, itemgetter(0)):
                self._facts(name, [row for _, row in rows], at, event.timestamp)
        if split is not None:
            self._store.add(t.publication, [{"at": at, "split": split.key}])
            self._know("published", split, ZERO32, at, 0)

    def _facts(self, name: str, rows: list[dict[str, Any]], at: int, time: int) -> None:
        table = metadata.tables[name]
        for place, row in enumerate(rows):
            row |= {"at": at, "place": place}
        self._store.add(table, rows)
        if name == "published":
            return
        for row in rows:
            self._naming.follow(name, row, time)
            self._rebuilder.log(name, row)
            if name in _REGISTERED:
                self._log(_REGISTERED[name], row["id"])
            if name in ("model", "batch"):
                made = self._rebuilder.register(name, row, at)
                for place, (kind, split) in enumerate(made.splits):
                    self._know(kind, split, row["id"], at, place)
            self._money(name, row)

    def _money(self, name: str, row: Mapping[str, Any]) -> None:
        number = self._store.keys.number
        if name == "deposit":
            self._books.deposit(number(row["token"]), number(row["payee"]), row["amount"])
        elif name == "claim":
            split, payee = number(row["split"]), number(row["payee"])
            self._books.claim(number(row["token"]), split, row["lo"], payee, row["amount"])
        elif name == "resolution":
            subject, payee = number(row["subject"]), number(row["payee"])
            self._books.resolve(number(row["token"]), subject, payee, row["amount"])

    def _know(self, kind: str, split: Split, group: bytes, at: int, place: int) -> None:
        """Makes a split known, which whoever it pays is already."""
        if not self._splits.keep(split, kind, group, at, place):
            return
        keys = self._store.keys
        number = keys.number(split.key)
        self._graph.add(number, [(keys.number(payee), shares) for payee, shares in split.leaves])
        if not keys.is_fresh(number):
            self._books.known(number)

    def _log(self, registry: str, group: bytes) -> None:
        key = (self._store.keys.number(self._addresses[registry]),)
        before, count = self._logs.get(*key) or (0, 0)
        log = fold_log([group], before.to_bytes(32))
        self._logs.put(key, (int.from_bytes(log), count + 1))


def _check_places(events: Iterable[Event], numbers: Sequence[int]) -> None:
    last = max((event.position for event in events), default=0)
    if numbers[0] < 0 or numbers[-1] >= 1 << 43 or not 0 <= last < 1 << 20:
        raise IndexInconsistent(
            "a block or position is greater than any chain has; the node is wrong, ask another"
        )
