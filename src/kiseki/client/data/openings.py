"""Which data ID a file has, and what is in a collection, as far as chain and key store can tell.

The chain knows commitments, and so IDs. Which file an ID belongs to only an opening can say: the
provider's key store has it, and so does whoever took in a receipt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kiseki.client.data.receipts_on_chain import on_chain
from kiseki.client.salts import Registration, lacking
from kiseki.client.wallet import Wallet
from kiseki.core import ids
from kiseki.core.collection import Kept, Names
from kiseki.core.counts import counted
from kiseki.core.payee import Payee
from kiseki.core.values import from_hex, to_hex
from kiseki.errors import InvalidInput, NotInIndex
from kiseki.index import CollectionRecord
from kiseki.vault import receipts
from kiseki.vault.doubts import Doubts
from kiseki.vault.files import hash_files
from kiseki.vault.folders import find
from kiseki.vault.openings import Opening

__all__ = ["FileFound", "ItemRecord", "Openings", "Place"]


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """An item of a collection.

    Attributes:
        id: its data ID, 32 bytes.
        commitment: what is logged, or can be, 32 bytes.
        names: what the key store calls it; empty where the key store does not hold it.
        logged: whether the chain has its commitment.
        revoked_at: when its provider revoked it, in Unix seconds; none if it is not revoked.
    """

    id: bytes
    commitment: bytes
    names: Names
    logged: bool
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file stands: an item of a collection.

    Attributes:
        opening: what the key store knows of it.
        collection: its record on the chain; none if it is not registered (yet).
        revoked_at: when its provider revoked the item, in Unix seconds; none if it is not revoked.
    """

    opening: Opening
    collection: CollectionRecord | None
    revoked_at: int | None

    @property
    def id(self) -> bytes:
        """The data ID."""
        return self.opening.id


@dataclass(frozen=True, slots=True)
class FileFound:
    """A file, and what it is registered as.

    Attributes:
        path: the file.
        places: where it stands, as far as this key store can tell. None means unknown, which is
            not the same as not registered.
    """

    path: Path
    places: tuple[Place, ...]

    @property
    def registered(self) -> tuple[Place, ...]:
        """The places on the chain."""
        return tuple(each for each in self.places if each.collection is not None)


@dataclass(frozen=True, slots=True)
class Openings:
    """What files and IDs have to do with each other; `Kiseki.data.openings`."""

    wallet: Wallet

    def find(
        self,
        files: str | Path | Iterable[str | Path],
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> list[FileFound]:
        """What files are registered as, by their content.

        Looks through the items that this key store prepared or received. Sends nothing.

        Args:
            files: a file, a folder, or several of these.
            progress: called with the number of files hashed and in all.

        Raises:
            FilesError: there are no files, or a file cannot be read or changes meanwhile.
        """
        hashed = hash_files(
            find(files, Doubts()), progress
        )  # what cannot be read is not asked about
        places = self.places([each.digest for each in hashed])
        return [FileFound(each.path, tuple(places.get(each.digest, ()))) for each in hashed]

    def places(self, digests: Sequence[bytes]) -> dict[bytes, list[Place]]:
        """Where contents stand, by SHA-256 digest; nothing for one that is unknown here."""
        index = self.wallet.session.index
        openings = list(self.wallet.salts.openings(set(digests)))
        known = {opening.digest for opening in openings}
        openings += self._by_salt([digest for digest in set(digests) if digest not in known])
        revoked = index.items_revoked({opening.id for opening in openings})
        records: dict[bytes, CollectionRecord | None] = {}
        places: dict[bytes, list[Place]] = {}
        for opening in openings:
            key = opening.kept.id
            if key not in records:
                records[key] = self._record(key)
            place = Place(opening, records[key], revoked.get(opening.id))
            places.setdefault(opening.digest, []).append(place)
        return places

    def _record(self, collection: bytes) -> CollectionRecord | None:
        """Of a collection; none where it is not registered (yet)."""
        try:
            return self.wallet.session.index.collection(collection)
        except NotInIndex:
            return None

    def _by_salt(self, digests: list[bytes]) -> Iterator[Opening]:
        """Items on the chain that a salt opens whose collection this key store does not hold."""
        index = self.wallet.session.index
        for digest, salt in self.wallet.salts.held(digests):
            commitment = ids.commitment(digest, salt)
            for each in index.find(commitment):
                if each.kind == "collection":
                    record = index.collection(each.id)
                    terms, paid = index.terms(record.terms_id), Payee(record.payee)
                    kept = Kept(
                        record.provider, terms, record.root, record.count, paid, record.origin
                    )
                    yield Opening(kept, digest, commitment, (), False)

    def items(self, collection: bytes) -> list[ItemRecord]:
        """All items of a collection that chain or key store know, IDs ascending.

        Raises:
            NotInIndex: the collection is not on this chain.
        """
        index, salts = self.wallet.session.index, self.wallet.salts
        record = index.collection(collection)
        names: dict[bytes, Names] = dict.fromkeys(record.published, ())
        names.update((commitment, said) for commitment, _, said in salts.received_items(collection))
        for part in salts.slices(collection):
            names.update(zip(part.commitment_list, part.names, strict=True))
        logged, known = set(record.published), list(names)
        by_id = sorted(zip(ids.item_ids(record.provider, known), known, strict=True))
        revoked = index.items_revoked(data_id for data_id, _ in by_id)
        return [
            ItemRecord(data_id, each, names[each], each in logged, revoked.get(data_id))
            for data_id, each in by_id
        ]

    def commitment(self, given: str) -> bytes:
        """The commitment of an item of this wallet, by what a person writes.

        Args:
            given: a file, or the item's data ID or commitment (0x and 64 hex digits).

        Raises:
            InvalidInput: the file is no item of this wallet that the key store can open, or the
                text is no ID.
            FilesError: the file cannot be read.
        """
        me = self.wallet.address.lower()
        if Path(given).is_file():
            (found,) = self.find(given)
            openings = [each.opening for each in found.places]
            mine = {each.commitment for each in openings if each.kept.provider == me}
            if not mine:
                raise InvalidInput(
                    f"{given} is no item of {self.wallet.address} that this key store can open; "
                    "name its commitment, or the right key store (--secrets)"
                )
            if len(mine) > 1:
                raise InvalidInput(
                    f"{given} is registered with {counted(len(mine), 'salt')}; name the commitment "
                    f"that you mean: {', '.join(sorted(map(to_hex, mine)))}"
                )
            return mine.pop()
        try:
            wanted = from_hex(given if given.startswith("0x") else f"0x{given}", 32, "the item")
        except InvalidInput:
            raise InvalidInput(
                f"there is no file {given!r:.80}, and it is no ID; name the file of the item, or "
                "its data ID or commitment (0x and 64 hex digits)"
            ) from None
        for record in self.wallet.session.index.collections(me):
            for item in self.items(record.id):
                if item.id == wanted:
                    return item.commitment
        return wanted

    def collections_of(self, commitment: bytes) -> list[bytes]:
        """The collections of this wallet in which an item is: those that logged it, and those of
        which the key store says so."""
        index, me = self.wallet.session.index, self.wallet.address.lower()
        logged = index.find(commitment, kind="collection")
        found = [each.id for each in logged if each.registrant == me]
        for each in index.registered("DataRegistry", me):
            head = index.collection_head(each)
            if head.logged < head.count and any(
                commitment in part.commitment_list for part in self.wallet.salts.slices(each)
            ):
                found.append(each)
        return list(dict.fromkeys(found))

    def receive(self, receipt: receipts.Receipt) -> int:
        """Takes a receipt into this key store, so that its files are found by their content.

        Computes everything in it again first. Sends nothing.

        Returns:
            How many of its items are new here.

        Raises:
            ProofError: something in the receipt is false, or it shows nothing.
            InvalidInput: its collection is not registered on this chain (yet), or the receipt does
                not say which contents its items are.
        """
        shown = receipts.check(receipt)
        if on_chain(receipt, self.wallet.session) is None:
            raise InvalidInput(
                f"the collection {to_hex(shown.collection)} of this receipt is not registered on "
                f"chain {self.wallet.session.chain_id}; wait until its provider has registered it, "
                "or name the right network"
            )
        if shown.unknown == shown.items:
            raise InvalidInput(
                "the receipt does not say which contents its items are, so no file can be found "
                "with it; ask whoever has the key store that made the collection"
            )
        if receipt.origin is not None:
            self.wallet.salts.keep_origin(receipt.origin)
        return self.wallet.salts.receive(receipt.kept, receipt.items)

    def lacking(self, provider: str | None = None) -> list[Registration]:
        """The collections on this chain that the key store cannot open; given up ones left out.

        Args:
            provider: whose. Default: this wallet. Of another wallet only those count that this
                wallet registered.
        """
        return lacking(self.wallet, provider or self.wallet.address)

    def give_up(self, registrations: Iterable[bytes]) -> None:
        """Notes in the key store that the openings of these collections or models are elsewhere or
        lost. New salts are made after that, and nobody asks again."""
        self.wallet.salts.give_up(registrations)
