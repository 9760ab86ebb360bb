"""The link between contents and their data IDs, destroyed: salts, digests and names."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import delete, select, update

from kiseki.core import ids
from kiseki.core.collection import Names, Slice
from kiseki.core.values import ZERO32, address, bytes32
from kiseki.errors import SecretsError
from kiseki.vault import items
from kiseki.vault.openings import Openings
from kiseki.vault.store import rows, tables

__all__ = ["Forgetting", "without"]


class Forgetting(Openings):
    """The part of a key store that forgets."""

    def forget(self, provider: str, digest: bytes) -> bool:
        """Destroys the salt of a content, its digest and its names, and with them for good the link
        between the content and its ID; backups and receipts keep it. Whether there was one.

        Raises:
            SecretsError: it is not gone from the disk while somebody else reads; run it again.
        """
        with self._store.writing():
            there = bool(self.known(provider, [digest]))
            self.unlink(provider, [digest])
        if not self._store.scrub():
            raise SecretsError(
                "it is forgotten, but still on the disk while another program reads the key store; "
                "end that, then run this again"
            )
        return there

    def unlink(self, provider: str, digests: Collection[bytes] | None) -> list[bytes]:
        """`forget` for many contents, inside a transaction that writes more, and without a scrub.

        Args:
            digests: SHA-256 of each content; none: all of this provider.

        Returns:
            The commitments that these contents had here, in ascending order. What was destroyed
            before has none.

        Raises:
            SecretsError: the store cannot be written.
        """
        who = address(provider, "the provider")
        wanted = (
            None if digests is None else {bytes32(each, "a SHA-256 digest") for each in digests}
        )
        with self._store.writing() as db:
            gone = self._destroy_salts(who, wanted)
            gone |= self._unname(who, wanted)
            gone |= self._unreceive(who, wanted)
            items.forget(db, who, None if wanted is None else gone)
        return sorted(gone)

    def rename(self, provider: str, digest: bytes, old: str, new: str) -> None:
        """Calls a content otherwise in all collections of its provider, inside a transaction.

        Raises:
            SecretsError: the store cannot be written.
        """
        who, c = address(provider, "the provider"), tables.slices.c
        mine = select(tables.collection.c.id).where(tables.collection.c.provider == who)
        for (collection,) in self._rows(mine):
            for number, part in enumerate(self.slices(collection)):
                if not (places := _places(part, {digest})):
                    continue
                names = list(part.names)
                for place in places:
                    names[place] = tuple(new if each == old else each for each in names[place])
                columns = self._part_columns(collection, number, part.digests, names)
                row = (c.collection == collection, c.number == number)
                with self._store.writing() as db:
                    db.execute(update(tables.slices).where(*row).values(columns))
        theirs = select(tables.receipt.c.id).where(tables.receipt.c.provider == who)
        for (collection,) in self._rows(theirs):
            for commitment, told, names_ in self.received_items(collection):
                if told == digest and old in names_:
                    said = tuple(new if each == old else each for each in names_)
                    self._called_in_receipt(collection, commitment, said)

    # Inside

    def _called_in_receipt(self, collection: bytes, commitment: bytes, names: Names) -> None:
        r = tables.received.c
        hidden = self._columns.hidden(
            rows.packed([names]), b"received names" + collection + commitment
        )
        row = (r.collection == collection, r.commitment == commitment)
        with self._store.writing() as db:
            db.execute(update(tables.received).where(*row).values(names=hidden))

    def _destroy_salts(self, who: bytes, wanted: Collection[bytes] | None) -> set[bytes]:
        c = tables.salt.c
        if wanted is None:
            pairs = [(digest, salt) for _, digest, salt in self._all_salts(who)]
            where = [c.provider == who]
        else:
            pairs = list(self._found(who, sorted(wanted), first=False))
            looked = {self._columns.lookup(who, digest) for digest, _ in pairs}
            where = [(c.provider == who) & (c.sha256 == each) for each in sorted(looked)]
        with self._store.writing() as db:
            for each in where:
                db.execute(delete(tables.salt).where(each))
        return {ids.commitment(digest, salt) for digest, salt in pairs}

    def _unname(self, who: bytes, wanted: Collection[bytes] | None) -> set[bytes]:
        """Takes digests and names out of every slice; the commitments beside them."""
        gone, c = set[bytes](), tables.slices.c
        mine = select(tables.collection.c.id).where(tables.collection.c.provider == who)
        for (collection,) in self._rows(mine):
            for number, part in enumerate(self.slices(collection)):
                if not (places := _places(part, wanted)):
                    continue
                known = {part.commitment_list[place] for place in places}
                left = without(part, known)
                gone |= known
                columns = self._part_columns(collection, number, left.digests, left.names)
                mine_too = (c.collection == collection, c.number == number)
                with self._store.writing() as db:
                    db.execute(update(tables.slices).where(*mine_too).values(columns))
        return gone

    def _unreceive(self, who: bytes, wanted: Collection[bytes] | None) -> set[bytes]:
        """Takes out what receipts of this provider's told."""
        gone, c = set[bytes](), tables.received.c
        theirs = select(tables.receipt.c.id).where(tables.receipt.c.provider == who)
        for (collection,) in self._rows(theirs):
            told = self.received_items(collection)
            known = {each for each, digest, _ in told if wanted is None or digest in wanted}
            gone |= known
            with self._store.writing() as db:
                for each in sorted(known):
                    row = (c.collection == collection, c.commitment == each)
                    db.execute(delete(tables.received).where(*row))
        return gone


def without(part: Slice, commitments: Collection[bytes]) -> Slice:
    """A slice that tells nothing of these items but their commitments."""
    if not commitments:
        return part
    rows = zip(part.commitment_list, part.digest_list, part.names, strict=True)
    left = [(ZERO32, ()) if of in commitments else (digest, names) for of, digest, names in rows]
    digests, names = zip(*left, strict=True)
    return replace(part, digests=b"".join(digests), names=names)


def _places(part: Slice, wanted: Collection[bytes] | None) -> list[int]:
    """Where in a slice these contents are; those of which something is known, if all are meant."""
    pairs = enumerate(zip(part.digest_list, part.names, strict=True))
    if wanted is None:
        return [place for place, (digest, names) in pairs if digest != ZERO32 or names]
    return [place for place, (digest, _) in pairs if digest in wanted]
