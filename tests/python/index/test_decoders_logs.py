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
from kiseki.errors import ChainError, KisekiError
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


def test_a_number_that_no_chain_has_is_refused_and_nothing_is_kept() -> None:
    which = next(i for i, (_, e) in enumerate(targets.EVENTS) if e["name"] == "Stated")
    inputs = targets.EVENTS[which][1]["inputs"]
    topics = [bytes(32) for each in inputs if each["indexed"]]
    data = bytes(32) * (len(inputs) - len(topics))
    index = Index(targets.ADDRESSES.items())
    log = targets.log(which, topics, data, 2**63, 0)
    with pytest.raises(KisekiError, match="63 bits"):
        index.apply(targets.decoder().decode([log], {2**63: 0}))
    assert index.block is None
