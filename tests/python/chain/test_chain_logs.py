"""Blocks near the head, and what was logged in each, by its hash."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from kiseki import LocalKiseki
from kiseki.chain import logs
from kiseki.chain.history import history
from kiseki.chain.logs import Block, blocks, by_hash, head
from kiseki.chain.node import connect
from kiseki.errors import ChainError, NodeBehind, NodeContradicts, NodeUnreachable

from ..conftest import Folder, ask
from ..front import answered, each_question, front, place

Said = Callable[[dict[str, Any]], dict[str, Any] | None]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "PAUSES", (0.01, 0.01, 0.01))
    monkeypatch.setattr("kiseki.chain.node._PAUSES", (0.01,))


@pytest.fixture
def numbers(k: LocalKiseki, folder: Folder) -> range:
    """Of the blocks since then, of which some hold logs and the last is empty."""
    first = head(k.session.node).number
    terms = k.data.define_terms("train", "0%")
    k.data.register(folder("art", {"1.svg": b"1"}), terms)
    ask(k, "anvil_mine", "0x3")
    return range(first, head(k.session.node).number + 1)


def addresses(k: LocalKiseki) -> list[str]:
    return [each.address for each in k.session.deployment.contracts]


def through(k: LocalKiseki, numbers: range, say: Said) -> list[Block]:
    """What is read of a node that says some things of its own."""
    with front(k.url, each_question(k.url, say)) as node:
        return list(by_hash(connect(place(node)), numbers, addresses(k)))


def real(k: LocalKiseki, asked: dict[str, Any]) -> Any:
    return answered(k.url, asked)["result"]


def test_block_by_block_the_same_is_read_as_in_one_range(k: LocalKiseki, numbers: range) -> None:
    node = k.session.node
    whole = [log for part in history(node, numbers[0], numbers[-1], addresses(k))
             for log in part.logs]  # fmt: skip
    found = list(by_hash(node, numbers, addresses(k)))
    assert len(whole) > 2
    assert [log for each in found for log in each.logs] == whole
    assert [each.head for each in found] == blocks(node, *numbers)
    assert all(b.head.parent == a.head.hash for a, b in itertools.pairwise(found))


def test_fifty_blocks_are_two_requests(k: LocalKiseki) -> None:
    ask(k, "anvil_mine", "0x80")
    last = head(k.session.node).number
    with front(k.url, lambda *_: None) as counting:
        node = connect(place(counting))
        counting.count = 0
        assert len(list(by_hash(node, range(last - 99, last + 1), addresses(k)))) == 100
        assert counting.count == 4
        assert not list(by_hash(node, [], addresses(k)))


def test_a_block_that_is_not_there_yet_is_said(k: LocalKiseki, numbers: range) -> None:
    with pytest.raises(NodeBehind, match=f"does not have block {numbers[-1] + 1:,} yet"):
        list(by_hash(k.session.node, [numbers[-1], numbers[-1] + 1], addresses(k)))


def test_a_node_that_is_gone_is_said(k: LocalKiseki, numbers: range) -> None:
    with front(k.url, lambda n, _: (404, b"") if n > 1 else None) as gone:
        node = connect(place(gone))
        with pytest.raises(NodeUnreachable):
            list(by_hash(node, numbers, addresses(k)))


@pytest.mark.parametrize("message", ["unknown block", "header for hash not found"])
def test_a_block_that_the_node_lacks_by_its_hash_is_asked_for_anew(
    k: LocalKiseki, numbers: range, message: str
) -> None:
    """A reorganisation came between, or another node answers; then it is known."""
    times = 3

    def say(asked: dict[str, Any]) -> dict[str, Any] | None:
        nonlocal times
        if asked["method"] != "eth_getLogs" or times == 0:
            return None
        times -= 1
        return {"error": {"code": -32000, "message": message}}

    assert [each.head.number for each in through(k, numbers, say)] == list(numbers)
    times = -1
    with pytest.raises(NodeBehind, match="does not have block"):
        through(k, numbers, say)


def test_what_is_too_much_together_is_asked_for_alone(k: LocalKiseki, numbers: range) -> None:
    def answer(_: int, asked: Any) -> tuple[int, bytes] | None:
        if not isinstance(asked, list) or asked[0]["method"] != "eth_getLogs":
            return None
        told = answered(k.url, asked)
        for each in told[1:]:
            del each["result"]
            each["error"] = {"code": -32003, "message": "response too large"}
        return 200, json.dumps(told).encode()

    with front(k.url, answer) as node:
        found = list(by_hash(connect(place(node)), numbers, addresses(k)))
    assert found == list(by_hash(k.session.node, numbers, addresses(k)))


Change = Callable[[dict[str, Any]], dict[str, Any]]
HEADS: dict[str, tuple[Change, str]] = {
    "no parent of the one before": (
        lambda b: b | {"parentHash": "0x" + "99" * 32},
        "another parent",
    ),
    "older than the one before": (lambda b: b | {"timestamp": "0x1"}, "earlier than one before"),
    "another number": (lambda b: b | {"number": "0x1"}, "answers with block 1 for block"),
    "no parent": (lambda b: b | {"parentHash": None}, "makes no sense"),
    "no hash": (lambda b: b | {"hash": "0x11"}, "."),
}
LOGS: dict[str, tuple[Change, str]] = {
    "another block": (lambda log: log | {"blockNumber": "0x1"}, "tells of block 1 when asked"),
    "another hash": (lambda log: log | {"blockHash": "0x" + "99" * 32}, "of another block"),
    "another time": (lambda log: log | {"blockTimestamp": "0x1"}, "about the time of block"),
    "another contract": (lambda log: log | {"address": "0x" + "99" * 20}, "not asked about"),
    "removed": (lambda log: log | {"removed": True}, "taken out"),
    "no number": (lambda log: log | {"logIndex": "x"}, "makes no sense"),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_block_that_cannot_be_is_asked_for_again_and_never_kept(
    k: LocalKiseki, numbers: range, name: str
) -> None:
    change, words = HEADS[name]
    times = 10**9

    def say(asked: dict[str, Any]) -> dict[str, Any] | None:
        nonlocal times
        if asked["params"][:1] != [hex(numbers[1])] or times <= 0:
            return None
        times -= 1
        return {"result": change(real(k, asked))}

    with pytest.raises(ChainError, match=words) as told:
        through(k, numbers, say)
    times = 1
    if isinstance(told.value, NodeContradicts):
        assert [each.head.number for each in through(k, numbers, say)] == list(numbers)


@pytest.mark.parametrize("name", LOGS)
def test_a_log_that_cannot_be_is_asked_for_again_and_never_kept(
    k: LocalKiseki, numbers: range, name: str
) -> None:
    change, words = LOGS[name]
    times = 10**9

    def say(asked: dict[str, Any]) -> dict[str, Any] | None:
        nonlocal times
        if asked["method"] != "eth_getLogs" or times <= 0:
            return None
        found = real(k, asked)
        if not found:
            return None
        times -= 1
        return {"result": [change(each) for each in found]}

    with pytest.raises(ChainError, match=words) as told:
        through(k, numbers, say)
    times = 1
    if isinstance(told.value, NodeContradicts):
        assert [each.head.number for each in through(k, numbers, say)] == list(numbers)


def test_two_chains_are_never_mixed(k: LocalKiseki, numbers: range) -> None:
    """Two nodes behind one address, one of them on the other side of a reorganisation: the blocks
    of one answer do not follow those of the other."""
    node = k.session.node
    snapshot = ask(k, "evm_snapshot")
    ask(k, "anvil_mine", "0x2")
    last = head(node).number
    question = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber"}
    old = real(k, question | {"params": [hex(last), False]})
    ask(k, "evm_revert", snapshot)
    ask(k, "evm_increaseTime", 7)
    ask(k, "anvil_mine", "0x2")

    def say(asked: dict[str, Any]) -> dict[str, Any] | None:
        late = old | {"timestamp": hex(2**32)}
        return {"result": late} if asked["params"][:1] == [hex(last)] else None

    with pytest.raises(NodeContradicts, match="a reorganisation, perhaps"):
        through(k, range(numbers[0], last + 1), say)
