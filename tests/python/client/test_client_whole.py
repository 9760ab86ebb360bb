"""Promise 8 and "nobody can hide a registration": lists against the registries' log."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import rlp as theirs  # which eth-account brings
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from kiseki import LocalKiseki, Manifest
from kiseki.chain.contract.abi import topic
from kiseki.chain.contract.artifacts import artifact
from kiseki.chain.contract.events import Decoder
from kiseki.chain.history import history
from kiseki.chain.node import Node
from kiseki.chain.proofs import prove
from kiseki.chain.refusals import Refusal
from kiseki.chain.sending.outcome import Receipt
from kiseki.client import whole
from kiseki.client.session import Session
from kiseki.core import rlp
from kiseki.core.event import Event
from kiseki.core.keccak import keccak256
from kiseki.core.registrations import SLOT, ProvedList, fold
from kiseki.core.state import Header, StorageProof
from kiseki.core.values import to_hex
from kiseki.errors import IndexInconsistent, InvalidInput, ProofError, Unprovable
from kiseki.index import Index

from ..conftest import Altered

Folder = Callable[[str, Mapping[str, bytes]], Path]
ROOT = Path(__file__).resolve().parents[3]

ITEMS = st.recursive(
    st.binary(max_size=80), lambda inner: st.lists(inner, max_size=4), max_leaves=8
)


@given(item=ITEMS)
def test_what_is_encoded_is_decoded_to_the_same(item: rlp.Item) -> None:
    assert rlp.encode(item) == theirs.encode(item)
    assert rlp.decode(rlp.encode(item)) == item


@given(data=st.binary(max_size=40))
def test_what_is_decoded_is_the_one_encoding_of_it(data: bytes) -> None:
    try:
        item = rlp.decode(data)
    except InvalidInput:
        return
    assert rlp.encode(item) == data


def test_the_log_is_a_fold_from_the_front() -> None:
    first, second = b"\x01" * 32, b"\x02" * 32
    assert fold([]) == bytes(32)
    assert fold([first]) == keccak256(bytes(32) + first)
    assert (
        fold([first, second]) == keccak256(fold([first]) + second) == fold([second], fold([first]))
    )
    assert fold([second, first]) != fold([first, second]) != fold([first])


# Real blocks


@pytest.fixture
def shown(k: LocalKiseki, tmp_path_factory: pytest.TempPathFactory) -> ProvedList:
    """Three collections, and the proof of them at the latest block."""
    folder = tmp_path_factory.mktemp("drawings")
    terms = k.data.define_terms("train", "0%")
    ids = []
    for number in range(3):
        path = folder / f"{number}.png"
        path.write_bytes(bytes([number]))
        ids.append(k.data.register(path, terms).id)
    contract = k.session["DataRegistry"]
    block = int(k.session.w3.eth.block_number)
    proof = prove(k.session.node, contract.address, SLOT, block)
    return ProvedList(k.session.chain_id, contract.address.lower(), tuple(ids), proof)


def test_the_whole_list_is_proved_against_a_real_block(k: LocalKiseki, shown: ProvedList) -> None:
    header = shown.check()
    told = k.session.w3.eth.get_block(header.number)
    assert (header.hash, header.state_root, header.time) == (
        bytes(told["hash"]), bytes(told["stateRoot"]), told["timestamp"],
    )  # fmt: skip
    log = shown.proof.value(shown.registry, SLOT)
    assert log == k.session["DataRegistry"].read("log") == fold(shown.ids)
    assert ProvedList.from_json(shown.to_json()) == shown


def test_the_log_of_each_registry_is_at_slot_0(k: LocalKiseki, shown: ProvedList) -> None:
    for name in ("DataRegistry", "ModelRegistry", "OutputRegistry"):
        contract = k.session[name]
        stored = k.session.w3.eth.get_storage_at(contract.address, SLOT)  # type: ignore[arg-type]
        assert bytes(stored).rjust(32, b"\x00") == contract.read("log")


def test_nothing_written_is_shown_as_zero(k: LocalKiseki, shown: ProvedList) -> None:
    for name in ("ModelRegistry", "OutputRegistry"):
        address = k.session[name].address
        proof = prove(k.session.node, address, SLOT, shown.proof.header.number)
        assert proof.value(address, SLOT) == bytes(32)
        assert ProvedList(1, address, (), proof).check().number == shown.proof.header.number


@pytest.mark.parametrize("change", ["left out", "too much", "out of order", "twice"])
def test_a_list_that_is_not_the_whole_one_is_refused(shown: ProvedList, change: str) -> None:
    a, b, c = shown.ids
    lists = {
        "left out": (a, c), "too much": (a, b, c, a), "out of order": (b, a, c), "twice": (a, b, b),
    }  # fmt: skip
    with pytest.raises(ProofError, match="not what the registry held"):
        replace(shown, ids=lists[change]).check()


def test_a_proof_of_another_contract_slot_or_block_is_refused(
    k: LocalKiseki, shown: ProvedList
) -> None:
    with pytest.raises(ProofError):
        shown.proof.value(k.session["ModelRegistry"].address, SLOT)
    with pytest.raises(ProofError):
        shown.proof.value(shown.registry, 1)
    before = prove(
        k.session.node, k.session["DataRegistry"].address, SLOT, shown.proof.header.number - 1
    )
    with pytest.raises(ProofError):
        replace(shown.proof, header=before.header).value(shown.registry, SLOT)


def test_no_bent_proof_shows_anything_else(shown: ProvedList) -> None:
    """One byte, one node, one order: whatever is changed is refused."""
    proof, dice = shown.proof, random.Random(12)
    for _ in range(500):
        which = dice.choice(["account", "storage"])
        nodes = [bytearray(each) for each in getattr(proof, which)]
        place = dice.randrange(len(nodes))
        how = dice.choice(["byte", "byte", "gone", "twice", "cut"])
        if how == "byte":
            nodes[place][dice.randrange(len(nodes[place]))] ^= dice.randint(1, 255)
        elif how == "gone":
            del nodes[place]
        elif how == "twice":
            nodes.insert(place, nodes[place])
        else:
            del nodes[place][dice.randrange(len(nodes[place])) :]
        changed: Any = {which: tuple(bytes(each) for each in nodes)}
        with pytest.raises(ProofError):
            replace(proof, **changed).value(shown.registry, SLOT)


def test_openzeppelin_reads_the_same_from_the_same_proof(k: LocalKiseki, shown: ProvedList) -> None:
    """An independent implementation: `TrieProof`, compiled and run on the same chain."""
    reader = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;
import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";
contract Reader {
    function read(bytes32 root, bytes memory key, bytes[] memory proof)
        external pure returns (bytes memory)
    {
        return TrieProof.traverse(root, key, proof);
    }
}
"""
    asked = {
        "language": "Solidity",
        "sources": {"Reader.sol": {"content": reader}},
        "settings": {
            "remappings": ["@openzeppelin/contracts/=node_modules/@openzeppelin/contracts/"],
            "outputSelection": {"*": {"Reader": ["evm.bytecode.object"]}},
        },
    }
    made = subprocess.run(
        [ROOT / ".tools/bin/solc", "--standard-json", "--base-path", ROOT],
        input=json.dumps(asked), capture_output=True, text=True, check=True,
    )  # fmt: skip
    code = json.loads(made.stdout)["contracts"]["Reader.sol"]["Reader"]["evm"]["bytecode"]["object"]
    w3, proof = k.session.w3, shown.proof
    sent = w3.eth.send_transaction({"from": w3.eth.accounts[0], "data": "0x" + code})
    there = w3.eth.wait_for_transaction_receipt(sent)["contractAddress"]

    def theirs(root: bytes, key: bytes, nodes: tuple[bytes, ...]) -> bytes:
        asked = keccak256(b"read(bytes32,bytes,bytes[])")[:4] + encode(
            ["bytes32", "bytes", "bytes[]"], [root, key, list(nodes)]
        )
        answer = bytes(w3.eth.call({"to": there, "data": "0x" + asked.hex()}))  # type: ignore[typeddict-item]
        return answer[64 : 64 + int.from_bytes(answer[32:64], "big")]

    registry = bytes.fromhex(shown.registry[2:])
    account = theirs(proof.header.state_root, keccak256(registry), proof.account)
    root = rlp.decode(account)[2]
    assert isinstance(root, bytes)
    word = rlp.decode(theirs(root, keccak256(bytes(32)), proof.storage))
    assert word == fold(shown.ids).lstrip(b"\x00")


def test_a_header_is_hashed_as_it_is(shown: ProvedList) -> None:
    header = shown.proof.header
    assert header.hash == keccak256(header.encoded)
    with pytest.raises(InvalidInput):
        Header(b"\xc0")
    with pytest.raises(InvalidInput):
        Header(header.encoded[:-1])
    with pytest.raises(ProofError):
        StorageProof(header, (), ()).value(shown.registry, SLOT)


# What the node leaves out, and where it has no proof


@pytest.mark.parametrize("what", ["CollectionRegistered", "ModelRegistered", "BatchRegistered"])
def test_a_registration_that_the_node_leaves_out_is_never_passed_over(
    k: LocalKiseki, folder: Folder, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Promise 8 and invariant 13: also when it is asked again and again, or started anew."""
    terms = k.data.define_terms("train", "0%")
    k.data.register(folder("art", {"a": b"a"}), terms)
    drawings = k.data.prepare(folder("more", {"b": b"b"}), terms)
    k.data.register(drawings)
    weights = k.models.weights(folder("w", {"w": b"w"}) / "w")
    model = k.models.register(
        weights, terms, manifest=Manifest({drawings.id: [(drawings.items[0].id, 1)]})
    )
    k.outputs.register(k.outputs.prepare(folder("out", {"o": b"o"}), [model.id]))
    bare = Session(k.session.node)
    entry = {
        each["name"]: each
        for name in ("DataRegistry", "ModelRegistry", "OutputRegistry")
        for each in artifact(name).abi
        if each["type"] == "event"
    }[what]

    class Lacking(Altered):
        def change(self, real: Callable[[], Any]) -> Any:
            answer = real()
            found = answer["result"]
            last = [each for each in found if each["topics"][0] == to_hex(topic(entry))][-1:]
            return answer | {"result": [each for each in found if each not in last]}

    Lacking(k, monkeypatch, "eth_getLogs")
    for _ in range(3):
        with pytest.raises(IndexInconsistent, match="left something out"):
            _ = bare.index
    monkeypatch.undo()
    assert bare.index.log("DataRegistry") == k.session["DataRegistry"].read("log")
    assert [each.proved is not None for each in whole.lists(bare)] == [True] * 3


def test_where_the_node_has_no_proof_that_is_said(
    k: LocalKiseki, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing else is: it does not make the list a wrong one."""
    k.data.register(folder("art", {"a": b"a"}), k.data.define_terms("train", "0%"))
    real = Node.ask

    def without(node: Node, questions: Any) -> Any:
        answers = real(node, questions)
        if questions[-1][0] != "eth_getProof":
            return answers
        refusal = Refusal({"code": -32000, "message": "distance to target block exceeds"})
        return [answers[0], refusal]

    monkeypatch.setattr(Node, "ask", without)
    first, *_ = whole.lists(k.session)
    assert (first.proved, first.count) == (None, 1)
    assert "cannot be proved here" in first.sentence
    assert "as the node tells it" in first.sentence


def test_a_header_that_does_not_hash_to_its_block_is_no_proof(
    k: LocalKiseki, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Node.ask

    def bent(node: Node, questions: Any) -> Any:
        block: Any
        block, proof = real(node, questions)
        return [{**block, "stateRoot": "0x" + "11" * 32}, proof]

    monkeypatch.setattr(Node, "ask", bent)
    with pytest.raises(Unprovable, match="cannot be proved here"):
        prove(k.session.node, k.session["DataRegistry"].address, SLOT, 1)


def committed(k: LocalKiseki, count: int) -> list[Receipt]:
    """Collections, each in a block of its own."""
    terms = k.data.define_terms("train", "0%")
    spec = (terms.id, bytes(32), b"", bytes(32))
    registry = k.session["DataRegistry"]
    return [
        k.data.wallet.send(registry.call("commit", bytes([number + 1]) * 32, 1, spec))
        for number in range(count)
    ]


def test_a_log_goes_on_from_where_it_was(k: LocalKiseki) -> None:
    for count in range(1, 4):
        committed(k, count)
        assert k.index.log("DataRegistry") == k.session["DataRegistry"].read("log")
        assert k.index.count("DataRegistry") == len(k.index.registered("DataRegistry"))


def test_an_event_from_before_is_refused(k: LocalKiseki) -> None:
    """What is missing is not filled in behind: it is taken back to there, and read again."""
    receipts = committed(k, 3)
    first, second, third = (k.session.events(each) for each in receipts)
    defined = [each for each in decoded(k, 0, receipts[0].block - 1) if each.name == "TermsDefined"]
    index = Index(k.session.deployment.addresses.items())
    index.apply([*defined, *first, *third])
    there = k.session["DataRegistry"].read("log")
    assert index.log("DataRegistry") != there
    with pytest.raises(IndexInconsistent, match="order"):
        index.apply(second)
    assert index.undo(receipts[1].block)
    index.apply([*second, *third])
    assert index.log("DataRegistry") == there


def decoded(k: LocalKiseki, first: int, last: int) -> list[Event]:
    decoder = Decoder((e.address, e.artifact) for e in k.session.deployment.contracts)
    addresses = list(k.session.deployment.addresses.values())
    parts = history(k.session.node, first, last, addresses)
    return [event for part in parts for event in decoder.decode(part.logs, part.times)]
