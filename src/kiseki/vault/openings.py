"""Openings: which registered content a file is, as far as a key store can tell.

They come from two sides. A provider's key store has those of the collections that it prepared. Who
was sent a receipt takes in the openings of its items, and then finds the same data IDs by the same
files. Which collections are on a chain, the chain says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select

from kiseki.core import ids
from kiseki.core.collection import Kept, Names, Slice
from kiseki.core.merkle import Proof
from kiseki.core.values import ZERO32, address
from kiseki.vault.salts import Salts
from kiseki.vault.store import rows, tables
from kiseki.vault.store.database import insert
from kiseki.vault.store.rows import last_place

__all__ = ["Item", "Opening", "Openings"]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a receipt.

    Attributes:
        names: what it is called.
        digest: SHA-256 of its content; none where whoever made the receipt does not know it.
        salt: with which it was hidden; likewise.
        commitment: what is, or can be, logged.
        proof: that it is in the collection.
    """

    names: Names
    digest: bytes | None = field(repr=False)
    salt: bytes | None = field(repr=False)
    commitment: bytes
    proof: Proof = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opening:
    """That a content is an item of a collection.

    Attributes:
        kept: the collection, as it was prepared or as its receipt has it.
        digest: SHA-256 of the content.
        commitment: of the item, 32 bytes.
        names: what the item is called.
        received: whether a receipt told of it; otherwise this key store prepared it.
    """

    kept: Kept
    digest: bytes = field(repr=False)
    commitment: bytes
    names: Names
    received: bool

    @property
    def id(self) -> bytes:
        """The item's data ID."""
        return ids.item_id(self.kept.provider, self.commitment)


class Openings(Salts):
    """The part of a key store that finds data IDs by content."""

    def receive(self, kept: Kept, items: Iterable[Item]) -> int:
        """Takes in the items of a receipt that was checked; how many of them are new.

        Items of which the receipt does not say which content they are tell nothing and are left
        out. The salts are kept too, so that their provider registers the same files as before.
        """
        given = [each for each in items if each.digest is not None and each.salt is not None]
        with self._store.writing():
            before = self._count_received(kept.id)
            for each in given:
                self._merge_salt(address(kept.provider, "the provider"), each.digest, each.salt)
            self._receive(kept, [(e.commitment, e.digest or ZERO32, e.names) for e in given])
            return self._count_received(kept.id) - before

    def received(self) -> Iterator[tuple[Kept, int]]:
        """The collections of which receipts were taken in, each with how many items of it."""
        c = tables.receipt.c
        for row in self._rows(rows.kept_rows(tables.receipt).order_by(c.place, c.id)):
            kept = rows.kept_of(row)
            yield kept, self._count_received(kept.id)

    def received_items(self, collection: bytes) -> list[tuple[bytes, bytes, Names]]:
        """Commitment, digest and names of each received item of a collection."""
        c = tables.received.c
        question = (
            select(c.commitment, c.sha256, c.names)
            .where(c.collection == collection)
            .order_by(c.commitment)
        )
        with self._store.reading():
            shown = self._columns.shown
            return [
                (
                    commitment,
                    shown(digest, b"received digest" + collection + commitment),
                    rows.unpacked(shown(names, b"received names" + collection + commitment)),
                )
                for commitment, digest, names in self._rows(question)
            ]

    def openings(self, digests: Collection[bytes]) -> Iterator[Opening]:
        """Every item that is one of these contents, of what was prepared here and what was
        received, whoever is the provider. It looks through all slices."""
        wanted = set(digests)
        seen: set[tuple[bytes, bytes]] = set()
        c = tables.collection.c
        for row in self._rows(rows.kept_rows(tables.collection).order_by(c.place, c.id)):
            kept = rows.kept_of(row)
            for part in self.slices(kept.id):
                for digest, commitment, names in zip(
                    part.digest_list, part.commitment_list, part.names, strict=True
                ):
                    if digest in wanted:
                        seen.add((kept.id, commitment))
                        yield Opening(kept, digest, commitment, names, False)
        for kept, _ in self.received():
            for commitment, digest, names in self.received_items(kept.id):
                if digest in wanted and (kept.id, commitment) not in seen:
                    yield Opening(kept, digest, commitment, names, True)

    def lacking(self, collections: Iterable[tuple[bytes, int]]) -> list[bytes]:
        """Which collections (ID, number of items) this key store cannot open: neither prepared
        here nor wholly received, nor given up."""
        here, gone = tables.collection.c.id, tables.given_up.c.id
        return [
            each
            for each, count in collections
            if not self._rows(select(here).where(here == each))
            and not self._rows(select(gone).where(gone == each))
            and self._count_received(each) < count
        ]

    def give_up(self, registrations: Iterable[bytes]) -> None:
        """Notes that the openings of these are elsewhere or lost, so that nobody asks again."""
        ids = [{"id": each} for each in registrations]
        with self._store.writing() as db:
            if ids:
                db.execute(insert(db, tables.given_up).on_conflict_do_nothing(), ids)

    # Inside

    def _count_received(self, collection: bytes) -> int:
        items = select(func.count()).where(tables.received.c.collection == collection)
        return int(self._rows(items)[0][0])

    def _receive(self, kept: Kept, items: Iterable[tuple[bytes, bytes, Names]]) -> None:
        told = list(items)
        with self._store.writing() as db:
            gone = self._erased(kept.provider, [commitment for commitment, *_ in told])
            values = [(of, digest, rows.packed([names])) for of, digest, names in told
                      if of not in gone]  # fmt: skip
            place = last_place(tables.receipt)
            row = insert(db, tables.receipt).values(**rows.row_of(kept), place=place)
            changed = {name: row.excluded[name] for name in rows.row_of(kept)}
            db.execute(row.on_conflict_do_update(index_elements=["id"], set_=changed))
            if values:
                item = insert(db, tables.received)
                changed = {name: item.excluded[name] for name in ("sha256", "names")}
                key = ["collection", "commitment"]
                hidden = self._columns.hidden
                db.execute(
                    item.on_conflict_do_update(index_elements=key, set_=changed),
                    [
                        {
                            "collection": kept.id,
                            "commitment": each,
                            "sha256": hidden(digest, b"received digest" + kept.id + each),
                            "names": hidden(names, b"received names" + kept.id + each),
                        }
                        for each, digest, names in values
                    ],
                )

    def slices(self, collection: bytes) -> Iterator[Slice]:
        """What a collection holds, slice by slice; nothing when it is not kept here."""
        for number in range(1 << 32):
            with self._store.reading():
                part = self._part(collection, number)
            if part is None:
                return
            yield part

    def _part(self, collection: bytes, number: int) -> Slice | None:
        """One slice of a collection."""
        c = tables.slices.c
        body = select(*rows.BODY).where(c.collection == collection, c.number == number)
        for root, commitments, digests, names in self._rows(body):
            shown, place = self._columns.shown, collection + number.to_bytes(4)
            opened = shown(digests, b"digests" + place), shown(names, b"names" + place)
            return rows.slice_of((root, commitments, *opened))
        return None

    def _part_columns(
        self, collection: bytes, number: int, digests: bytes, names: Sequence[Names]
    ) -> dict[str, bytes]:
        """What of a slice tells something of content, as it is kept."""
        hidden, place = self._columns.hidden, collection + number.to_bytes(4)
        return {
            "digests": hidden(digests, b"digests" + place),
            "names": hidden(rows.packed(names), b"names" + place),
        }
