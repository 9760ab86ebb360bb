"""Many are sent at once, and each is told when it is as final as was asked (invariant 8)."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kiseki.chain.anvil import anvil
from kiseki.chain.contract.contracts import Call
from kiseki.chain.node import Node, connect
from kiseki.chain.sending.fees import Policy, calldata_gas
from kiseki.chain.sending.journal import Journal
from kiseki.chain.sending.sender import Sender
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.errors import (
    ChainError,
    ContractReverted,
    InvalidInput,
)

from .conftest import FAST, balance, gift, somebody, wait_for

# Many at once


def test_many_are_in_flight_and_every_outcome_stands_where_its_call_does(
    sender: Callable[..., Sender], node: Node
) -> None:
    mine, to = sender(), somebody()
    calls = [gift(to, amount) for amount in range(1, 101)]
    outcomes = list(mine.send_all(calls))
    assert [each.call for each in outcomes] == calls
    blocks = [each.result.block for each in outcomes]
    assert blocks == sorted(blocks)
    assert balance(node, to) == sum(range(101))
    assert mine.pending() == []


def test_calls_are_taken_only_as_they_can_be_sent(sender: Callable[..., Sender]) -> None:
    mine, to, taken = sender(Policy(in_flight=4)), somebody(), itertools.count()

    def calls() -> Iterator[Call]:
        for _ in range(1_000):
            next(taken)
            yield gift(to)

    outcomes = mine.send_all(calls())
    next(outcomes)
    outcomes.close()
    assert next(taken) <= 5 * 4


def test_one_that_a_contract_refuses_stops_no_other(
    sender: Callable[..., Sender], node: Node
) -> None:
    refusing = node.one("eth_accounts")[9]
    node.one("anvil_setCode", refusing, "0x5f5ffd")  # reverts
    mine, to = sender(), somebody()
    free = [Call(each, b"", 1, "pay") for each in (to, refusing, to, refusing, to)]
    outcomes = list(mine.send_all(free))
    node.one("anvil_setCode", refusing, "0x")
    assert [each.receipt is not None for each in outcomes] == [True, False, True, False, True]
    assert isinstance(outcomes[1].error, ContractReverted)
    with pytest.raises(ContractReverted):
        _ = outcomes[3].result
    assert balance(node, to) == 3


def test_what_is_too_large_stops_no_other(sender: Callable[..., Sender]) -> None:
    mine, to = sender(), somebody()
    large = Call(to, b"\x01" * 131_072, 0, "much")
    first, second, third = mine.send_all([gift(to), large, gift(to)])
    assert first.receipt and third.receipt
    assert "much would be 131,072 bytes" in str(second.error)


def test_a_wallet_that_runs_dry_says_so_and_keeps_what_it_sent(
    sender: Callable[..., Sender], node: Node
) -> None:
    mine, to = sender(Policy(in_flight=8)), somebody()
    node.one("anvil_setBalance", mine.address, hex(5 * 10**18))
    done = []
    with pytest.raises(ChainError, match="insufficient funds; send it some ETH"):
        for each in mine.send_all(gift(to, 10**18) for _ in range(20)):
            done.append(each)
    assert len(done) == 4
    assert balance(node, to) == 4 * 10**18
    assert mine.pending() == []


# Final


@pytest.mark.parametrize("finality", [3, "safe", "finalized"])
def test_it_is_waited_for_as_many_blocks_as_are_asked(
    sender: Callable[..., Sender], node: Node, finality: Any
) -> None:
    mine, done = sender(Policy(finality=finality, stuck=5, patience=20)), []
    thread = threading.Thread(daemon=True, target=lambda: done.append(mine.send(gift(somebody()))))
    thread.start()
    wait_for(lambda: any(each.block for each in mine.journal.intents(mine.lane)))
    time.sleep(0.2)
    assert not done
    node.one("anvil_mine", hex(200))
    thread.join()
    tag = "latest" if isinstance(finality, int) else finality
    last = int(node.one("eth_getBlockByNumber", tag, False)["number"], 16)
    assert done[0].block <= last - (2 if finality == 3 else 0)


@pytest.mark.parametrize("wrong", [0, -1, True, "soon"])
def test_a_finality_that_is_none(wrong: Any) -> None:
    with pytest.raises(InvalidInput, match="a number of blocks from 1, or safe, or finalized"):
        Policy(finality=wrong)


def test_a_chain_without_eip_1559_is_paid_the_old_way(tmp_path: Path) -> None:
    with anvil(4_244, options=("--hardfork", "berlin")) as url:
        node, to = connect(url), somebody()
        mine = Sender(node, account_of(0), Journal(tmp_path / "journal"), FAST)
        receipt = mine.send(gift(to))
        sent = node.one("eth_getTransactionByHash", "0x" + receipt.transaction.hex())
        assert int(sent.get("type", "0x0"), 16) == 0
        assert "maxFeePerGas" not in sent


def test_calldata_costs_what_the_chain_takes(sender: Callable[..., Sender]) -> None:
    data = bytes(1_000) + b"\xff" * 1_000
    receipt = sender().send(Call(somebody(), data, 0, "bytes"))
    assert receipt.gas == calldata_gas(data) == 21_000 + 10 * 1_000 + 40 * 1_000
