"""The manifest of a model: exactly which data one training run used, with weights.

A sum tree over the sources, each itself a sum tree over that collection's items; node i of the
upper tree *is* (items_i, weight_i) of source i (DESIGN, "The manifest"). So one proof shows that
an item was declared, and two neighbours show that one was not. It proves declaration, never use.

What each check rests on:

- **inclusion** needs the manifest's root and weight, which the model's registration computes from
  its sources. To know under *which* source the item stands, check it against the source itself;
- **absence** needs the source: a collection's ``(items, weight)`` out of the source list that the
  model's ``sourcesHash`` commits to. Intervals inside a source run from 0 to its weight, so both
  ends are known. An item is absent from a model when it is absent from every source of its
  registrant; where its registrant has no source, the source list itself is the proof.

A proof of absence relies on the items ascending, which nobody checks at registration. Two
neighbours out of order are objective evidence that the manifest is false
(``kiseki.core.evidence``); who walked all of it, slice by slice, has checked that there are none.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from operator import attrgetter, itemgetter

from kiseki.core import documents, sumtree
from kiseki.core.ids import PART, Collection
from kiseki.core.merkle import IdTree, Multiproof
from kiseki.core.sumtree import SumProof, SumTree
from kiseki.core.values import ZERO32, ascending, bytes32, from_hex, to_hex
from kiseki.errors import InvalidInput, ProofError

__all__ = [
    "WEIGHT_LIMIT",
    "AbsenceProof",
    "InclusionProof",
    "Item",
    "Manifest",
    "Place",
    "Slice",
    "declared",
    "manifest_root",
    "verify_absence",
    "verify_inclusion",
    "verify_inclusion_in",
]

WEIGHT_LIMIT = 1 << 82
"""The weight of a whole manifest stays below this, so that shares fit a uint96."""

_FORMAT = "kiseki-manifest-v1"


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That an item was declared, and with what weight.

    Attributes:
        collection: the source it stands under; only :func:`verify_inclusion_in` checks it.
        data_id: the item's ID.
        weight: its weight.
        item: the leaf's proof under the source's (items, weight).
        source: the proof of that node under the manifest's (root, weight).
    """

    collection: bytes
    data_id: bytes
    weight: int
    item: SumProof
    source: SumProof

    @property
    def whole(self) -> SumProof:
        """The leaf's proof under the manifest's (root, weight), both parts in one."""
        return sumtree.concat(self.item, self.source)


@dataclass(frozen=True, slots=True)
class Item:
    """A declared item with its proof under its source's (items, weight)."""

    data_id: bytes
    weight: int
    proof: SumProof


@dataclass(frozen=True, slots=True)
class AbsenceProof:
    """That an item was not declared under one source: its two neighbours.

    Attributes:
        collection: the source.
        data_id: the ID that is absent.
        left: the last item before it; ``None`` when ``right`` is the first of all.
        right: the first item after it; ``None`` when ``left`` is the last of all.
    """

    collection: bytes
    data_id: bytes
    left: Item | None
    right: Item | None


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a manifest, in the order in which `Challenges.checkManifest` walks it.

    Attributes:
        part: of the source list, counted from 0.
        source: the collection's index in that part.
        lo: the sum of all weights before, in that collection.
    """

    part: int = 0
    source: int = 0
    lo: int = 0


@dataclass(frozen=True, slots=True)
class Slice:
    """Neighbouring items under one node of a source, all in one slice of the collection.

    Attributes:
        collection: the source.
        place: where its first item begins.
        items: (data ID, weight) pairs, ascending.
        node: the proof of the node under the source's (items, weight).
        members: the proof that all of them are in the collection.
    """

    collection: bytes
    place: Place
    items: Sequence[tuple[bytes, int]]
    node: SumProof
    members: Multiproof


class Manifest:
    """The exact data of one training run.

    Args:
        items: collection ID -> (data ID, weight) pairs or a mapping, in any order; each
            collection has at least one item and each weight is at least 1. Empty is allowed.

    Raises:
        InvalidInput: an empty collection, an item twice, a weight of zero, a total weight of
            2**82 or more, or an ID that is not 32 bytes.
    """

    def __init__(
        self, items: Mapping[bytes, Mapping[bytes, int] | Iterable[tuple[bytes, int]]]
    ) -> None:
        self._items: dict[bytes, list[tuple[bytes, int]]] = {}
        self._trees: dict[bytes, SumTree] = {}  # both in ascending order of collections
        for collection in sorted(bytes32(each, "a collection's ID") for each in items):
            given = items[collection]
            pairs = list(given.items() if isinstance(given, Mapping) else given)
            if not pairs:
                raise InvalidInput(f"{to_hex(collection)} has no items; leave the collection out")
            pairs.sort(key=itemgetter(0))
            ascending([pair[0] for pair in pairs], "the items of a collection")
            self._items[collection] = pairs
            self._trees[collection] = SumTree(pairs)
        if self.weight >= WEIGHT_LIMIT:
            raise InvalidInput("the weights add up to 2**82 or more; scale them down")

    @property
    def items(self) -> Mapping[bytes, Sequence[tuple[bytes, int]]]:
        """Collection ID -> (data ID, weight) pairs, both ascending."""
        return self._items

    @cached_property
    def collections(self) -> tuple[Collection, ...]:
        """The source list: each collection with the root and weight of its items, ascending."""
        return tuple(Collection(key, tree.root, tree.total) for key, tree in self._trees.items())

    @property
    def root(self) -> bytes:
        """The hash of the manifest's root; zero without collections."""
        return self._upper.root if self._items else ZERO32

    @cached_property
    def weight(self) -> int:
        """The sum of all weights; zero without collections."""
        return sum(tree.total for tree in self._trees.values())

    @cached_property
    def _upper(self) -> SumTree:
        return _upper(self.collections)

    def prove(self, collection: bytes, data_id: bytes) -> InclusionProof:
        """The proof that an item was declared under a collection.

        Raises:
            InvalidInput: it was not.
        """
        items, i = self._place(collection, data_id)
        if i == len(items) or items[i][0] != data_id:
            raise InvalidInput(f"{to_hex(data_id)} is not declared under {to_hex(collection)}")
        k = bisect_left(self.collections, collection, key=attrgetter("id"))
        inner = self._trees[collection].proof(i)
        return InclusionProof(collection, data_id, items[i][1], inner, self._upper.proof(k))

    def prove_absent(self, collection: bytes, data_id: bytes) -> AbsenceProof:
        """The proof that an item was not declared under a collection.

        Raises:
            InvalidInput: it was, or the collection is no source of this manifest (then the
                source list itself is the proof).
        """
        items, i = self._place(collection, data_id)
        if i < len(items) and items[i][0] == data_id:
            raise InvalidInput(f"{to_hex(data_id)} is declared under {to_hex(collection)}")
        tree = self._trees[collection]
        around = [
            Item(*items[j], tree.proof(j)) if 0 <= j < len(items) else None for j in (i - 1, i)
        ]
        return AbsenceProof(collection, data_id, around[0], around[1])

    def slices(
        self, trees: Callable[[bytes], IdTree], start: Place | None = None, most: int = 1024
    ) -> Iterator[Slice]:
        """The whole manifest from ``start`` on, cut into slices as large as they may be.

        Args:
            trees: gives a collection's tree over all its IDs.
            start: the beginning of an item; of the first if left out.
            most: items of one slice at most.

        Raises:
            InvalidInput: an item is not in its collection, or none begins at ``start``.
        """
        begin = start or Place()
        for number, (collection, items) in enumerate(self._items.items()):
            part, source = divmod(number, PART)
            if (part, source) < (begin.part, begin.source):
                continue
            los = list(accumulate((weight for _, weight in items), initial=0))
            first = begin.lo if (part, source) == (begin.part, begin.source) else 0
            i = bisect_left(los, first)
            if i >= len(items) or los[i] != first:
                raise InvalidInput(f"no item of {to_hex(collection)} begins at {first}")
            tree = trees(collection)
            within = [tree.slice_of(data_id) for data_id, _ in items]
            while i < len(items):
                height = _height(i, within, most)
                some = items[i : i + (1 << height)]
                yield Slice(
                    collection,
                    Place(part, source, los[i]),
                    some,
                    self._trees[collection].proof(i >> height, height),
                    tree.multiproof([data_id for data_id, _ in some]),
                )
                i += len(some)

    def _place(self, collection: bytes, data_id: bytes) -> tuple[list[tuple[bytes, int]], int]:
        items = self._items.get(bytes32(collection, "a collection's ID"))
        if items is None:
            raise InvalidInput(
                f"{to_hex(collection)} is no source of this manifest; the source list proves that"
            )
        return items, bisect_left(items, bytes32(data_id, "a data ID"), key=itemgetter(0))

    # The published file

    def to_json(self) -> str:
        """The one text of this manifest; equal manifests give equal texts."""
        return documents.write(
            {
                "format": _FORMAT,
                "root": to_hex(self.root),
                "weight": str(self.weight),
                "collections": [
                    [to_hex(key), [[to_hex(item), str(weight)] for item, weight in items]]
                    for key, items in self._items.items()
                ],
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> "Manifest":
        """The manifest in a published file; root and weight are recomputed.

        Raises:
            InvalidInput: another format, IDs that do not ascend, or a root or weight that the
                items do not give.
        """
        root, weight, items = _read(text)
        for pairs in items.values():
            ascending([item for item, _ in pairs], "the items of a collection")
        manifest = cls(items)
        if from_hex(root, 32, "the root") != manifest.root or weight != str(manifest.weight):
            raise InvalidInput("the items do not give this root and weight; the file was changed")
        return manifest


def declared(text: str | bytes) -> dict[bytes, list[tuple[bytes, int]]]:
    """What a published file declares, as it stands there: items may be out of order or twice, and
    root and weight another's. It is for who looks for what is false; others use
    :meth:`Manifest.from_json`.

    Raises:
        InvalidInput: another format, or collections that do not ascend.
    """
    return _read(text)[2]


def _read(text: str | bytes) -> tuple[object, object, dict[bytes, list[tuple[bytes, int]]]]:
    document = documents.read(text, _FORMAT)
    names = ("format", "root", "weight", "collections")
    _, root, weight, listed = documents.members(document, names, "a manifest")
    sources = [
        (from_hex(key, 32, "a collection's ID"), documents.rows(pairs, 2, "the items"))
        for key, pairs in documents.rows(listed, 2, "the collections")
    ]
    ascending([key for key, _ in sources], "collections")
    items = {
        key: [
            (from_hex(item, 32, "a data ID"), documents.decimal(share, "a weight"))
            for item, share in pairs
        ]
        for key, pairs in sources
    }
    return root, weight, items


def manifest_root(collections: Sequence[Collection]) -> tuple[bytes, int]:
    """The manifest's root hash and weight, computed from the source list alone.

    Raises:
        InvalidInput: the collections do not ascend, or weigh 2**82 or more together.
    """
    ascending([each.id for each in collections], "collections")
    weight = sum(each.weight for each in collections)
    if weight >= WEIGHT_LIMIT:
        raise InvalidInput("the weights add up to 2**82 or more; scale them down")
    return (_upper(collections).root if collections else ZERO32), weight


def verify_inclusion(root: bytes, weight: int, proof: InclusionProof) -> None:
    """Checks that the item was declared in the manifest with this root and weight.

    It does not check *under which source*; :func:`verify_inclusion_in` does.

    Raises:
        ProofError: it does not show that.
    """
    sumtree.verify(root, weight, proof.data_id, proof.weight, proof.whole)


def verify_inclusion_in(source: Collection, proof: InclusionProof) -> None:
    """Checks that the item was declared under ``source``, an entry of the model's source list.

    Raises:
        ProofError: it does not show that.
    """
    _same_source(source, proof.collection)
    sumtree.verify(source.items, source.weight, proof.data_id, proof.weight, proof.item)


def verify_absence(source: Collection, proof: AbsenceProof) -> None:
    """Checks that the item was not declared under ``source``, an entry of the source list.

    Raises:
        ProofError: it does not show that.
    """
    _same_source(source, proof.collection)
    left, right, absent = proof.left, proof.right, bytes32(proof.data_id, "a data ID")
    if left is None and right is None:
        raise ProofError("a proof of absence needs at least one neighbour")
    begin, end = 0, source.weight
    if left is not None:
        begin = _check(source, left) + left.weight
        if not left.data_id < absent:
            raise ProofError("the left neighbour does not stand before the item")
    if right is not None:
        end = _check(source, right)
        if not absent < right.data_id:
            raise ProofError("the right neighbour does not stand after the item")
    if begin != end:
        raise ProofError("the neighbours do not touch; the item may stand between them")


def _height(i: int, within: Sequence[int], most: int) -> int:
    """How many levels above leaf ``i`` the largest node is that begins there, holds at most
    ``most`` leaves, and none of another slice of the collection."""
    height = 0
    while i % (2 << height) == 0 and (1 << height) < len(within) - i:
        end = min(i + (2 << height), len(within))
        if end - i > most or within[end - 1] != within[i]:
            break
        height += 1
    return height


def _check(source: Collection, item: Item) -> int:
    proof = item.proof
    lo = sumtree.verify(source.items, source.weight, item.data_id, item.weight, proof)
    # Below a sibling that weighs nothing, items without weight could stand between two that touch.
    if not all(any(proof.path[end - 12 : end]) for end in range(44, len(proof.path) + 1, 44)):
        raise ProofError("a node beside the path weighs nothing, so that it could hide items")
    return lo


def _same_source(source: Collection, collection: bytes) -> None:
    if source.id != collection:
        raise ProofError(f"the proof is about {to_hex(collection)}, not {to_hex(source.id)}")


def _upper(collections: Sequence[Collection]) -> SumTree:
    return SumTree.over([(each.items, each.weight) for each in collections])
