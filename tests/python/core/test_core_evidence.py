"""A manifest is cut into slices to be walked, and what is false in one is found (promise 3)."""

import json
from random import Random

import pytest
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from kiseki.core import sumtree
from kiseki.core.evidence import Evidence, find_false
from kiseki.core.ids import PART, Collection
from kiseki.core.manifest import Manifest, Place, declared
from kiseki.core.merkle import SLICE, IdTree
from kiseki.core.sumtree import SumTree
from kiseki.errors import InvalidInput


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def some_ids(count: int, seed: int = 0) -> list[bytes]:
    return sorted(keccak(f"{seed}:{i}".encode()) for i in range(count))


class TestSlices:
    @settings(deadline=None)
    @given(st.integers(1, 70), st.integers(1, 40), st.integers(0, 2**32))
    def test_the_slices_are_the_manifest(self, count: int, most: int, seed: int) -> None:
        """In order, without gaps, each the node that its proof says."""
        random = Random(seed)
        ids = some_ids(count)
        used = sorted(random.sample(ids, random.randint(1, count)))
        manifest = Manifest({word(1): [(each, random.randint(1, 99)) for each in used]})
        tree, (source,) = IdTree(ids), manifest.collections
        walked: list[tuple[bytes, int]] = []
        for each in manifest.slices(lambda _: tree, most=most):
            assert each.place == Place(0, 0, sum(weight for _, weight in walked))
            assert 0 < len(each.items) <= most
            node = SumTree(each.items)
            self.leads_to(source, node, each.place.lo, each.node)
            assert each.members == tree.multiproof([data_id for data_id, _ in each.items])
            walked += each.items
        assert walked == manifest.items[word(1)]

    def leads_to(self, source: Collection, node: SumTree, lo: int, proof: sumtree.SumProof) -> None:
        hashed, total = node.root, node.total
        begin = 0
        for i in range(proof.steps):
            sibling = proof.path[44 * i : 44 * i + 44]
            both = [hashed + total.to_bytes(12, "big"), sibling]
            if proof.side >> i & 1:
                both.reverse()
                begin += int.from_bytes(sibling[32:], "big")
            hashed = keccak(b"\x02" + b"".join(both))
            total += int.from_bytes(sibling[32:], "big")
        assert (hashed, total) == (source.items, source.weight)
        assert begin == proof.lo == lo

    def test_no_slice_holds_items_of_two_slices_of_the_collection(self) -> None:
        ids = some_ids(SLICE + 50)
        manifest = Manifest({word(1): [(each, 1) for each in ids]})
        tree = IdTree(ids)
        found = list(manifest.slices(lambda _: tree, most=SLICE))
        assert [len(each.items) for each in found] == [2048, 1024, 512, 256, 128, 32, 32, 18]
        assert [each.place.lo for each in found][6] == SLICE

    def test_it_goes_on_from_anywhere(self) -> None:
        manifest = Manifest({word(n): [(each, n) for each in some_ids(7, n)] for n in (1, 2)})
        trees = {word(n): IdTree(some_ids(7, n)) for n in (1, 2)}
        for n in (1, 2):
            for i in range(7):
                start = Place(0, n - 1, n * i)
                found = list(manifest.slices(trees.__getitem__, start, most=4))
                walked = [item for each in found for item in each.items]
                assert found[0].place == start
                assert (
                    walked
                    == [*manifest.items[word(1)], *manifest.items[word(2)]][7 * (n - 1) + i :]
                )
        for wrong in (Place(0, 1, 1), Place(0, 0, 7), Place(0, 0, 8)):
            with pytest.raises(InvalidInput, match="begins at"):
                list(manifest.slices(trees.__getitem__, wrong))

    def test_parts_are_counted(self) -> None:
        keys = [word(n) for n in range(1, PART + 3)]
        manifest = Manifest({key: [(key, 1)] for key in keys})
        places = [each.place for each in manifest.slices(lambda key: IdTree([key]))]
        assert places[PART - 1 :] == [Place(0, PART - 1), Place(1, 0), Place(1, 1)]

    def test_an_item_that_is_not_in_the_collection_cannot_be_walked(self) -> None:
        manifest = Manifest({word(1): [(word(7), 1)]})
        with pytest.raises(InvalidInput, match="not in this set"):
            list(manifest.slices(lambda _: IdTree([word(8)])))


def sources(listed: dict[bytes, list[tuple[bytes, int]]]) -> list[Collection]:
    trees = {key: SumTree(items) for key, items in sorted(listed.items())}
    return [Collection(key, tree.root, tree.total) for key, tree in trees.items()]


class TestEvidence:
    HONEST = {word(1): [(word(n), n) for n in range(10, 15)], word(2): [(word(10), 1)]}  # noqa: RUF012

    def found(
        self, listed: dict[bytes, list[tuple[bytes, int]]], **ended: set[bytes]
    ) -> list[Evidence]:
        by_source = {word(int(key[1:])): items for key, items in ended.items()}
        return list(find_false(listed, sources(listed), by_source))

    def test_nothing_is_found_in_an_honest_one(self) -> None:
        assert self.found(self.HONEST) == []
        assert self.found(self.HONEST, _1={word(99)}, _2={word(11)}) == []

    def test_an_item_twice_and_items_out_of_order(self) -> None:
        items = [word(n) for n in (10, 12, 11, 13, 13)]
        listed = {word(1): [(each, 5) for each in items]}
        swapped, twice = self.found(listed)
        assert (swapped.kind, swapped.part, swapped.source) == ("out_of_order", 0, 0)
        assert [each.data_id for each in swapped.items] == [word(12), word(11)]
        assert [each.data_id for each in twice.items] == [word(13), word(13)]
        (source,) = sources(listed)
        for each in (*swapped.items, *twice.items):
            sumtree.verify(source.items, source.weight, each.data_id, each.weight, each.proof)
        assert twice.items[0].proof.lo < twice.items[1].proof.lo

    def test_a_revoked_item(self) -> None:
        (found,) = self.found(self.HONEST, _2={word(10), word(99)})
        assert (found.kind, found.collection, found.source) == ("revoked_item", word(2), 1)
        assert [each.data_id for each in found.items] == [word(10)]

    def test_what_is_not_the_models_shows_nothing(self) -> None:
        true = sources(self.HONEST)
        for changed in (
            {word(1): self.HONEST[word(1)]},
            {**self.HONEST, word(2): [(word(10), 2)]},
            {**self.HONEST, word(2): [(word(11), 1)]},
        ):
            with pytest.raises(InvalidInput, match="manifest"):
                list(find_false(changed, true, {}))

    def test_a_file_is_read_as_it_stands(self) -> None:
        text = Manifest(self.HONEST).to_json()
        assert declared(text) == self.HONEST
        document = json.loads(text)
        document["collections"][0][1].reverse()
        document["root"] = "anything"
        listed = declared(json.dumps(document))
        assert list(listed[word(1)]) == self.HONEST[word(1)][::-1]
        with pytest.raises(InvalidInput):
            Manifest.from_json(json.dumps(document))
        document["collections"].reverse()
        with pytest.raises(InvalidInput):
            declared(json.dumps(document))
