"""Salts, which hide content behind its commitment, and who keeps them.

The salt of private content is 32 random bytes for each provider and content. Whoever keeps it is
asked before anything is sent, so that registering the same file again gives the same ID; and what
a collection holds is kept by the same, so that proofs and receipts need no files later. The vault
will do both; until then `kiseki.client.keystore.KeyStore` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from kiseki.client.payees import Payee
from kiseki.core import ids
from kiseki.core.merkle import root_of
from kiseki.core.terms import Terms
from kiseki.core.values import ascending

__all__ = ["Kept", "Names", "Salts", "Slice"]

Names = tuple[str, ...]
"""What one content is called: the names of all files that have it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A collection whose items are kept; all of it but the items.

    Attributes:
        provider: who consents, as an address in lower case.
        terms: under which terms.
        root: of its tree.
        count: how many IDs.
        payee: who is paid.
        origin: commits to how, when and from whom the data was collected.
    """

    provider: str
    terms: Terms
    root: bytes
    count: int
    payee: Payee
    origin: bytes

    @property
    def id(self) -> bytes:
        """The collection's ID."""
        return ids.collection_id(self.provider, self.root, self.terms.id)

    @property
    def spec(self) -> tuple[bytes, bytes, bytes, bytes]:
        """As the contract takes it."""
        return (self.terms.id, self.payee.key, self.payee.opening, self.origin)


@dataclass(frozen=True, slots=True)
class Slice:
    """Up to 4,000 items of a collection, IDs ascending, side by side.

    Attributes:
        root: of the slice's own tree.
        commitments: 32 bytes an item.
        digests: SHA-256, 32 bytes an item; zero where only the commitment is known.
        names: of each item.
    """

    root: bytes
    commitments: bytes = field(repr=False)
    digests: bytes = field(repr=False)
    names: tuple[Names, ...] = field(repr=False)

    @classmethod
    def of(
        cls, provider: str, commitments: bytes, digests: bytes, names: tuple[Names, ...]
    ) -> Slice:
        """The slice of these items.

        Raises:
            InvalidInput: none, or their IDs do not ascend.
        """
        found = ids.item_ids(provider, cut(commitments))
        ascending(found, "IDs")
        return cls(root_of(found), commitments, digests, names)

    def __len__(self) -> int:
        return len(self.commitments) // 32

    @property
    def commitment_list(self) -> list[bytes]:
        """One by one."""
        return cut(self.commitments)

    @property
    def digest_list(self) -> list[bytes]:
        """One by one."""
        return cut(self.digests)


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


def cut(packed: bytes) -> list[bytes]:
    """32 bytes each."""
    return [packed[at : at + 32] for at in range(0, len(packed), 32)]
