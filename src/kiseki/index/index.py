"""The index: events in, answers out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import bindparam, select

from kiseki.core import ids
from kiseki.core.event import Event
from kiseki.core.split import Split
from kiseki.core.splitlist import Listed
from kiseki.core.values import ZERO_ADDRESS, address, address_text
from kiseki.errors import InvalidInput
from kiseki.index.answers.agreements import Agreements
from kiseki.index.answers.overview import Overview
from kiseki.index.answers.records import Records
from kiseki.index.books import ahead, balance, figures, ledger
from kiseki.index.books.balance import Balance
from kiseki.index.books.figures import Claimed, Held
from kiseki.index.books.owed import Owed, Step
from kiseki.index.digest import digest
from kiseki.index.facts.splits import KnownSplit
from kiseki.index.questions import Questions
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.types import Address, Key
from kiseki.index.view import View
from kiseki.index.writer import (
    DEPTH,
    Cursor,
    Head,
    Writer,
    read_about,
    read_cursor,
    write_about,
)

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


_BINDING = (
    select(t.identity.c.wallet, t.identity.c.since)
    .where(
        t.identity.c.issuer == bindparam("issuer", type_=Address),
        t.identity.c.person == bindparam("person", type_=Key),
    )
    .order_by(t.identity.c.at.desc())
    .limit(1)
)


class Index(Questions):
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
        self._addresses = {name: at for at, name in names.items() if name in ONCE}
        self._store = Store(where, schema)
        self._writer = Writer(self._store, names, self._addresses, depth)
        self._records = Records(self._store)
        self.agreements = Agreements(self._store)
        self.overview = Overview(self._store)
        self._now = 0
        self._identities: list[tuple[str, bytes]] = []
        self._splits: dict[bytes, Split] = {}
        self._seen: View | None = None
        self._read: Cursor | None = None
        self._of(sorted(names.items()))

    def size(self) -> int:
        """Bytes on the disk, or in memory."""
        return self._store.size()

    def close(self) -> None:
        """Ends the connection; the index cannot be asked afterwards."""
        self._store.close()

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
            self._writer.apply(events, heads, latest)
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

    def at(self, now: int) -> None:
        """Sets the time that questions are asked at, which is never before the last block's.

        Args:
            now: Unix seconds; of the latest block.
        """
        if now != self._now:
            self._now = now
            self._seen = None

    def add_identity(self, issuer: str, person: bytes) -> bytes:
        """Adds an identity that nobody has bound yet, so that what waits for it can be told.

        It is known to whoever asks this object, and written nowhere.

        Returns:
            Its subject's key, which is a hash and tells nothing by itself.
        """
        who = address_text(address(issuer, "the issuer"))
        identity = ids.identity_id(who, person)
        self._identities.append((who, person))
        self._seen = None
        return ids.subject(self._addresses["Identities"], identity)

    def identity(self, issuer: str, person: bytes) -> tuple[str, int] | None:
        """The wallet that an identity is bound to and from when on it stands; none if it is not."""
        row = self._store.row(_BINDING, issuer=issuer.lower(), person=person)
        return None if row is None or row[0] == ZERO_ADDRESS else (row[0], row[1])

    def add_split(self, split: Split) -> bytes:
        """Adds a split known from elsewhere than the events; returns its key.

        Its key is the hash of its leaves, so nothing needs to be believed. It is labelled
        ``added``, is known to whoever asks this object, and written nowhere.
        """
        if split.key not in self._splits:
            self._splits[split.key] = split
            self._seen = None
        return split.key

    def add_list(self, text: str | bytes, key: bytes | None = None) -> bytes:
        """:meth:`add_split` from a published file, of the split ``key`` when that is known.

        Raises:
            InvalidInput: the file is not a split's, or of another split.
        """
        return self.add_split(Split.from_json(text, key))

    # Money

    def owed(self, wallet: str, token: str = ZERO_ADDRESS) -> list[Owed]:
        """All money in one token that belongs to a wallet: every leaf of every known split that
        pays it, by split and leaf, and what subjects hold for it.

        Directly or through subjects that stand for it now; what is due now and what becomes due
        once the splits above are claimed. The amounts are exact when the :meth:`steps` are sent and
        nothing else happens in between; see :mod:`kiseki.index.books.accounts` for circles.

        Args:
            wallet: its address.
            token: its address; ether when left out. :meth:`tokens_owed` says in which there is
                anything.
        """
        ids.wallet(wallet)
        return self._view.sight.owed(wallet.lower(), address_text(address(token, "the token")))

    def owed_in_list(self, wallet: str, listed: Listed, token: str = ZERO_ADDRESS) -> list[Owed]:
        """What a split that is too long to be added owes a wallet whose leaves in it were read.

        Nothing for a split that the index knows: :meth:`owed` tells of that.
        """
        if self._view.splits.look_up(listed.key) is not None:
            return []
        token = address_text(address(token, "the token"))
        return self._view.sight.in_list(wallet.lower(), token, listed)

    def tokens_owed(self, wallet: str, after: str = "", limit: int = 100) -> list[str]:
        """The tokens in which a wallet is owed anything, ether (the zero address) first.

        Args:
            wallet: its address.
            after: the last token of the page before.
            limit: of tokens, at most.
        """
        ids.wallet(wallet)
        return self._view.sight.tokens(wallet.lower(), after.lower(), limit)

    def steps(self, owed: Iterable[Owed], lists: Iterable[Listed] = ()) -> tuple[Step, ...]:
        """The calls that bring what is owed, in the order of one multicall, each once.

        Args:
            owed: as this index told since it last changed.
            lists: the long lists of which some of these are.
        """
        return self._view.sight.steps(owed, {listed.key: listed for listed in lists})

    def waterfalls_ahead(self, wallets: Iterable[str]) -> dict[str, tuple[int, ...]]:
        """The waterfalls through which money comes to wallets, as far as is known here.

        What lies or waits at a waterfall is no money of the ledger, so :meth:`owed` does not tell
        of it; `Waterfalls.ahead` of the client asks the waterfall itself.

        Returns:
            Address, in lower case -> the tiers that lead to the wallets, counted from 1.
        """
        falls = self.agreements.waterfalls()
        keys = {ids.wallet(each): each for each in falls}
        tiers = {key: [tier.payee for tier in falls[each].tiers] for key, each in keys.items()}
        view, wanted = self._view, {ids.wallet(each) for each in wallets}
        leading = ahead.ahead(wanted, tiers, view.splits.look_up, view.payee)
        return {keys[fall]: places for fall, places in leading.items()}

    def tokens_at(self, payee: bytes, limit: int = 100) -> list[str]:
        """The tokens in which a split or subject ever had anything, ether first.

        Args:
            payee: 32 bytes.
            limit: of tokens, at most.
        """
        return self._view.tokens_at(payee)[:limit]

    def knows(self, split: bytes) -> bool:
        """Whether the leaves of a split are known."""
        return self._view.splits.look_up(split) is not None

    def tokens(self) -> list[str]:
        """Every token that ever came in; the zero address, first, is ether."""
        return balance.tokens(self._store)

    def balance(self, token: str, settled: bool = False) -> Balance:
        """What came in, went out and is held, account by account.

        Args:
            token: its address; the zero address is ether.
            settled: as it would be after every claim and resolution that can be made now.
        """
        token = address_text(address(token, "the token"))
        view = self._view
        return balance.balance_of(self._store, view.graph, view.books, token, settled)

    def held(self) -> Iterator[Held]:
        """What every split and subject ever had, account by account: to compare with a chain."""
        return figures.held(self._store)

    def claimed(self) -> Iterator[Claimed]:
        """What every leaf was ever passed, likewise."""
        return figures.claimed(self._store)

    def splits(self) -> list[KnownSplit]:
        """Every known split, by ascending key."""
        return list(self._view.splits)

    def split(self, key: bytes) -> KnownSplit:
        """The split with this payee key, with what it is.

        Raises:
            NotInIndex: its leaves are not known.
        """
        return self._view.splits.known(key)

    def opening(self, payee: bytes) -> bytes:
        """What shows what a split (76 bytes) or a subject of the suite (52) stands for.

        Raises:
            NotInIndex: it is neither, as far as the events tell.
        """
        return self._view.opening(payee)

    def deposits(self, references: Iterable[bytes]) -> dict[bytes, list[ledger.Deposit]]:
        """What was paid in with each of some references; nothing for one that nobody used."""
        return {each: ledger.deposits(self._store, each) for each in references}

    # Inside

    @property
    def _view(self) -> View:
        """What questions about money look at, as of the last change."""
        if self._seen is None:
            self._seen = View(
                self._store,
                self._addresses,
                self._splits.values(),
                self._identities,
                (self.cursor.time, max(self._now, self.cursor.time)),
            )
        return self._seen

    def _forget(self) -> None:
        """Drops what was worked out from the events so far."""
        self._seen = self._read = None
        self._records = Records(self._store)
