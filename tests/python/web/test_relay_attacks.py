"""What people try with a relay: to drain it, to have it send twice, to stop it. On a real chain."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.python.conftest import ask
from tests.python.front import front, place
from tests.python.passkey import Passkey
from tests.python.web.relaying import PAYER, TO, Desk, done, mined, rounds, told, until

from kiseki import LocalKiseki
from kiseki.chain.contract.contracts import Call
from kiseki.core import typed
from kiseki.errors import FilesError, InvalidInput
from kiseki.web.relay import Limits, Relay, Ticket, TooMany
from kiseki.web.relay.limits import DAY
from kiseki.web.relay.reasons import Reason

ROOT = Path(__file__).resolve().parents[3]
BURNS = "62030d405b600190038060045760"
"""The beginning of code that uses five million gas."""
TRUE, MAGIC = "015f5260205ff3", "00631626ba7e60e01b5f5260205ff3"
"""Ends of it: that say that a transfer, or a signature (ERC-1271), is right."""


@pytest.fixture
def desk(k: LocalKiseki, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(k, tmp_path)
    yield made
    made.close()


def moved(desk: Desk, *amounts: int) -> list[tuple[Any, bytes]]:
    """Operations of the phone's account that send ether on."""
    desk.k.accounts.create(desk.phone.key)
    desk.fund(10**20, desk.account)
    return [desk.operation(desk.transfer(each)) for each in amounts]


# Drained


def test_many_requests_cost_no_more_than_a_day_allows_and_the_rest_goes_tomorrow(
    desk: Desk,
) -> None:
    """Who can make any number of accounts gets no more. A restart begins no new day."""
    phones = [Passkey() for _ in range(10)]
    held, most = desk.k.balance(of=PAYER.address), 4 * 350_000 * desk.k.sender.fees().most
    limits = Limits(day=most, person=most)
    relay = desk.relay(limits)
    tickets = [relay.consent(desk.consent(str(n), phone)) for n, phone in enumerate(phones)]
    for _ in range(3):
        desk.seconds += 5
        rounds(relay)
        assert relay.figures().spent <= most
        relay = desk.again(limits)
    states = [told(relay, each) for each in tickets]
    over = [each for each in states if each.state == "waiting"]
    assert 0 < len(over) < 10
    assert held - desk.k.balance(of=PAYER.address) == relay.figures().paid <= most
    assert all(each.reason is Reason.DAY and "in a day" in each.said for each in over)
    assert all(each.calls for each in over), "whoever else wants to send it has what to send"
    for _ in range(4):
        desk.seconds += DAY
        rounds(relay)
        assert relay.figures().spent <= most
    assert {told(relay, each).state for each in tickets} == {"done"}


def test_one_person_is_paid_for_so_much_a_day_and_others_can_send_the_rest(desk: Desk) -> None:
    requests = moved(desk, 10**18, 10**18)
    gas = desk.k.sender.estimate(desk.k.accounts.relay_call(*requests[0]))
    limits = Limits(person=int(1.6 * 1.15 * gas * desk.k.sender.fees().most))
    relay = desk.relay(limits)
    first, second = (relay.operation(*each) for each in requests)
    done(relay, first)
    waits = told(relay, second)
    assert (waits.state, waits.reason) == ("waiting", Reason.PERSON)
    assert "one person in a day" in waits.said
    relay = desk.again(limits)
    desk.seconds += 5
    rounds(relay)
    assert told(relay, second).reason is Reason.PERSON, "after a restart too"
    (call,) = waits.calls
    before = desk.k.balance(of=TO)
    desk.k.wallet(6).sender.send(call)
    assert desk.k.balance(of=TO) - before == 10**18
    sent = desk.nonce()
    desk.seconds = DAY
    rounds(relay)
    assert (told(relay, second).reason, desk.nonce()) == (Reason.DONE, sent)


def test_a_token_that_burns_gas_costs_nothing(desk: Desk) -> None:
    token = desk.k.test_token()
    ask(desk.k, "anvil_setCode", token, "0x" + BURNS + TRUE)
    relay = desk.relay(Limits(tokens={token: Fraction(1)}))
    desk.k.accounts.create(desk.phone.key)
    ticket = relay.operation(*desk.operation(desk.transfer(10**18, token)))
    for _ in range(8):
        rounds(relay)
        desk.seconds += 600
    found = told(relay, ticket)
    assert (found.state, found.reason) == ("refused", Reason.GAS), found.detail
    assert (desk.nonce(), relay.figures().spent) == (0, 0)


def test_a_wallet_whose_signature_burns_gas_costs_nothing(desk: Desk) -> None:
    hostile = "0x" + "66" * 20
    ask(desk.k, "anvil_setCode", hostile, "0x" + BURNS + MAGIC)
    relay = desk.relay()
    ticket = relay.consent(replace(desk.asked(hostile), signature=bytes(70)))
    for _ in range(8):
        rounds(relay)
        desk.seconds += 600
    found = told(relay, ticket)
    assert (found.state, found.reason) == ("refused", Reason.GAS), found.detail
    assert desk.nonce() == 0


def test_what_reverts_only_once_it_is_sent_is_paid_for_once_and_counts(desk: Desk) -> None:
    """A token that behaves while it is tried: the fee counts, and it is not tried again."""
    token = desk.k.test_token()
    desk.k.test_money.mint(token, desk.account, 10**18)
    desk.k.accounts.create(desk.phone.key)
    relay = desk.relay(Limits(tokens={token: Fraction(1)}))
    ticket = relay.operation(*desk.operation(desk.transfer(10**18, token)))
    ask(desk.k, "evm_setAutomine", False)
    try:
        thread = threading.Thread(target=relay.round)
        thread.start()
        until(lambda: told(relay, ticket).state == "sent")
        assert told(relay, ticket).hash is not None
        ask(desk.k, "anvil_setCode", token, "0x5f5ffd")
        mined(desk.k, thread)
    finally:
        ask(desk.k, "evm_setAutomine", True)
    found = told(relay, ticket)
    assert (found.state, found.reason) == ("refused", Reason.FAILED)
    (cost,) = found.paid
    assert (cost.done, cost.fee) == (False, relay.figures().paid), "it cost its fee all the same"
    assert cost.hash is not None and cost.block is not None
    assert desk.nonce() == 1 and relay.figures().paid == relay.figures().spent > 0
    rounds(relay)
    assert desk.nonce() == 1


def test_who_signed_something_else_costs_nothing(desk: Desk) -> None:
    """Refused when it is tried, and never sent."""
    ((operation, _),) = moved(desk, 10**18)
    relay = desk.relay()
    ticket = relay.operation(operation, Passkey().sign(operation.digest))
    rounds(relay)
    assert "Account_WrongSignature" in told(relay, ticket).detail
    assert desk.nonce() == 0


def test_claims_of_anybody_do_not_go_before_what_people_signed(desk: Desk) -> None:
    """And who has a network of IPv6 has as many addresses as there are grains of sand."""
    requests = moved(desk, 10**18)
    relay = desk.relay(Limits(hourly=3))
    for number in range(3):
        relay.claim(f"0x{number + 100:040x}", f"2001:db8:0:1::{number}")
    with pytest.raises(TooMany):
        relay.claim(TO, "2001:db8:0:1:ffff::7")
    relay.claim(TO, "2001:db8:0:2::7")
    ticket = relay.operation(*requests[0], peer="::ffff:192.0.2.1")
    assert [each.kind for each in relay._book.waiting(desk.clock())] == ["operation"] + [
        "claim"
    ] * 4
    done(relay, ticket)
    crowd = desk.again(Limits(waiting=2))
    crowd.claim(f"0x{7:040x}")
    crowd.claim(f"0x{8:040x}")
    with pytest.raises(TooMany, match="too many requests wait"):
        crowd.claim(f"0x{9:040x}")


# Twice


def test_one_signed_request_is_sent_once_however_often_and_by_whom_it_is_handed_in(
    desk: Desk,
) -> None:
    consent = desk.consent()
    relay = desk.relay()
    with ThreadPoolExecutor(8) as pool:
        tickets = set(pool.map(lambda n: relay.consent(consent, f"192.0.2.{n}").id, range(32)))
    assert len(tickets) == 1
    relay.start()
    until(lambda: told(relay, Ticket(next(iter(tickets)), False)).is_over)
    assert relay.consent(consent).id in tickets
    rounds(relay)
    assert desk.nonce() == 1


def test_two_operations_with_one_number_are_not_both_sent(desk: Desk) -> None:
    """Nor one operation with two signatures of its key."""
    ((first, signed),) = moved(desk, 10**18)
    twin = replace(first, message=typed.execute(
        desk.k.session.chain_id, first.account, nonce=first.nonce, deadline=first.deadline,
        calls=[(TO, 5 * 10**18, b"")],
    ))  # fmt: skip
    relay = desk.relay()
    tickets = [
        relay.operation(first, signed),
        relay.operation(first, desk.phone.sign(first.digest)),
        relay.operation(twin, desk.phone.sign(twin.digest)),
    ]
    rounds(relay)
    assert [told(relay, each).state for each in tickets] == ["done", "refused", "refused"]
    assert [told(relay, each).reason for each in tickets[1:]] == [Reason.DONE] * 2
    assert desk.nonce() == 1, "nothing reverted on the chain either"


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.python.web.relaying import PAYER
from kiseki import Kiseki
from kiseki.chain.sending.journal import Journal
from kiseki.chain.sending.wire import Wire
from kiseki.web.relay.book import Book
from kiseki.web.relay import Relay

url, folder, point = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
of, name, after = {
    "begun": (Journal, "add", False), "journaled": (Wire, "submit", False),
    "handed over": (Wire, "submit", True), "mined": (Book, "settle", False),
    "settled": (Book, "settle", True), "recorded": (Journal, "tell", False),
}[point]
real = getattr(of, name)

def dies(*given, **more):
    if name == "submit" and not given[1]:
        return real(*given, **more)
    if after:
        real(*given, **more)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(of, name, dies)
relay = Relay(lambda: Kiseki.connect(
    url, PAYER, secrets=folder / "secrets", journal=folder / "journal", index=folder / "index",
    chain_id=31337, allow_old=True,
))
relay.round()
"""


@pytest.mark.parametrize("kind", ["operation", "claim"])
@pytest.mark.parametrize(
    "point", ["begun", "journaled", "handed over", "mined", "settled", "recorded"]
)
def test_killed_at_any_moment_it_goes_on_and_sends_nothing_twice(
    desk: Desk, point: str, kind: str
) -> None:
    """Invariant 8. A claim has no number of its own that would stop a second one."""
    relay = desk.relay()
    if kind == "claim":
        desk.income(10**16)
        ticket = relay.claim(desk.account)
    else:
        ((operation, signed),) = moved(desk, 10**18)
        ticket = relay.operation(operation, signed)
    desk.close()
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, desk.k.url, str(desk.folder), point],
        cwd=ROOT, check=False, capture_output=True, timeout=600,
    )  # fmt: skip
    assert killed.returncode == -9, killed.stderr.decode()
    relay = desk.relay()
    found = done(relay, ticket)
    assert desk.nonce() == 1
    figures = relay.figures()
    assert figures.spent == figures.paid > 0, "what was kept for it was given back"
    assert (figures.waiting, figures.sent) == (0, 0)
    assert found.block is not None
    relay._k.sender.settle()
    assert relay._k.sender.pending() == [], "the journal was told"


# Stopped


def test_without_ether_it_waits_and_goes_on_when_there_is_some(desk: Desk) -> None:
    ((operation, signed),) = moved(desk, 10**18)
    desk.fund(10**12)
    relay = desk.relay()
    ticket = relay.operation(operation, signed)
    rounds(relay)
    waits = told(relay, ticket)
    assert (waits.state, waits.reason, desk.nonce()) == ("waiting", Reason.POOR, 0)
    assert waits.calls and "too little ether" in waits.said
    assert relay.figures().spent == 0
    desk.fund(10**18)
    desk.seconds += 5
    done(relay, ticket)


def test_while_the_node_is_away_requests_are_taken_and_wait(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those of a process that begins while it is away."""
    monkeypatch.setattr("kiseki.web.relay.relay._AGAIN", 0.0)
    monkeypatch.setattr("kiseki.client.kiseki._PATIENCE", 0.2)
    monkeypatch.setattr("kiseki.chain.node.PAUSES", (), raising=False)
    (one, two) = moved(desk, 10**18, 10**18)
    away = False

    def gate(_: int, asked: Any) -> tuple[int, bytes] | None:
        return (503, b"away") if away else None

    with front(desk.k.url, gate) as between:
        desk.url = place(between)
        relay = desk.relay()
        relay._k.index  # noqa: B018 - read once, so that there is something to begin with
        away = True
        first = relay.operation(*one)
        relay.round()
        assert told(relay, first).reason is Reason.NODE
        assert "does not answer" in told(relay, first).said
        relay = desk.again()
        second = relay.operation(*two)
        relay.round()
        assert {told(relay, each).reason for each in (first, second)} == {Reason.NODE}
        away = False
        for each in (first, second):
            done(relay, each)
        assert desk.nonce() == 2
        desk.close()


def test_what_expires_while_it_waits_is_not_sent(desk: Desk) -> None:
    ((operation, signed),) = moved(desk, 10**18)
    relay = desk.relay(Limits(day=0, person=0))
    ticket = relay.operation(operation, signed)
    rounds(relay)
    assert (told(relay, ticket).state, told(relay, ticket).reason) == ("waiting", Reason.MUCH)
    assert "costs more gas now" in told(relay, ticket).said
    desk.seconds = 400 * DAY
    rounds(relay)
    assert (told(relay, ticket).state, told(relay, ticket).reason) == ("refused", Reason.EXPIRED)
    with pytest.raises(InvalidInput, match="is over"):
        relay.operation(operation, signed)


def test_one_request_that_nobody_understands_stops_no_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = moved(desk, 10**18, 10**18)
    relay = desk.relay()
    first, second = relay.operation(*one), relay.operation(*two)
    real = relay._read
    calls: list[str] = []

    def broken(kind: str, text: str) -> Any:
        calls.append(text)
        if len(calls) == 1:
            raise RecursionError
        return real(kind, text)

    monkeypatch.setattr(relay, "_read", broken)
    rounds(relay)
    assert [told(relay, each).state for each in (first, second)] == ["refused", "done"]


def test_the_thread_lives_on_after_something_that_nobody_foresaw(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = moved(desk, 10**18)
    relay = desk.relay()
    real, calls = relay._book.tidy, iter((RecursionError, FilesError, None))

    def broken(now: int) -> None:
        error = next(calls, None)
        relay._tidied = 0
        if error is not None:
            raise error
        real(now)

    monkeypatch.setattr(relay._book, "tidy", broken)
    ticket = relay.operation(*requests[0])
    relay.start()
    until(lambda: told(relay, ticket).state == "done")


def test_the_call_of_an_operation_is_that_of_its_account(desk: Desk) -> None:
    """Anybody can hand in anything: typed data of another contract is no operation."""
    ((operation, signed),) = moved(desk, 10**18)
    relay = desk.relay()
    message = {**operation.message, "primaryType": "Other"}
    with pytest.raises(InvalidInput):
        relay.ask("operation", _text(message, signed))
    for to in ("0x", "nobody", 7):
        calls = [{"to": to, "value": "0", "data": "0x"}]
        other = {**operation.message, "message": {**operation.message["message"], "calls": calls}}
        with pytest.raises(InvalidInput):
            relay.ask("operation", _text(other, signed))
    assert relay.figures().waiting == 0
    assert Call(TO, b"", 0, "").value == 0


def _text(message: object, signed: bytes) -> str:
    import json

    return json.dumps({"message": message, "signature": "0x" + signed.hex(), "key": None})


def test_the_book_is_private(desk: Desk) -> None:
    relay = desk.relay()
    assert isinstance(relay, Relay)
    assert {
        each.name: each.stat().st_mode & 0o777
        for each in desk.folder.iterdir() if each.name.startswith("relay")
    } == dict.fromkeys(["relay", "relay-shm", "relay-wal", "relay.31337.lock"], 0o600)  # fmt: skip
