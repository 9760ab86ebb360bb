"""Two nodes behind one address, asked in turn: what is read is one chain's, whole, or refused.

Promise 8 and invariants 9 and 13. Logs alone from a node that is behind are in
`tests/python/chain/test_chain_balancer.py`; here are two real nodes with all their answers.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
import requests

from kiseki import Kiseki, LocalKiseki
from kiseki.chain import history, logs
from kiseki.chain.anvil import anvil
from kiseki.chain.logs import head
from kiseki.chain.node import Node, connect
from kiseki.client.session import Session
from kiseki.core.event import Event
from kiseki.errors import ChainError, IndexInconsistent
from kiseki.index import Index
from kiseki.sync import follower
from kiseki.sync.places import Place
from kiseki.vault.keystore import KeyStore

from ..conftest import ask
from ..front import front, place
from .acts import STRANGER, act

CATCHING_UP = 8
"""Times that each reader catches up while both nodes answer."""

Last = tuple[int, str]
"""A block and its hash."""


@dataclass
class Branch:
    """A node of its own, and its chain as it tells of it alone."""

    k: Kiseki
    url: str
    events: list[Event] = field(default_factory=list)
    hashes: dict[int, str] = field(default_factory=dict)

    def read(self) -> None:
        """What is new."""
        session = self.k.session
        first, last = max(self.hashes, default=-1) + 1, head(session.node).number
        if first > last:
            return
        addresses = [each.address for each in session.deployment.contracts]
        for part in history.history(session.node, first, last, addresses):
            self.events += session._decoder.decode(part.logs, part.times)
        known = logs.blocks(session.node, *range(first, last + 1))
        self.hashes |= {each.number: each.hash.hex() for each in known if each is not None}

    @property
    def last(self) -> Last:
        block = max(self.hashes)
        return block, self.hashes[block]

    def digest(self, block: int) -> bytes:
        """Of an index that reads this chain alone, up to a block."""
        index = Index([(each.name, each.address) for each in self.k.session.deployment.contracts])
        index.apply(each for each in self.events if each.block <= block)
        digest = index.digest()
        index.close()
        return digest


@dataclass
class InTurn:
    """Sends each request, or each question of one, to one of the nodes."""

    urls: list[str]
    dice: Random
    splits: bool
    asking: requests.Session = field(default_factory=requests.Session)

    def __call__(self, _: int, asked: Any) -> tuple[int, bytes]:
        if not self.splits or not isinstance(asked, list):
            return 200, json.dumps(self.told(asked)).encode()
        return 200, json.dumps([self.told(each) for each in asked]).encode()

    def told(self, asked: Any) -> Any:
        return self.asking.post(self.dice.choice(self.urls), json=asked, timeout=600).json()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    def make(name: str, files: Mapping[str, bytes]) -> Path:
        made = tmp_path_factory.mktemp("works") / name
        made.mkdir()
        for each, content in files.items():
            (made / each).write_bytes(content)
        return made

    yield make


@pytest.fixture(scope="module")
def branches(folders: Any) -> Iterator[list[Branch]]:
    """A chain, and a node that has it up to a block, from where on it has another."""
    with LocalKiseki.local(6) as k:
        act(k, folders, "common", 1)
        ask(k, "anvil_mine", hex(70))
        act(k, folders, "common too", 2)
        at = head(k.session.node).number
        with anvil(options=("--fork-url", k.url, "--fork-block-number", str(at))) as url:
            first = Branch(k, k.url)
            other = LocalKiseki(Session(connect(url)), k._wallet.signer, KeyStore(), url, {})
            second = Branch(other, url)
            act(k, folders, "ours", 3)
            ask(k, "anvil_mine", "0x3")
            act(k, folders, "ours too", 1)
            yield [first, second]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PAUSES", (0.001, 0.001))
    monkeypatch.setattr(logs, "PAUSES", (0.001, 0.001))
    monkeypatch.setattr("kiseki.chain.node._PAUSES", (0.001, 0.001, 0.001))
    monkeypatch.setattr(follower, "_PAUSES", (0.001, 0.001))


def catch_up_between(
    branches: list[Branch], seed: int, splits: bool, where: Path, grow: Callable[[], None]
) -> set[Last]:
    """Looks at what a reader of both has after each time; the last block that it then had."""
    session, dice = branches[0].k.session, Random(seed)
    clean: dict[str, bytes] = {}
    seen = set[Last]()

    def reader(node: Node) -> follower.Follower:
        return follower.Follower(node, session.deployment, session._decoder, Place(where))

    with front(branches[0].url, InTurn([each.url for each in branches], dice, splits)) as both:
        between = reader(connect(place(both)))
        for _ in range(CATCHING_UP):
            grow()
            for each in branches:
                each.read()
            with contextlib.suppress(ChainError, IndexInconsistent):
                between.index()
            index = between.opened()  # also what is left where nobody could say what is right
            cursor = index.cursor
            if cursor.block < 0:
                continue
            (whose, *_) = [
                place for place, each in enumerate(branches)
                if each.hashes.get(cursor.block) == cursor.hash
            ]  # fmt: skip
            if cursor.hash not in clean:
                clean[cursor.hash] = branches[whose].digest(cursor.block)
            assert index.digest() == clean[cursor.hash]
            seen.add((cursor.block, cursor.hash))
        index.close()
    for each in branches:
        alone = reader(each.k.session.node).index()
        assert alone.digest() == each.digest(max(each.hashes))
        alone.close()
    return seen


@dataclass
class Reading:
    """What several readers had, one after the other, who asked both nodes in turn."""

    branches: list[Branch]
    where: Path

    def seen(self, splits: bool, grow: Callable[[], None] = lambda: None) -> set[Last]:
        seen = set[Last]()
        for seed in range(1 if splits else 3):
            where = self.where / f"{seed} {splits}"
            seen |= catch_up_between(self.branches, seed, splits, where, grow)
        return seen


@pytest.fixture
def reading(branches: list[Branch], tmp_path: Path) -> Reading:
    return Reading(branches, tmp_path)


def test_a_node_that_lags_hides_nothing_and_adds_nothing(
    branches: list[Branch], reading: Reading
) -> None:
    """Whether whole requests go to one of the nodes, or each question of one."""
    ahead, behind = branches
    assert reading.seen(splits=False) >= {ahead.last, behind.last}, "each was believed once"
    assert max(reading.seen(splits=True))[0] > behind.last[0], "it goes on all the same"


def test_two_branches_are_never_mixed(
    branches: list[Branch], reading: Reading, folders: Any
) -> None:
    theirs = branches[1].k
    common = head(theirs.session.node).number
    act(theirs, folders, "theirs", 4)  # type: ignore[arg-type]
    ask(theirs, "anvil_mine", "0x2")
    act(theirs, folders, "theirs too", 3)  # type: ignore[arg-type]
    seen = reading.seen(splits=False)
    assert {each.last for each in branches} <= seen, "each was believed once"
    assert max(reading.seen(splits=True))[0] <= common, "of what they differ in, nothing"


def test_branches_that_go_on_are_never_mixed(branches: list[Branch], reading: Reading) -> None:
    """A block of one on top of the last block of the other, above all."""

    def grow() -> None:
        for amount, each in enumerate(branches, 1):
            each.k.revenue.pay(STRANGER, amount)

    assert len(reading.seen(splits=False, grow=grow)) > CATCHING_UP, "it went on"
