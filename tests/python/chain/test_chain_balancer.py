"""Several nodes behind one address, one of them behind: what it lacks is never taken as empty."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from kiseki import Kiseki, LocalKiseki, Split
from kiseki.chain import history as history_of
from kiseki.chain import logs
from kiseki.chain.history import history
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.client.data.logged import slices_logged
from kiseki.client.session import Session
from kiseki.core import ids
from kiseki.errors import ChainError, NodeBehind
from kiseki.keeper import Duties, Keeper
from kiseki.sync import follower
from kiseki.vault.keystore import KeyStore

from ..conftest import Folder, ask
from ..front import answered, front, place

ETHER = "0x" + "00" * 20


class Balancer:
    """Every block from one node; logs from one that has the chain only up to `head`.

    Attributes:
        head: the last block of the node that is behind; none once it has caught up.
        whole: whether it answers whole requests. Other balancers send each question of a batch to
            another node.
        refuses: whether the node refuses blocks that it does not have, as newer nodes do.
        behind: how many requests it still answers so; without end if none.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.head: int | None = None
        self.whole = self.refuses = False
        self.behind: int | None = None

    def __call__(self, _: int, asked: Any) -> tuple[int, bytes] | None:
        many = asked if isinstance(asked, list) else [asked]
        if self.head is None or not any(each["method"] == "eth_getLogs" for each in many):
            return None
        if self.behind is not None:
            self.behind -= 1
            if self.behind < 0:
                return None
        told = [self._one(each) for each in many]
        return 200, json.dumps(told if isinstance(asked, list) else told[0]).encode()

    def _one(self, asked: Any) -> dict[str, Any]:
        assert self.head is not None
        said = {"jsonrpc": "2.0", "id": asked["id"]}
        if asked["method"] == "eth_getBlockByNumber" and self.whole:
            wanted = asked["params"][0]
            if wanted.startswith("0x") and int(wanted, 16) > self.head:
                return said | {"result": None}
        if asked["method"] == "eth_getLogs":
            wanted = asked["params"][0]
            if "blockHash" in wanted:
                return said | self._by_hash(asked)
            if int(wanted["toBlock"], 16) > self.head and self.refuses:
                beyond = "block range extends beyond current head block"
                return said | {"error": {"code": -32602, "message": beyond}}
            if int(wanted["fromBlock"], 16) > self.head:
                return said | {"result": []}
            short = {**wanted, "toBlock": hex(min(self.head, int(wanted["toBlock"], 16)))}
            asked = {**asked, "params": [short]}
        return self._real(asked)

    def _by_hash(self, asked: Any) -> dict[str, Any]:
        """Of a block that it does not have, every node says so when it is asked by hash."""
        assert self.head is not None
        which = [asked["params"][0]["blockHash"], False]
        block = self._real({**asked, "method": "eth_getBlockByHash", "params": which})["result"]
        if int(block["number"], 16) > self.head:
            return {"error": {"code": -32000, "message": "unknown block"}}
        return self._real(asked)

    def _real(self, asked: Any) -> dict[str, Any]:
        answer: dict[str, Any] = answered(self.url, asked)
        return answer


Shape = Callable[[Balancer], None]


def split_up(_: Balancer) -> None:
    """Each question to another node."""


def whole(balancer: Balancer) -> None:
    balancer.whole = True


def refusing(balancer: Balancer) -> None:
    balancer.whole = balancer.refuses = True


@pytest.fixture(params=[split_up, whole, refusing], ids=lambda each: each.__name__)
def balancer(k: LocalKiseki, request: pytest.FixtureRequest) -> Balancer:
    made = Balancer(k.url)
    request.param(made)
    return made


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_of, "PAUSES", (0.01, 0.01))
    monkeypatch.setattr("kiseki.chain.node._PAUSES", (0.01, 0.01, 0.01))
    monkeypatch.setattr(follower, "_PAUSES", (0.01, 0.01))


def paid_split(k: Kiseki, amount: int) -> str:
    """Money in a published split of one wallet; the wallet."""
    artist = account_of(1).address
    split = Split([(ids.wallet(artist), 1)])
    k.revenue.publish_missing(split)
    k.revenue.pay(split, amount)
    return artist


def behind(k: LocalKiseki, url: str, index: Path | None = None) -> Kiseki:
    chain = k.session.chain_id
    return Kiseki.connect(url, account_of(9), secrets=KeyStore(), chain_id=chain, index=index)


def owed(k: Kiseki, artist: str) -> int:
    return sum(each.amount for each in k.index.owed(artist))


def test_money_in_blocks_that_the_node_lacked_is_told_later_by_the_same_program(
    k: LocalKiseki, balancer: Balancer
) -> None:
    """Promise 4."""
    paid_split(k, 1_000)
    with front(k.url, balancer) as nodes:
        other = behind(k, place(nodes))
        artist = account_of(1).address
        assert owed(other, artist) == 1_000
        balancer.head = last = logs.head(k.session.node).number
        ask(k, "anvil_mine", "0x3")
        paid_split(k, 500)
        for _ in range(2):
            assert owed(other, artist) == 1_000
        if balancer.whole:
            assert other.session.block == last, "a block that the node lacks was not read"
        balancer.head = None
        assert owed(other, artist) == 1_500
        assert other.session.block == logs.head(k.session.node).number


def test_a_node_that_is_behind_for_a_moment_is_waited_for(
    k: LocalKiseki, balancer: Balancer
) -> None:
    with front(k.url, balancer) as nodes:
        other = behind(k, place(nodes))
        artist = account_of(1).address
        assert owed(other, artist) == 0
        balancer.head, balancer.behind = logs.head(k.session.node).number, 2
        paid_split(k, 500)
        if balancer.whole:
            assert owed(other, artist) == 500
        else:  # nothing shows that the answer came from another node: it is asked for again
            assert [owed(other, artist) for _ in range(3)][-1] == 500


def test_a_running_keeper_brings_the_money_once_the_node_has_its_block(
    k: LocalKiseki, balancer: Balancer
) -> None:
    """Promise 4; DESIGN.md "Index"."""
    artist = paid_split(k, 1_000)
    with front(k.url, balancer) as nodes:
        other = behind(k, place(nodes))
        keeper = Keeper(other, Duties(executes=False, claims=[artist], worth={ETHER: 1}))
        keeper.round()
        assert keeper.metrics.done == {"claim": 1}
        balancer.head = logs.head(k.session.node).number
        paid_split(k, 500)
        keeper.run(pause=0.01, rounds=2)
        assert keeper.metrics.done == {"claim": 1}
        balancer.head = None
        if not balancer.whole:
            ask(k, "evm_mine")  # it looks at every new block
        keeper.run(pause=0.01, rounds=3)
        assert keeper.metrics.done == {"claim": 2}
        assert owed(k, artist) == 0


def test_a_registration_that_the_node_lacks_is_told_once_it_has_it(
    k: LocalKiseki, balancer: Balancer, folder: Folder
) -> None:
    """Promise 2."""
    with front(k.url, balancer) as nodes:
        other = behind(k, place(nodes))
        assert not list(other.index.registered("DataRegistry"))
        balancer.head, balancer.behind = logs.head(k.session.node).number, 2
        terms = k.data.define_terms("train", "20%")
        made = k.data.register(folder("art", {"1.svg": b"1"}), terms).id
        assert list(other.index.registered("DataRegistry")) == [made]


def test_what_costs_something_is_not_decided_by_a_node_that_is_behind(
    k: LocalKiseki, folder: Folder
) -> None:
    """A slice that seems not to be logged would be paid for again."""
    terms = k.data.define_terms("train", "20%")
    last = logs.head(k.session.node).number
    made = k.data.register(folder("art", {"1.svg": b"1"}), terms).id
    balancer = Balancer(k.url)
    balancer.head, balancer.whole = last, True
    with front(k.url, balancer) as nodes:
        other = behind(k, place(nodes))
        with pytest.raises(NodeBehind, match=r"does not have block .* run this again"):
            slices_logged(other._wallet, [made])
        balancer.head = None
        assert len(slices_logged(other._wallet, [made])) == 1


def test_blocks_long_past_are_not_asked_for_again(k: LocalKiseki, tmp_path: Path) -> None:
    paid_split(k, 1_000)
    ask(k, "anvil_mine", hex(500))
    asked: list[tuple[int, int]] = []
    hashes: list[str] = []

    def answer(_: int, content: Any) -> None:
        for each in content if isinstance(content, list) else [content]:
            if each["method"] == "eth_getLogs" and "blockHash" in each["params"][0]:
                hashes.append(each["params"][0]["blockHash"])
            elif each["method"] == "eth_getLogs":
                wanted = each["params"][0]
                asked.append((int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)))

    with front(k.url, answer) as nodes:
        other = behind(k, place(nodes), tmp_path)
        for _ in range(5):
            ask(k, "anvil_mine", hex(40))
            _ = other.index
    assert asked[0][0] == other.session.deployment.block
    assert all(last + 1 == first for (_, last), (first, _) in pairwise(asked))
    assert len(hashes) == len(set(hashes)) == 64 + 4 * 40


def test_a_head_that_is_behind_makes_no_index_anew(k: LocalKiseki) -> None:
    """Of a list of nodes, or behind one address, one has not got the last block yet."""
    paid_split(k, 1_000)
    lagging = 0

    def answer(_: int, asked: Any) -> tuple[int, bytes] | None:
        nonlocal lagging
        many = asked if isinstance(asked, list) else [asked]
        latest = [each["params"][0] for each in many if each["method"] == "eth_getBlockByNumber"]
        if "latest" not in latest or not lagging:
            return None
        lagging -= 1
        told = []
        for each in many:
            number = hex(last - 1) if each["params"][0] == "latest" else each["params"][0]
            real = answered(k.url, {**each, "params": [number, False]})
            told.append(real if int(number, 16) < last else {**real, "result": None})
        return 200, json.dumps(told if isinstance(asked, list) else told[0]).encode()

    with front(k.url, answer) as nodes:
        other = behind(k, place(nodes))
        before = other.index
        last = logs.head(k.session.node).number
        lagging = 2
        assert other.index is before
        assert owed(other, account_of(1).address) == 1_000


def test_a_session_that_was_asked_nothing_waits_for_nothing(k: LocalKiseki) -> None:
    fresh = Session(k.session.node)
    assert fresh.has_read(10**9)
    _ = fresh.index
    assert fresh.has_read(fresh.block)
    assert not fresh.has_read(fresh.block + 1)
    with pytest.raises(ChainError, match="does not have block"):
        list(history(k.session.node, 10**6, 10**6, [ETHER]))
