"""Sending, asking, and what refusals say (invariants 7 and 8)."""

import contextlib
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from eth_abi.abi import encode
from eth_account import Account

from kiseki import Kiseki, LocalKiseki
from kiseki.chain.anvil import anvil
from kiseki.chain.contract import reverts
from kiseki.chain.contract.abi import selector
from kiseki.chain.contract.advice import ADVICE
from kiseki.chain.contract.artifacts import artifact, names
from kiseki.chain.contract.contracts import Call, Contract, node_errors
from kiseki.chain.contract.reverts import decode_revert
from kiseki.chain.node import connect
from kiseki.chain.refusals import Refusal
from kiseki.chain.sending.fees import MOST_GAS, Policy
from kiseki.chain.sending.sender import Sender
from kiseki.chain.sending.wire import MOST_BYTES
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.client.session import Session
from kiseki.errors import (
    ChainError,
    ContractReverted,
    InvalidInput,
    NodeUnreachable,
    NotDeployed,
    TransactionFailed,
    WrongChain,
)

from ..conftest import Altered, Picky
from ..front import serving

ROOT = Path(__file__).resolve().parents[3]


def blocks(k: Kiseki) -> int:
    return int(k.session.w3.eth.block_number)


# The node


def test_a_node_that_is_not_there() -> None:
    with pytest.raises(
        NodeUnreachable, match=r"http://127\.0\.0\.1:9 .* `kiseki node` runs a local one"
    ):
        connect("http://127.0.0.1:9")


@pytest.mark.parametrize("url", ["", "localhost:8545", "ftp://x", "wss://x"])
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(InvalidInput, match="begins with http"):
        connect(url)


def test_another_chain_than_expected(k: LocalKiseki) -> None:
    before = blocks(k)
    with pytest.raises(WrongChain, match="on chain 31337, not 1; nothing was sent"):
        Kiseki.connect(k.url, account_of(0), secrets="never-made", chain_id=1)
    assert blocks(k) == before
    assert not Path("never-made").exists()


def test_a_chain_without_the_suite() -> None:
    with anvil(7) as url, pytest.raises(NotDeployed, match=r"chain 7 has no .*kiseki deploy"):
        Session(connect(url))


@pytest.fixture
def not_a_node() -> Iterator[str]:
    """A web server that answers everything with a page."""

    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>hello</html>")

        def log_message(self, *_: object) -> None:
            pass

    with serving(HTTPServer(("127.0.0.1", 0), Page)) as server:
        yield f"http://127.0.0.1:{server.server_port}"


def test_something_that_is_no_node(not_a_node: str) -> None:
    with pytest.raises(NodeUnreachable, match="no node answers"):
        connect(not_a_node)


def test_a_node_that_went_away_is_told_and_nothing_was_sent() -> None:
    with Kiseki.local(chain_id=77) as k:
        pass
    with pytest.raises(NodeUnreachable, match="check that it runs, then run this again"):
        k.revenue.pay(account_of(1).address, 1)
    with pytest.raises(NodeUnreachable):
        k.index  # noqa: B018 - asking is what fails


# Nothing left running


def anvils() -> set[str]:
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if command and command[0].endswith(b"anvil"):
            found.add(process.name)
    return found


def answers(url: str) -> bool:
    with contextlib.suppress(requests.ConnectionError):
        requests.post(url, json={}, timeout=2)
        return True
    return False


PROGRAM = """
import sys, time
from kiseki import Kiseki
try:
    with Kiseki.local(chain_id=78) as k:
        print(k.url, flush=True)
        {body}
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("pass", 0),
        ("time.sleep(60)", 130),
        ("raise ValueError('in the block')", 1),
        ("time.sleep(61)", -signal.SIGKILL),
    ],
    ids=["end", "Ctrl-C", "error", "kill -9"],
)
def test_no_anvil_is_left_behind(body: str, code: int) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(body=body)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert program.stdout is not None
    url = program.stdout.readline().strip()
    if "sleep" in body:
        program.send_signal(signal.SIGINT if code == 130 else signal.SIGKILL)
    _, errors = program.communicate(timeout=600)
    assert program.returncode == code, errors
    until = time.monotonic() + (10 if code < 0 else 0)  # nobody waited for it
    while time.monotonic() < until and answers(url):
        time.sleep(0.05)
    with pytest.raises(requests.ConnectionError):
        requests.post(url, json={}, timeout=2)


# Sending


def test_a_call_that_is_too_large_is_not_sent(k: LocalKiseki) -> None:
    before = blocks(k)
    call = Call(k.address, b"\x01" * MOST_BYTES, 0, "much")
    with pytest.raises(ChainError, match=r"much would be 131,072 bytes; .* send fewer at a time"):
        k._wallet.send(call)
    assert blocks(k) == before


def test_a_call_that_needs_too_much_gas_is_not_sent(k: LocalKiseki) -> None:
    before = blocks(k)
    assert MOST_GAS == 16_777_216
    call = Call(k.address, b"", 0, "much", gas=MOST_GAS + 1)
    with pytest.raises(ChainError, match="needs 16,777,217 gas; a transaction may use 16,777,216"):
        k.sender.send(call)
    assert blocks(k) == before


def test_too_little_ether_is_said_and_nothing_is_sent(k: LocalKiseki) -> None:
    before = blocks(k)
    poor = k.using(Account.from_key("0x" + "77" * 32))
    attempts: list[Callable[[], object]] = [
        lambda: poor.data.define_terms("train", "1%"),
        lambda: poor.revenue.pay(k.address, 1),
    ]
    for attempt in attempts:
        with pytest.raises(ChainError, match=r"insufficient funds.*nothing was sent") as refused:
            attempt()
        assert poor.address in str(refused.value)
    with pytest.raises(ChainError, match="insufficient funds"):
        k.revenue.pay(account_of(1).address, 10**30)
    assert blocks(k) == before


def test_one_wallet_sends_from_many_threads(k: LocalKiseki) -> None:
    to, problems = "0x" + "99" * 20, []

    def pay() -> None:
        try:
            for _ in range(5):
                k.revenue.pay(to, 1)
        except ChainError as error:
            problems.append(error)

    threads = [threading.Thread(target=pay) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert k.balance(of=to) == 30


class Forgets(Altered):
    def change(self, real: Callable[[], Any]) -> Any:
        return {"result": "0x0"}


class LosesTheAnswer(Altered):
    def change(self, real: Callable[[], Any]) -> Any:
        self.calls += 1
        real()
        raise requests.ConnectionError("gone")


class Swallows(Altered):
    def change(self, real: Callable[[], Any]) -> Any:
        return {"result": "0x" + "00" * 32}


def test_a_node_that_forgets_what_waits_gets_the_next_nonce_all_the_same(
    k: LocalKiseki, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A balancer asks a node that has not seen our last transaction yet."""
    first = Sender(k.session.node, account_of(6))
    call = Call(k.address, b"", 1, "a payment")
    make = k.session.node.one
    make("evm_setAutomine", False)
    Forgets(k, monkeypatch, "eth_getTransactionCount")
    done: list[Any] = []
    threads = [threading.Thread(target=lambda: done.append(first.send(call))) for _ in range(3)]
    try:
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 600
        while len(first.journal.intents(first.lane)) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert [each.nonce for each in first.journal.intents(first.lane)] == [0, 1, 2]
    finally:
        make("evm_mine")
        make("evm_setAutomine", True)
        for thread in threads:
            thread.join()
    assert len({receipt.transaction for receipt in done}) == 3
    assert first.pending() == []


def test_a_lost_answer_is_not_a_second_payment(
    k: LocalKiseki, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction arrived and the answer did not: it is waited for, not sent again."""
    lost = LosesTheAnswer(k, monkeypatch, "eth_sendRawTransaction")
    to = "0x" + "98" * 20
    assert k.revenue.pay(to, 5).block > 0
    assert lost.calls == 2, "once more, which a node knows already"
    assert k.balance(of=to) == 5


def test_a_transaction_of_which_nothing_is_known_goes_on_when_it_is_sent_again(
    k: LocalKiseki, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 8: told by its hash, kept in the journal, and not a second payment."""
    to = "0x" + "97" * 20
    sender = Sender(k.session.node, account_of(7), k.session.journal, Policy(patience=0.1))
    call = Call(to, b"", 3, "a payment")
    with monkeypatch.context() as patched:
        Swallows(k, patched, "eth_sendRawTransaction")
        with pytest.raises(TransactionFailed, match=r"sent as 0x[0-9a-f]{64} .* the journal"):
            sender.send(call)
    assert k.balance(of=to) == 0
    (waits,) = sender.pending()  # which asks, finds it lost, and sends it again
    assert waits.call == Call(to, b"", 3, "a payment", waits.gas)
    again = sender.send(call)
    assert again.resumed
    assert k.balance(of=to) == 3
    assert not sender.send(call).resumed, "the same once more is another payment"
    assert k.balance(of=to) == 6


def test_what_is_refused_later_than_tried_is_told(
    k: LocalKiseki, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = k.session["DataRegistry"].call("revoke", b"\x01" * 32)
    with pytest.raises(TransactionFailed, match=r"failed in block \d+; .* run this again"):
        k._wallet.sender.send(call, gas=100_000)


# Asking


def test_arguments_that_do_not_fit_are_refused_here(k: LocalKiseki) -> None:
    for wrong in ((), (1, 2), ("hello",), (b"short",)):
        with pytest.raises(
            InvalidInput, match=r"DataRegistry\.revoke (cannot be called with this|does not take)"
        ):
            k.session["DataRegistry"].call("revoke", *wrong)


def test_an_address_without_code_is_told(k: LocalKiseki) -> None:
    nobody = Contract(k.session.node, "TestToken", "0x" + "12" * 20)
    with pytest.raises(ChainError, match="there is no TestToken at"):
        nobody.read("balanceOf", k.address)


# Reverts and events


def test_every_advice_is_about_an_error_that_exists() -> None:
    entries = [entry for name in names() for entry in artifact(name).abi]
    assert set(ADVICE) <= {entry["name"] for entry in entries if entry["type"] == "error"}


def test_a_revert_has_its_name_values_and_advice(k: LocalKiseki) -> None:
    with pytest.raises(ContractReverted) as refused:
        k.data.revoke(b"\x05" * 32)
    assert refused.value.name == "DataRegistry_UnknownCollection"
    assert refused.value.values == {"collection": b"\x05" * 32}
    assert str(refused.value) == (
        f"DataRegistry_UnknownCollection(collection 0x{'05' * 32}); "
        "register the collection first, or check the chain"
    )
    assert refused.value.__cause__ is not None


def test_reverts_that_nobody_declared() -> None:
    assert decode_revert(b"").name == "Unknown"
    assert "no reason" in str(decode_revert(b""))
    assert decode_revert(b"\x01\x02\x03\x04rest").name == "Unknown"
    text = reverts._BUILT_IN[0]
    told = decode_revert(selector(text) + encode(["string"], ["why not"]))
    assert (told.name, told.values) == ("Error", {"message": "why not"})
    assert decode_revert(selector(text) + b"\x01").values == {}
    panic = decode_revert(selector(reverts._BUILT_IN[1]) + (17).to_bytes(32, "big"))
    assert (panic.name, panic.values) == ("Panic", {"code": 17})


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (None, "Unknown"),
        ("no data", "Unknown"),
        ("0x", "Unknown"),
        ({"data": "0x"}, "Unknown"),
        ({"message": "reverted"}, "Unknown"),
        ("Reverted 0x4e487b71" + f"{18:064x}", "Panic"),
        ({"data": "0x4e487b71" + f"{18:064x}"}, "Panic"),
    ],
)
def test_every_nodes_way_to_say_that_a_call_reverted(data: object, name: str) -> None:
    with pytest.raises(ContractReverted) as refused, node_errors():
        raise Refusal({"code": 3, "message": "execution reverted", "data": data})
    assert refused.value.name == name


def test_a_refusal_inside_a_multicall_is_the_inner_one(k: LocalKiseki) -> None:
    splitter = k.session["RevenueSplitter"]
    inner = splitter.call("resolve", k.address, b"\x01" * 32, "0x" + "00" * 20).data
    bad = splitter.call("deposit", b"\xff" * 32, b"", "0x" + "00" * 20, 1, bytes(32)).data
    with pytest.raises(ContractReverted) as refused:
        k._wallet.send(splitter.call("multicall", [inner, bad], False, value=1))
    assert refused.value.name == "Payees_WrongOpening"


def test_events_are_decoded_as_declared(k: LocalKiseki) -> None:
    receipt = k.revenue.pay(account_of(1).address, 42, reference=b"\x09" * 32)
    (event,) = k.session.events(receipt)
    assert (event.contract, event.name, event.block) == (
        "RevenueSplitter",
        "Deposited",
        receipt.block,
    )
    assert event.address == k.session.deployment.addresses["RevenueSplitter"]
    assert event.transaction == receipt.transaction
    assert event.args == {
        "payee": bytes(12) + bytes.fromhex(account_of(1).address[2:]),
        "token": "0x" + "00" * 20, "payer": k.address, "amount": 42, "ref": b"\x09" * 32,
    }  # fmt: skip
    assert event.timestamp == k.session.now()


def test_terms_in_an_event_are_a_mapping(k: LocalKiseki) -> None:
    terms = k.data.define_terms("train", "3%")
    logged = k.session.node.one("eth_getLogs", {"fromBlock": hex(blocks(k))})
    (event,) = k.session._decoder.decode(logged, {blocks(k): 1})
    assert event.args["terms"]["royaltyBps"] == terms.royalty_bps == 300


# The index of a chain that changes


def test_the_index_is_the_new_chains_after_a_reorganisation(k: LocalKiseki) -> None:
    make = k.session.node.one
    snapshot = make("evm_snapshot")
    first = k.data.define_terms("train", "1%")
    k.revenue.pay(account_of(1).address, 1)
    before = k.index
    assert before.terms(first.id) == first
    make("evm_revert", snapshot)
    snapshot = make("evm_snapshot")
    other = k.wallet(8)  # the first would send again what it lost
    second = other.data.define_terms("train", "2%")
    other.revenue.pay(account_of(1).address, 2)
    other.revenue.pay(account_of(1).address, 3)
    after = k.index
    assert after.terms(second.id) == second
    with pytest.raises(LookupError):
        after.terms(first.id)
    # Also back to fewer blocks than were read.
    make("evm_revert", snapshot)
    with pytest.raises(LookupError):
        k.index.terms(second.id)
    assert k.wallet(9).data.define_terms("train", "2%") == second
    assert k.index.terms(second.id) == second


def test_a_node_that_gives_few_blocks_at_a_time_is_asked_for_fewer(
    k: LocalKiseki, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms = k.data.define_terms("train", "4%")
    k.session.node.one("anvil_mine", "0x40")
    asked = Picky(k, monkeypatch, 3).asked
    assert k.index.terms(terms.id) == terms
    sizes = [last - first + 1 for first, last in asked]
    assert max(sizes) > 3
    assert sizes[-1] <= 3


def test_no_other_anvil_is_running_than_the_tests_own(chain: LocalKiseki) -> None:
    port = re.findall(r":(\d+)$", chain.url)[0]
    mine = {
        pid for pid in anvils()
        if port.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    }  # fmt: skip
    assert len(mine) == (1 if Path("/proc/self").is_dir() else 0)
