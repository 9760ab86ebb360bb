"""The worlds on which the index is measured are true: what they log is what the contracts would."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from benchmarks.reader import Reader
from benchmarks.reading import against, fold, percentile, slope
from benchmarks.world.sample import Sample
from benchmarks.world.size import Size
from benchmarks.world.suite import ADDRESSES
from benchmarks.world.timeline import DEPOSITS, HEAD, HISTORY, make
from eth_abi.abi import decode, encode

from kiseki.chain.contract.abi import kind, topic
from kiseki.chain.contract.artifacts import artifact
from kiseki.core.checksum import checksummed
from kiseki.core.ids import PART

SMALL = replace(Size.at(0.001), junk=5, fan=20, blocks=20, deposits=5)
ENTRIES = {
    (at, topic(entry)): (name, entry)
    for name, at in ADDRESSES.items()
    for entry in artifact(name).abi
    if entry["type"] == "event"
}


def lines(folder: Path) -> list[list[dict[str, Any]]]:
    texts = [(folder / each).read_text("ascii") for each in (HISTORY, HEAD, DEPOSITS)]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("world")
    Sample.of(make(made, SMALL)).write(made)
    return made


@pytest.fixture(scope="module")
def reader(folder: Path) -> Reader:
    reader = Reader()
    for logs in lines(folder):
        reader.apply(reader.decode(logs))
    return reader


def test_the_index_rebuilds_a_made_up_world_and_every_account_in_it(
    folder: Path, reader: Reader
) -> None:
    """Promise 4, invariant 9."""
    sample = Sample.read(folder)
    assert reader.index.tokens() == sorted(sample.deposited)
    assert reader.index.time == sample.time
    for token in reader.index.tokens():
        balance = reader.index.balance(token)
        assert balance.exact
        assert (balance.deposited, balance.paid) == (
            sample.deposited[token], sample.paid.get(token, 0)
        )  # fmt: skip
        assert all(each.remainder <= each.held for each in balance.accounts), "claimed too much"
        held = {each.key.hex(): each.held for each in balance.accounts}
        assert held == sample.held.get(token, {})
        assert reader.index.balance(token, settled=True).exact


def test_what_is_made_up_is_hostile(folder: Path, reader: Reader) -> None:
    names = Counter(
        ENTRIES[each["address"], raw(each["topics"][0])][1]["name"]
        for logs in lines(folder)
        for each in logs
    )
    assert names["Claimed"] == SMALL.claims
    assert names["Deposited"] == SMALL.payments + SMALL.deposits
    assert names["BatchRegistered"] == SMALL.batches
    assert len(reader.index.registered("DataRegistry")) == SMALL.collections
    items = [reader.index.collection(each) for each in reader.index.registered("DataRegistry")]
    assert sum(each.count for each in items) == SMALL.items
    assert all(each.complete for each in items)
    rare = {"PayeeChanged", "CollectionRevoked", "ItemRevoked", "Revealed", "RightsMinted"}
    rare |= {"Transfer", "TransferScheduled", "TransferExecuted", "IdentityBound", "BatchSource"}
    assert rare <= set(names)
    kinds = Counter(each.kind for each in reader.index.balance("0x" + 40 * "0").accounts)
    assert min(kinds[each] for each in ("split", "subject", "unknown")) > 0


def test_made_up_logs_are_written_and_decoded_as_eth_abi_does(folder: Path, reader: Reader) -> None:
    for logs in lines(folder):
        for log, event in zip(logs, reader.decode(logs).events, strict=True):
            contract, entry = ENTRIES[log["address"], raw(log["topics"][0])]
            indexed = [each for each in entry["inputs"] if each["indexed"]]
            plain = [each for each in entry["inputs"] if not each["indexed"]]
            words, data = b"".join(map(raw, log["topics"][1:])), raw(log["data"])
            values = dict(
                zip([each["name"] for each in indexed], read(indexed, words), strict=True)
            )
            values |= zip([each["name"] for each in plain], read(plain, data), strict=True)
            assert (event.contract, event.name) == (contract, entry["name"])
            assert event.args == {each["name"]: value(each, values) for each in entry["inputs"]}
            assert encode(list(map(kind, plain)), [values[each["name"]] for each in plain]) == data


def read(members: list[Mapping[str, Any]], data: bytes) -> tuple[Any, ...]:
    return decode(list(map(kind, members)), data)


def value(member: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    """As events have it: addresses with checksum, tuples by name, lists as lists."""
    return plainly(member, values[member["name"]])


def plainly(member: Mapping[str, Any], given: Any) -> Any:
    if member["type"].endswith("[]"):
        inner = {**member, "type": member["type"].removesuffix("[]")}
        return [plainly(inner, each) for each in given]
    if member["type"] == "tuple":
        pairs = zip(member["components"], given, strict=True)
        return {each["name"]: plainly(each, part) for each, part in pairs}
    return checksummed(given) if member["type"] == "address" else given


def test_made_up_logs_stand_as_a_node_gives_them(folder: Path) -> None:
    last, places = (-1, 0), dict[int, int]()
    hashes: dict[int, set[tuple[str, str]]] = {}
    for number, logs in enumerate(lines(folder)):
        for log in logs:
            block, place = int(log["blockNumber"], 16), int(log["logIndex"], 16)
            assert (block, place) == ((block, last[1] + 1) if block == last[0] else (block, 0))
            assert block >= last[0]
            assert places.setdefault(block, number) == number, "a block in two lines"
            hashes.setdefault(block, set()).add((log["blockHash"], log["blockTimestamp"]))
            last = block, place
    assert {len(each) for each in hashes.values()} == {1}
    assert len({each for both in hashes.values() for each in both}) == len(hashes)


def test_the_same_seed_makes_the_same_world(folder: Path, tmp_path: Path) -> None:
    again, other = tmp_path / "again", tmp_path / "other"
    for at, seed in ((again, SMALL.seed), (other, SMALL.seed + 1)):
        at.mkdir()
        Sample.of(make(at, replace(SMALL, seed=seed))).write(at)
    for name in (HISTORY, HEAD, DEPOSITS, "sample.json"):
        assert (again / name).read_bytes() == (folder / name).read_bytes()
    assert (other / HISTORY).read_bytes() != (folder / HISTORY).read_bytes()


def test_made_up_models_of_many_parts_are_rebuilt_beside_false_drafts(tmp_path: Path) -> None:
    """One of more sources than a transaction takes, and two under whose IDs others log parts."""
    size = replace(SMALL, collections=1_400, items=1_500, batches=20, payments=40, claims=20)
    make(tmp_path, size)
    reader = Reader()
    parts: Counter[bytes] = Counter()
    drafts: Counter[tuple[bytes, str, int]] = Counter()
    registered: dict[bytes, tuple[bytes, str, int]] = {}
    for logs in lines(tmp_path):
        part = reader.decode(logs)
        for each in part.events:
            if each.name == "ModelSource":
                assert each.args["judgedAt"] <= each.timestamp
                parts[each.transaction] += 1
                draft = each.args["model"], each.args["submitter"], each.args["judgedAt"]
                drafts[draft] += 1
            elif each.name == "ModelRegistered":
                entry = each.args["entry"]
                draft = each.args["model"], entry["submitter"], entry["judgedAt"]
                registered[each.transaction] = draft
        reader.apply(part)
    assert {count for each, count in parts.items() if each not in registered} == {PART}
    assert max(parts.values()) == PART
    sources = {each[0]: len(reader.index.sources(each[0]).collections) for each in drafts}
    assert max(sources.values()) > PART
    assert len(set(drafts) - set(registered.values())) == 2, "drafts of strangers"
    crowded = [each for each in registered.values() if drafts[each] > sources.get(each[0], 0)]
    assert len(crowded) == 1, "a draft of the same second beside a registration without one"
    reader.close()


def test_a_world_is_measured_from_its_first_block_to_the_last_question(
    folder: Path, tmp_path: Path
) -> None:
    for name in (HISTORY, HEAD, DEPOSITS):
        (tmp_path / name).symlink_to(folder / name)
    whole = Sample.read(folder)
    few = {name: getattr(whole, name)[:9] for name in ("wallets", "groups", "providers", "items")}
    replace(whole, **few).write(tmp_path)
    found = fold(tmp_path)
    heads = sum(1 for name in (HEAD, DEPOSITS) for _ in (folder / name).open())
    read = sum(len(json.loads(line)) for line in (folder / HISTORY).open())
    assert heads == SMALL.blocks + SMALL.deposits
    assert found["events"] == read
    assert found["bytes"] > 100_000
    assert all(found["questions"][each]["asked"] for each in ("owed", "lineage", "usage", "status"))


def test_a_row_more_costs_what_the_answers_say() -> None:
    assert slope([(1, 0.5), (11, 1.5), (21, 2.5)]) == pytest.approx(0.1)
    assert slope([(7, 0.5), (7, 1.5)]) == 0
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile(list(map(float, range(1_000))), 0.99) == 990


def test_answers_are_compared_with_those_of_their_length() -> None:
    """However much longer those are that only one of both has."""
    half = [(0, 1.0), (100, 10.0), (105, 12.0), (91, 11.0)]
    whole = [(0, 2.0), (100, 22.0), (100, 11.0), (5_000, 900.0), (80, 900.0)]
    assert against(whole, half) == 2.0
    assert against([(100, 5.5)], half) == 0.5
    with pytest.raises(ValueError, match="no two answers have the same length"):
        against([(130, 1.0)], half)
