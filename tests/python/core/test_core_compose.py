"""Splits are composed as the registries compose them: nobody is left out, nobody overpaid."""

import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_abi.packed import encode_packed
from eth_utils.crypto import keccak
from hypothesis import assume, given
from hypothesis import strategies as st

from kiseki.core import ids
from kiseki.core.compose import (
    WHOLE,
    Ancestor,
    Data,
    ModelSplits,
    Source,
    ancestry_hash,
    compose_batch,
    compose_model,
    compose_split,
    data_split,
    own_split,
    unite,
)
from kiseki.core.split import Split
from kiseki.core.sumtree import SumTree, verify
from kiseki.errors import CompositionError, InvalidInput

REGISTRY = "0x" + "d0" * 20
DEVELOPER, CREATOR = ids.wallet("0x" + "de" * 20), ids.wallet("0x" + "c0" * 20)

WORD = st.binary(min_size=32, max_size=32).filter(any)
SHARES = st.lists(st.tuples(WORD, st.integers(1, 2**64)), min_size=1, max_size=30)
BPS = st.integers(0, 3000)


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


@st.composite
def sources(draw: st.DrawFn, floors: bool = True) -> list[Source]:
    collections = sorted(draw(st.sets(WORD, max_size=12)))
    floor = st.integers(0, 200) if floors else st.just(0)
    return [
        Source(each, draw(st.integers(1, 2**40)), draw(BPS), draw(floor)) for each in collections
    ]


def payees(sources: list[Source]) -> list[bytes]:
    return [ids.subject(REGISTRY, each.collection) for each in sources]


# The data split


@given(listed=sources())
def test_each_collection_gets_at_least_what_its_terms_ask(listed: list[Source]) -> None:
    """Promise 4: royalty pro rata by use, never below the floor, rounded by less than 1 ppm."""
    data = data_split(REGISTRY, listed)
    weight = sum(each.weight for each in listed)
    asked = {
        ids.subject(REGISTRY, each.collection): max(
            Fraction(each.weight * each.royalty_bps, weight), Fraction(each.floor_bps)
        )
        * 100
        for each in listed
    }
    assert 0 <= data.ppm - sum(asked.values()) < 1
    paid = dict(data.split.leaves) if data.split else {}
    assert set(paid) == {payee for payee, ppm in asked.items() if ppm}
    for payee, shares in paid.items():
        assert data.split
        assert Fraction(data.ppm * shares, data.split.total) >= asked[payee]


def test_the_leaves_are_the_formula_in_source_order() -> None:
    listed = [Source(word(1), 3, 2000), Source(word(2), 1, 0), Source(word(3), 6, 1000, 900)]
    data = data_split(REGISTRY, listed)
    assert data.split
    keys = payees(listed)
    assert list(data.split.leaves) == [(keys[0], 3 * 2000), (keys[2], max(6 * 1000, 900 * 10))]
    assert data.ppm == -(-100 * (6000 + 9000) // 10) == 150_000
    assert data.split.salt == bytes(32)
    assert data.split.parts == ()


def test_a_share_of_less_than_one_ppm_is_rounded_up() -> None:
    assert data_split(REGISTRY, [Source(word(1), 1, 1), Source(word(2), 2**81, 0)]).ppm == 1


@pytest.mark.parametrize("listed", [[], [Source(word(1), 5, 0)]])
def test_nothing_asked_is_no_split(listed: list[Source]) -> None:
    assert data_split(REGISTRY, listed) == Data(None, 0)


def flat_root(leaves: list[tuple[bytes, int]]) -> tuple[bytes, int]:
    tree = SumTree(leaves)
    return tree.root, tree.total


@pytest.mark.parametrize("count", [1023, 1024, 1025, 2048, 2049, 3000])
def test_in_parts_the_tree_is_the_flat_tree_when_nobody_asks_nothing(count: int) -> None:
    listed = [Source(word(i + 1), i % 5 + 1, 100 + i % 3) for i in range(count)]
    data = data_split(REGISTRY, listed)
    leaves = [
        (key, each.weight * each.royalty_bps)
        for key, each in zip(payees(listed), listed, strict=True)
    ]
    assert data.split
    assert (data.split.root, data.split.total) == flat_root(leaves)
    assert data.split.parts == ()


@pytest.mark.parametrize(
    ("count", "free", "sizes"),
    [
        (2500, {5}, [1023, 1024, 452]),
        (2500, set(range(1024, 2048)), []),
        (2100, set(range(1024)), []),
        (3000, {*range(1024), 1500}, [1023, 952]),
        (2049, {2048}, []),
        (3073, {3072, 2000}, [1024, 1023, 1024]),
    ],
)
def test_in_parts_the_tree_is_over_the_parts_trees_when_some_ask_nothing(
    count: int, free: set[int], sizes: list[int]
) -> None:
    listed = [Source(word(i + 1), 2, 0 if i in free else 1000) for i in range(count)]
    data = data_split(REGISTRY, listed)
    leaves = [(key, 2000) for key in payees(listed)]
    cut = [
        [leaves[i] for i in range(start, min(start + 1024, count)) if i not in free]
        for start in range(0, count, 1024)
    ]
    upper = SumTree.over([flat_root(part) for part in cut if part])
    assert data.split
    assert (data.split.root, data.split.total) == (upper.root, upper.total)
    assert list(data.split.parts) == sizes
    for i in {0, 700, len(data.split.leaves) - 1}:
        key, shares = data.split.leaves[i]
        proof = data.split.proof(i)
        assert verify(data.split.root, data.split.total, key, shares, proof) == 2000 * i
    assert Split.from_json(data.split.to_json(), data.split.key) == data.split


# Ancestries and the split of a model or batch


@given(pairs=st.dictionaries(WORD, st.integers(0, 2**32 - 1), max_size=8))
def test_an_ancestry_is_hashed_as_solidity_encodes_structs(pairs: dict[bytes, int]) -> None:
    rows = sorted(pairs.items())
    expected = keccak(encode(["(bytes32,uint32)[]"], [rows]))
    assert ancestry_hash([Ancestor(*row) for row in rows]) == expected


def model(
    number: int, parents: list[ModelSplits], ask: int = 500, royalty: int = 1000
) -> ModelSplits:
    """A model on one collection of its own, registered after its parents."""
    return compose_model(
        REGISTRY,
        word(number),
        [Source(word(1000 + number), 1, royalty)],
        [each.ancestry for each in parents],
        {word(i): OWN[i] for i in OWN},
        ask,
        DEVELOPER,
    )


OWN = {i: keccak(word(i)) for i in range(1, 40)}


def test_a_base_is_paid_once_however_many_paths_lead_to_it() -> None:
    """Promise 4, and the diamond of issue 2."""
    base = model(9, [], ask=2000, royalty=300)
    left, right = model(3, [base]), model(5, [base])
    top = model(1, [left, right, base])
    assert base.own == 230_000
    assert [each.model for each in top.ancestry] == [word(1), word(3), word(5), word(9)]
    assert [shares for _, shares in top.split.leaves] == [
        100_000,  # its data
        150_000,  # left
        150_000,  # right
        230_000,  # the base, once
        370_000,  # its developer
    ]
    assert top.data.split
    assert [key for key, _ in top.split.leaves] == [
        top.data.split.key,
        OWN[3],
        OWN[5],
        OWN[9],
        DEVELOPER,
    ]
    assert top.split.salt == word(1)
    assert top.ancestry_hash == ancestry_hash(top.ancestry)


def test_a_models_own_split_is_its_data_and_its_developer() -> None:
    made = model(4, [])
    assert made.own == 100_000 + 50_000
    assert made.own_split
    assert made.data.split
    assert list(made.own_split.leaves) == [(made.data.split.key, 100_000), (DEVELOPER, 50_000)]
    assert made.own_split.salt == word(4)


def test_who_asks_nothing_has_no_leaf() -> None:
    free = model(2, [], ask=0, royalty=0)
    assert (free.own, free.own_split) == (0, None)
    child = model(1, [free], ask=0)
    assert free.ancestry[0] in child.ancestry
    assert [shares for _, shares in child.split.leaves] == [100_000, 900_000]
    assert own_split(word(1), Data(None, 0), 5, DEVELOPER) == Split([(DEVELOPER, 500)], word(1))
    full = model(3, [], ask=0, royalty=10_000)
    assert full.data.split
    assert list(full.split.leaves) == [(full.data.split.key, WHOLE)]


@given(listed=sources(), owns=st.dictionaries(WORD, st.integers(0, 200_000), max_size=6))
def test_a_batch_shares_out_everything_and_no_more(
    listed: list[Source], owns: dict[bytes, int]
) -> None:
    """Invariant 5: every levy is in the split."""
    data = data_split(REGISTRY, listed)
    ancestry = [Ancestor(each, owns[each]) for each in sorted(owns)]
    keys = {each: keccak(each) for each in owns}
    asked = data.ppm + sum(owns.values())
    if asked > WHOLE:
        with pytest.raises(CompositionError, match="more than everything"):
            compose_batch(REGISTRY, word(7), listed, [ancestry], keys, CREATOR)
        return
    made = compose_batch(REGISTRY, word(7), listed, [ancestry, ancestry[::2]], keys, CREATOR)
    expected = [(data.split.key, data.ppm)] if data.split else []
    expected += [(keys[each.model], each.own) for each in ancestry if each.own]
    expected += [(CREATOR, WHOLE - asked)] if asked < WHOLE else []
    assert list(made.split.leaves) == expected
    assert (made.split.total, made.split.salt) == (WHOLE, word(7))
    assert made.ancestors == tuple(ancestry)


def test_levies_up_to_everything_are_allowed_and_one_more_is_not() -> None:
    model(1, [], ask=9000, royalty=1000)
    with pytest.raises(CompositionError, match=r"100\.01% of gross"):
        model(1, [], ask=9001, royalty=1000)


def test_a_model_counts_itself_so_that_something_can_rest_on_it() -> None:
    base = model(2, [], ask=5000, royalty=1000)
    with pytest.raises(CompositionError, match=r"110% of gross"):
        model(1, [base], ask=4000, royalty=1000)
    ancestors = base.ancestry
    compose_batch(
        REGISTRY, word(1), [Source(word(5), 1, 4000)], [ancestors], {word(2): OWN[2]}, CREATOR
    )


def test_collections_that_ask_more_than_everything_are_refused() -> None:
    listed = [Source(word(i), 1, 0, 5001) for i in (1, 2)]
    with pytest.raises(CompositionError, match=r"100\.02% of gross"):
        data_split(REGISTRY, listed)


def test_256_models_are_an_ancestry_and_257_are_not() -> None:
    many = [Ancestor(word(i), 0) for i in range(1, 257)]
    assert len(unite([many, many[:9]])) == 256
    with pytest.raises(CompositionError, match="256"):
        unite([many, [Ancestor(word(300), 0)]])
    with pytest.raises(CompositionError, match="256"):
        compose_model(REGISTRY, word(300), [], [many], {}, 0, DEVELOPER)
    compose_model(REGISTRY, word(300), [], [many[1:]], {}, 0, DEVELOPER)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: data_split(REGISTRY, [Source(word(2), 1, 1), Source(word(1), 1, 1)]),
        lambda: data_split(REGISTRY, [Source(word(1), 1, 1)] * 2),
        lambda: data_split(REGISTRY, [Source(word(1), 2**82, 1)]),
        lambda: data_split("0x", [Source(word(1), 1, 1)]),
        lambda: Source(word(1), 0, 1),
        lambda: Source(word(1), 1, 2**16),
        lambda: Source(word(1), 1, 1, -1),
        lambda: Ancestor(word(1), 2**32),
        lambda: unite([[Ancestor(word(1), 1)], [Ancestor(word(1), 2)]]),
        lambda: ancestry_hash([Ancestor(word(2), 1), Ancestor(word(1), 1)]),
        lambda: compose_split(word(1), Data(None, 0), [Ancestor(word(2), 1)], {}, DEVELOPER),
        lambda: compose_split(word(1), Data(None, 0), [], {}, bytes(32)),
        lambda: compose_model(REGISTRY, word(1), [], [[Ancestor(word(1), 0)]], {}, 0, DEVELOPER),
        lambda: Split([]),
        lambda: Split([(bytes(32), 1)]),
        lambda: Split([(word(1), 1)], b""),
        lambda: Split([(word(1), 1)], parts=[2]),
        lambda: Split([(word(1), 1)], parts=[1, 0]),
        lambda: Split([(word(1), 1)]).dues(-1),
    ],
)
def test_bad_input_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(InvalidInput):
        wrong()


# What a split pays


@given(leaves=SHARES, received=st.integers(0, 2**128 - 1))
def test_dues_never_exceed_what_was_received_nor_lose_a_unit_a_leaf(
    leaves: list[tuple[bytes, int]], received: int
) -> None:
    """Invariant 2."""
    split = Split(leaves)
    dues = split.dues(received)
    assert sum(dues) <= received
    for due, (_, shares) in zip(dues, leaves, strict=True):
        assert 0 <= Fraction(received * shares, split.total) - due < 1
    assert received - sum(dues) < len(leaves)


@given(leaves=SHARES, payments=st.lists(st.integers(0, 2**100), max_size=8))
def test_dues_do_not_drift_over_many_payments(
    leaves: list[tuple[bytes, int]], payments: list[int]
) -> None:
    split, received, claimed = Split(leaves), 0, [0] * len(leaves)
    for payment in payments:
        received += payment
        for i, due in enumerate(split.dues(received)):
            assert due >= claimed[i]
            claimed[i] = due
    assert claimed == split.dues(sum(payments))


@given(leaves=SHARES, salt=WORD)
def test_the_key_of_a_split_is_the_hash_of_its_opening(
    leaves: list[tuple[bytes, int]], salt: bytes
) -> None:
    split = Split(leaves, salt)
    types = ["bytes32", "uint96", "bytes32"]
    assert split.opening == encode_packed(types, [split.root, split.total, salt])
    assert split.key == keccak(b"\x03" + split.opening)
    for i, (key, shares) in enumerate(split.leaves):
        verify(split.root, split.total, key, shares, split.proof(i))


@given(leaves=SHARES, salt=WORD, other=WORD)
def test_a_published_split_is_read_as_it_was_written(
    leaves: list[tuple[bytes, int]], salt: bytes, other: bytes
) -> None:
    split = Split(leaves, salt)
    assume(other != split.key)
    assert Split.from_json(split.to_json(), split.key) == split
    assert split.filename == f"0x{split.key.hex()}.json"
    with pytest.raises(InvalidInput):
        Split.from_json(split.to_json(), other)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.update(format="kiseki-split-v2"),
        lambda s: s.update(root="0x" + "00" * 32),
        lambda s: s.update(total="4"),
        lambda s: s.update(total=3),
        lambda s: s.update(salt="0x00"),
        lambda s: s.update(parts="12"),
        lambda s: s.update(parts=["1", "1"]),
        lambda s: s.update(parts=[1, 2]),
        lambda s: s.update(parts=["2", "3"]),
        lambda s: s["leaves"].reverse(),
        lambda s: s["leaves"].clear(),
        lambda s: s["leaves"][0].__setitem__(1, "0"),
        lambda s: s["leaves"][0].__setitem__(1, 1),
        lambda s: s["leaves"][0].__setitem__(0, "0x" + "00" * 32),
        lambda s: s.update(leaves=None),
        lambda s: s.pop("salt"),
        lambda s: s.update(extra=0),
    ],
)
def test_a_changed_split_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    split = Split([(word(i), 1) for i in (1, 2, 3, 4, 5)], parts=[1, 4])
    document = json.loads(split.to_json())
    assert Split.from_json(json.dumps(document)) == split
    change(document)
    with pytest.raises(InvalidInput):
        Split.from_json(json.dumps(document))
