"""Openings: which registered content a file is, as far as a key store can tell.

They come from two sides. A provider's key store has those of the collections that it prepared. Who
was sent a receipt takes in the openings of its items, and then finds the same data IDs by the same
files. Which collections are on a chain, the chain says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from kiseki.core import ids
from kiseki.core.collection import Kept, Names
from kiseki.core.merkle import Proof
from kiseki.core.values import ZERO32, address
from kiseki.vault import tables
from kiseki.vault.origins import Origins

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


class Openings(Origins):
    """The part of a key store that finds data IDs by content."""

    def receive(self, kept: Kept, items: Iterable[Item]) -> int:
        """Takes in the items of a receipt that was checked; how many of them are new.

        Items of which the receipt does not say which content they are tell nothing and are left
        out. The salts are kept too, so that their provider registers the same files as before.
        """
        given = [each for each in items if each.digest is not None and each.salt is not None]
        with self._lock, self._errors():
            self._check()
            with self._write():
                before = self._count_received(kept.id)
                for each in given:
                    self._merge_salt(address(kept.provider, "the provider"), each.digest, each.salt)
                self._receive(kept, [(e.commitment, e.digest or ZERO32, e.names) for e in given])
                return self._count_received(kept.id) - before

    def received(self) -> Iterator[tuple[Kept, int]]:
        """The collections of which receipts were taken in, each with how many items of it."""
        for row in self._rows(f"{tables.RECEIPTS} ORDER BY receipt.rowid"):
            kept = tables.kept_of(row)
            yield kept, self._count_received(kept.id)

    def received_items(self, collection: bytes) -> list[tuple[bytes, bytes, Names]]:
        """Commitment, digest and names of each received item of a collection."""
        rows = self._rows(
            "SELECT commitment, sha256, names FROM received WHERE collection = ?", collection
        )
        return [(commitment, digest, tables.unpacked(names)) for commitment, digest, names in rows]

    def openings(self, digests: Collection[bytes]) -> Iterator[Opening]:
        """Every item that is one of these contents, of what was prepared here and what was
        received, whoever is the provider. It looks through all slices."""
        wanted = set(digests)
        seen: set[tuple[bytes, bytes]] = set()
        for row in self._rows(f"{tables.COLLECTIONS} ORDER BY collection.rowid"):
            kept = tables.kept_of(row)
            slices = self._rows(
                f"SELECT {tables.BODY} FROM slice WHERE collection = ?"  # noqa: S608 - a constant
                " ORDER BY number",
                kept.id,
            )
            for part in map(tables.slice_of, slices):
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
        return [
            each
            for each, count in collections
            if not self._rows("SELECT 1 FROM collection WHERE id = ?", each)
            and not self._rows("SELECT 1 FROM given_up WHERE id = ?", each)
            and self._count_received(each) < count
        ]

    def give_up(self, registrations: Iterable[bytes]) -> None:
        """Notes that the openings of these are elsewhere or lost, so that nobody asks again."""
        with self._lock, self._errors():
            self._check()
            with self._write():
                self._db.executemany(
                    "INSERT OR IGNORE INTO given_up VALUES (?)", [(each,) for each in registrations]
                )

    # Inside

    def _count_received(self, collection: bytes) -> int:
        rows = self._rows("SELECT count(*) FROM received WHERE collection = ?", collection)
        return int(rows[0][0])

    def _receive(self, kept: Kept, items: Iterable[tuple[bytes, bytes, Names]]) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO receipt VALUES (?, ?, ?, ?, ?, ?, ?, ?)", tables.row_of(kept)
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO received VALUES (?, ?, ?, ?)",
            [(kept.id, commitment, digest, tables.packed([names]))
             for commitment, digest, names in items],
        )  # fmt: skip

    def _merge_salt(self, provider: bytes, digest: bytes | None, salt: bytes | None) -> None:
        """Keeps a salt from elsewhere beside those that are here. The first of a content counts."""
        known = self._db.execute(
            "SELECT salt FROM salt WHERE provider = ? AND sha256 = ?", (provider, digest)
        ).fetchall()
        if (salt,) not in known:
            values = (provider, digest, len(known), salt)
            self._db.execute("INSERT INTO salt VALUES (?, ?, ?, ?)", values)
