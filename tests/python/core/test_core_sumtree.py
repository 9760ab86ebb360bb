"""A sum tree promises each leaf its own interval, whatever its author says."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from eth_abi.packed import encode_packed
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from kiseki.core.sumtree import NestedSumTree, SumProof, SumTree, concat, verify
from kiseki.errors import InvalidInput, ProofError

Leaves = list[tuple[bytes, int]]
LEAVES = st.lists(
    st.tuples(st.binary(min_size=32, max_size=32), st.integers(1, 2**80)), min_size=1, max_size=70
)


def some_leaves(count: int) -> Leaves:
    return [(keccak(i.to_bytes(4, "big")), i % 7 + 1) for i in range(count)]


def naive(leaves: Leaves) -> tuple[bytes, int]:
    """The root straight from DESIGN's words, written apart from the implementation."""
    level = [
        (keccak(encode_packed(["uint8", "bytes32", "uint96"], [0, key, shares])), shares)
        for key, shares in leaves
    ]
    return naive_over(level)


def naive_over(level: list[tuple[bytes, int]]) -> tuple[bytes, int]:
    while len(level) > 1:
        above = []
        for i in range(0, len(level) - 1, 2):
            (left, a), (right, b) = level[i], level[i + 1]
            types = ["uint8", "bytes32", "uint96", "bytes32", "uint96"]
            above.append((keccak(encode_packed(types, [2, left, a, right, b])), a + b))
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


@pytest.mark.parametrize("count", [*range(1, 201), 1023, 1024, 1025, 2500])
def test_every_shape_has_the_root_of_the_design_and_proves_every_leaf(count: int) -> None:
    leaves = some_leaves(count)
    tree = SumTree(leaves)
    assert (tree.root, tree.total) == naive(leaves)
    assert len(tree) == count
    begin = 0
    proofs = list(tree.proofs())
    for i, (key, shares) in enumerate(leaves):
        proof = tree.proof(i)
        assert proofs[i] == proof
        assert verify(tree.root, tree.total, key, shares, proof) == begin
        begin += shares
    assert begin == tree.total


@given(leaves=LEAVES)
def test_intervals_are_disjoint_and_fill_the_whole(leaves: Leaves) -> None:
    tree = SumTree(leaves)
    intervals = sorted(
        (lo, lo + shares)
        for (key, shares), proof in zip(leaves, tree.proofs(), strict=True)
        for lo in [verify(tree.root, tree.total, key, shares, proof)]
    )
    assert intervals[0][0] == 0
    assert intervals[-1][1] == tree.total
    assert all(a[1] == b[0] for a, b in pairwise(intervals))


@given(leaves=LEAVES, data=st.data())
def test_a_proof_shows_its_own_leaf_and_no_other(leaves: Leaves, data: st.DataObject) -> None:
    """Invariant 3: nothing is proved under a split that its author did not put there."""
    tree = SumTree(leaves)
    i = data.draw(st.integers(0, len(leaves) - 1))
    (key, shares), proof = leaves[i], tree.proof(i)
    other = bytes([key[0] ^ 1]) + key[1:]
    wrong = [
        (tree.root, tree.total, other, shares, proof),
        (tree.root, tree.total, key, shares + 1, proof),
        (tree.root, tree.total + 1, key, shares, proof),
        (other, tree.total, key, shares, proof),
        (tree.root, tree.total, key, shares, SumProof(proof.lo + 1, proof.side, proof.path)),
    ]
    if proof.path:
        at = data.draw(st.integers(0, len(proof.path) - 1))
        bent = proof.path[:at] + bytes([proof.path[at] ^ 1]) + proof.path[at + 1 :]
        wrong.append((tree.root, tree.total, key, shares, SumProof(proof.lo, proof.side, bent)))
        wrong.append(
            (tree.root, tree.total, key, shares, SumProof(proof.lo, proof.side ^ 1, proof.path))
        )
        short = SumProof(proof.lo, proof.side & 0, proof.path[:-44])
        wrong.append((tree.root, tree.total, key, shares, short))
    for arguments in wrong:
        with pytest.raises(ProofError):
            verify(*arguments)


def deep(steps: int, shares: int = 1, beside: int = 1) -> tuple[bytes, int, SumProof]:
    """A valid chain of right siblings: root, total and the proof of its first leaf."""
    key = bytes(31) + b"\x01"
    node, total, path = keccak(b"\x00" + key + shares.to_bytes(12, "big")), shares, b""
    for i in range(steps):
        sibling = keccak(bytes([i])) + beside.to_bytes(12, "big")
        node = keccak(b"\x02" + node + (total % 2**96).to_bytes(12, "big") + sibling)
        total, path = total + beside, path + sibling
    return node, total, SumProof(0, 0, path)


KEY = bytes(31) + b"\x01"


def test_64_siblings_are_allowed_and_65_are_not() -> None:
    root, total, proof = deep(64)
    assert verify(root, total, KEY, 1, proof) == 0
    root, total, proof = deep(65)
    with pytest.raises(ProofError, match="at most 64"):
        verify(root, total, KEY, 1, proof)


def test_a_running_sum_may_reach_2_to_96_minus_1_and_no_more() -> None:
    root, total, proof = deep(1, beside=2**96 - 2)
    assert verify(root, total, KEY, 1, proof) == 0
    root, total, proof = deep(1, beside=2**96 - 1)
    with pytest.raises(ProofError, match=r"reaches 2\*\*96"):
        verify(root, total, KEY, 1, proof)


def test_zero_shares_prove_nothing() -> None:
    root, total, proof = deep(1, shares=0)
    with pytest.raises(ProofError, match="shares"):
        verify(root, total, KEY, 0, proof)


@pytest.mark.parametrize("shares", [-1, 2**96])
def test_shares_beyond_a_uint96_prove_nothing(shares: int) -> None:
    with pytest.raises(ProofError, match="shares"):
        verify(bytes(32), shares, KEY, shares, SumProof(0, 0, b""))


def test_a_side_beyond_the_path_is_refused_although_the_hashes_fit() -> None:
    root, total, proof = deep(3)
    for side in (8, 1 << 64, -1):
        with pytest.raises(ProofError, match="side"):
            verify(root, total, KEY, 1, SumProof(0, side, proof.path))


@pytest.mark.parametrize("extra", [1, 43])
def test_a_path_that_is_no_multiple_of_44_bytes_is_refused(extra: int) -> None:
    root, total, proof = deep(2)
    with pytest.raises(ProofError, match="multiple of 44"):
        verify(root, total, KEY, 1, SumProof(0, 0, proof.path + bytes(extra)))


@pytest.mark.parametrize("sizes", [[1], [3], [1, 1], [2, 5, 1], [4, 4, 3], [7, 1, 1, 1, 30]])
def test_a_tree_over_trees_proves_every_leaf_by_joined_proofs(sizes: list[int]) -> None:
    leaves = some_leaves(sum(sizes))
    cut = [leaves[sum(sizes[:k]) : sum(sizes[: k + 1])] for k in range(len(sizes))]
    nested = NestedSumTree([SumTree(part) for part in cut])
    assert (nested.root, nested.total) == naive_over([naive(part) for part in cut])
    assert len(nested) == len(leaves)
    begin = 0
    for i, (proof, (key, shares)) in enumerate(zip(nested.proofs(), leaves, strict=True)):
        assert proof == nested.proof(i)
        assert verify(nested.root, nested.total, key, shares, proof) == begin
        begin += shares


@pytest.mark.parametrize("count", [1, 8, 9, 16, 23, 40])
def test_a_tree_over_full_parts_is_the_flat_tree(count: int) -> None:
    leaves = some_leaves(count)
    nested = NestedSumTree([SumTree(leaves[i : i + 8]) for i in range(0, count, 8)])
    flat = SumTree(leaves)
    assert (nested.root, nested.total) == (flat.root, flat.total)
    assert list(nested.proofs()) == list(flat.proofs())


def test_joining_with_the_proof_of_a_sole_tree_changes_nothing() -> None:
    inner = SumTree(some_leaves(6)).proof(5)
    assert concat(inner, SumProof(0, 0, b"")) == inner


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: SumTree([]),
        lambda: SumTree.over([]),
        lambda: SumTree([(KEY, 1), (KEY, 0)]),
        lambda: SumTree([(KEY, -1)]),
        lambda: SumTree([(KEY, True)]),
        lambda: SumTree([(KEY, 1.0)]),  # type: ignore[list-item]
        lambda: SumTree([(KEY[1:], 1)]),
        lambda: SumTree([("0" * 32, 1)]),  # type: ignore[list-item]
        lambda: SumTree([(KEY, 2**96)]),
        lambda: SumTree([(KEY, 2**95), (KEY, 2**95)]),
        lambda: SumTree.over([(KEY, 0)]),
        lambda: SumTree(some_leaves(3)).proof(3),
        lambda: SumTree(some_leaves(3)).proof(-1),
        lambda: NestedSumTree([SumTree(some_leaves(3))]).proof(3),
    ],
)
def test_bad_input_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(InvalidInput):
        wrong()
