"""What people agree on hashes as Solidity hashes it, is read again as it was written, and said."""

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from kiseki.core import conditions as when
from kiseki.core.conditions import KINDS, Condition, Kind, read, written
from kiseki.core.offer import Licence, Offer, buyer_proof, buyers_root
from kiseki.core.schedule import Schedule
from kiseki.core.terms import Use
from kiseki.errors import InvalidInput

from .test_core_merkle import ask

ADDRESS = st.binary(min_size=20, max_size=20).map(lambda each: "0x" + each.hex())
HASH = st.binary(min_size=32, max_size=32)
AMOUNT = st.integers(1, 2**128 - 1)
PLACES = {name: f"0x{place + 1:040x}" for place, name in enumerate(KINDS)}
NAMES = {at: name for name, at in PLACES.items()}

SIMPLE: st.SearchStrategy[Kind] = (
    st.builds(when.IncomeThreshold, HASH, AMOUNT, ADDRESS, st.integers(0, 2**256 - 1))
    | st.builds(when.AfterTime, st.integers(0, 2**64 - 1))
    | st.builds(when.Escrow, AMOUNT, ADDRESS)
    | st.builds(when.Approvals, st.just(1), st.lists(ADDRESS, min_size=1, max_size=5, unique=True))
    | st.builds(Condition, st.just("0x" + "ff" * 20), st.binary(max_size=70))
)
CONDITION: st.SearchStrategy[Kind] = SIMPLE | st.recursive(
    SIMPLE,
    lambda inner: (
        st.builds(when.AllOf, st.lists(inner, min_size=1, max_size=3))
        | st.builds(when.AnyOf, st.lists(inner, min_size=1, max_size=3))
    ),
    max_leaves=6,
).filter(lambda kind: _depth(kind) <= 3)


def _depth(kind: Kind) -> int:
    return 1 + max(map(_depth, getattr(kind, "conditions", ())), default=0)


@given(kind=CONDITION)
def test_a_condition_is_read_as_it_was_written(kind: Kind) -> None:
    assert read(written(kind, PLACES), NAMES) == kind
    assert when.words(kind, lambda amount, token: f"{amount} of {token}")


@given(data=st.binary(max_size=400), name=st.sampled_from(list(KINDS)))
def test_data_that_is_none_is_a_condition_that_nobody_knows(data: bytes, name: str) -> None:
    """It is shown as what it is, and never raises: anybody can schedule with any data."""
    given = Condition(PLACES[name], data)
    found = read(given, NAMES)
    if found != given:
        assert written(found, PLACES).check == given.check


def test_conditions_that_hold_each_other_deeper_than_anybody_needs_are_not_followed() -> None:
    kind: Kind = when.AfterTime(1)
    for _ in range(50):
        kind = when.AllOf([kind])
    assert isinstance(read(written(kind, PLACES), NAMES), when.AllOf)


@given(
    chain=st.integers(1, 2**64 - 1), contract=ADDRESS, token=st.integers(0, 2**256 - 1),
    nonce=st.integers(0, 2**64 - 1), holder=ADDRESS, to=ADDRESS, deadline=st.integers(0, 2**64 - 1),
    conditions=st.lists(st.builds(Condition, ADDRESS, st.binary(max_size=100)), max_size=4),
)  # fmt: skip
def test_a_schedules_id_is_the_hash_of_its_abi_encoding(
    chain: int, contract: str, conditions: list[Condition], **values: Any
) -> None:
    made = Schedule(
        values["token"], values["nonce"], values["holder"], values["to"], tuple(conditions),
        values["deadline"],
    )  # fmt: skip
    kind = "(uint256,uint64,address,address,(address,bytes)[],uint64)"
    expected = keccak(encode(["uint256", "address", kind], [chain, contract, made.values]))
    assert made.id(chain, contract) == expected


@given(
    registry=ADDRESS, id_=HASH, price=st.integers(0, 2**128 - 1), uses=st.integers(1, 127),
    token=ADDRESS, numbers=st.tuples(*[st.integers(0, 2**64 - 1)] * 2),
    supply=st.integers(1, 2**32 - 1), hashes=st.tuples(HASH, HASH, HASH),
)  # fmt: skip
def test_an_offers_key_is_the_hash_of_its_abi_encoding(
    registry: str, id_: bytes, price: int, uses: int, token: str, supply: int,
    numbers: tuple[int, ...], hashes: tuple[bytes, ...],
) -> None:  # fmt: skip
    offer = Offer(
        registry, id_, price, Use(uses), token, numbers[0], numbers[1], supply, hashes[0],
        hashes[1], hashes[2],
    )  # fmt: skip
    kind = "(address,bytes32,address,uint256,uint256,uint64,uint64,uint32,bytes32,bytes32,bytes32)"
    expected = keccak(encode(["uint256", "address", kind], [5, registry, offer.values]))
    assert offer.key(5, registry) == expected


def test_buyers_stand_in_openzeppelins_tree() -> None:
    sets = [[f"0x{seed * 1000 + i:040x}" for i in range(count)] for seed, count in
            enumerate((1, 2, 3, 5, 8, 33, 200), 1)]  # fmt: skip
    questions = [
        {
            "buyers": buyers,
            "proofs": [
                [each, ["0x" + h.hex() for h in buyer_proof(buyers, each)]] for each in buyers
            ],
        }
        for buyers in sets
    ]
    for buyers, said in zip(sets, ask("buyers.mjs", questions), strict=True):
        assert "0x" + buyers_root(buyers).hex() == said["root"]
        assert all(said["verified"])
    with pytest.raises(InvalidInput, match="not among those who may buy"):
        buyer_proof(sets[2], "0x" + "77" * 20)
    with pytest.raises(InvalidInput, match="at least one buyer"):
        buyers_root([])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"territory": ["Japan"]}, "ISO 3166"),
        ({"territory": ["WORLD", "JP"]}, "WORLD alone"),
        ({"territory": []}, "write WORLD for all"),
        ({"territory": "JP"}, "is a list, each of it once"),
        ({"media": ["Streaming!"]}, "short words in lower case"),
        ({"languages": ["Japanese"]}, "BCP 47"),
        ({"term": "2 years"}, "ISO 8601"),
        ({"term": "P"}, "ISO 8601"),
        ({"exclusive": "yes"}, "True or False"),
    ],
)
def test_a_licence_that_machines_could_not_read_is_refused(
    wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        Licence(**wrong)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: when.IncomeThreshold(bytes(32), 0), "out of range"),
        (lambda: when.Escrow(0), "out of range"),
        (lambda: when.Approvals(2, ["0x" + "11" * 20]), "at most as many"),
        (lambda: when.Approvals(1, ["0x" + "11" * 20] * 2), "each once"),
        (lambda: when.AllOf([]), "holds 1 to 8"),
        (lambda: when.AnyOf([when.AfterTime(1)] * 9), "holds 1 to 8"),
        (lambda: Offer("0x" + "11" * 20, bytes(32), 5, Use(0)), "at least one use"),
    ],
)
def test_what_cannot_be_agreed_on_is_refused(make: Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        make()


def test_a_condition_that_a_chain_lacks_is_said_and_not_written() -> None:
    """A chain without that release: what is inside another condition counts too."""
    less = {name: at for name, at in PLACES.items() if name != "AfterTime"}
    for kind in (when.AfterTime(5), when.AllOf([when.AfterTime(5)])):
        with pytest.raises(InvalidInput, match=r"no contract AfterTime.*kiseki deploy"):
            written(kind, less)


def test_conditions_that_hold_others_are_said_as_one() -> None:
    epoch, later = when.AfterTime(0), when.AfterTime(86_400)
    said = "it is 1970-01-01 00:00 UTC"
    assert when.words(when.AllOf([epoch, when.AnyOf([epoch, later])]), lambda *_: "") == (
        f"({said} and ({said} or it is 1970-01-02 00:00 UTC))"
    )
