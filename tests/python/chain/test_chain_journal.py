"""What is interrupted goes on, what is stuck is replaced, what is lost is sent again, and nothing
twice (invariants 7 and 8)."""

import contextlib
import itertools
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from tests.faults.campaigns import Run, exactly_once
from tests.faults.proxy import testnet as misbehaving

from kiseki.chain.anvil import anvil
from kiseki.chain.contract.contracts import Call
from kiseki.chain.node import Node, Refusal, connect
from kiseki.chain.sending.fees import GWEI, Policy, calldata_gas
from kiseki.chain.sending.intents import Intent
from kiseki.chain.sending.journal import Journal
from kiseki.chain.sending.sender import Sender
from kiseki.chain.sending.wire import is_cheap, is_refused
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.errors import (
    ChainError,
    ContractReverted,
    FeeTooHigh,
    InvalidInput,
    SigningError,
    TransactionFailed,
)

ROOT = Path(__file__).resolve().parents[3]
FAST = Policy(stuck=0.3, patience=10)
IMPATIENT = Policy(patience=0.2)
_PLACES = itertools.count(1)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A chain of this module's own, because it is stopped, set back and reorganised."""
    with anvil(4_242) as found:
        yield found


@pytest.fixture
def node(url: str) -> Iterator[Node]:
    found = connect(url)
    yield found
    found.one("evm_setAutomine", True)


def somebody() -> str:
    """An address that nobody has used."""
    return f"0x{0xABCD:08x}{next(_PLACES):032x}"


def gift(to: str, amount: int = 1) -> Call:
    return Call(to, b"", amount, f"a gift of {amount}", 21_000)


def balance(node: Node, of: str) -> int:
    return int(node.one("eth_getBalance", of, "latest"), 16)


@pytest.fixture
def sender(node: Node, tmp_path: Path) -> Callable[..., Sender]:
    """A sender with a wallet of its own, and one journal for all that a test makes."""
    wallet = Account.from_key(os.urandom(32))
    node.one("anvil_setBalance", wallet.address, hex(10**21))

    def make(policy: Policy = FAST, name: str = "journal") -> Sender:
        return Sender(node, wallet, Journal(tmp_path / name), policy)

    return make


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
    with pytest.raises(ChainError, match="insufficient funds; send it some ether"):
        for each in mine.send_all(gift(to, 10**18) for _ in range(20)):
            done.append(each)
    assert len(done) == 4
    assert balance(node, to) == 4 * 10**18
    assert mine.pending() == []


# Interrupted


def test_a_run_that_was_interrupted_is_resumed_by_the_same_calls(
    sender: Callable[..., Sender], node: Node
) -> None:
    """Invariant 8: half is in blocks, half is not, and nobody was told of either."""
    to = somebody()
    calls = [gift(to, 1 << place) for place in range(10)]
    first = sender(Policy(patience=0.3))
    node.one("evm_setAutomine", False)
    outcomes = list(itertools.islice(first.send_all(calls), 10))
    assert all(isinstance(each.error, TransactionFailed) for each in outcomes)
    first.journal.close()
    node.one("evm_setAutomine", True)
    node.one("evm_mine")
    second = sender()
    assert len(second.pending()) == 10
    again = [each.result for each in second.send_all(calls)]
    assert all(each.resumed for each in again)
    assert balance(node, to) == (1 << 10) - 1
    assert second.pending() == []
    assert not any(each.result.resumed for each in second.send_all(calls))


def test_a_generator_that_is_dropped_leaves_what_it_sent_to_the_next(
    sender: Callable[..., Sender], node: Node
) -> None:
    mine, to = sender(), somebody()
    calls = [gift(to, 1 << place) for place in range(6)]
    outcomes = mine.send_all(calls)
    next(outcomes)
    outcomes.close()
    rest = [each.result for each in mine.send_all(calls[1:])]
    assert all(each.resumed for each in rest)
    assert balance(node, to) == 63


def test_a_command_that_is_run_again_pays_nothing_twice(
    sender: Callable[..., Sender], node: Node
) -> None:
    """Also what it was told of before it was interrupted."""
    to = somebody()
    calls = [gift(to, 1 << place) for place in range(4)]
    first = sender()
    with pytest.raises(RuntimeError), first.journal.command("pay everybody"):
        first.send(calls[0])
        first.send(calls[1])
        raise RuntimeError("the power went")
    for journal in (first.journal, None):  # the same process, and another
        if journal is None:
            first.journal.close()
        again = sender() if journal is None else first
        with pytest.raises(RuntimeError), again.journal.command("pay everybody"):
            for each in calls[:3]:
                assert again.send(each).resumed == (each != calls[2] or journal is None)
            raise RuntimeError("again")
    again.journal.close()
    last = sender()
    with last.journal.command("pay everybody"):
        assert [last.send(each).resumed for each in calls] == [True, True, True, False]
    assert balance(node, to) == 15
    with last.journal.command("pay everybody"):
        assert not last.send(calls[0]).resumed, "it was finished, so this is another time"
    with last.journal.command("pay somebody"):
        assert not last.send(calls[1]).resumed


def test_another_run_that_still_waits_keeps_what_is_its_own(
    sender: Callable[..., Sender], node: Node
) -> None:
    """Two who pay the same at the same time pay it twice, as both were asked to."""
    to = somebody()
    call = gift(to, 7)
    node.one("evm_setAutomine", False)
    first, second = sender(), sender()
    threads = [
        threading.Thread(daemon=True, target=each.send, args=(call,)) for each in (first, second)
    ]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(first.journal.intents(first.lane)) == 2)
    node.one("evm_setAutomine", True)
    node.one("evm_mine")
    for thread in threads:
        thread.join()
    assert balance(node, to) == 14


PROGRAM = """
import sys
from pathlib import Path
from eth_account import Account
from kiseki.chain.contract.contracts import Call
from kiseki.chain.sending.fees import Policy
from kiseki.chain.sending.journal import Intent, Journal
from kiseki.chain.node import connect
from kiseki.chain.sending.sender import Sender
url, key, journal, to, first = sys.argv[1:]
sender = Sender(connect(url), Account.from_key(key), Journal(Path(journal)), Policy(in_flight=4))
for place in range(25):
    sender.send(Call(to, b"", 1 << (int(first) * 25 + place), "a gift", 21_000))
"""


def test_processes_of_one_user_never_use_a_nonce_twice(
    url: str, node: Node, tmp_path: Path
) -> None:
    wallet, to = Account.from_key(os.urandom(32)), somebody()
    node.one("anvil_setBalance", wallet.address, hex(10**30))
    given = [url, "0x" + bytes(wallet.key).hex(), str(tmp_path / "journal"), to]
    programs = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, *given, str(place)], cwd=ROOT)
        for place in range(3)
    ]
    assert [each.wait(timeout=120) for each in programs] == [0, 0, 0]
    assert balance(node, to) == (1 << 75) - 1
    assert int(node.one("eth_getTransactionCount", wallet.address, "latest"), 16) == 75


def test_a_local_chain_that_was_started_anew_is_another(tmp_path: Path) -> None:
    to = somebody()
    for _ in range(2):
        with anvil(4_243, options=("--timestamp", str(1_700_000_000 + next(_PLACES)))) as url:
            mine = Sender(connect(url), account_of(0), Journal(tmp_path / "journal"), FAST)
            for _ in range(3):
                assert not mine.send(gift(to)).resumed
            mine.journal.close()


def test_what_failed_in_a_command_is_made_anew_when_it_is_run_again(
    sender: Callable[..., Sender], node: Node
) -> None:
    """Not told for ever as the failure that it was."""
    fickle = node.one("eth_accounts")[8]
    mine = sender()
    call = Call(fickle, b"", 1, "pay", 50_000)
    node.one("anvil_setCode", fickle, "0x5f5ffd")  # reverts
    for _ in range(2):
        with pytest.raises(TransactionFailed, match="failed in block"), mine.journal.command("x"):
            mine.send(call)
    node.one("anvil_setCode", fickle, "0x")
    with mine.journal.command("x"):
        assert not mine.send(call).resumed


def test_somebody_who_will_not_sign_is_asked_once(
    sender: Callable[..., Sender], node: Node
) -> None:
    mine, asked = sender(Policy(in_flight=2)), itertools.count()
    real = mine.wire.signer

    class Refusing:
        address = real.address

        def sign_transaction(self, transaction: Any) -> Any:
            if next(asked) == 2:
                raise SigningError("no")
            return real.sign_transaction(transaction)

        def sign_typed(self, message: Any) -> bytes:
            raise SigningError("no")

    mine.wire.signer = Refusing()
    to = somebody()
    with pytest.raises(SigningError):
        list(mine.send_all(gift(to, 1 << place) for place in range(6)))
    assert next(asked) == 3
    assert balance(node, to) == 3
    assert mine.pending() == []


def test_what_making_the_calls_raises_is_told_after_what_was_sent(
    sender: Callable[..., Sender], node: Node
) -> None:
    """Also while others wait: what was not made is never taken for done."""
    mine, to = sender(), somebody()

    def calls() -> Iterator[Call]:
        for _ in range(30):
            yield gift(to)
        raise InvalidInput("line 31 is no payee")

    done = []
    with pytest.raises(InvalidInput, match="line 31"):
        for each in mine.send_all(calls()):
            done.append(each.result)
    assert len(done) == 30
    assert balance(node, to) == 30
    assert mine.pending() == []


def test_a_command_is_of_the_thread_that_runs_it(sender: Callable[..., Sender], node: Node) -> None:
    """What another thread sends meanwhile is not part of it, and is sent again when asked again."""
    mine, to = sender(), somebody()
    sent = threading.Event()

    def other() -> None:
        mine.send(gift(to, 7))
        sent.set()

    with pytest.raises(RuntimeError), mine.journal.command("pay everybody"):
        mine.send(gift(to, 1))
        thread = threading.Thread(daemon=True, target=other)
        thread.start()
        thread.join()
        raise RuntimeError("the power went")
    assert sent.is_set()
    with mine.journal.command("pay everybody"):
        assert mine.send(gift(to, 1)).resumed
        assert not mine.send(gift(to, 7)).resumed
    assert balance(node, to) == 15


def test_a_command_that_ends_takes_nothing_from_another_of_its_name(
    sender: Callable[..., Sender], node: Node
) -> None:
    mine, to = sender(), somebody()
    begun, ended = threading.Event(), threading.Event()

    def interrupted() -> None:
        with contextlib.suppress(RuntimeError), mine.journal.command("pay everybody"):
            mine.send(gift(to, 1))
            begun.set()
            ended.wait(10)
            raise RuntimeError("the power went")

    thread = threading.Thread(daemon=True, target=interrupted)
    thread.start()
    assert begun.wait(10)
    with mine.journal.command("pay everybody"):
        mine.send(gift(to, 2))
    ended.set()
    thread.join()
    with mine.journal.command("pay everybody"):
        assert mine.send(gift(to, 1)).resumed
        assert not mine.send(gift(to, 2)).resumed, "that one had ended well"
    assert balance(node, to) == 5


def test_calls_belong_to_the_command_that_asks_for_them(
    sender: Callable[..., Sender], node: Node
) -> None:
    """Although outcomes are read, and with that sent, after it or in another."""
    mine, to = sender(), somebody()
    outside = mine.send_all([gift(to, 1)])
    with pytest.raises(RuntimeError), mine.journal.command("pay everybody"):
        assert next(outside).receipt
        raise RuntimeError("the power went")
    outside.close()
    with mine.journal.command("pay everybody"):
        assert not mine.send(gift(to, 1)).resumed
    assert balance(node, to) == 2


def test_two_journals_of_one_file_in_one_process_keep_their_locks(tmp_path: Path) -> None:
    """Opening the second must not take the first one's locks away (POSIX drops a process's locks
    on a file when it closes any descriptor of it): another process would take itself for the last
    one and delete the write-ahead log that these two are writing."""
    journals = [Journal(tmp_path / "journal") for _ in range(2)]
    program = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('DELETE FROM intent')"
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "journal")], check=True)
    assert (tmp_path / "journal-wal").exists()
    for each in journals:
        each.close()
    assert not (tmp_path / "journal-wal").exists()


def test_a_run_of_which_nothing_can_be_told_is_not_taken_for_dead(tmp_path: Path) -> None:
    """Too many open files, say: it may live, and would be paid for twice."""
    journal = Journal(tmp_path / "journal")
    (tmp_path / "journal.d" / "somebody").symlink_to("somebody")  # a loop: it cannot be opened
    with pytest.raises(ChainError, match="cannot be told whether another run still sends"):
        journal._is_alive("somebody.1")
    assert not journal._is_alive("nobody.1")


def test_a_journal_whose_disk_is_full_is_told_and_goes_on(
    sender: Callable[..., Sender], node: Node
) -> None:
    mine, to = sender(), somebody()
    mine.send(gift(to, 1))
    (pages,) = mine.journal._db.execute("PRAGMA page_count").fetchone()
    mine.journal._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(ChainError, match=r"cannot be written \(database or disk is full\)"):
        for _ in range(100):
            mine.send(Call(to, b"\x01" * 10_000, 1, "a long gift"))
    mine.journal._db.execute("PRAGMA max_page_count = 1000000")
    before = balance(node, to)
    mine.send(gift(to, 1))
    assert balance(node, to) == before + 1


def test_what_is_sent_on_a_copy_of_a_chain_is_never_sent_on_the_chain(
    url: str, node: Node, tmp_path: Path
) -> None:
    """Whoever practises on `anvil --fork-url` signs what the real chain takes as well."""
    wallet, to = Account.from_key(os.urandom(32)), somebody()
    node.one("anvil_setBalance", wallet.address, hex(10**21))
    with anvil(4_242, options=("--fork-url", url)) as copied:
        copy = connect(copied)
        practice = Sender(copy, wallet, Journal(tmp_path / "journal"), IMPATIENT)
        assert practice.send(gift(to, 9)).block
        copy.one("evm_setAutomine", False)
        with pytest.raises(TransactionFailed):
            practice.send(gift(to, 8))
        assert len(practice.pending()) == 1
        practice.journal.close()
    real = Sender(node, wallet, Journal(tmp_path / "journal"), FAST)
    assert real.lane.genesis == practice.lane.genesis
    assert real.pending() == []
    assert not real.send(gift(to, 1)).resumed
    node.one("evm_mine")
    assert balance(node, to) == 1


# Stuck, dropped, replaced, reorganised


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


@pytest.mark.parametrize(
    ("said", "refused", "cheap"),
    [
        ("OldNonce", False, False),
        ("OwnNonceAlreadyUsed", False, False),
        ("AlreadyKnown", False, False),
        ("call failed: FeeTooLowToCompete", False, True),
        ("Known transaction", False, False),
        ("known transaction: 0x7f65", False, False),
        ("unknown transaction type", True, False),
        ("replacement transaction underpriced", False, True),
        ("nonce too low: next nonce 5, tx nonce 4", False, False),
        ("insufficient funds for gas * price + value", True, False),
    ],
)  # fmt: skip
def test_what_nodes_say_is_understood(said: str, refused: bool, cheap: bool) -> None:
    """Words of go-ethereum, Besu and Nethermind; what is not refused is waited for."""
    refusal = Refusal({"code": -32000, "message": said})
    assert is_refused(refusal) == refused
    assert is_cheap(refusal) == cheap


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
    taking = other.wire.sign(gift(mine.address), nonce, 21_000, mine.fees())
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


# The file


def test_the_journal_is_for_its_owner_only_and_holds_no_key(node: Node, tmp_path: Path) -> None:
    """Invariant 7."""
    old = os.umask(0)
    try:
        path, wallet = tmp_path / "place" / "journal", Account.from_key(os.urandom(32))
        node.one("anvil_setBalance", wallet.address, hex(10**21))
        mine = Sender(node, wallet, Journal(path), FAST)
        mine.send(gift(somebody()))
        files = [each for each in path.parent.rglob("*") if each.is_file()]
        assert len(files) >= 3
        assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        held = b"".join(each.read_bytes() for each in files)
        assert bytes(wallet.key) not in held
        assert bytes(wallet.key).hex().encode() not in held
        assert bytes.fromhex(wallet.address[2:]) in held or wallet.address.lower().encode() in held
    finally:
        os.umask(old)


def test_a_journal_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    Journal(path).close()
    path.chmod(0o644)
    with pytest.raises(ChainError, match=r"others can read the journal .*`chmod 600"):
        Journal(path)


def test_a_journal_that_is_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text("a letter, rather long, that is no database at all" * 20)
    path.chmod(0o600)
    with pytest.raises(ChainError, match=r"cannot be used .* nothing was sent"):
        Journal(path)
    with pytest.raises(ChainError, match="cannot be used"):
        Journal(tmp_path)


def test_a_journal_forgets_what_nobody_needs(sender: Callable[..., Sender], node: Node) -> None:
    mine = sender()
    mine.send(gift(somebody()))
    assert len(mine.journal.intents(mine.lane)) == 1, "a reorganisation may still take it"
    node.one("anvil_mine", hex(100))
    mine.settle()
    assert mine.journal.intents(mine.lane) == []


def is_waiting(sender: Sender, intent: Intent) -> bool:
    """Whether the node has it and no block does."""
    found = [
        sender.node.one("eth_getTransactionByHash", "0x" + each.hash.hex())
        for each in sender.journal.attempts(intent)
    ]
    return any(each is not None and each["blockNumber"] is None for each in found)


def wait_for(fact: Callable[[], Any], seconds: float = 15) -> Any:
    """What `fact` gives once it gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = fact()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it did not happen")
