"""A dry run says what would be sent and what it costs, and sends nothing."""

from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from kiseki import Kiseki, LocalKiseki, Use
from kiseki.chain.contract.contracts import Call
from kiseki.chain.sending.fees import Fees, Policy
from kiseki.chain.sending.rehearsal import Rehearsal
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.core import ids
from kiseki.core.statement import Line, RoyaltyStatement
from kiseki.core.terms import IRREVOCABLE, Terms
from kiseki.errors import ChainError, ContractReverted, FeeTooHigh, TransactionFailed

from ..conftest import ask


def rehearsal(k: LocalKiseki, place: Path) -> Kiseki:
    return Kiseki.connect(
        k.url, account_of(1), secrets=place / "secrets", journal=place / "journal", rehearses=True
    )


def test_what_a_later_call_needs_of_an_earlier_one_is_there(k: LocalKiseki, tmp_path: Path) -> None:
    """The collection needs its terms; the estimates are what it takes in the end."""
    (tmp_path / "art").mkdir()
    (tmp_path / "art" / "1.svg").write_text("a drawing")
    terms, before = Terms.of("train", "20%"), k.session.w3.eth.block_number
    dry = rehearsal(k, tmp_path)
    dry.data.register(tmp_path / "art", terms)
    assert isinstance(dry.sender, Rehearsal)
    assert [each.call.what for each in dry.sender.trials] == [
        "DataRegistry.defineTerms", "DataRegistry.register",
    ]  # fmt: skip
    assert dry.sender.trials[0].exact
    assert k.session.w3.eth.block_number == before
    assert dry.sender.pending() == []
    wet = Kiseki.connect(
        k.url, account_of(1), secrets=tmp_path / "secrets", journal=tmp_path / "journal"
    )
    done = wet.data.register(tmp_path / "art", terms)
    for receipt, trial in zip(done.receipts, dry.sender.trials, strict=True):
        assert receipt.gas == trial.gas if trial.exact else receipt.gas <= trial.gas


def test_what_is_estimated_apart_is_estimated_on_what_came_before_it(
    k: LocalKiseki, tmp_path: Path
) -> None:
    """Many licences in a token: the approval is rehearsed, so the purchase must see it."""
    coin, artist, buyer = k.test_token(), k.wallet(1), k.wallet(4)
    k.mint(coin, buyer.address, 10_000)
    gate = artist.market.address
    terms = artist.data.define_terms("train", "0%", gate=gate, notice=IRREVOCABLE)
    offers = []
    for number in range(3):
        (tmp_path / f"art{number}").mkdir()
        (tmp_path / f"art{number}" / "1.svg").write_text(str(number))
        group = artist.data.register(tmp_path / f"art{number}", terms).id
        offer = artist.market.draft("collection", group, 100, Use.AI_TRAINING, token=coin)
        artist.market.offer(offer)
        offers.append(offer)
    dry = Kiseki.connect(
        k.url, account_of(4), secrets=tmp_path / "secrets", journal=tmp_path / "j", rehearses=True
    )
    for skip in (True, False):
        assert dry.market.buy(offers, skip=skip).skipped == {}
    assert isinstance(dry.sender, Rehearsal)
    names = [each.call.what for each in dry.sender.trials]
    assert names.count("LicenseMarket.buyMany") == 2
    line = Line("streaming", "JP", ids.wallet(artist.address), 5)
    dry.revenue.statement.pay(RoyaltyStatement("2026", coin, [line]))
    assert dry.sender.trials[-1].call.what == "RevenueSplitter.multicall"


def test_what_is_given_back_at_the_end_does_not_make_it_fit(
    k: LocalKiseki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that sets and clears 770 words burns 17.1 million gas, of which a fifth comes back."""
    churns = "0x" + "ab" * 20
    code = "610302" + "5b" + "60018155" + "60008155" + "60019003" + "80600357" + "00"
    ask(k, "anvil_setCode", churns, "0x" + code)
    sender = rehearsal(k, tmp_path).sender
    assert isinstance(sender, Rehearsal)
    sender.send(Call(churns, b"", 0, "churn"))
    assert 13_000_000 < sender.trials[-1].gas < 14_000_000
    assert not sender.trials[-1].exact, "this node does not tell how much must be there"
    tried = sender.wire.tried

    def telling(questions: Any) -> Any:
        found: list[Any] = tried(questions)
        found[0][-1]["calls"][-1]["maxUsedGas"] = hex(17_133_000)
        return found

    monkeypatch.setattr(sender.wire, "tried", telling)
    with pytest.raises(ChainError, match=r"churn needs 17,133,000 gas; a transaction may use"):
        sender.send(Call(churns, b"", 0, "churn"))


def test_a_rehearsal_sends_nothing_of_an_earlier_run_either(k: LocalKiseki, tmp_path: Path) -> None:
    url, journal = k.url, tmp_path / "journal"
    policy = Policy(patience=0.2)
    wet = Kiseki.connect(url, account_of(1), secrets=tmp_path / "s", journal=journal, policy=policy)
    ask(k, "evm_setAutomine", False)
    with pytest.raises(TransactionFailed):
        wet.revenue.pay(k.address, 5)
    ask(k, "anvil_dropAllTransactions")
    dry = Kiseki.connect(
        url, account_of(1), secrets=tmp_path / "s", journal=journal, rehearses=True
    )
    assert len(dry.sender.pending()) == 1
    with pytest.raises(ChainError, match="cancels nothing"):
        dry.sender.cancel()
    assert ask(k, "txpool_status")["pending"] == "0x0"
    ask(k, "evm_setAutomine", True)
    wet.sender.settle()


def test_a_refusal_is_told_as_it_would_be(k: LocalKiseki, tmp_path: Path) -> None:
    dry = rehearsal(k, tmp_path)
    with pytest.raises(ContractReverted, match="DataRegistry_UnknownCollection"):
        dry.data.revoke(b"\x05" * 32)
    poor = dry.using(Account.from_key("0x" + "77" * 32))
    with pytest.raises(ChainError, match="insufficient funds"):
        poor.revenue.pay(k.address, 10**18)


def test_what_it_costs_is_between_the_fee_of_now_and_the_most(
    k: LocalKiseki, tmp_path: Path
) -> None:
    dry = rehearsal(k, tmp_path)
    dry.revenue.pay(k.address, 10**18)
    assert isinstance(dry.sender, Rehearsal)
    now, most = dry.sender.cost()
    (trial,) = dry.sender.trials
    base = int(k.session.w3.eth.get_block("latest")["baseFeePerGas"])
    assert 10**18 + trial.gas * base <= now <= most
    paid = k.wallet(1)
    before = paid.balance()
    paid.revenue.pay(k.address, 10**18)
    assert before - paid.balance() <= most


# What is offered


def test_fees_leave_room_for_the_base_fee_to_double() -> None:
    assert Fees.now(100, 3, Policy()) == Fees(203, 3)
    assert Fees.now(100, 3, Policy(max_fee=150)) == Fees(150, 3)
    assert Fees.now(100, 3, Policy(tip=7)) == Fees(207, 7)
    assert Fees.now(100, 300, Policy(max_fee=150)) == Fees(150, 150)
    assert Fees.now(None, 50, Policy(max_fee=50)) == Fees(50, None)
    for base, tip in ((151, 1), (None, 151)):
        with pytest.raises(FeeTooHigh, match="wait, or raise the cap"):
            Fees.now(base, tip, Policy(max_fee=150))


@pytest.mark.parametrize("old", [Fees(100, 10), Fees(10**9, 1), Fees(7, 0), Fees(1000, None)])
def test_a_replacement_is_one_that_nodes_take(old: Fees) -> None:
    """At least 10% more of either (go-ethereum's --txpool.pricebump)."""
    new = Fees(1, None if old.tip is None else 0).replacing(old, Policy())
    assert new is not None
    assert new.most * 10 >= old.most * 11
    assert (new.tip or 0) * 10 >= (old.tip or 0) * 11
    assert (new.tip or 0) <= new.most


def test_no_replacement_is_made_that_the_cap_forbids_or_nodes_refuse() -> None:
    policy = Policy(max_fee=105)
    assert Fees(100, 1).replacing(Fees(100, 1), policy) is None
    assert Fees(100, 1).replacing(Fees(90, 1), policy) == Fees(102, 2)
    assert Fees(100, 1).replacing(Fees(100, 100), Policy(max_fee=112)) == Fees(112, 112)
    assert Fees(400, 9).replacing(Fees(90, 1), policy) == Fees(105, 9)


def call_of(size: int) -> Call:
    return Call("0x" + "11" * 20, b"\x01" * size, 0, "much")


def test_what_no_mempool_takes_is_refused(k: LocalKiseki, tmp_path: Path) -> None:
    with pytest.raises(ChainError, match="send fewer at a time"):
        rehearsal(k, tmp_path).sender.send(call_of(131_072))
