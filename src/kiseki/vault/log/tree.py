"""The Merkle tree of a log: roots, proofs of entries, and proofs that nothing was taken out.

RFC 6962, section 2.1, says all of it: a leaf is SHA-256(0x00 ‖ entry), a node SHA-256(0x01 ‖ left ‖
right), and the root of n leaves joins that of the first k with that of the rest, where k is the
largest power of two below n. So every tree is made of *complete* subtrees, of 2**level leaves
each, which never change once they are there. A store keeps only these, by level and index:
level 0 are the leaves, and node (l, i) is the root of leaves i·2**l up to (i + 1)·2**l. An entry
adds two nodes on average, and a proof reads about log2(n), however the tree grew since.

Verification follows the same ranges from the top down; RFC 9162, sections 2.1.3.2 and 2.1.4.2,
describes the same result from the bottom up.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from kiseki.core.counts import counted
from kiseki.core.values import bytes32, uint
from kiseki.errors import InvalidInput, LogDamaged, ProofError

__all__ = [
    "EMPTY",
    "Frontier",
    "Node",
    "Nodes",
    "Place",
    "check_consistency",
    "check_inclusion",
    "consistency",
    "consistency_places",
    "frontier_places",
    "inclusion",
    "inclusion_places",
    "leaf_hash",
    "node_hash",
    "root",
]

EMPTY = sha256(b"").digest()
"""The root of no leaves."""

Nodes = Callable[[int, int], bytes]
"""``nodes(level, index)`` is the hash of a complete subtree. It raises `LogDamaged` where the
store lacks it."""

Place = tuple[int, int]
"""Level and index of a complete subtree."""

_Range = tuple[int, int]
"""Leaves from the first up to, and without, the second."""


class Node(NamedTuple):
    """The root of a complete subtree.

    Attributes:
        level: it has 2**level leaves.
        at: its index, how many such subtrees are on the left of it.
        hash: its root, 32 bytes.
    """

    level: int
    at: int
    hash: bytes


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry, as it stands in the tree."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two hashes side by side."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that is needed to add leaves to a tree: the roots of its largest complete subtrees.

    Attributes:
        size: how many leaves there are, below 2**63.
        hashes: one for each bit of ``size`` that is set, the largest subtree first.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        uint(self.size, 63, "the size of a log")
        if len(self.hashes) != self.size.bit_count():
            raise InvalidInput(
                f"a log of size {self.size} has {self.size.bit_count()} largest subtrees, not "
                f"{len(self.hashes)}"
            )
        for each in self.hashes:
            bytes32(each, "the hash of a subtree")

    @classmethod
    def read(cls, size: int, nodes: Nodes) -> "Frontier":
        """The frontier of the first ``size`` leaves of a store.

        Raises:
            InvalidInput: ``size`` is no size.
            LogDamaged: the store lacks a node.
        """
        return cls(size, tuple(_node(nodes, place) for place in frontier_places(size)))

    @property
    def root(self) -> bytes:
        """The root of the tree, 32 bytes."""
        return _joined(self.hashes)

    def add(self, leaves: Iterable[bytes]) -> tuple["Frontier", list[Node]]:
        """The frontier after ``leaves``, and the nodes that a store must keep for them.

        Args:
            leaves: hashes of entries (`leaf_hash`), in order.

        Raises:
            InvalidInput: one of them is not 32 bytes, or the log would have 2**63 leaves.
        """
        size, hashes, made = self.size, list(self.hashes), list[Node]()
        for leaf in leaves:
            level, index, found = 0, size, bytes32(leaf, "the hash of an entry")
            made.append(Node(0, index, found))
            while index & 1:
                found = node_hash(hashes.pop(), found)
                level, index = level + 1, index >> 1
                made.append(Node(level, index, found))
            hashes.append(found)
            size += 1
        return Frontier(size, tuple(hashes)), made


def root(size: int, nodes: Nodes) -> bytes:
    """The root of the first ``size`` leaves. Errors as those of `Frontier.read`."""
    return Frontier.read(size, nodes).root


def inclusion(index: int, size: int, nodes: Nodes) -> tuple[bytes, ...]:
    """Proves that leaf ``index`` is in the tree of the first ``size`` leaves.

    Returns:
        The hashes beside the way from the leaf up to the root (RFC 6962, section 2.1.1).

    Raises:
        InvalidInput: there is no such leaf in a tree of this size.
        LogDamaged: the store lacks a node.
    """
    return tuple(_range_root(each, nodes) for each in _beside(index, size))


def consistency(old: int, new: int, nodes: Nodes) -> tuple[bytes, ...]:
    """Proves that the tree of ``new`` leaves begins with all of the tree of ``old``.

    Returns:
        The hashes from which both roots follow (RFC 6962, section 2.1.2); none where ``old`` is 0
        or ``new``.

    Raises:
        InvalidInput: ``old`` is more than ``new``, or one is no size.
        LogDamaged: the store lacks a node.
    """
    return tuple(_range_root(each, nodes) for each in _between(old, new))


def frontier_places(size: int) -> list[Place]:
    """What `Frontier.read` and `root` read, for a store that gives many nodes at once.

    Raises:
        InvalidInput: ``size`` is no size.
    """
    return _complete((0, uint(size, 63, "the size of a log")))


def inclusion_places(index: int, size: int) -> list[Place]:
    """What `inclusion` reads, likewise.

    Raises:
        InvalidInput: there is no such leaf in a tree of this size.
    """
    return [place for each in _beside(index, size) for place in _complete(each)]


def consistency_places(old: int, new: int) -> list[Place]:
    """What `consistency` reads, likewise.

    Raises:
        InvalidInput: ``old`` is more than ``new``, or one is no size.
    """
    return [place for each in _between(old, new) for place in _complete(each)]


def check_inclusion(
    index: int, size: int, leaf: bytes, path: Sequence[bytes], of_root: bytes
) -> None:
    """Checks that the leaf with hash ``leaf`` is at ``index`` of the tree with root ``of_root``.

    Raises:
        InvalidInput: there is no such leaf in a tree of this size, or something is no hash.
        ProofError: the proof has too few or too many hashes, or leads to another root.
    """
    beside = _beside(index, size)
    if len(path) != len(beside):
        raise ProofError(
            f"the proof of leaf {index} in a log of size {size} must have "
            f"{counted(len(beside), 'hash', 'hashes')}, not {len(path)}"
        )
    found = bytes32(leaf, "the hash of an entry")
    for (start, _), each in zip(beside, path, strict=True):
        bytes32(each, "a hash of a proof")
        found = node_hash(found, each) if start > index else node_hash(each, found)
    if found != bytes32(of_root, "a root"):
        raise ProofError(f"the proof of leaf {index} leads to another root")


def check_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> None:
    """Checks that the tree of ``new`` leaves begins with all of the tree of ``old`` leaves.

    Raises:
        InvalidInput: ``old`` is more than ``new``, one is no size, or something is no hash.
        ProofError: the proof has too few or too many hashes, or leads to another root.
    """
    ranges = _between(old, new)
    bytes32(old_root, "a root")
    bytes32(new_root, "a root")
    for each in path:
        bytes32(each, "a hash of a proof")
    if len(path) != len(ranges):
        raise ProofError(
            f"the proof that a log of size {new} begins with its first {old} entries must have "
            f"{counted(len(ranges), 'hash', 'hashes')}, not {len(path)}"
        )
    if old == 0:
        before, after = EMPTY, new_root if new else EMPTY
    else:
        # All ranges but the first stand beside what was joined before them. If the old tree is
        # one complete subtree of the new, the way begins with its root, which no hash repeats.
        first = 1 if ranges and ranges[0][1] == old else 0
        before = after = path[0] if first else old_root
        for (start, _), each in zip(ranges[first:], path[first:], strict=True):
            if start >= old:
                after = node_hash(after, each)
            else:
                before, after = node_hash(each, before), node_hash(each, after)
    if before != old_root:
        raise ProofError(f"the proof leads to another root of the first {old} entries")
    if after != new_root:
        raise ProofError(f"the proof leads to another root of {new} entries")


# The tree as ranges of leaves


def _split(start: int, end: int) -> int:
    """Where a range of two leaves or more is divided."""
    return start + (1 << (end - start - 1).bit_length() - 1)


def _beside(index: int, size: int) -> list[_Range]:
    """The ranges beside the way from a leaf up to the root."""
    uint(size, 63, "the size of a log")
    uint(index, 63, "the index of an entry")
    if index >= size:
        raise InvalidInput(f"a log of size {size} has no entry {index}")
    found = []
    start, end = 0, size
    while end - start > 1:
        middle = _split(start, end)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return found[::-1]


def _between(old: int, new: int) -> list[_Range]:
    """The ranges from which the roots of both sizes follow, from the bottom up.

    The first is one that ends where the old tree ends, unless that is all of the old tree.
    """
    uint(old, 63, "the size of a log")
    uint(new, 63, "the size of a log")
    if old > new:
        raise InvalidInput(f"a log of size {new} does not begin with one of size {old}")
    if old == 0:
        return []
    found = []
    start, end = 0, new
    while end != old:
        middle = _split(start, end)
        if old <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    if start:
        found.append((start, end))
    return found[::-1]


def _complete(span: _Range) -> list[Place]:
    """The complete subtrees that a range is made of, the largest first."""
    start, end = span
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def _range_root(span: _Range, nodes: Nodes) -> bytes:
    return _joined([_node(nodes, place) for place in _complete(span)])


def _joined(hashes: Sequence[bytes]) -> bytes:
    """The root over complete subtrees, the largest first."""
    if not hashes:
        return EMPTY
    found = hashes[-1]
    for each in hashes[-2::-1]:
        found = node_hash(each, found)
    return found


def _node(nodes: Nodes, place: Place) -> bytes:
    level, index = place
    found = nodes(level, index)
    if not isinstance(found, bytes) or len(found) != 32:
        raise LogDamaged(f"the log's node {index} of level {level} is no hash of 32 bytes")
    return found
