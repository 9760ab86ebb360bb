"""The tree of a collection or batch: IDs in strictly ascending order under one root.

Up to 4,000 IDs are OpenZeppelin's ``SimpleMerkleTree.of(ids, {sortLeaves: false})``: a queue from
which two are taken and the hash of the sorted pair appended, until one is left. A larger set is
cut every 4,000 into slices; the slice roots, in slice order, are the leaves of another such tree
(DESIGN, "The tree of a collection or batch"). ``MerkleProof.sol`` verifies every proof as it is.

A proof shows that an ID **is** in the set. That one is not cannot be shown by a proof: the pair
hash is commutative, so a proof says nothing about where a leaf stands, and two IDs with nothing
between them cannot be shown to be neighbours. Only the whole list shows it: published slices that
rebuild the root. (Manifests are sum trees, which do prove absence: ``kiseki.core.manifest``.)
"""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kiseki.core.keccak import keccak256
from kiseki.core.values import ascending, bytes32, from_hex, to_hex
from kiseki.errors import InvalidInput

__all__ = ["SLICE", "IdTree", "Multiproof", "Proof", "cut", "proof_in", "root_of", "verify"]

SLICE = 4000
"""How many IDs one slice holds; only the last may hold fewer."""

Proof = tuple[bytes, ...]
"""Sibling hashes from the leaf to the root, 32 bytes each."""


@dataclass(frozen=True, slots=True)
class Multiproof:
    """That several IDs are in a set, as OpenZeppelin's ``processMultiProof`` takes it.

    The IDs, ascending, are a queue. Each step hashes its first with a second, and appends that.

    Attributes:
        hashes: what is neither among the IDs nor made of them, in the order in which it is used.
        flags: for each step, whether the second comes from the queue too, or from ``hashes``.
    """

    hashes: Proof
    flags: tuple[bool, ...]


class IdTree:
    """A set of IDs under one root.

    Args:
        ids: at least one 32-byte ID, strictly ascending (:meth:`of` takes any order).

    Raises:
        InvalidInput: no IDs, one that is not 32 bytes, or IDs that do not ascend.
    """

    __slots__ = ("_firsts", "_queues", "_top")

    def __init__(self, ids: Sequence[bytes]) -> None:
        if not ids:
            raise InvalidInput("a tree needs at least one ID; register at least one file")
        self._queues: list[list[bytes]] = []
        last = b""
        for start in range(0, len(ids), SLICE):
            queue = list(ids[start : start + SLICE])
            if set(map(type, queue)) != {bytes} or set(map(len, queue)) != {32}:
                queue = [bytes32(each, "an ID") for each in queue]
            ascending([last, queue[0]], "IDs")
            ascending(queue, "IDs")
            last = queue[-1]
            self._queues.append(_build(queue))
        self._firsts = [queue[0] for queue in self._queues]
        self._top = _build([queue[-1] for queue in self._queues])

    @classmethod
    def of(cls, ids: Iterable[bytes]) -> "IdTree":
        """The tree of a set of IDs given in any order; one given twice counts once."""
        return cls(sorted({bytes32(each, "an ID") for each in ids}))

    @property
    def root(self) -> bytes:
        """The root of the whole set, 32 bytes; of a single ID the ID itself."""
        return self._top[-1]

    @property
    def slices(self) -> list[list[bytes]]:
        """The IDs of each slice, ascending: all slices but the last have 4,000."""
        return [_leaves(queue) for queue in self._queues]

    def __len__(self) -> int:
        return (len(self._queues) - 1) * SLICE + (len(self._queues[-1]) + 1) // 2

    def __iter__(self) -> Iterator[bytes]:
        for queue in self._queues:
            yield from _leaves(queue)

    def __contains__(self, item: object) -> bool:
        return isinstance(item, bytes) and self._find(item) is not None

    # Slices, for publishing

    def slice_root(self, k: int) -> bytes:
        """The root of slice ``k``, counted from 0."""
        return self._queues[self._slice(k)][-1]

    def slice_proof(self, k: int) -> Proof:
        """The proof of slice ``k``'s root under the root of the whole set."""
        return _proof(self._top, self._slice(k))

    # Proofs

    def proof(self, item: bytes) -> Proof:
        """The proof that the ID ``item`` is in the set; empty when it is the only one.

        Raises:
            InvalidInput: it is not in the set.
        """
        k, position = self._place(item)
        return _proof(self._queues[k], position) + _proof(self._top, k)

    def slice_of(self, item: bytes) -> int:
        """The number of the slice in which the ID ``item`` stands, counted from 0.

        Raises:
            InvalidInput: it is not in the set.
        """
        return self._place(item)[0]

    def multiproof(self, items: Sequence[bytes]) -> Multiproof:
        """One proof that all of ``items`` are in the set; they ascend and stand in one slice.

        OpenZeppelin's ``getMultiProof`` in that slice, then the proof of the slice's root.

        Raises:
            InvalidInput: one is not in the set, or they stand in several slices.
        """
        if not items:
            raise InvalidInput("a proof is about at least one ID")
        ascending(items, "the IDs of a multiproof")
        places = [self._place(each) for each in items]
        k = places[0][0]
        if places[-1][0] != k:
            raise InvalidInput("the IDs stand in several slices; prove each slice by itself")
        queue = self._queues[k]
        count, last = (len(queue) + 1) // 2, len(queue) - 1
        hashes: list[bytes] = []
        flags: list[bool] = []
        waiting = deque(position for _, position in places)
        while (position := waiting.popleft()) != last:
            paired = bool(waiting) and waiting[0] == position ^ 1
            if paired:
                waiting.popleft()
            else:
                hashes.append(queue[position ^ 1])
            flags.append(paired)
            waiting.append(count + position // 2)
        above = _proof(self._top, k)
        return Multiproof((*hashes, *above), (*flags, *(False for _ in above)))

    def proofs(self) -> Iterator[tuple[bytes, Proof]]:
        """Every ID with its proof, ascending; much faster than asking for each."""
        for k, above in enumerate(_proofs(self._top)):
            queue = self._queues[k]
            yield from zip(_leaves(queue), _proofs(queue, above), strict=True)

    # Dumps

    def dump_slice(self, k: int) -> dict[str, Any]:
        """Slice ``k`` as the JSON object that ``SimpleMerkleTree.load`` accepts."""
        return _dump(self._queues[self._slice(k)])

    def dump_top(self) -> dict[str, Any]:
        """The tree over the slice roots as the JSON object ``SimpleMerkleTree.load`` accepts."""
        return _dump(self._top)

    @classmethod
    def load(
        cls, slices: Iterable[Mapping[str, Any]], top: Mapping[str, Any] | None = None
    ) -> "IdTree":
        """The set in the dumps of its slices, in slice order; every hash is recomputed.

        Args:
            slices: what :meth:`dump_slice` or OpenZeppelin's ``dump()`` of such a tree gave.
            top: what :meth:`dump_top` gave, checked when given.

        Raises:
            InvalidInput: not the ``simple-v1`` format, or a hash, order or slice that is false.
        """
        read = [_load(each) for each in slices]
        tree = cls([leaf for queue in read for leaf in _leaves(queue)])
        if read != tree._queues:
            raise InvalidInput("these dumps are not slices of one set; get them all, in order")
        if top is not None and _load(top) != tree._top:
            raise InvalidInput("the dump of the top belongs to another set than its slices")
        return tree

    def _slice(self, k: int) -> int:
        if not 0 <= k < len(self._queues):
            raise InvalidInput(f"there is no slice {k}; the last is {len(self._queues) - 1}")
        return k

    def _place(self, item: bytes) -> tuple[int, int]:
        found = self._find(bytes32(item, "an ID"))
        if found is None:
            raise InvalidInput(f"{to_hex(item)} is not in this set; nothing proves that it is")
        return found

    def _find(self, item: bytes) -> tuple[int, int] | None:
        k = bisect_right(self._firsts, item) - 1
        if k < 0:
            return None
        queue = self._queues[k]
        count = (len(queue) + 1) // 2
        position = bisect_left(queue, item, 0, count)
        return (k, position) if position < count and queue[position] == item else None


def verify(root: bytes, item: bytes, proof: Sequence[bytes]) -> bool:
    """Whether ``proof`` shows that the ID ``item`` stands under ``root``.

    Derive ``item`` with :func:`kiseki.core.ids.item_id` from the group's own registrant: a hash
    somebody hands over could be another's ID or a node inside the tree.
    """
    root, node = bytes32(root, "the root"), bytes32(item, "the ID")
    for each in proof:
        node = _pair(node, bytes32(each, "a hash of the proof"))
    return node == root


# For sets that are too large to be held: slice by slice, and then the slices' roots.


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root of one tree over hashes in the order given: the IDs of a slice, or the roots of all
    slices of a set.

    Raises:
        InvalidInput: there are none.
    """
    if not leaves:
        raise InvalidInput("a tree needs at least one ID; register at least one file")
    return _build(list(leaves))[-1]


def proof_in(leaves: Sequence[bytes], position: int) -> Proof:
    """The proof of the leaf at `position` in the tree of :func:`root_of`."""
    return _proof(_build(list(leaves)), position)


def cut(leaves: Sequence[bytes], most: int) -> Iterator[tuple[list[int], Proof]]:
    """Parts of the tree of :func:`root_of` with at most `most` leaves: the positions of the leaves,
    ascending, and the proof of the root of these leaves' own tree."""
    count, queue = len(leaves), _build(list(leaves))
    below: list[list[int]] = [[position] for position in range(count)]
    for node in range(count, len(queue)):
        below.append(sorted(below[2 * (node - count)] + below[2 * (node - count) + 1]))
    open_nodes = [len(queue) - 1]
    while open_nodes:
        node = open_nodes.pop()
        part = below[node]
        if len(part) <= most and root_of([leaves[each] for each in part]) == queue[node]:
            yield part, _proof(queue, node)
        else:
            open_nodes += [2 * (node - count) + 1, 2 * (node - count)]


# A tree is kept as its queue: the leaves, then every hash in the order it was appended, the root
# last. Element j of the queue is element 2n-2-j of OpenZeppelin's array.


def _pair(a: bytes, b: bytes) -> bytes:
    return keccak256(a + b if a < b else b + a)


def _build(queue: list[bytes]) -> list[bytes]:
    append, take = queue.append, iter(queue)
    for a, b in zip(take, take, strict=False):  # sees what is appended; the root stays alone
        append(keccak256(a + b if a < b else b + a))
    return queue


def _leaves(queue: list[bytes]) -> list[bytes]:
    return queue[: (len(queue) + 1) // 2]


def _proof(queue: list[bytes], position: int) -> Proof:
    count, path = (len(queue) + 1) // 2, []
    while position < len(queue) - 1:
        path.append(queue[position ^ 1])
        position = count + position // 2
    return tuple(path)


def _proofs(queue: list[bytes], above: Proof = ()) -> list[Proof]:
    """The proof of each leaf in order, each followed by ``above``."""
    count, last = (len(queue) + 1) // 2, len(queue) - 1
    found: list[Proof] = [()] * len(queue)
    found[last] = above
    for position in range(last - 1, -1, -1):
        found[position] = (queue[position ^ 1], *found[count + position // 2])
    return found[:count]


def _dump(queue: list[bytes]) -> dict[str, Any]:
    tree = [to_hex(node) for node in reversed(queue)]
    last = len(queue) - 1
    values = [{"value": tree[last - i], "treeIndex": last - i} for i in range((last + 2) // 2)]
    return {"format": "simple-v1", "tree": tree, "values": values}


def _load(dump: Mapping[str, Any]) -> list[bytes]:
    """The queue in one dump, every hash of it recomputed."""
    if not isinstance(dump, Mapping) or dump.get("format") != "simple-v1" or "hash" in dump:
        raise InvalidInput("a slice is read from OpenZeppelin's format simple-v1, standard hash")
    tree, values = dump.get("tree"), dump.get("values")
    if not isinstance(tree, list) or not isinstance(values, list) or not values:
        raise InvalidInput("a dump has the arrays tree and values, neither of them empty")
    queue = [from_hex(node, 32, "a node of the dump") for node in reversed(tree)]
    leaves = _leaves(queue)
    if len(queue) % 2 == 0 or _build(leaves.copy()) != queue:
        raise InvalidInput("a hash in the dump is false; get the dump again from its source")
    last = len(queue) - 1
    listed = sorted(values, key=_index, reverse=True)
    if [_index(each) for each in listed] != list(range(last, last - len(leaves), -1)) or [
        from_hex(each.get("value"), 32, "a value of the dump") for each in listed
    ] != leaves:
        raise InvalidInput("values and tree of the dump disagree; get it again from its source")
    return queue


def _index(value: object) -> int:
    index = value.get("treeIndex") if isinstance(value, dict) else None
    if not isinstance(index, int) or isinstance(index, bool):
        raise InvalidInput("each value of a dump has a treeIndex that is a whole number")
    return index
