"""The manifest: one proof shows use, two neighbours show non-use."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from kiseki.core.ids import Collection
from kiseki.core.manifest import (
    AbsenceProof,
    InclusionProof,
    Item,
    Manifest,
    manifest_root,
    verify_absence,
    verify_inclusion,
    verify_inclusion_in,
)
from kiseki.core.sumtree import SumProof, SumTree
from kiseki.errors import InvalidInput, ProofError

WORD = st.binary(min_size=32, max_size=32)
ITEMS = st.dictionaries(WORD, st.integers(1, 10**6), min_size=1, max_size=12)
MANIFESTS = st.dictionaries(WORD, ITEMS, min_size=1, max_size=6)


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


STUDIO, ARTIST = word(1), word(2)
ITEM = [word(number) for number in (10, 20, 30, 40, 50)]
SMALL = Manifest({ARTIST: {ITEM[1]: 5, ITEM[2]: 1, ITEM[3]: 7}, STUDIO: {ITEM[0]: 2}})


def source(manifest: Manifest, collection: bytes) -> Collection:
    (found,) = [each for each in manifest.collections if each.id == collection]
    return found


def test_a_source_weighs_what_its_items_weigh_and_its_node_is_not_hashed_again() -> None:
    studio, artist = SMALL.collections
    assert (studio.id, studio.weight, artist.id, artist.weight) == (STUDIO, 2, ARTIST, 13)
    assert studio.items == keccak(b"\x00" + ITEM[0] + (2).to_bytes(12, "big"))
    node = studio.items + (2).to_bytes(12, "big") + artist.items + (13).to_bytes(12, "big")
    assert SMALL.root == keccak(b"\x02" + node)
    assert SMALL.weight == 15


def test_without_collections_the_manifest_is_zero() -> None:
    empty = Manifest({})
    assert (empty.root, empty.weight, empty.collections) == (bytes(32), 0, ())
    assert manifest_root([]) == (bytes(32), 0)
    assert Manifest.from_json(empty.to_json()).root == bytes(32)


@given(items=MANIFESTS)
def test_the_source_list_alone_gives_the_manifest(items: dict[bytes, dict[bytes, int]]) -> None:
    manifest = Manifest(items)
    assert manifest_root(manifest.collections) == (manifest.root, manifest.weight)


@given(items=MANIFESTS, data=st.data())
def test_the_order_of_items_does_not_matter(
    items: dict[bytes, dict[bytes, int]], data: st.DataObject
) -> None:
    names = data.draw(st.permutations(list(items)))
    mixed = {name: data.draw(st.permutations(list(items[name].items()))) for name in names}
    assert Manifest(mixed).to_json() == Manifest(items).to_json()


@given(items=MANIFESTS)
def test_every_item_is_proved_to_be_declared(items: dict[bytes, dict[bytes, int]]) -> None:
    manifest = Manifest(items)
    for collection, weights in items.items():
        for data_id, weight in weights.items():
            proof = manifest.prove(collection, data_id)
            assert proof.weight == weight
            verify_inclusion(manifest.root, manifest.weight, proof)
            verify_inclusion_in(source(manifest, collection), proof)
            for wrong in (replace(proof, weight=weight + 1), replace(proof, data_id=bytes(32))):
                if wrong.data_id in weights:
                    continue
                with pytest.raises(ProofError):
                    verify_inclusion(manifest.root, manifest.weight, wrong)
                with pytest.raises(ProofError):
                    verify_inclusion_in(source(manifest, collection), wrong)


@given(items=MANIFESTS, absent=WORD)
def test_every_item_that_is_not_declared_is_proved_not_to_be(
    items: dict[bytes, dict[bytes, int]], absent: bytes
) -> None:
    manifest = Manifest(items)
    for collection, weights in items.items():
        known = sorted(weights)
        near = [(int.from_bytes(each, "big") + step) % 2**256 for each in known for step in (-1, 1)]
        for data_id in {absent, *map(word, near)} - set(known):
            proof = manifest.prove_absent(collection, data_id)
            verify_absence(source(manifest, collection), proof)
            for declared in known:  # the same neighbours never show that a declared item is absent
                with pytest.raises(ProofError):
                    verify_absence(source(manifest, collection), replace(proof, data_id=declared))


def neighbours(absent: bytes) -> AbsenceProof:
    return SMALL.prove_absent(ARTIST, absent)


def test_the_ends_of_a_source_need_one_neighbour_and_the_middle_two() -> None:
    first, middle, last = neighbours(ITEM[0]), neighbours(word(25)), neighbours(ITEM[4])
    assert first.left is None
    assert last.right is None
    assert middle.left and middle.right
    assert (middle.left.data_id, middle.right.data_id) == (ITEM[1], ITEM[2])
    for proof in (first, middle, last):
        verify_absence(source(SMALL, ARTIST), proof)


def test_neighbours_that_do_not_touch_prove_nothing() -> None:
    artist = source(SMALL, ARTIST)
    first, last = neighbours(word(15)).right, neighbours(word(45)).left
    before, after = neighbours(word(25)).left, neighbours(word(35)).right
    claims = [
        AbsenceProof(ARTIST, ITEM[2], before, after),  # hides the item between them
        AbsenceProof(ARTIST, ITEM[0], None, after),  # not the first
        AbsenceProof(ARTIST, ITEM[4], before, None),  # not the last
        AbsenceProof(ARTIST, ITEM[4], first, None),
        AbsenceProof(ARTIST, ITEM[0], None, last),
        AbsenceProof(ARTIST, ITEM[0], None, None),
        AbsenceProof(ARTIST, ITEM[4], before, neighbours(word(25)).right),  # stands after both
        AbsenceProof(ARTIST, ITEM[0], before, neighbours(word(25)).right),  # stands before both
    ]
    for claim in claims:
        with pytest.raises(ProofError):
            verify_absence(artist, claim)


def test_a_proof_about_one_source_says_nothing_about_another() -> None:
    proof, studio = neighbours(word(25)), source(SMALL, STUDIO)
    with pytest.raises(ProofError, match="is about"):
        verify_absence(studio, proof)
    with pytest.raises(ProofError, match="another root"):
        verify_absence(studio, replace(proof, collection=STUDIO))
    with pytest.raises(ProofError, match="is about"):
        verify_inclusion_in(studio, SMALL.prove(ARTIST, ITEM[1]))


def test_the_item_of_another_source_is_absent_here() -> None:
    verify_absence(source(SMALL, ARTIST), neighbours(ITEM[0]))
    verify_inclusion_in(source(SMALL, STUDIO), SMALL.prove(STUDIO, ITEM[0]))


def test_a_manifest_whose_items_do_not_ascend_can_hide_nothing_from_the_weights() -> None:
    """An author who lies about order still cannot prove an interval twice."""
    tree = SumTree([(ITEM[3], 4), (ITEM[0], 6)])
    lying = Collection(ARTIST, tree.root, tree.total)
    claim = AbsenceProof(
        ARTIST, ITEM[4], Item(ITEM[3], 4, tree.proof(0)), Item(ITEM[0], 6, tree.proof(1))
    )
    with pytest.raises(ProofError, match="right neighbour"):
        verify_absence(lying, claim)


def test_an_item_without_weight_cannot_hide_between_two_that_touch() -> None:
    """((2, nothing), 4): the intervals of 2 and 4 touch, and something stands between them."""
    left = keccak(b"\0" + ITEM[2] + (4).to_bytes(12, "big"))
    hidden = keccak(b"hidden") + bytes(12)
    pair = keccak(b"\2" + left + (4).to_bytes(12, "big") + hidden)
    right = keccak(b"\0" + ITEM[4] + (6).to_bytes(12, "big"))
    whole = (pair + (4).to_bytes(12, "big"), right + (6).to_bytes(12, "big"))
    lying = Collection(ARTIST, keccak(b"\2" + whole[0] + whole[1]), 10)
    claim = AbsenceProof(
        ARTIST,
        ITEM[3],
        Item(ITEM[2], 4, SumProof(side=0, path=hidden + whole[1], lo=0)),
        Item(ITEM[4], 6, SumProof(side=1, path=whole[0], lo=4)),
    )
    with pytest.raises(ProofError, match="weighs nothing"):
        verify_absence(lying, claim)


@given(items=MANIFESTS)
def test_a_published_manifest_is_read_as_it_was_written(
    items: dict[bytes, dict[bytes, int]],
) -> None:
    manifest = Manifest(items)
    read = Manifest.from_json(manifest.to_json())
    assert (read.root, read.weight, read.items) == (manifest.root, manifest.weight, manifest.items)
    assert Manifest.from_json(manifest.to_json().encode()).to_json() == manifest.to_json()


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(format="kiseki-split-v1"),
        lambda m: m.update(root="0x" + "00" * 32),
        lambda m: m.update(weight="16"),
        lambda m: m.update(weight=15),
        lambda m: m.update(extra=1),
        lambda m: m.pop("weight"),
        lambda m: m["collections"].reverse(),
        lambda m: m["collections"].append(m["collections"][1]),
        lambda m: m["collections"].pop(),
        lambda m: m["collections"][1][1].reverse(),
        lambda m: m["collections"][1][1].clear(),
        lambda m: m["collections"][1][1][0].append("1"),
        lambda m: m["collections"][1][1][0].__setitem__(1, "6"),
        lambda m: m["collections"][1][1][0].__setitem__(1, "05"),
        lambda m: m["collections"][1][1][0].__setitem__(1, 5),
        lambda m: m["collections"][1][1][0].__setitem__(0, None),
        lambda m: m.update(collections={"0": 1}),
    ],
)
def test_a_changed_manifest_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(SMALL.to_json())
    assert Manifest.from_json(json.dumps(document, indent=2)).root == SMALL.root
    change(document)
    with pytest.raises(InvalidInput):
        Manifest.from_json(json.dumps(document))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"format":1,"format":1}',
        b"\xff\xfe\x00",
        "\ud800",
        "1" * 5000,
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
    ],
)
def test_what_is_no_document_is_refused(text: str | bytes) -> None:
    with pytest.raises(InvalidInput):
        Manifest.from_json(text)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Manifest({ARTIST: []}),
        lambda: Manifest({ARTIST: {ITEM[0]: 0}}),
        lambda: Manifest({ARTIST: [(ITEM[0], 1), (ITEM[0], 1)]}),
        lambda: Manifest({ARTIST: {ITEM[0]: 2**82}}),
        lambda: Manifest({ARTIST: {ITEM[0]: 2**81}, STUDIO: {ITEM[0]: 2**81}}),
        lambda: Manifest({b"short": {ITEM[0]: 1}}),
        lambda: SMALL.prove(ARTIST, ITEM[0]),
        lambda: SMALL.prove(word(9), ITEM[0]),
        lambda: SMALL.prove_absent(ARTIST, ITEM[1]),
        lambda: SMALL.prove_absent(word(9), ITEM[1]),
        lambda: manifest_root(SMALL.collections[::-1]),
        lambda: manifest_root([Collection(ARTIST, ITEM[0], 2**82)]),
    ],
)
def test_bad_input_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(InvalidInput):
        wrong()


def test_the_largest_weight_is_accepted() -> None:
    assert Manifest({ARTIST: {ITEM[0]: 2**82 - 1}}).weight == 2**82 - 1


def test_the_whole_proof_is_both_parts() -> None:
    proof = SMALL.prove(ARTIST, ITEM[2])
    assert isinstance(proof, InclusionProof)
    assert proof.whole == SumProof(2 + 5, 0b101, proof.item.path + proof.source.path)


def test_a_member_given_twice_is_refused_even_if_both_are_right() -> None:
    text = SMALL.to_json()
    assert Manifest.from_json(text).root == SMALL.root
    with pytest.raises(InvalidInput, match="twice"):
        Manifest.from_json(text[:-1] + ',"weight":"15"}')
