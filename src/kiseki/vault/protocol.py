"""Salts, which hide content behind its commitment, and who keeps them.

The salt of private content is 32 random bytes for each provider and content. Whoever keeps it is
asked before anything is sent, so that registering the same file again gives the same ID; and what
a collection holds is kept by the same, so that proofs and receipts need no files later. The vault
will do both; until then `kiseki.vault.keystore.KeyStore` does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Protocol

from kiseki.core.collection import Kept, Names, Slice
from kiseki.core.origin import OriginFile
from kiseki.vault.openings import Item, Opening

__all__ = ["Keeps", "Salts"]


class Keeps(Protocol):
    """Who makes salts, and keeps what is prepared."""

    def salts(self, provider: str, digests: list[bytes]) -> list[bytes]:
        """The salt of each content, by SHA-256 digest; new ones are kept before this returns."""
        ...

    def keep(self, kept: Kept, slices: Iterable[Slice]) -> None:
        """Keeps a collection with its items, before anything of it is sent."""
        ...


class Salts(Keeps, Protocol):
    """Who keeps salts, and what collections hold."""

    @property
    def place(self) -> str:
        """Where they are kept, for people."""
        ...

    def known(self, provider: str, digests: list[bytes]) -> set[bytes]:
        """Which of these contents have a salt for this provider; none is made."""
        ...

    def opens(self, provider: str, commitments: Collection[bytes]) -> set[bytes]:
        """Which of these commitments a salt of this provider gives."""
        ...

    def lacking(self, collections: Iterable[tuple[bytes, int]]) -> list[bytes]:
        """Which collections (ID, number of items) cannot be opened here and were not given up."""
        ...

    def give_up(self, registrations: Iterable[bytes]) -> None:
        """Notes that the openings of these collections or models are elsewhere or lost."""
        ...

    def receive(self, kept: Kept, items: Iterable[Item]) -> int:
        """Takes in the items of a receipt that was checked; how many of them are new."""
        ...

    def keep_origin(self, file: OriginFile) -> OriginFile:
        """Keeps a document of origin, with all signatures that were gathered; what is kept now."""
        ...

    def origin(self, document: bytes) -> OriginFile | None:
        """The document of origin with this hash, if it is kept here."""
        ...

    def received_items(self, collection: bytes) -> list[tuple[bytes, bytes, Names]]:
        """Commitment, digest and names of each item of a collection that a receipt told of."""
        ...

    def openings(self, digests: Collection[bytes]) -> Iterator[Opening]:
        """Every item that is one of these contents, prepared here or received."""
        ...

    def held(self, digests: list[bytes]) -> list[tuple[bytes, bytes]]:
        """(digest, salt) of every salt that is kept for one of these contents, of whatever
        provider; none is made."""
        ...

    def slices(self, collection: bytes) -> Iterator[Slice]:
        """What a collection holds that is kept here; nothing when it is not."""
        ...

    def collections(self) -> Iterable[Kept]:
        """All collections that are kept here, with the values they were last prepared with."""
        ...

    def versions(self, collection: bytes) -> list[Kept]:
        """A collection with all values that it was prepared with, the last ones first."""
        ...
