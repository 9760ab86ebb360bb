"""What is stuck is replaced, what is lost is sent again, and nothing twice (invariant 8)."""

import itertools
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.faults.once import Run, exactly_once
from tests.faults.proxy import testnet as misbehaving

from kiseki.chain.node import Node
from kiseki.chain.sending.fees import GWEI, Fees, Policy
from kiseki.chain.sending.journal import Journal
from kiseki.chain.sending.sender import Sender
from kiseki.errors import (
    FeeTooHigh,
    TransactionFailed,
)

from .conftest import FAST, IMPATIENT, balance, gift, is_waiting, somebody, wait_for


def test_what_another_flight_replaced_is_not_taken_for_displaced(
    sender: Callable[..., Sender], node: Node
) -> None:
    """Told "run this again", its user would have paid twice."""
    first = sender(Policy(stuck=0.5, patience=10), "journal")
    other = sender(Policy(stuck=0.5, patience=10), "journal")
    to = somebody()
    node.one("evm_setAutomine", False)
    done: list[Any] = []
    thread = threading.Thread(daemon=True, target=lambda: done.append(first.send(gift(to, 5))))
    thread.start()
    (intent,) = wait_for(lambda: first.journal.intents(first.lane))
    wait_for(lambda: is_waiting(first, intent))
    with other.journal.hold(other.lane):  # as another process's flight does when nothing moves
        attempts = other.journal.attempts(intent)
        fees = other.fees().replacing(attempts[-1].fees, other.policy)
        assert fees is not None
        signed = other.wire.sign(intent.call, intent.nonce, 21_000, fees)
        other.journal.attempt(intent, signed, fees)
        node.one("eth_sendRawTransaction", "0x" + signed.raw.hex())
        node.one("evm_mine")
        node.one("evm_setAutomine", True)
        thread.join(10)
    assert done
    assert done[0].transaction == signed.hash
    assert balance(node, to) == 5


def test_what_a_node_does_not_know_for_a_moment_is_not_forgotten(
    sender: Callable[..., Sender], node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that lags knows neither the transaction nor its receipt."""
    mine, to = sender(), somebody()
    mine.send(gift(to, 1))
    (intent,) = mine.journal.intents(mine.lane)
    mine.journal._db.execute("UPDATE intent SET since = 0, told = 0, run = ''")
    with monkeypatch.context() as lagging:
        lagging.setattr(mine.wire, "receipts", lambda some: [None] * len(some))
        mine.settle()
    assert [each.id for each in mine.journal.intents(mine.lane)] == [intent.id]
    assert mine.send(gift(to, 1)).resumed
    assert balance(node, to) == 1


def test_what_something_else_displaced_long_ago_is_forgotten(
    sender: Callable[..., Sender], node: Node
) -> None:
    mine, to = sender(IMPATIENT), somebody()
    node.one("evm_setAutomine", False)
    with pytest.raises(TransactionFailed):
        mine.send(gift(to, 9))
    (intent,) = mine.journal.intents(mine.lane)
    node.one("anvil_dropAllTransactions")
    taking = mine.wire.sign(gift(mine.address), intent.nonce, 21_000, mine.fees())
    node.one("eth_sendRawTransaction", "0x" + taking.raw.hex())
    node.one("evm_mine")
    node.one("evm_setAutomine", True)
    assert len(mine.pending()) == 1, "it may come back, in a reorganisation"
    node.one("anvil_mine", hex(70))
    assert mine.pending() == []


def test_all_that_the_chain_passes_over_is_replaced_at_once(
    sender: Callable[..., Sender], node: Node
) -> None:
    mine, to = sender(Policy(stuck=0.5, patience=20)), somebody()
    node.one("evm_setAutomine", False)
    calls = [gift(to, 1 << place) for place in range(8)]
    done: list[Any] = []
    thread = threading.Thread(daemon=True, target=lambda: done.extend(mine.send_all(calls)))
    thread.start()
    wait_for(lambda: len(mine.journal.intents(mine.lane)) == 8)
    node.one("anvil_setNextBlockBaseFeePerGas", hex(200 * GWEI))
    node.one("evm_mine")
    rows = mine.journal.intents(mine.lane)
    wait_for(lambda: all(len(mine.journal.attempts(each)) >= 2 for each in rows))
    second = [mine.journal.attempts(each)[1].sent for each in rows]
    assert max(second) - min(second) < 0.5, "one after another would take 0.5 s each"
    node.one("evm_setAutomine", True)
    node.one("evm_mine")
    thread.join()
    assert all(each.receipt for each in done)
    assert balance(node, to) == 255


def test_cancelling_cancels_all_or_none(sender: Callable[..., Sender], node: Node) -> None:
    """What the cap lets cancel is not cancelled when the next one's is above it."""
    mine, to = sender(IMPATIENT), somebody()
    node.one("evm_setAutomine", False)
    with pytest.raises(TransactionFailed):
        mine.send(gift(to, 1))
    (intent,) = mine.journal.intents(mine.lane)
    most = mine.journal.attempts(intent)[-1].fees.most
    rich = Sender(node, mine.wire.signer, mine.journal, Policy(patience=0.2, tip=50 * GWEI))
    with pytest.raises(TransactionFailed):
        rich.send(gift(to, 2))
    capped = Sender(node, mine.wire.signer, mine.journal, Policy(patience=5, max_fee=most * 5 // 4))
    with pytest.raises(FeeTooHigh, match="nothing was cancelled"):
        capped.cancel()
    for each in mine.journal.intents(mine.lane):
        assert not any(one.cancels for one in mine.journal.attempts(each))
    node.one("evm_setAutomine", True)
    node.one("evm_mine")
    wait_for(lambda: balance(node, to) == 3)


def test_what_is_stuck_is_replaced_at_a_higher_fee(
    sender: Callable[..., Sender], node: Node
) -> None:
    mine, to = sender(), somebody()
    node.one("evm_setAutomine", False)
    done: list[Any] = []
    thread = threading.Thread(daemon=True, target=lambda: done.append(mine.send(gift(to, 5))))
    thread.start()
    (intent,) = wait_for(lambda: mine.journal.intents(mine.lane))
    wait_for(lambda: len(mine.journal.attempts(intent)) >= 3)
    node.one("evm_mine")
    thread.join()
    node.one("evm_setAutomine", True)
    offers = [each.fees.most for each in mine.journal.attempts(intent)]
    assert all(later * 10 >= earlier * 11 for earlier, later in itertools.pairwise(offers))
    assert balance(node, to) == 5
    assert done[0].transaction != mine.journal.attempts(intent)[0].hash


def test_a_replacement_stays_within_the_cap(sender: Callable[..., Sender], node: Node) -> None:
    base = int(node.one("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)
    cap = 2 * base + 3 * GWEI
    mine, to = sender(Policy(stuck=0.1, patience=2, max_fee=cap)), somebody()
    node.one("evm_setAutomine", False)
    with pytest.raises(TransactionFailed, match=r"it is in the journal"):
        mine.send(gift(to))
    (intent,) = mine.journal.intents(mine.lane)
    offers = [each.fees.most for each in mine.journal.attempts(intent)]
    assert max(offers) <= cap
    node.one("evm_setAutomine", True)
    node.one("evm_mine")
    assert mine.send(gift(to)).resumed


def test_what_costs_more_than_the_cap_is_not_sent(
    sender: Callable[..., Sender], node: Node
) -> None:
    mine = sender(Policy(max_fee=1))
    with pytest.raises(FeeTooHigh, match=r"gwei now and the cap is 0\.000000001; .* nothing was"):
        mine.send(gift(somebody()))
    assert mine.pending() == []


def test_what_a_node_dropped_is_sent_again(sender: Callable[..., Sender], node: Node) -> None:
    mine, to = sender(), somebody()
    node.one("evm_setAutomine", False)
    thread = threading.Thread(daemon=True, target=mine.send, args=(gift(to, 9),))
    thread.start()
    (intent,) = wait_for(lambda: mine.journal.intents(mine.lane))
    wait_for(lambda: is_waiting(mine, intent))
    node.one("anvil_dropAllTransactions")
    wait_for(lambda: is_waiting(mine, intent))
    node.one("evm_setAutomine", True)
    node.one("evm_mine")
    thread.join()
    assert balance(node, to) == 9


def test_what_was_replaced_from_elsewhere_is_told(
    sender: Callable[..., Sender], node: Node
) -> None:
    """The same wallet in a browser took the nonce."""
    mine, to = sender(), somebody()
    other = Sender(node, mine.wire.signer, Journal(), FAST)
    node.one("evm_setAutomine", False)
    done: list[Any] = []

    def send() -> None:
        try:
            mine.send(gift(to, 9))
        except TransactionFailed as error:
            done.append(str(error))

    thread = threading.Thread(daemon=True, target=send)
    thread.start()
    (intent,) = wait_for(lambda: mine.journal.intents(mine.lane))
    wait_for(lambda: is_waiting(mine, intent))
    node.one("anvil_dropAllTransactions")
    nonce = int(node.one("eth_getTransactionCount", mine.address, "latest"), 16)
    fees = mine.fees()
    assert fees.tip is not None
    dear = Fees(3 * fees.most, 3 * fees.tip)  # the sender may have sent its own again by now
    taking = other.wire.sign(gift(mine.address), nonce, 21_000, dear)
    node.one("eth_sendRawTransaction", "0x" + taking.raw.hex())
    node.one("evm_mine")
    node.one("evm_setAutomine", True)
    thread.join()
    if done:  # it lost; the other way round it won the place, and was told as carried out
        assert "was replaced: another transaction" in done[0]
        assert balance(node, to) == 0
    else:
        assert balance(node, to) == 9
    assert mine.pending() == []


def test_what_a_node_cannot_find_by_its_hash_yet_is_not_taken_for_replaced(tmp_path: Path) -> None:
    """The node's state has the transaction; its index of hashes lags. Nothing is sent again."""
    run = Run(1, tmp_path, 4)
    policy = Policy(stuck=0.1, patience=20, finality=3)
    with misbehaving(1) as net:
        net.fund(run.wallet.address)
        mine, ended = run.sender(net, policy), list[Any]()
        thread = threading.Thread(
            daemon=True, target=lambda: ended.extend(mine.send_all(run.calls()))
        )
        thread.start()
        wait_for(lambda: all(each.block for each in mine.journal.intents(mine.lane)) or None)
        net.proxy.rates["unindexed"] = 1.0
        wait_for(lambda: net.proxy.counts["unindexed"] > 40 or not thread.is_alive())
        net.proxy.rates.clear()
        wait_for(lambda: not thread.is_alive() or not net.ask("evm_mine"))
        thread.join()
        assert [each.error for each in ended] == [None] * 4
        exactly_once(net, run, run.calls())


@pytest.mark.parametrize("depth", [1, 3, 10])
def test_what_a_reorganisation_dropped_is_sent_again(
    sender: Callable[..., Sender], node: Node, depth: int
) -> None:
    mine, to = sender(Policy(finality=depth + 2, stuck=0.5, patience=20)), somebody()
    done: list[Any] = []
    node.one("anvil_mine", hex(depth))
    thread = threading.Thread(daemon=True, target=lambda: done.append(mine.send(gift(to, 9))))
    thread.start()
    wait_for(lambda: any(each.block for each in mine.journal.intents(mine.lane)))
    node.one("anvil_mine", hex(depth - 1))
    node.one("anvil_reorg", depth, [])
    for _ in range(2 * depth + 4):
        time.sleep(0.05)
        node.one("evm_mine")
    wait_for(lambda: done or not node.one("evm_mine"))
    thread.join()
    assert balance(node, to) == 9
    assert mine.pending() == []


def test_what_was_reorganised_away_while_nobody_looked_is_sent_again(
    sender: Callable[..., Sender], node: Node
) -> None:
    first, to = sender(), somebody()
    first.send(gift(to, 9))
    first.journal.close()
    node.one("anvil_reorg", 1, [])
    node.one("anvil_dropAllTransactions")
    second = sender()
    second.send(gift(to, 1))
    wait_for(lambda: balance(node, to) == 10)


def test_what_waits_can_be_cancelled(sender: Callable[..., Sender], node: Node) -> None:
    mine, to = sender(IMPATIENT), somebody()
    node.one("evm_setAutomine", False)
    for amount in (1, 2):
        with pytest.raises(TransactionFailed):
            mine.send(gift(to, amount))
    patient = Sender(node, mine.wire.signer, mine.journal, FAST)
    outcomes: list[Any] = []
    thread = threading.Thread(daemon=True, target=lambda: outcomes.extend(patient.cancel()))
    thread.start()
    wait_for(lambda: len(mine.journal.attempts(mine.journal.intents(mine.lane)[1])) == 2)
    time.sleep(0.1)
    node.one("evm_setAutomine", True)
    node.one("evm_mine")
    thread.join()
    assert ["was cancelled by" in str(each.error) for each in outcomes] == [True, True]
    assert balance(node, to) == 0
    assert mine.pending() == []
