"""A node that goes away: who asked for it is answered from what was read before (invariant 13)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kiseki import Kiseki, LocalKiseki
from kiseki.chain.signing.accounts import local_account
from kiseki.client.asof import AsOf
from kiseki.errors import (
    ChainError,
    KisekiError,
    NodeAway,
    NodeBusy,
    NodeContradicts,
    NodeUnreachable,
)

from ..conftest import Folder
from ..front import Front, each_question, front, place

CHAIN = 31_337
Answer = Callable[[int, Any], tuple[int, bytes] | None]


class Gate:
    """Before the chain of the tests: it passes questions on until it is told what to answer."""

    def __init__(self) -> None:
        self.answer: Answer = lambda *_: None

    def __call__(self, number: int, asked: Any) -> tuple[int, bytes] | None:
        return self.answer(number, asked)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def between(k: LocalKiseki, gate: Gate) -> Iterator[Front]:
    with front(k.url, gate) as server:
        yield server


@pytest.fixture
def connected(between: Front, tmp_path: Path) -> Callable[..., Kiseki]:
    """Connects through the gate, with an index in a folder of the test's."""

    def make(**options: Any) -> Kiseki:
        common = {"chain_id": CHAIN, "allow_old": True, "index": tmp_path / "index"}
        kept: dict[str, Any] = {"secrets": tmp_path / "secrets", "journal": tmp_path / "journal"}
        return Kiseki.connect(place(between), local_account(0), **(kept | common | options))

    return make


def busy(error: dict[str, Any]) -> Answer:
    def answer(_: int, asked: Any) -> tuple[int, bytes]:
        many = asked if isinstance(asked, list) else [asked]
        told = [{"jsonrpc": "2.0", "id": each["id"], "error": error} for each in many]
        return 200, json.dumps(told if isinstance(asked, list) else told[0]).encode()

    return answer


def act(k: LocalKiseki, folder: Folder, name: str = "art") -> bytes:
    terms = k.data.define_terms("train", "20%")
    return k.data.register(folder(name, {"1.svg": name.encode()}), terms).id


LIMIT = {"code": -32005, "message": "Too many requests"}


@pytest.mark.parametrize("answer", [
    lambda *_: (500, b"fault"), lambda *_: (503, b"down"), lambda *_: (429, b"slowly"),
    busy(LIMIT),
], ids=["500", "503", "429", "limit"])  # fmt: skip
def test_a_node_that_cannot_now_is_away(
    k: LocalKiseki, folder: Folder, connected: Callable[..., Kiseki], gate: Gate, answer: Answer
) -> None:
    made = act(k, folder)
    assert connected().index.collection(made).count == 1
    gate.answer = answer
    old = connected()
    assert old.session.as_of is not None
    assert old.session.as_of.block == k.session.latest().number
    assert old.index.collection(made).count == 1
    with pytest.raises(NodeAway, match="only a node tells what a wallet holds, and "):
        old.balance()
    with pytest.raises((NodeAway, NodeBusy)):
        old.test_money.wait(1)


@pytest.mark.parametrize("answer", [
    lambda *_: (401, b"no"), lambda *_: (404, b"no"), lambda *_: (200, b"<html>"),
    busy({"code": -32601, "message": "no eth_chainId here"}),
], ids=["401", "404", "a page", "refusal"])  # fmt: skip
def test_what_answers_otherwise_is_not(
    k: LocalKiseki, connected: Callable[..., Kiseki], gate: Gate, answer: Answer
) -> None:
    assert connected().index.cursor.block == k.session.latest().number
    gate.answer = answer
    with pytest.raises(ChainError) as told:
        connected()
    assert not isinstance(told.value, NodeAway | NodeBusy)


def test_a_node_that_contradicts_itself_is_not(
    k: LocalKiseki, folder: Folder, connected: Callable[..., Kiseki], gate: Gate
) -> None:
    assert connected().index.cursor.block == k.session.latest().number
    act(k, folder)

    def lie(asked: Any) -> dict[str, Any] | None:
        if asked["method"] == "eth_getBlockByNumber" and asked["params"][0] != "latest":
            block = k.session.node.one("eth_getBlockByNumber", "latest", False)
            return {"result": block | {"number": "0x1234"}}
        return None

    gate.answer = each_question(k.url, lie)
    with pytest.raises(NodeContradicts):
        _ = connected().index


def test_nobody_is_answered_from_before_who_did_not_ask_for_it(
    k: LocalKiseki, connected: Callable[..., Kiseki], gate: Gate
) -> None:
    """A program that pays must not pay by old figures."""
    now = connected(allow_old=False)
    assert now.index.cursor.block == k.session.latest().number
    gate.answer = lambda *_: (503, b"down")
    with pytest.raises(NodeAway):
        connected(allow_old=False)
    with pytest.raises(NodeAway):
        _ = now.index
    assert now.session.as_of is None
    with pytest.raises(NodeUnreachable):  # nobody says which chain is meant
        connected(chain_id=None)


def test_a_node_that_goes_away_meanwhile_leaves_what_was_read(
    k: LocalKiseki, folder: Folder, connected: Callable[..., Kiseki], gate: Gate
) -> None:
    made = act(k, folder)
    session = connected().session
    told: list[AsOf] = []
    session.warn = told.append
    assert session.index.collection(made).count == 1 and session.as_of is None
    read = session.index.cursor.block
    act(k, folder, "more")
    gate.answer = lambda *_: (503, b"down")
    assert session.index.count("DataRegistry") == 1
    (as_of,) = told
    assert as_of == session.as_of
    assert (as_of.block, as_of.time, as_of.verified) == (read, session.index.time, read)
    assert "HTTP 503" in as_of.reason
    assert session.index_place().endswith(".sqlite")
    gate.answer = lambda *_: None  # it is back, and asked by who connects again
    assert session.index.count("DataRegistry") == 1 and len(told) == 1
    assert connected().index.count("DataRegistry") == 2


def test_what_ends_at_a_time_is_told_as_of_the_last_block(
    k: LocalKiseki, folder: Folder, connected: Callable[..., Kiseki], gate: Gate
) -> None:
    """An old answer does not become another one because time passes."""
    ends = datetime.fromtimestamp(k.session.now() + 35 * 86_400, UTC)
    terms = k.data.define_terms("train", "20%", valid_until=ends)
    made = k.data.register(folder("art", {"1.svg": b"1"}), terms).id
    before = connected().models.may_be_gone([made])
    k.wait(20 * 86_400)
    gate.answer = lambda *_: (503, b"down")
    assert connected().models.may_be_gone([made]) == before
    gate.answer = lambda *_: None
    assert connected().models.may_be_gone([made]) != before


def test_what_was_not_compared_with_the_registries_is_said(
    k: LocalKiseki, folder: Folder, connected: Callable[..., Kiseki], gate: Gate
) -> None:
    """A node can go away between the logs and the question that shows whether they were all."""
    assert connected().index.cursor.block == k.session.latest().number
    before = k.session.latest().number
    act(k, folder)

    def calls_fail(_: int, asked: Any) -> tuple[int, bytes] | None:
        many = asked if isinstance(asked, list) else [asked]
        return (503, b"down") if any(each["method"] == "eth_call" for each in many) else None

    gate.answer = calls_fail
    session = connected().session
    assert session.index.count("DataRegistry") == 1
    as_of = session.as_of
    assert as_of is not None
    assert (as_of.block, as_of.verified) == (k.session.latest().number, before)
    assert as_of.words.endswith(f"whether something is missing after block {before:,}.")


def test_a_database_is_found_as_a_file_is(
    k: LocalKiseki, folder: Folder, connected: Callable[..., Kiseki], gate: Gate, postgres: str
) -> None:
    made = act(k, folder)
    now = connected(index=postgres).index
    assert now.collection(made).count == 1
    now.close()
    gate.answer = lambda *_: (503, b"down")
    old = connected(index=postgres)
    assert old.index.collection(made).count == 1
    assert old.session.index_place().startswith(f"schema kiseki_{CHAIN}_")
    old.index.close()
    with pytest.raises(KisekiError, match="Nothing that was read of chain 5 before could answer"):
        connected(index=postgres, chain_id=5)


@pytest.mark.parametrize(("age", "words"), [
    (0, "0 seconds ago"), (1, "1 second ago"), (119, "119 seconds ago"), (120, "2 minutes ago"),
    (3 * 3_600, "3 hours ago"), (30 * 86_400, "30 days ago"),
])  # fmt: skip
def test_an_age_is_in_words(monkeypatch: pytest.MonkeyPatch, age: int, words: str) -> None:
    monkeypatch.setattr("time.time", lambda: 1_795_000_020.0 + age)
    as_of = AsOf(1_234, 1_795_000_020, 1_234, "https://node.example", "why")
    assert as_of.age == age
    assert as_of.words == (
        f"This is as of block 1,234 of 2026-11-18 11:07 UTC, {words}: the node at "
        "https://node.example does not answer, so this comes from what was read before."
    )
