"""What is interrupted goes on, nothing is sent twice, and the journal is its owner's (invariants 7
and 8)."""

import contextlib
import itertools
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from kiseki.chain.anvil import anvil
from kiseki.chain.contract.contracts import Call
from kiseki.chain.node import Node, connect
from kiseki.chain.sending.fees import Policy
from kiseki.chain.sending.journal import Journal
from kiseki.chain.sending.sender import Sender
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.errors import (
    ChainError,
    InvalidInput,
    SigningError,
    TransactionFailed,
)

from .conftest import FAST, IMPATIENT, PLACES, balance, gift, somebody, wait_for

ROOT = Path(__file__).resolve().parents[3]


# Interrupted


def test_a_sending_that_is_dropped_after_the_journal_was_closed_is_left_to_the_next(
    sender: Callable[..., Sender], node: Node
) -> None:
    """Invariant 8: an exception can hold a sending for longer than its client is open."""
    to = somebody()
    calls = [gift(to, 1 << place) for place in range(3)]
    first = sender(Policy(patience=0.3))
    node.one("evm_setAutomine", False)
    outcomes = first.send_all(calls)
    next(outcomes)
    first.journal.close()
    outcomes.close()
    node.one("evm_setAutomine", True)
    node.one("evm_mine")
    assert all(each.result.resumed for each in sender().send_all(calls))
    assert balance(node, to) == (1 << 3) - 1


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
    assert [each.wait(timeout=900) for each in programs] == [0, 0, 0]
    assert balance(node, to) == (1 << 75) - 1
    assert int(node.one("eth_getTransactionCount", wallet.address, "latest"), 16) == 75


def test_a_local_chain_that_was_started_anew_is_another(tmp_path: Path) -> None:
    to = somebody()
    for _ in range(2):
        with anvil(4_243, options=("--timestamp", str(1_700_000_000 + next(PLACES)))) as url:
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

        def sign_text(self, text: str) -> bytes:
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
