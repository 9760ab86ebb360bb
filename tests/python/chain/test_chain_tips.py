"""A chain that asks a higher tip than its node suggests, as Polygon and Ronin do."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from kiseki.chain.anvil import anvil
from kiseki.chain.contract.contracts import Call
from kiseki.chain.node import connect
from kiseki.chain.sending.fees import GWEI, Fees, Policy
from kiseki.chain.sending.sender import Sender
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.client.settings import settings
from kiseki.errors import ChainError, InvalidInput

from ..front import each_question, front, place

TO = "0x" + "42" * 20
WORDS = {
    "go-ethereum": "transaction gas price below minimum: gas tip cap {tip}, minimum needed {least}",
    "go-ethereum 1.13": "transaction underpriced: tip needed {least}, tip permitted {tip}",
    "Reth": "transaction priority fee below minimum required priority fee {least}",
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with anvil(4_249) as found:
        yield found


class Asks:
    """A node that takes no tip below `least`, and suggests 1 gwei; the tips that it was offered."""

    def __init__(self, least: int, words: str = WORDS["go-ethereum"]) -> None:
        self.least, self.words = least, words
        self.offered: list[int] = []

    def __call__(self, asked: Any) -> dict[str, Any] | None:
        if asked["method"] == "eth_maxPriorityFeePerGas":
            return {"result": hex(GWEI)}
        if asked["method"] != "eth_sendRawTransaction":
            return None
        sent = TypedTransaction.from_bytes(HexBytes(asked["params"][0])).as_dict()
        self.offered.append(sent["maxPriorityFeePerGas"])
        if self.offered[-1] >= self.least:
            return None
        said = self.words.format(tip=self.offered[-1], least=self.least)
        return {"error": {"code": -32000, "message": said}}


Sending = Callable[..., tuple[Sender, Asks]]


@pytest.fixture
def sending(url: str) -> Iterator[Sending]:
    fronts = []

    def make(policy: Policy, least: int, words: str = WORDS["go-ethereum"]) -> tuple[Sender, Asks]:
        asks = Asks(least, words)
        fronts.append(front(url, each_question(url, asks)))
        server = fronts[-1].__enter__()
        return Sender(connect(place(server)), account_of(1), policy=policy), asks

    yield make
    for each in fronts:
        each.__exit__(None, None, None)


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_the_least_tip_is_taken_from_the_refusal(sending: Sending, words: str) -> None:
    """At once, and for all that follow: the policy's `stuck` never passes."""
    sender, asks = sending(Policy(stuck=100, patience=100), 25 * GWEI, words)
    done = list(sender.send_all([Call(TO, b"", place_, "a gift") for place_ in range(3)]))
    assert all(each.receipt for each in done)
    sender.send(Call(TO, b"", 1, "a gift"))
    assert asks.offered == [GWEI] * 3 + [25 * GWEI] * 4


@pytest.mark.parametrize("tip", [0, GWEI])
def test_a_tip_that_is_set_is_offered_and_raised_only_if_no_node_takes_it(
    sending: Sending, tip: int
) -> None:
    sender, asks = sending(Policy(tip=3 * GWEI, stuck=100), 2 * GWEI)
    sender.send(Call(TO, b"", 1, "a gift"))
    assert asks.offered == [3 * GWEI]
    sender, asks = sending(Policy(tip=tip, stuck=100), 2 * GWEI)
    sender.send(Call(TO, b"", 1, "a gift"))
    assert asks.offered == [tip, 2 * GWEI]


def test_above_the_cap_nothing_is_sent_and_the_cap_is_named(sending: Sending) -> None:
    sender, asks = sending(Policy(max_fee=10 * GWEI, stuck=100), 25 * GWEI)
    before = sender.node.one("eth_getTransactionCount", sender.address, "latest")
    with pytest.raises(
        ChainError, match=r"at least 2.* gwei .* the cap is 10; .* raise the cap; nothing"
    ):
        sender.send(Call(TO, b"", 1, "a gift"))
    assert len(asks.offered) == 1
    assert sender.pending() == []
    assert sender.node.one("eth_getTransactionCount", sender.address, "latest") == before


def test_within_the_cap_the_least_tip_is_all_of_what_the_cap_leaves(sending: Sending) -> None:
    sender, asks = sending(Policy(max_fee=30 * GWEI, stuck=100), 25 * GWEI)
    sender.send(Call(TO, b"", 1, "a gift"))
    assert asks.offered == [GWEI, 25 * GWEI]


def test_a_chain_without_tips_is_offered_its_least_price() -> None:
    assert Fees.now(None, 3, Policy(), least_tip=7) == Fees(7, None)
    assert Fees.now(None, 9, Policy(), least_tip=7) == Fees(9, None)


def test_the_tip_is_a_setting() -> None:
    given = {"KISEKI_RPC_URL": "http://127.0.0.1:9", "KISEKI_PRIVATE_KEY": "0x" + "11" * 32}
    assert settings({**given, "KISEKI_TIP": "2.5"})["policy"].tip == 2_500_000_000
    assert settings(given)["policy"].tip is None
    with pytest.raises(InvalidInput, match=r"KISEKI_TIP must be a number of gwei, as 2.5"):
        settings({**given, "KISEKI_TIP": json.dumps([2])})
