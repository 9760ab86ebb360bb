"""A hand-out: a caller is given items for a stated use, for some hours.

Its receipts are written in the transaction that makes it: there is no hand-out without them, and
`HandOuts.read` reads a hand-out in another transaction, so it sees one only when its receipts are
durable (invariant 11). Each range asks the rules again, and a long one asks again while it runs:
after 64 MiB or a minute at the latest.

The reason for which an item was given must hold on: where a licence ended, other reasons do not
carry the hand-out further, because its receipt does not state them. A new hand-out has a receipt
that does.

For an age key, the file that the receiver gets is made anew at each range, from the content as it
lies encrypted here; its head and nonce were made once, and its key is kept, sealed in a vault's
way, as long as the hand-out lives. So all ranges are of one file.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol

from sqlalchemy import Connection, Select, delete, select

from kiseki.core import ids
from kiseki.core.terms import Use
from kiseki.core.values import address, address_text
from kiseki.errors import InvalidInput, VaultError
from kiseki.vault.age.files import Sealing
from kiseki.vault.age.keys import Recipient
from kiseki.vault.handing import rates
from kiseki.vault.handing.asked import ONE, SOME
from kiseki.vault.handing.clocks import SKEW
from kiseki.vault.handing.ledger import Issued, Ledger
from kiseki.vault.handing.receipts import HAND_OUT_USES, Receipt
from kiseki.vault.handing.rules import Answer, Chain, Grounds, Item, NotGiven, Openings, grounds
from kiseki.vault.store import tables
from kiseki.vault.store.database import Database, add_many
from kiseki.vault.store.places import entry_receipt, handed_key
from kiseki.vault.store.sealed import text_shown

__all__ = ["Content", "HandOut", "HandOuts", "Handed", "Lengths", "Opened", "Shelf"]


class Content(Protocol):
    """The content of one item, as it is read."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from one place up to another, in pieces of at most 64 KiB.

        Raises:
            VaultError: it is damaged.
        """
        ...


class Shelf(Protocol):
    """Where the vault's content is found by data ID."""

    def items(self, wanted: Sequence[bytes], collection: bytes | None = None) -> list[Item | None]:
        """The items whose content is here, by their data IDs, in the order asked; none for one that
        is not here, or was erased.

        Args:
            collection: the one that they are asked for in; none: whichever they are in.
        """
        ...

    def content(self, item: Item) -> Content:
        """Its content. It is not read before it is asked for, so that many can be handed out.

        Raises:
            VaultError: it is not here any longer.
        """
        ...


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long a hand-out lives, and how much may be asked for.

    Attributes:
        life: seconds.
        items: in one hand-out.
        asked: hand-outs that one caller may ask for in an hour, refused ones too.
        check_bytes: after so many, a range that runs asks the rules again.
        check_seconds: after so many likewise.
    """

    life: int = 24 * 3_600
    items: int = 10_000
    asked: int = 1_000
    check_bytes: int = 64 << 20
    check_seconds: int = 60


@dataclass(frozen=True, slots=True)
class Handed:
    """An item of a hand-out.

    Attributes:
        issued: its receipt, the number in its provider's log, and the checkpoint over it.
        size: bytes of what is fetched: of the content, or of the age file.
    """

    issued: Issued
    size: int


@dataclass(frozen=True, slots=True)
class HandOut:
    """A hand-out that has begun.

    Attributes:
        id: 16 random bytes. They do not suffice to read: the caller is asked for, too.
        items: in the order asked for.
        ends: the first second at which it is over, since 1970.
    """

    id: bytes
    items: tuple[Handed, ...]
    ends: int


@dataclass(frozen=True, slots=True)
class Opened:
    """An item of a hand-out, to be read once and now: what was asked holds for this moment.

    Attributes:
        size: bytes of what is fetched.
    """

    size: int
    _pieces: Callable[[int, int], Iterator[bytes]] = field(repr=False)

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to `stop`, or to the end.

        Raises:
            NotGiven, VaultError, KisekiError: see `HandOuts.open`; between two pieces.
            ValueError: there are no such bytes.
        """
        stop = self.size if stop is None else stop
        if not 0 <= start <= stop <= self.size:
            raise ValueError(f"of {self.size:,} bytes there are none from {start:,} to {stop:,}")
        return self._pieces(start, stop)


@dataclass(frozen=True, slots=True)
class _Row:
    """An item of a hand-out, as it is kept."""

    use: Use
    begins: int
    ends: int
    receipt: Receipt
    size: int
    head: bytes | None
    key: bytes | None = field(repr=False)

    @property
    def item(self) -> Item:
        said = self.receipt
        return Item(said.item, said.provider, said.collection, said.commitment)


class HandOuts:
    """All hand-outs of a vault.

    Args:
        database: where they are kept.
        ledger: where their receipts go, in the same database.
        shelf: where content is found.
        chain: who asks the chain.
        clock: the time, in seconds since 1970.
    """

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        shelf: Shelf,
        chain: Chain,
        *,
        clock: Callable[[], int],
        lengths: Lengths = Lengths(),
    ) -> None:
        self._database, self._ledger, self._shelf, self._chain = database, ledger, shelf, chain
        self._clock, self._lengths = clock, lengths
        self._openings = Openings(database)
        self._secret = secrets.token_bytes(32)

    def begin(
        self,
        caller: str,
        wanted: Sequence[bytes],
        use: Use,
        recipient: Recipient | None = None,
        collection: bytes | None = None,
        *,
        partly: bool = False,
    ) -> HandOut:
        """Gives a caller items, all or none. What this returns is durable: hand-out and receipts.

        Args:
            caller: who signed in.
            wanted: data IDs, each once.
            use: what for; one of `HAND_OUT_USES`.
            recipient: whom the items are encrypted to; none: they are given as they are.
            collection: in which all of them are, where a licence is of it; none: of each item, one
                that it is in.
            partly: those of them that the caller may have, where that is at least one.

        Raises:
            NotGiven: one of them is not here, or may not be had; with `partly`, so are all.
            InvalidInput: no item or too many, one twice, or another use.
            VaultError: content is damaged, the clock was set back, or too many were asked for.
            KisekiError: the chain cannot be asked.
        """
        who, now = address_text(address(caller, "the caller")), self._clock()
        most = self._lengths.items
        if not 0 < len(wanted) <= most or len(set(wanted)) != len(wanted):
            raise InvalidInput(f"a hand-out has from 1 to {most} items, each of them once")
        if use not in HAND_OUT_USES:
            raise InvalidInput("a hand-out must state one use")
        with self._database.writing() as db:
            rates.count(db, f"hand-out {who}", self._lengths.asked, 3_600, now)
        found = self._shelf.items(wanted, collection)
        # What is not here is asked about, too: whoever measures the time learns nothing.
        items = [each or self._stand_in(of) for each, of in zip(found, wanted, strict=True)]
        given = self._given(who, items, use, now)
        both = zip(found, given.reasons, strict=True)
        may = [(each, reasons[0]) for each, reasons in both if each and reasons]
        if len(may) < (1 if partly else len(wanted)):
            raise NotGiven
        with self._database.reading():  # once, and not for each
            sizes = [self._shelf.content(each).size for each, _ in may]
        receipts = [
            given.receipt(who, item, use, reason, size, now)
            for (item, reason), size in zip(may, sizes, strict=True)
        ]
        sealed = [None if recipient is None else Sealing.to([recipient], each) for each in sizes]
        return self._write(who, use, receipts, sealed, now)

    def _write(
        self,
        caller: str,
        use: Use,
        receipts: Sequence[Receipt],
        sealed: Sequence[Sealing | None],
        now: int,
    ) -> HandOut:
        made, ends = secrets.token_bytes(16), now + self._lengths.life
        with self._database.writing() as db:
            _sweep(db, now)
            issued = self._ledger.append(db, receipts, now)
            row = (made, address(caller, "the caller"), int(use), now, ends)
            add_many(db, tables.handout, [row])
            hidden = self._database.columns.hidden
            rows = [
                (
                    made, said.item, address(said.provider, "the provider"), each.number, said.size,
                    None if seal is None else seal.head,
                    None if seal is None else hidden(seal.key, handed_key(made, said.item)),
                )
                for each, seal in zip(issued, sealed, strict=True)
                for said in (each.salted.receipt,)
            ]  # fmt: skip
            add_many(db, tables.handed, rows)
        sizes = [
            each.salted.receipt.size if seal is None else seal.size
            for each, seal in zip(issued, sealed, strict=True)
        ]
        return HandOut(made, tuple(map(Handed, issued, sizes)), ends)

    def size(self, handout: bytes, caller: str, item: bytes) -> int:
        """Bytes of what is fetched of an item.

        Raises:
            NotGiven: there is no such item in a hand-out to this caller now.
        """
        row = self._row(handout, caller, item, self._clock())
        return row.size if row.head is None else Sealing(row.head, b"", row.size).size

    def items(
        self, handout: bytes, caller: str, after: bytes = b"", most: int = 1 << 31
    ) -> list[Item]:
        """What is in a hand-out behind a data ID, so many at most, as far as it may still be had.

        Raises:
            NotGiven: there is no such hand-out to this caller now, nothing more is in it, or the
                reason for which one of these items was given holds no longer.
            KisekiError: the chain cannot be asked.
        """
        now = self._clock()
        rows = self._rows(SOME, handout, caller, now, after=after, most=most)
        if not rows:
            raise NotGiven
        given = self._given(caller, [row.item for row in rows], rows[0].use, now)
        for row, reasons in zip(rows, given.reasons, strict=True):
            if row.receipt.basis not in [each.basis for each in reasons]:
                raise NotGiven
        return [row.item for row in rows]

    def open(self, handout: bytes, caller: str, item: bytes) -> Opened:
        """An item of a hand-out. Everything is asked before this returns, and again while its bytes
        are taken.

        Args:
            handout: its ID.
            caller: who signed in.
            item: its data ID.

        Raises:
            NotGiven: there is no such hand-out to this caller now, the reason for which it was
                given holds no longer, or the content was erased.
            VaultError: the content is damaged.
            KisekiError: the chain cannot be asked.
        """
        now = self._clock()
        row = self._row(handout, caller, item, now)
        self._must_be_given(row, now)
        try:
            content = self._shelf.content(row.item)
        except VaultError:  # erased
            raise NotGiven from None
        if content.size != row.size:
            raise VaultError("the content is not what it was; nothing is given out")
        if row.head is None or row.key is None:
            size, pieces = row.size, content.read
        else:
            sealing = Sealing(row.head, row.key, row.size)
            size = sealing.size

            def pieces(start: int, stop: int) -> Iterator[bytes]:
                return sealing.read(content.read, start, stop)

        return Opened(
            size, lambda start, stop: self._watched(handout, row, pieces(start, stop), now)
        )

    def read(
        self, handout: bytes, caller: str, item: bytes, start: int = 0, stop: int | None = None
    ) -> Iterator[bytes]:
        """The bytes of an item from `start` up to `stop`, or to its end.

        Raises:
            NotGiven, VaultError, KisekiError: see `open`; also between two pieces.
            ValueError: there are no such bytes.
        """
        return self.open(handout, caller, item).read(start, stop)

    def _watched(
        self, handout: bytes, row: _Row, pieces: Iterator[bytes], checked: int
    ) -> Iterator[bytes]:
        """The pieces, as long as they may be had."""
        since, who, item = 0, row.receipt.caller, row.receipt.item
        while True:
            try:
                piece = next(pieces, None)
            except VaultError:  # it may be gone because it was erased meanwhile
                now = self._clock()
                self._must_hold(self._row(handout, who, item, now), now)
                raise
            if piece is None:
                return
            now = self._clock()
            if (
                since + len(piece) > self._lengths.check_bytes
                or abs(now - checked) >= self._lengths.check_seconds
            ):
                # The row, too: the hand-out may be over, or somebody ended it.
                self._must_hold(self._row(handout, who, item, now), now)
                since, checked = 0, now
            since += len(piece)
            yield piece

    def end(self, handout: bytes) -> None:
        """Ends a hand-out and destroys its keys. Its receipts stay."""
        with self._database.writing() as db:
            _remove(db, [handout])

    def sweep(self) -> None:
        """Ends all that are over."""
        with self._database.writing() as db:
            _sweep(db, self._clock())

    def _row(self, handout: bytes, caller: str, item: bytes, now: int) -> _Row:
        """What is kept of an item of a hand-out; its receipt is in a signed checkpoint, durably."""
        rows = self._rows(ONE, handout, caller, now, item=item)
        if not rows:
            raise NotGiven
        return rows[0]

    def _rows(
        self, asked: Select[Any], handout: bytes, caller: str, now: int, **more: bytes | int
    ) -> list[_Row]:
        values = {
            "handout": handout, "caller": address(caller, "the caller"), "begun": now + SKEW,
            "now": now, **more,
        }  # fmt: skip
        made = []
        with self._database.reading() as db:
            columns = self._database.columns
            for use, begins, ends, item, who, number, text, size, head, sealed in db.execute(
                asked, values
            ):
                key = None if sealed is None else columns.shown(sealed, handed_key(handout, item))
                receipt = Receipt.from_json(text_shown(columns, text, entry_receipt(who, number)))
                made.append(_Row(Use(use), begins, ends, receipt, size, head, key))
        return made

    def _must_hold(self, row: _Row, now: int) -> None:
        self._must_be_given(row, now)
        if self._shelf.items([row.item.id], row.item.collection) != [row.item]:  # erased
            raise NotGiven

    def _must_be_given(self, row: _Row, now: int) -> None:
        given = self._given(row.receipt.caller, [row.item], row.use, now)
        if row.receipt.basis not in [each.basis for each in given.reasons[0]]:
            raise NotGiven

    def _given(self, caller: str, items: Sequence[Item], use: Use, now: int) -> _Given:
        answer = self._chain.ask(caller, items, use)
        if len(answer.facts) != len(items):
            raise VaultError("the chain was asked about other items; nothing is given out")
        # Asked only where the terms let everybody, which the chain tells everybody.
        pairs = zip(items, answer.facts, strict=True)
        free = [item.collection for item, facts in pairs if facts.allowed_until is not None]
        open_ = self._openings.among(free)
        reasons = [
            grounds(caller, item, use, answer, facts, item.collection in open_, now)
            for item, facts in zip(items, answer.facts, strict=True)
        ]
        return _Given(answer, reasons)

    def _stand_in(self, wanted: bytes) -> Item:
        """An item that nobody has, for one that is not here; the same at each question."""
        made = [sha256(self._secret + bytes([n]) + wanted).digest() for n in range(3)]
        provider = address_text(made[0][:20])
        return Item(ids.item_id(provider, made[1]), provider, made[2], made[1])


@dataclass(frozen=True, slots=True)
class _Given:
    """What the rules say of some items."""

    answer: Answer
    reasons: list[list[Grounds]]

    def receipt(
        self, caller: str, item: Item, use: Use, why: Grounds, size: int, now: int
    ) -> Receipt:
        return Receipt(
            self.answer.chain, caller, item.provider, item.id, item.collection, item.commitment,
            use, why.basis, why.subject, why.until, self.answer.block, size, now,
        )  # fmt: skip


def _sweep(db: Connection, now: int) -> None:
    c = tables.handout.c
    _remove(db, list(db.execute(select(c.id).where(c.ends <= now)).scalars()))


def _remove(db: Connection, handouts: Sequence[bytes]) -> None:
    for each in handouts:
        db.execute(delete(tables.handed).where(tables.handed.c.handout == each))
        db.execute(delete(tables.handout).where(tables.handout.c.id == each))
