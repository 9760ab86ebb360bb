"""All that a vault keeps of one person, by their wallet: as provider, and as receiver.

Each part is told row by row, so memory does not grow with what is kept. Rows are of one moment only
within a part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import select

from kiseki.core import ids
from kiseki.core.terms import Use
from kiseki.core.values import ZERO32, address, address_text, to_hex
from kiseki.vault.erasing import Erasing, Erasure
from kiseki.vault.handing.receipts import Receipt
from kiseki.vault.objects.reading import Stored
from kiseki.vault.store import tables
from kiseki.vault.vault import Vault

__all__ = ["Access", "Held", "Registered", "Run"]


@dataclass(frozen=True, slots=True)
class Held:
    """A content of the person.

    Attributes:
        digest: SHA-256 of it.
        ids: its data IDs, with the salt of each.
        names: what it is called: name and caption.
        stored: the content; none where only its salt is kept.
    """

    digest: bytes
    ids: tuple[tuple[bytes, bytes], ...]
    names: tuple[tuple[str, str], ...]
    stored: Stored | None


@dataclass(frozen=True, slots=True)
class Registered:
    """An item of a collection of the person.

    Attributes:
        collection: its ID.
        item: the data ID.
        digest: SHA-256 of the content; none where it is not known here.
        names: what the item is called in the collection.
        received: whether a receipt of data told of it, and it was not prepared here.
    """

    collection: bytes
    item: bytes
    digest: bytes | None
    names: tuple[str, ...]
    received: bool


@dataclass(frozen=True, slots=True)
class Run:
    """A time in which something holds: a sign-in, a text to sign, a hand-out.

    Attributes:
        what: ``session``, ``text``, or ``hand-out``.
        begins: Unix seconds.
        ends: the first second at which it is over.
        said: the text that was to be signed, or the use of a hand-out.
    """

    what: str
    begins: int
    ends: int
    said: str = ""


class Access:
    """What a vault keeps of one person.

    Args:
        vault: which is open.
        wallet: of the person, an address.

    Raises:
        InvalidInput: that is no address.
    """

    def __init__(self, vault: Vault, wallet: str) -> None:
        self._vault = vault
        self._who = address(wallet, "the wallet")
        self.wallet = address_text(self._who)

    def held(self) -> Iterator[Held]:
        """Their contents, in no order that means something.

        Raises:
            VaultError: a name does not open.
            SecretsError: the store cannot be used.
        """
        for digest, known in self.known():
            yield self.one(digest, known)

    def known(self) -> Iterator[tuple[bytes, list[tuple[bytes, bytes]]]]:
        """The digests of their contents, and the data IDs of each with their salts. It opens no
        name, and no content."""
        keys = self._vault.keys
        for digest, same in groupby(keys.commitments_of(self.wallet), key=itemgetter(0)):
            yield digest, [(ids.item_id(self.wallet, of), salt) for _, salt, of in same]

    def one(self, digest: bytes, known: Sequence[tuple[bytes, bytes]]) -> Held:
        """A content that `known` told.

        Raises:
            VaultError: a name does not open.
        """
        stored = self._vault.contents.content_of(self.wallet, digest)
        names = (
            () if stored is None else tuple((each.name, each.caption) for each in stored.called())
        )
        return Held(digest, tuple(known), names, stored)

    def registered(self) -> Iterator[Registered]:
        """The items of their collections of which something is known beside the commitment."""
        keys = self._vault.keys
        for kept in keys.collections(self.wallet):
            for part in keys.slices(kept.id):
                items = ids.item_ids(self.wallet, part.commitment_list)
                for item, digest, names in zip(items, part.digest_list, part.names, strict=True):
                    if digest != ZERO32 or names:
                        said = digest if digest != ZERO32 else None
                        yield Registered(kept.id, item, said, names, received=False)
        for kept, _ in keys.received():
            if kept.provider == self.wallet:
                for commitment, digest, names in keys.received_items(kept.id):
                    item = ids.item_id(self.wallet, commitment)
                    yield Registered(kept.id, item, digest, names, received=True)

    def collections(self) -> Iterator[tuple[bytes, int]]:
        """Their collections: ID and number of items."""
        for kept in self._vault.keys.collections(self.wallet):
            yield kept.id, kept.count

    def origins(self) -> Iterator[str]:
        """The documents of origin that their collections name, as they are kept (JSON)."""
        seen = set[bytes]()
        for kept in self._vault.keys.collections(self.wallet):
            for version in self._vault.keys.versions(kept.id):
                if version.origin not in seen:
                    seen.add(version.origin)
                    if file := self._vault.keys.origin(version.origin):
                        yield file.to_json()

    def given(self) -> Iterator[tuple[Receipt, bytes]]:
        """Receipts of what of theirs was handed out, with their salts."""
        yield from self._receipts(tables.entry.c.provider == self._who)

    def received(self) -> Iterator[tuple[Receipt, bytes]]:
        """Receipts of what was handed out to them."""
        yield from self._receipts(tables.entry.c.caller == self._who)

    def runs(self) -> Iterator[Run]:
        """Their sign-ins, and hand-outs to them, of which the vault has a row; it deletes these
        when others follow after their end."""
        s, n, h = tables.session.c, tables.nonce.c, tables.handout.c
        rows = self._vault.keys.database.rows
        for begins, ends in rows(
            select(s.begins, s.ends).where(s.address == self._who).order_by(s.begins)
        ):
            yield Run("session", begins, ends)
        for begins, ends, text in rows(
            select(n.begins, n.ends, n.message).where(n.address == self._who).order_by(n.begins)
        ):
            yield Run("text", begins, ends, text)
        for begins, ends, use in rows(
            select(h.begins, h.ends, h.use).where(h.caller == self._who).order_by(h.begins)
        ):
            yield Run("hand-out", begins, ends, str(Use(use).name).lower())

    def erasures(self) -> Iterator[Erasure]:
        """What of theirs was erased."""
        yield from Erasing(self._vault).all(self.wallet)

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """What is small, as JSON: runs, erasures with their two dates, collections."""
        epochs = self._vault.epochs
        return {
            "collections": [{"id": to_hex(of), "count": count} for of, count in self.collections()],
            "runs": [
                {"what": each.what, "begins": each.begins, "ends": each.ends, "said": each.said}
                for each in self.runs()
            ],
            "erasures": [
                {
                    "number": each.number, "everything": each.everything,
                    "items": [to_hex(item) for item in each.items], "asked_by": each.request.by,
                    "asked": each.request.at, "ground": each.request.ground,
                    "gone_here": each.gone, "gone_from_backups": each.backups(epochs).gone,
                }
                for each in self.erasures()
            ],
        }  # fmt: skip

    # Inside

    def _receipts(self, whose: Any) -> Iterator[tuple[Receipt, bytes]]:
        for each in self._vault.ledger.entries(whose):
            yield each.receipt, each.salt
