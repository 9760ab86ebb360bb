"""The tree of a log is that of RFC 6962, and no proof shows what is not so."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.almost import unhurried

from kiseki.errors import InvalidInput, LogDamaged, ProofError
from kiseki.vault.log.log import Memory
from kiseki.vault.log.tree import (
    EMPTY,
    Frontier,
    Node,
    check_consistency,
    check_inclusion,
    consistency,
    consistency_places,
    inclusion,
    inclusion_places,
    leaf_hash,
    node_hash,
    root,
)

from . import logs

# The eight entries that Certificate Transparency's own tests grow a tree from, and the roots of the
# first none, one, two … of them (transparency-dev/merkle, testonly; Apache-2.0).
GROWN = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
GROWN += ["606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def grown(count: int, word: str = "entry") -> Memory:
    store = Memory()
    frontier, nodes = Frontier().add(map(leaf_hash, logs.entries(count, word)))
    store.add(0, nodes, frontier.size)
    return store


def test_roots_are_those_of_certificate_transparency() -> None:
    frontier = Frontier()
    for entry, expected in zip([*GROWN, ""], ROOTS, strict=True):
        assert frontier.root.hex() == expected
        frontier, _ = frontier.add([leaf_hash(bytes.fromhex(entry))])


def test_proofs_are_those_that_the_rfc_draws() -> None:
    """RFC 6962, section 2.1.3: seven entries, with its names of nodes."""
    nodes = grown(7).node
    a, b, c, d, e, f, j = map(leaf_hash, logs.entries(7))
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, last = node_hash(g, h), node_hash(i, j)
    assert root(7, nodes) == node_hash(k, last)
    assert inclusion(0, 7, nodes) == (b, h, last)
    assert inclusion(3, 7, nodes) == (c, g, last)
    assert inclusion(4, 7, nodes) == (f, j, k)
    assert inclusion(6, 7, nodes) == (i, k)
    assert consistency(3, 7, nodes) == (c, d, g, last)
    assert consistency(4, 7, nodes) == (last,)
    assert consistency(6, 7, nodes) == (i, j, k)


@unhurried
@given(st.integers(0, 70).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_every_root_and_proof_is_that_of_the_naive_tree(sizes: tuple[int, int]) -> None:
    size, part = sizes
    entries, nodes = logs.entries(size), grown(size).node
    assert root(part, nodes) == logs.mth(entries[:part])
    if part:
        assert list(consistency(part, size, nodes)) == logs.proof(part, entries)
    for index in range(part):
        assert list(inclusion(index, part, nodes)) == logs.path(index, entries[:part])
    old, new = logs.mth(entries[:part]), logs.mth(entries)
    check_consistency(part, size, old, new, consistency(part, size, nodes))
    for index in range(part):
        path = inclusion(index, part, nodes)
        check_inclusion(index, part, leaf_hash(entries[index]), path, old)


@unhurried
@given(st.lists(st.integers(0, 40), max_size=8))
def test_a_tree_grows_the_same_in_any_steps(steps: list[int]) -> None:
    store, frontier = Memory(), Frontier()
    entries = logs.entries(sum(steps))
    for count in steps:
        leaves = map(leaf_hash, entries[frontier.size : frontier.size + count])
        grew, nodes = frontier.add(leaves)
        store.add(frontier.size, nodes, grew.size)
        frontier = Frontier.read(grew.size, store.node)
        assert frontier == grew
    assert frontier.root == logs.mth(entries)


def test_an_entry_adds_two_nodes_and_a_proof_reads_few() -> None:
    """No cost grows with what is not asked about: of 100,000 entries and of their nodes."""
    frontier, nodes = Frontier().add(bytes([i % 251]) * 32 for i in range(100_000))
    assert len(nodes) < 2 * frontier.size
    assert len({(each.level, each.at) for each in nodes}) == len(nodes)
    kept = {(each.level, each.at): each.hash for each in nodes}
    asked: list[tuple[int, int]] = []

    def read(level: int, index: int) -> bytes:
        asked.append((level, index))
        return kept[level, index]

    inclusion(70_001, 100_000, read)
    assert asked == inclusion_places(70_001, 100_000)
    assert len(asked) <= 2 * 17
    asked.clear()
    consistency(70_001, 100_000, read)
    assert asked == consistency_places(70_001, 100_000)
    assert len(asked) <= 3 * 17


@unhurried
@given(st.data())
def test_a_proof_with_anything_changed_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 40))
    index = data.draw(st.integers(0, size - 1))
    store, entries = grown(size), logs.entries(size)
    path, top = list(inclusion(index, size, store.node)), logs.mth(entries)
    leaf = leaf_hash(entries[index])
    changed = data.draw(st.sampled_from(["hash", "less", "more", "leaf", "index", "root", "swap"]))
    where = data.draw(st.integers(0, len(path) - 1))
    if changed == "hash":
        path[where] = leaf_hash(path[where])
    elif changed == "less":
        del path[where]
    elif changed == "more":
        path.insert(where, leaf)
    elif changed == "leaf":
        leaf = leaf_hash(b"another")
    elif changed == "index":
        index = data.draw(st.integers(0, size - 1).filter(lambda other: other != index))
    elif changed == "root":
        top = logs.mth(entries[:-1])
    else:
        path.reverse()
        if path == path[::-1]:
            path = []
    with pytest.raises(ProofError):
        check_inclusion(index, size, leaf, path, top)


@unhurried
@given(st.data())
def test_a_tree_that_was_altered_has_no_proof(data: st.DataObject) -> None:
    """Promise of issue 17: what was seen can neither be altered nor taken out."""
    new = data.draw(st.integers(2, 40))
    old = data.draw(st.integers(1, new - 1))
    entries, altered = logs.entries(new), logs.entries(new)
    altered[data.draw(st.integers(0, old - 1))] = b"altered"
    path = logs.proof(old, altered)
    with pytest.raises(ProofError):
        check_consistency(old, new, logs.mth(entries[:old]), logs.mth(altered), path)
    with pytest.raises(ProofError):
        check_consistency(
            old, new, logs.mth(entries[:old]), logs.mth(altered), logs.proof(old, entries)
        )
    true = logs.proof(old, entries)
    where = data.draw(st.integers(0, len(true) - 1))
    for path in (true[:where] + true[where + 1 :], [*true, true[where]], [EMPTY] * len(true)):
        with pytest.raises(ProofError):
            check_consistency(old, new, logs.mth(entries[:old]), logs.mth(entries), path)


def test_trees_of_no_entries_and_of_one_size() -> None:
    some = logs.mth(logs.entries(3))
    check_consistency(0, 0, EMPTY, EMPTY, [])
    check_consistency(0, 3, EMPTY, some, [])
    check_consistency(3, 3, some, some, [])
    for old, new, before, after, path in (
        (0, 0, EMPTY, some, []),
        (0, 0, some, some, []),
        (0, 3, some, some, []),
        (0, 3, EMPTY, some, [some]),
        (3, 3, some, EMPTY, []),
        (3, 3, some, some, [some]),
    ):
        with pytest.raises(ProofError):
            check_consistency(old, new, before, after, path)


def test_what_is_no_size_index_or_hash_is_refused() -> None:
    store = grown(5)
    for size, index in ((5, 5), (0, 0), (5, -1), (2**63, 0), (True, 0)):
        with pytest.raises(InvalidInput):
            inclusion(index, size, store.node)
    with pytest.raises(InvalidInput):
        consistency(5, 4, store.node)
    with pytest.raises(InvalidInput):
        check_inclusion(0, 2, b"short", [EMPTY], EMPTY)
    with pytest.raises(InvalidInput):
        check_inclusion(0, 2, EMPTY, [b"short"], EMPTY)
    with pytest.raises(InvalidInput):
        Frontier(3, (EMPTY,))
    with pytest.raises(LogDamaged, match="node 0 of level 3 is not there"):
        root(8, store.node)
    with pytest.raises(LogDamaged):
        root(1, lambda level, index: b"short")


def test_a_store_refuses_what_was_made_for_another_size() -> None:
    store = grown(5)
    with pytest.raises(LogDamaged):
        store.add(4, [Node(0, 4, EMPTY)], 5)
    sizes = [Frontier.read(n, store.node).size for n in range(6)]
    assert all(b - a == 1 for a, b in pairwise(sizes))
