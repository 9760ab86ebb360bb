"""Collections before they are registered: their items, and their state on the chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kiseki.client.data.overlaps import Overlap
from kiseki.core import ids
from kiseki.core.collection import Kept
from kiseki.core.merkle import SLICE, IdTree, Proof
from kiseki.core.payee import Payee
from kiseki.core.terms import Terms
from kiseki.errors import KisekiError
from kiseki.vault.files import HashedFile

__all__ = ["Item", "Outlook", "Prepared", "items_of"]


@dataclass(frozen=True, slots=True)
class Item:
    """A file that is, or will be, in a collection.

    Attributes:
        paths: the file, or all files with this content.
        commitment: what is logged, 32 bytes.
        id: its data ID, 32 bytes.
    """

    paths: tuple[Path, ...]
    commitment: bytes
    id: bytes


def items_of(registrant: str, hashed: Sequence[HashedFile], salts: Sequence[bytes]) -> list[Item]:
    """One item for each distinct content, IDs ascending."""
    paths: dict[bytes, list[Path]] = {}
    for each, salt in zip(hashed, salts, strict=True):
        paths.setdefault(ids.commitment(each.digest, salt), []).append(each.path)
    found = [
        Item(tuple(paths[commitment]), commitment, data_id)
        for commitment, data_id in zip(paths, ids.item_ids(registrant, paths), strict=True)
    ]
    return sorted(found, key=lambda item: item.id)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A collection that is prepared and not registered yet. Nothing was sent.

    Attributes:
        provider: who consents.
        terms: the terms of the collection.
        items: one for each distinct content, IDs ascending.
        tree: over the IDs.
        payee: who is paid.
        origin: the hash of a document on how, when and from whom the data was collected.
    """

    provider: str
    terms: Terms
    items: tuple[Item, ...] = field(repr=False)
    tree: IdTree = field(repr=False)
    payee: Payee
    origin: bytes

    @property
    def id(self) -> bytes:
        """The collection's ID."""
        return self.kept.id

    @property
    def commitments(self) -> list[bytes]:
        """The commitments of the items, in the order of their IDs."""
        return [item.commitment for item in self.items]

    @property
    def kept(self) -> Kept:
        """What the key store keeps of the collection: everything except the items."""
        who = self.provider.lower()
        return Kept(who, self.terms, self.tree.root, len(self.items), self.payee, self.origin)

    def parts(self) -> Iterator[tuple[list[bytes], Proof]]:
        """The commitments of each slice, with the proof of its root."""
        commitments = self.commitments
        for k, start in enumerate(range(0, len(commitments), SLICE)):
            yield commitments[start : start + SLICE], self.tree.slice_proof(k)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the chain has already of a collection that is to be registered.

    Attributes:
        kept: the collection.
        there: whether it is registered with exactly these values.
        error: why it cannot be registered; `DifferentValues` if it is registered with other
            values.
        overlaps: its items that are in other collections, which pay somebody else or have other
            terms.
    """

    kept: Kept
    there: bool
    error: KisekiError | None
    overlaps: tuple[Overlap, ...]
