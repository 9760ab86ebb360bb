"""Merkle sum trees: shares under one root that no author can make overlap.

A leaf is keccak256(0x00 ‖ bytes32 key ‖ uint96 shares), a node keccak256(0x02 ‖ hL ‖ uint96 sL ‖
hR ‖ uint96 sR). Levels are paired left to right, an odd last node is promoted unchanged, leaves
keep the order given (DESIGN, "Paying the trace"). Because every node hashes both child sums, each
leaf owns an interval [lo, lo + shares) of [0, total) that no other provable leaf can touch.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, starmap
from operator import add
from typing import NamedTuple

from kiseki.core.keccak import keccak256
from kiseki.core.values import bytes32, uint
from kiseki.errors import InvalidInput, ProofError

__all__ = ["NestedSumTree", "SumProof", "SumTree", "concat", "verify"]

_STEP = 44  # sibling hash and uint96 sum
_LIMIT = 1 << 96
_DEEPEST = 64
_Bare = tuple[int, int, bytes]  # the fields of a SumProof
_BLOCK = 10  # levels that proofs() expands at a time, which bounds its memory


class SumProof(NamedTuple):
    """The proof of one leaf.

    Attributes:
        lo: the sum of all leaves before it; its interval is [lo, lo + shares).
        side: bit i is set when the i-th sibling of ``path`` is on the left.
        path: 44 bytes a sibling from the leaf up: its hash and its sum, a uint96. A level at
            which a node is promoted has no sibling and no step.
    """

    lo: int
    side: int
    path: bytes

    @property
    def steps(self) -> int:
        """How many siblings there are."""
        return len(self.path) // _STEP


class SumTree:
    """A sum tree over ``(key, shares)`` leaves, in the order given.

    Raises:
        InvalidInput: no leaves, a key that is not 32 bytes, shares that are not from 1 to
            2**96 - 1, or a total of 2**96 or more.
    """

    __slots__ = ("_levels", "_total")

    def __init__(self, leaves: Sequence[tuple[bytes, int]]) -> None:
        nodes = [keccak256(b"\x00" + key + each) + each for key, each in _packed(leaves)]
        self._grow(nodes, [leaf[1] for leaf in leaves])

    @classmethod
    def over(cls, nodes: Sequence[tuple[bytes, int]]) -> "SumTree":
        """The tree over ``(hash, sum)`` nodes that are not hashed again: roots of other trees."""
        tree = cls.__new__(cls)
        tree._grow([key + each for key, each in _packed(nodes)], [node[1] for node in nodes])
        return tree

    def _grow(self, level: list[bytes], sums: list[int]) -> None:
        self._total = sum(sums)
        if not 0 < self._total < _LIMIT:
            raise InvalidInput(
                "the shares add up to 2**96 or more; scale them down"
                if sums
                else "a sum tree needs at least one leaf"
            )
        self._levels = [level]
        while len(level) > 1:
            nodes, shares = iter(level), iter(sums)  # each gives the left one, then the right one
            paired = list(map(add, shares, shares))
            above = [
                keccak256(b"\x02" + left + right) + both.to_bytes(12, "big")
                for left, right, both in zip(nodes, nodes, paired, strict=False)
            ]
            if len(level) % 2:
                above.append(level[-1])
                paired.append(sums[-1])
            level, sums = above, paired
            self._levels.append(level)

    @property
    def root(self) -> bytes:
        """The hash of the root, 32 bytes."""
        return self._levels[-1][0][:32]

    @property
    def total(self) -> int:
        """The sum of all leaves, a uint96."""
        return self._total

    def __len__(self) -> int:
        return len(self._levels[0])

    def proof(self, i: int, height: int = 0) -> SumProof:
        """The proof of leaf ``i``, counted from 0; or of the node ``i`` that many levels above,
        which is the tree over the leaves from ``i << height`` on.

        Raises:
            InvalidInput: there is no such leaf or node.
        """
        height = min(height, len(self._levels) - 1)
        if not 0 <= i < len(self._levels[height]):
            raise InvalidInput(f"there is no leaf {i}; the last is {len(self) - 1}")
        lo, side = 0, 0
        path: list[bytes] = []
        for level in self._levels[height:-1]:
            if i ^ 1 < len(level):
                sibling = level[i ^ 1]
                if i & 1:
                    side |= 1 << len(path)
                    lo += _sum(sibling)
                path.append(sibling)
            i >>= 1
        return SumProof(lo, side, b"".join(path))

    def proofs(self) -> Iterator[SumProof]:
        """The proof of every leaf in order; much faster than asking for each."""
        blocks = self._levels[: _BLOCK + 1]
        tops = self._levels[_BLOCK:] or [self._levels[-1]]
        for k, top in enumerate(_expand(tops, 0, (0, 0, b""))):
            yield from starmap(SumProof, _expand(blocks, k, top))


class NestedSumTree:
    """A sum tree whose leaves are the roots of other sum trees, read as one tree.

    ``outer`` is :meth:`SumTree.over` the roots of ``inner``, and leaves are counted through all
    of them. With inner trees of one power of two each (the last may have fewer) it *is* the flat
    tree over all leaves.
    """

    __slots__ = ("_starts", "inner", "outer")

    def __init__(self, inner: Sequence[SumTree]) -> None:
        self.inner = tuple(inner)
        self.outer = SumTree.over([(tree.root, tree.total) for tree in self.inner])
        self._starts = list(accumulate(map(len, self.inner), initial=0))

    @property
    def root(self) -> bytes:
        """The hash of the root, 32 bytes."""
        return self.outer.root

    @property
    def total(self) -> int:
        """The sum of all leaves, a uint96."""
        return self.outer.total

    def __len__(self) -> int:
        return self._starts[-1]

    def proof(self, i: int) -> SumProof:
        """The proof of leaf ``i``, counted from 0 through all inner trees.

        Raises:
            InvalidInput: there is no such leaf.
        """
        if not 0 <= i < len(self):
            raise InvalidInput(f"there is no leaf {i}; the last is {len(self) - 1}")
        k = bisect_right(self._starts, i) - 1
        return concat(self.inner[k].proof(i - self._starts[k]), self.outer.proof(k))

    def proofs(self) -> Iterator[SumProof]:
        """The proof of every leaf in order."""
        for tree, above in zip(self.inner, self.outer.proofs(), strict=True):
            for proof in tree.proofs():
                yield concat(proof, above)


def concat(inner: SumProof, outer: SumProof) -> SumProof:
    """The proof of a leaf under an outer tree, from its proof under an inner tree and the proof
    of that inner tree's root under the outer."""
    return SumProof(
        inner.lo + outer.lo, inner.side | outer.side << inner.steps, inner.path + outer.path
    )


def verify(root: bytes, total: int, key: bytes, shares: int, proof: SumProof) -> int:
    """Checks that the leaf ``(key, shares)`` stands under the root hash and total given.

    Returns:
        ``lo``: the leaf's interval is [lo, lo + shares).

    Raises:
        ProofError: shares are zero, the path is not a multiple of 44 bytes or longer than 64
            siblings, ``side`` has a bit beyond them, a running sum reaches 2**96, the proof
            leads to another root or total, or begins elsewhere than it says.
    """
    if shares <= 0 or shares >= _LIMIT:
        raise ProofError("shares must be from 1 to 2**96 - 1")
    if len(proof.path) % _STEP:
        raise ProofError(f"the path must be a multiple of 44 bytes and has {len(proof.path)}")
    if proof.steps > _DEEPEST:
        raise ProofError(f"the path has {proof.steps} siblings; at most {_DEEPEST} are allowed")
    if proof.side < 0 or proof.side >> proof.steps:
        raise ProofError(f"side has a bit for a sibling beyond the {proof.steps} of the path")
    lo, reached = 0, shares
    node = keccak256(b"\x00" + bytes32(key, "the key") + shares.to_bytes(12, "big"))
    for i in range(proof.steps):
        sibling = proof.path[i * _STEP : (i + 1) * _STEP]
        here, beside = node + reached.to_bytes(12, "big"), _sum(sibling)
        reached += beside
        if reached >= _LIMIT:
            raise ProofError("a sum in the path reaches 2**96")
        if proof.side >> i & 1:
            lo += beside
            node = keccak256(b"\x02" + sibling + here)
        else:
            node = keccak256(b"\x02" + here + sibling)
    if node != root or reached != total:
        raise ProofError("the proof leads to another root or total; it belongs to another tree")
    if lo != proof.lo:
        raise ProofError(f"the proof says it begins at {proof.lo} and begins at {lo}")
    return lo


def _sum(node: bytes) -> int:
    return int.from_bytes(node[32:], "big")


def _packed(leaves: Sequence[tuple[bytes, int]]) -> Iterator[tuple[bytes, bytes]]:
    """Each leaf, checked: its key, and its shares as 12 bytes. One pass, for what is not in the
    processor's cache is slow to look at again."""
    for key, shares in leaves:
        if type(key) is not bytes or len(key) != 32:
            key = bytes32(key, "the key of a leaf")
        if type(shares) is not int or not 0 < shares < _LIMIT:
            uint(shares, 96, "the shares of a leaf (leave out those with none)", minimum=1)
        yield key, shares.to_bytes(12, "big")


def _expand(levels: Sequence[list[bytes]], start: int, top: _Bare) -> list[_Bare]:
    """The proofs of the nodes of ``levels[0]`` below node ``start`` of ``levels[-1]``, in order,
    given that node's proof."""
    found = [top]
    for level in reversed(levels[:-1]):
        i = start = 2 * start
        below: list[_Bare] = []
        for lo, side, path in found:
            left = level[i]
            if i + 1 == len(level):
                below.append((lo, side, path))
                continue
            middle = lo + int.from_bytes(left[32:], "big")
            below.append((lo, side << 1, level[i + 1] + path))
            below.append((middle, side << 1 | 1, left + path))
            i += 2
        found = below
    return found
