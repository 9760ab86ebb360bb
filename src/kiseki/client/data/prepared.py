"""Collections before they are registered: their items, and their state on the chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from kiseki.client.data.overlaps import Overlap
from kiseki.core import ids
from kiseki.core.collection import Kept, Slice
from kiseki.core.merkle import SLICE, IdTree, Proof
from kiseki.core.payee import Payee
from kiseki.core.terms import Terms
from kiseki.errors import KisekiError
from kiseki.vault.files import HashedFile

__all__ = ["Item", "Outlook", "Prepared", "items_of", "slices_of"]


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


def slices_of(prepared: Prepared, hashed: Sequence[HashedFile], files: object) -> Iterator[Slice]:
    """A prepared collection as the key store keeps it.

    Args:
        files: what was named; in a folder, items are called by their path in it.
    """
    folder = _folder(files)
    digests = {each.path: each.digest for each in hashed}
    roots = (prepared.tree.slice_root(k) for k in count())
    for start in range(0, len(prepared.items), SLICE):
        items = prepared.items[start : start + SLICE]
        yield Slice(
            next(roots),
            b"".join(each.commitment for each in items),
            b"".join(digests[each.paths[0]] for each in items),
            tuple(tuple(_name(path, folder) for path in each.paths) for each in items),
        )


def _folder(files: object) -> Path | None:
    """The folder that was named, if it was one."""
    return Path(files) if isinstance(files, str | Path) and Path(files).is_dir() else None


def _name(path: Path, folder: Path | None) -> str:
    text = str(path.relative_to(folder)) if folder is not None else path.name
    return text.encode(errors="surrogateescape").decode(errors="replace")
