"""A collection with what it holds, as whoever keeps it has it."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiseki.core import ids
from kiseki.core.merkle import root_of
from kiseki.core.payee import Payee
from kiseki.core.terms import Terms
from kiseki.core.values import ascending

__all__ = ["Kept", "Names", "Slice", "cut"]


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


def cut(packed: bytes) -> list[bytes]:
    """32 bytes each."""
    return [packed[at : at + 32] for at in range(0, len(packed), 32)]
