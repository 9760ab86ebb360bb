"""Claims among payees and tokens that do their worst (promise 4, invariants 2 and 3)."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from kiseki import Kiseki, LocalKiseki, Split
from kiseki.chain.contract.contracts import Call
from kiseki.chain.sending.fees import Policy
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.client.revenue.revenue import Claimed
from kiseki.client.session import Session
from kiseki.core import ids
from kiseki.core.statement import Line, RoyaltyStatement
from kiseki.errors import TransactionFailed
from kiseki.vault.keystore import KeyStore

from ..conftest import ask

ETHER = "0x" + "00" * 20
REVERTS = "0x5f5ffd"
BURNS = "0x5b5f56"  # jumps to itself until the gas is gone
FLOODS = "0x62ffffff5ffd"  # reverts with 16 MB
NAMES = ["reverts", "burns all gas", "returns megabytes"]


def hostile(k: LocalKiseki, code: str, number: int) -> str:
    at = f"0x{0xBAD0000 + number:040x}"
    ask(k, "anvil_setCode", at, code)
    return at


def shared(k: LocalKiseki, wallets: Sequence[str], amount: int, token: str = ETHER) -> Split:
    """A split in equal shares, published and paid."""
    split = Split(tuple((ids.wallet(each), 1) for each in wallets))
    k.revenue.publish(split)
    k.revenue.pay(split, amount, token)
    return split


@pytest.mark.parametrize("code", [REVERTS, BURNS, FLOODS], ids=NAMES)
def test_one_payee_that_refuses_stops_nobody(k: LocalKiseki, code: str) -> None:
    good = [f"0x{0x900D000 + n:040x}" for n in range(9)]
    bad = hostile(k, code, 1)
    shared(k, [*good[:5], bad, *good[5:]], 1_000)
    claimed = k.revenue.claim([*good, bad])
    assert [reason.name for _, reason in claimed.failures] == ["RevenueSplitter_PayoutFailed"]
    assert [k.balance(of=each) for each in good] == [100] * 9
    assert k.balance(of=bad) == 0
    (owed,) = k.revenue.owed(bad)
    assert owed.amount == 100, "what it refused waits"
    again = k.revenue.claim([*good, bad])
    assert (again.receipts, len(again.failures)) == ((), 1)
    ask(k, "anvil_setCode", bad, "0x")
    assert k.revenue.claim(bad).failures == ()
    assert k.balance(of=bad) == 100


def test_a_token_that_fails_stops_no_other(k: LocalKiseki) -> None:
    wallets = [account_of(n).address for n in (6, 7)]
    good, bad = k.test_token(), k.test_token()
    for token in (good, bad):
        k.mint(token, k.address, 100)
        shared(k, wallets, 100, token)
    code = ask(k, "eth_getCode", bad, "latest")
    ask(k, "anvil_setCode", bad, REVERTS)
    claimed = k.revenue.claim(wallets)
    assert len(claimed.failures) == 2
    assert [k.balance(good, each) for each in wallets] == [50, 50]
    ask(k, "anvil_setCode", bad, code)
    assert k.revenue.claim(wallets).failures == ()
    assert [k.balance(bad, each) for each in wallets] == [50, 50]


def test_two_who_claim_at_once_bring_it_once(k: LocalKiseki) -> None:
    wallets = [f"0x{0xAAA000 + n:040x}" for n in range(40)]
    shared(k, wallets, 4_000)
    done: list[Claimed] = []

    def claim(number: int) -> None:
        session = Session(k.session.node)  # an index is not for several threads
        who = Kiseki(session, account_of(number), k.salts)
        done.append(who.revenue.claim(wallets))

    threads = [threading.Thread(target=claim, args=(number,)) for number in (1, 2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [k.balance(of=each) for each in wallets] == [100] * 40
    told = [sum(sum(each.values()) for each in one.amounts.values()) for one in done]
    assert sum(told) == 4_000, "each tells what its own transactions brought"
    assert k.revenue.claim(wallets).receipts == ()
    assert k.index.balance(ETHER).exact


def test_what_was_taken_meanwhile_is_told_as_nothing(
    k: LocalKiseki, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the block somebody else has claimed."""
    wallets = [f"0x{0xBBB000 + n:040x}" for n in range(3)]
    shared(k, wallets, 300)
    sender = k.sender
    real = sender.send

    def overtaken(call: Call, gas: int | None = None) -> Any:
        monkeypatch.setattr(sender, "send", real)
        k.wallet(5).revenue.claim(wallets)
        return real(call, gas)

    monkeypatch.setattr(sender, "send", overtaken)
    claimed = k.revenue.claim(wallets)
    assert (claimed.amounts, len(claimed.receipts)) == ({}, 1)
    assert [k.balance(of=each) for each in wallets] == [100] * 3


def test_hundreds_of_payees_take_few_transactions(k: LocalKiseki) -> None:
    wallets = [f"0x{0xCCC000 + n:040x}" for n in range(250)]
    split = shared(k, wallets, 25_007)
    claimed = k.revenue.claim(wallets)
    assert len(claimed.receipts) <= 4
    assert sum(k.balance(of=each) for each in wallets) == 25_000
    assert k.index.balance(ETHER).held == 7 == 25_007 - sum(split.dues(25_007))


def test_nobody_named_is_nobody_paid(k: LocalKiseki) -> None:
    shared(k, [k.address], 100)
    assert k.revenue.claim([]).receipts == ()
    assert k.revenue.claim().amounts == {k.address: {ETHER: 100}}


def test_a_payment_that_was_interrupted_is_not_paid_again_because_others_paid_meanwhile(
    k: LocalKiseki,
) -> None:
    """The first payment shows what the split is; once somebody has paid it needs not be shown, but
    what is on its way has shown it (invariant 8)."""
    split = Split(((ids.wallet(f"0x{0x900D100:040x}"), 1),))
    k.revenue.publish(split)
    impatient = Session(k.session.node, journal=k.session.journal, policy=Policy(patience=0.2))
    mine = Kiseki(impatient, account_of(0), KeyStore())
    ask(k, "evm_setAutomine", False)
    with pytest.raises(TransactionFailed), mine.command("pay the invoice"):
        mine.revenue.pay(split, 700)
    call = k.session["RevenueSplitter"].call(
        "deposit", split.key, split.opening, ETHER, 5, bytes(32), value=5
    )
    ask(k, "eth_sendTransaction", {"from": account_of(4).address, "to": call.to,
                                   "data": "0x" + call.data.hex(), "value": hex(5)})  # fmt: skip
    ask(k, "evm_setAutomine", True)
    ask(k, "evm_mine")
    with k.command("pay the invoice"):
        assert k.revenue.pay(split, 700).resumed
    assert k.revenue.income(split) == 705


def test_a_statement_that_was_interrupted_is_gone_on_with_by_the_same_transactions(
    k: LocalKiseki,
) -> None:
    """Of three transactions the first is carried out, the second on its way (invariant 8)."""
    split = Split(((ids.wallet(f"0x{0x900D200:040x}"), 1),))
    k.revenue.publish(split)
    lines = [Line(f"channel {i}", "JP", split.key, 1 + i) for i in range(250)]
    given = RoyaltyStatement("2026", ETHER, lines)
    impatient = Session(k.session.node, journal=k.session.journal, policy=Policy(patience=0.5))
    mine = Kiseki(impatient, account_of(0), KeyStore())
    sent = impatient.sender(mine.sender.wire.signer).send
    count = 0

    def send(*what: Any) -> Any:
        nonlocal count
        count += 1
        if count == 2:
            ask(k, "evm_setAutomine", False)
        return sent(*what)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(mine.sender, "send", send)
        with pytest.raises(TransactionFailed), mine.command("pay the statement"):
            mine.revenue.statement.pay(given)
    ask(k, "evm_setAutomine", True)
    ask(k, "evm_mine")
    with k.command("pay the statement"):
        k.revenue.statement.pay(given)
    assert k.revenue.income(split) == given.total
    assert all(each.is_right for each in k.revenue.statement.reconcile(given))
