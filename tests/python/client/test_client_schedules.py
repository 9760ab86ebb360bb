"""Rights that move by themselves, on a real chain. Promise 5, invariant 6."""

from datetime import UTC, datetime, timedelta

import pytest

from kiseki import ContractReverted, Kiseki, LocalKiseki, Split
from kiseki.client.revenue.revenue import ETHER
from kiseki.core import ids
from kiseki.core.conditions import (
    AfterTime,
    AllOf,
    AnyOf,
    Approvals,
    Condition,
    Escrow,
    IncomeThreshold,
    Kind,
)
from kiseki.core.payee import Payee
from kiseki.core.schedule import Schedule
from kiseki.core.split import Split as CoreSplit
from kiseki.errors import ChainError, InvalidInput, NotInIndex

from ..conftest import Folder, Refuses, ask

SOON = timedelta(days=30)


@pytest.fixture
def token(artist: Kiseki, folder: Folder) -> int:
    terms = artist.data.define_terms("train", royalty="20%")
    drawings = artist.data.register(folder("art", {"1.svg": b"1"}), terms).id
    artist.rights.mint("collection", drawings)
    return artist.rights.token("collection", drawings)


def series(a: Kiseki, b: Kiseki) -> Split:
    return CoreSplit([(ids.wallet(a.address), 1), (ids.wallet(b.address), 3)])


def test_a_token_moves_once_its_income_is_reached(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, stranger: Kiseki, token: int
) -> None:
    paid = series(artist, buyer)
    buyer.revenue.pay(paid, 500)
    receipt = artist.rights.schedule(token, buyer.address, IncomeThreshold(paid.key, 1000), SOON)
    record = artist.rights.scheduled(receipt)
    assert record.state == "open"
    assert record.id == record.schedule.id(k.session.chain_id, k.session["RightsToken"].address)
    (condition,) = artist.rights.pending()[0].conditions
    assert condition == IncomeThreshold(paid.key, 1000, ETHER, 500), "what there was is written"
    assert artist.rights.metadata(token).locked
    with pytest.raises(ContractReverted, match="RightsToken_Locked"):
        artist.rights.transfer(token, stranger.address)
    with pytest.raises(ContractReverted, match="RightsToken_NotMet"):
        stranger.rights.execute(record.id)
    buyer.revenue.pay(paid, 1000)
    (pending,) = stranger.rights.pending()
    assert pending.due
    assert not pending.expired
    stranger.rights.execute(record.id)
    assert stranger.rights.holder(token) == buyer.address
    assert artist.rights.of(record.id).state == "executed"
    assert artist.rights.pending() == []


def test_an_escrowed_price_and_two_of_three(
    artist: Kiseki, buyer: Kiseki, developer: Kiseki, creator: Kiseki, stranger: Kiseki, token: int
) -> None:
    parties = Approvals(2, [developer.address, creator.address, stranger.address])
    price = Escrow(10**18)
    record = artist.rights.scheduled(
        artist.rights.schedule(token, buyer.address, [price, parties], SOON)
    )
    assert buyer.rights.escrowed(record.id) is None
    buyer.rights.pay_escrow(record.id)
    assert artist.rights.escrowed(record.id) == buyer.address
    developer.rights.approve(record.id)
    assert artist.rights.pending()[0].met == (True, False)
    signed = creator.rights.sign_approval(record.id)
    artist.rights.approve_for(signed)
    before = artist.balance()
    stranger.rights.execute(record.id)
    stranger.rights.settle(record.id)
    assert artist.balance() == before + 10**18
    assert buyer.rights.escrowed(record.id) is None


def test_the_price_comes_back_when_it_lapses(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, stranger: Kiseki, token: int
) -> None:
    coin = k.test_token()
    k.mint(coin, buyer.address, 500)
    record = artist.rights.scheduled(
        artist.rights.schedule(token, buyer.address, AllOf([Escrow(500, coin)]), timedelta(days=1))
    )
    buyer.rights.pay_escrow(record.id)
    assert buyer.balance(coin) == 0
    with pytest.raises(ContractReverted, match="RightsToken_DeadlineNotPassed"):
        stranger.rights.lapse(record.id)
    k.wait(86_402)
    assert stranger.rights.pending()[0].expired
    stranger.rights.lapse(record.id)
    stranger.rights.settle(record.id)
    assert buyer.balance(coin) == 500
    assert artist.rights.of(record.id).state == "lapsed"
    assert artist.rights.holder(token) == artist.address


def test_both_together_end_it(artist: Kiseki, buyer: Kiseki, stranger: Kiseki, token: int) -> None:
    record = artist.rights.scheduled(
        artist.rights.schedule(token, buyer.address, AfterTime(2**63), SOON)
    )
    artist.rights.cancel(record.id)
    assert artist.rights.of(record.id).state == "open"
    stranger.rights.cancel_for(buyer.rights.sign_cancel(record.id))
    assert artist.rights.of(record.id).state == "lapsed"


def test_whatever_a_condition_is_it_is_read_again(
    artist: Kiseki, buyer: Kiseki, token: int
) -> None:
    foreign = Condition(artist.session["AfterTime"].address, b"\x01" * 32)
    given: list[Kind] = [
        AnyOf([AfterTime(5), AllOf([Escrow(7), Approvals(1, [buyer.address])])]),
        IncomeThreshold(ids.wallet(buyer.address), 9),
    ]
    artist.rights.schedule(token, buyer.address, given, datetime(2100, 1, 1, tzinfo=UTC))
    (pending,) = artist.rights.pending()
    assert list(pending.conditions) == given
    assert pending.met == (True, False)
    with pytest.raises(ContractReverted):
        artist.rights.schedule(token, buyer.address, foreign, SOON)


def test_a_condition_that_fails_is_not_met_and_stops_no_other(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, token: int
) -> None:
    """As the contract has it: whoever wrote a condition harms only those who named it."""
    fails = "0x" + "ab" * 20
    code = ask(k, "eth_getCode", k.session["AfterTime"].address, "latest")
    ask(k, "anvil_setCode", fails, code)
    given: list[Kind] = [AfterTime(5), Condition(fails, bytes(32)), AfterTime(6)]
    artist.rights.schedule(token, buyer.address, given, SOON)
    assert artist.rights.pending()[0].met == (True, True, True)
    for wrong in ("5f5ffd", "fe", "5b5f56", "00", "60025f5260205ff3"):
        ask(k, "anvil_setCode", fails, "0x" + wrong)
        assert artist.rights.pending()[0].met == (True, False, True), wrong
    ask(k, "anvil_setCode", fails, "0x")


def test_a_node_that_refuses_says_of_no_condition_that_it_is_not_met(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, token: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    artist.rights.schedule(token, buyer.address, [AfterTime(5), AfterTime(2**40)], SOON)
    assert artist.rights.pending()[0].met == (True, False)
    for times in (1, 2, 3, 10**9):
        with monkeypatch.context() as patch:
            Refuses(k, patch, "eth_call", times)
            with pytest.raises(ChainError, match="header not found"):
                artist.rights.pending()


def test_what_cannot_be_scheduled_is_refused(artist: Kiseki, buyer: Kiseki, token: int) -> None:
    with pytest.raises(InvalidInput, match="1 to 8 conditions"):
        artist.rights.schedule(token, buyer.address, [], SOON)
    with pytest.raises(InvalidInput, match="has passed"):
        artist.rights.schedule(token, buyer.address, AfterTime(5), 5)
    with pytest.raises(InvalidInput, match="needs a time zone"):
        artist.rights.schedule(token, buyer.address, AfterTime(5), datetime(2100, 1, 1))
    with pytest.raises(ContractReverted, match="RightsToken_NotHolder"):
        buyer.rights.schedule(token, artist.address, AfterTime(5), SOON)
    with pytest.raises(ContractReverted, match="Approvals_Count"):
        wrong = Condition(
            artist.session["Approvals"].address, bytes(32) + b"@".rjust(32, b"\0") + bytes(32)
        )
        artist.rights.schedule(token, buyer.address, wrong, SOON)
    with pytest.raises(NotInIndex):
        artist.rights.execute(bytes(32))
    record = artist.rights.scheduled(
        artist.rights.schedule(token, buyer.address, AfterTime(5), SOON)
    )
    with pytest.raises(InvalidInput, match="asks for no price"):
        buyer.rights.pay_escrow(record.id)


def test_a_payers_multicall_executes_what_it_made_due(
    artist: Kiseki, buyer: Kiseki, token: int
) -> None:
    """In the very block of the payment."""
    paid = series(artist, buyer)
    record = artist.rights.scheduled(
        artist.rights.schedule(token, buyer.address, IncomeThreshold(paid.key, 1000), SOON)
    )
    receipt = buyer.revenue.pay(paid, 1000, executes=[record.id])
    assert artist.rights.of(record.id).state == "executed"
    assert artist.rights.holder(token) == buyer.address
    assert (
        artist.session.index.agreements.schedule(record.id).ended_at
        == (artist.session.w3.eth.get_block(receipt.block)["timestamp"])
    )


def test_the_old_holder_is_paid_first_in_the_same_transaction(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, stranger: Kiseki, token: int
) -> None:
    """What the token has earned would go with it."""
    subject = Payee.subject(artist.session["RightsToken"].address, token.to_bytes(32))
    shared = CoreSplit([(subject.key, 1)])
    k.revenue.publish(shared)
    buyer.revenue.pay(shared, 1000)
    record = artist.rights.scheduled(
        artist.rights.schedule(token, buyer.address, AfterTime(2**40), SOON)
    )
    with pytest.raises(ContractReverted, match="RightsToken_NotMet"):
        stranger.rights.execute(record.id, claim=True)
    artist.rights.cancel(record.id)
    buyer.rights.cancel(record.id)
    record = artist.rights.scheduled(
        artist.rights.schedule(token, buyer.address, AfterTime(5), SOON)
    )
    before = artist.balance(), buyer.balance()
    stranger.rights.execute(record.id, claim=True)
    assert (artist.balance() - before[0], buyer.balance() - before[1]) == (1000, 0)
    assert artist.rights.holder(token) == buyer.address


def test_a_schedules_id_is_the_contracts(artist: Kiseki, buyer: Kiseki, token: int) -> None:
    made = Schedule(
        token, 3, artist.address, buyer.address,
        (Condition(buyer.address, b"12345"), Condition(artist.address, b"")), 7,
    )  # fmt: skip
    known = artist.session["RightsToken"].read("scheduleIdOf", made.values)
    assert made.id(artist.session.chain_id, artist.session["RightsToken"].address) == known
