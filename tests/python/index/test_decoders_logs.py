"""Whatever a node says was logged, the index takes all of it or none, and then still answers."""

from collections.abc import Mapping
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz import targets
from tests.fuzz.almost import unhurried

from kiseki.chain.contract.abi import kind
from kiseki.errors import ChainError
from kiseki.index import Index

FEW = st.sampled_from([bytes(32), b"\x01" * 32, b"\x02" * 32, bytes(12) + b"\x03" * 20])
NUMBERS = st.sampled_from([0, 1, 2, 1_000_000, 10_001, 2**32 - 1, 2**63, 2**64 - 1, 2**96 - 1])


def values(member: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values of an ABI type: few, so that events speak of each other."""
    declared = member["type"]
    if declared.endswith("]"):
        inner = {**member, "type": declared[: declared.rindex("[")]}
        return st.lists(values(inner), max_size=3)
    if declared == "tuple":
        return st.tuples(*map(values, member["components"]))
    if declared == "bytes":
        return st.sampled_from([b"", bytes(76), b"\x01" * 76, bytes(52)])
    if declared == "bool":
        return st.booleans()
    if declared == "address":
        return FEW.map(lambda each: each[-20:])
    if declared == "bytes32":
        return FEW
    if declared.startswith("uint"):
        bits = int(declared.removeprefix("uint"))
        return NUMBERS.map(lambda each: min(each, 2**bits - 1))
    raise NotImplementedError(declared)


@st.composite
def some_log(draw: st.DrawFn) -> dict[str, Any]:
    """A log as the contracts' ABI has it, of values that no contract would log together."""
    which = draw(st.integers(0, len(targets.EVENTS) - 1))
    inputs = targets.EVENTS[which][1]["inputs"]
    topics = [
        encode([kind(member)], [draw(values(member))]) for member in inputs if member["indexed"]
    ]
    plain = [member for member in inputs if not member["indexed"]]
    data = encode([kind(member) for member in plain], [draw(values(member)) for member in plain])
    block = draw(st.integers(0, 3) | st.sampled_from([2**63, 2**256]))
    return targets.log(which, topics, data, block, draw(st.integers(0, 3)))


@unhurried
@given(logs=st.lists(some_log(), max_size=6))
def test_logs_of_anything_are_kept_or_refused(logs: list[Mapping[str, Any]]) -> None:
    targets.apply(logs)


@unhurried
@given(data=st.binary(max_size=400))
def test_logs_that_are_no_events_are_refused(data: bytes) -> None:
    targets.logs(data)


@pytest.mark.parametrize("data", [b"", bytes(31), b"\xff" * 64])
def test_a_log_that_does_not_fit_its_event_is_named(data: bytes) -> None:
    which = next(
        i for i, (_, e) in enumerate(targets.EVENTS) if e["name"] == "CollectionRegistered"
    )
    log = targets.log(which, [], data, 1, 0)
    with pytest.raises(ChainError, match="check that it is the contract you mean, or ask another"):
        list(targets.decoder().decode([log], {1: 0}))


NONE: list[Any] = [None, 5, "", "0", "0xzz", "0x 11", "0x_1", [], {}]
ODD: list[tuple[str, Any]] = [
    *((name, each) for name in ("address", "data", "transactionHash", "blockNumber", "logIndex")
      for each in NONE),
    ("address", "0x" + "11" * 19), ("transactionHash", "0x" + "11" * 31),
    ("data", "11" * 32), ("data", "0x" + "11" * 31 + "1"), ("data", "0x" + " 1" * 32),
    ("blockNumber", hex(2**63)), ("logIndex", hex(2**63)), ("logIndex", "-0x1"),
    ("topics", None), ("topics", 5), ("topics", "0x"), ("topics", {}), ("topics", [None]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), ODD)
def test_what_is_no_log_is_refused_in_words(name: str, value: Any) -> None:
    whole = a_statement()
    assert len(list(targets.decoder().decode([whole], {1: 0}))) == 1
    lacking = {key: each for key, each in whole.items() if key != name}
    for odd in (whole | {name: value}, lacking):
        with pytest.raises(ChainError, match="a log that is none") as told:
            list(targets.decoder().decode([odd], {1: 0}))
        targets.readable(str(told.value))


@pytest.mark.parametrize(
    "topic", [None, 5, "", "11" * 33, "0x" + "11" * 31, "0x" + "11" * 31 + " 1", "0X" + "11" * 32]
)
def test_a_topic_that_is_none_is_refused_in_words(topic: Any) -> None:
    whole = a_statement()
    for place in range(1, len(whole["topics"])):
        topics = [*whole["topics"][:place], topic, *whole["topics"][place + 1 :]]
        with pytest.raises(ChainError, match="a log that is none"):
            list(targets.decoder().decode([whole | {"topics": topics}], {1: 0}))


def test_capital_letters_are_read_as_small_ones() -> None:
    """EIP-55 writes addresses with both, and a node may."""
    whole = a_statement()
    (plain,) = targets.decoder().decode([whole], {1: 0})
    topics = ["0x" + each[2:].upper() for each in whole["topics"]]
    loud = {"address": targets.ADDRESSES["Statements"], "topics": topics}
    (same,) = targets.decoder().decode([whole | loud], {1: 0})
    assert same == plain


def test_what_other_contracts_logged_is_passed_over() -> None:
    whole = a_statement()
    others = [
        whole | {"address": "0x" + "11" * 20},
        whole | {"topics": ["0x" + "11" * 32, *whole["topics"][1:]]},
        whole | {"topics": []},
    ]
    assert not list(targets.decoder().decode(others, {1: 0}))


def a_statement() -> dict[str, Any]:
    """A log that is one."""
    which, inputs = next(
        (i, e["inputs"]) for i, (_, e) in enumerate(targets.EVENTS) if e["name"] == "Stated"
    )
    topics = [bytes(32) for each in inputs if each["indexed"]]
    return targets.log(which, topics, bytes(32) * (len(inputs) - len(topics)), 1, 0)


def test_a_number_that_no_chain_has_is_refused_and_nothing_is_kept() -> None:
    index = Index(targets.ADDRESSES.items())
    log = a_statement() | {"blockNumber": hex(2**63)}
    with pytest.raises(ChainError, match="a log that is none"):
        index.apply(targets.decoder().decode([log], {2**63: 0}))
    assert index.block is None
