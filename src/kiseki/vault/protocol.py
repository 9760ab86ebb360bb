"""Salts, which hide content behind its commitment, and who keeps them.

The salt of private content is 32 random bytes for each provider and content. Whoever keeps it is
asked before anything is sent, so that registering the same file again gives the same ID; and what
a collection holds is kept by the same, so that proofs and receipts need no files later. The vault
will do both; until then `kiseki.vault.keystore.KeyStore` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from kiseki.core.collection import Kept, Slice

__all__ = ["Salts"]


class Salts(Protocol):
    """Who keeps salts, and what collections hold."""

    def salts(self, provider: str, digests: list[bytes]) -> list[bytes]:
        """The salt of each content, by SHA-256 digest; new ones are kept before this returns."""
        ...

    def held(self, digests: list[bytes]) -> list[bytes]:
        """Every salt that is kept for one of these contents, of whatever provider; none is made."""
        ...

    def keep(self, kept: Kept, slices: Iterable[Slice]) -> None:
        """Keeps a collection with its items, before anything of it is sent."""
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
