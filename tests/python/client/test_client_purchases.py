"""Buying: by permit or approval, in few transactions, and gone on with after an interruption."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiseki import Kiseki, LocalKiseki, Use
from kiseki.chain.contract.contracts import Call, erc20
from kiseki.chain.sending.fees import Policy
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.client.market import purchases
from kiseki.client.market.purchases import Basket
from kiseki.client.revenue.allowances import permit
from kiseki.client.session import Session
from kiseki.core.keccak import keccak256
from kiseki.core.offer import Offer
from kiseki.core.terms import IRREVOCABLE
from kiseki.errors import ContractReverted, InvalidInput, TransactionFailed
from kiseki.vault.keystore import KeyStore

from ..conftest import Folder, ask

TRAIN = Use.AI_GENERATIVE_TRAINING
PRICE = 100

Offered = Callable[..., list[Offer]]


@pytest.fixture
def offered(artist: Kiseki, folder: Folder) -> Offered:
    def make(count: int, **more: Any) -> list[Offer]:
        found = []
        for number in range(count):
            drawings = folder(f"art{number}", {"1.svg": f"{number}".encode()})
            gate = artist.market.address
            terms = artist.data.define_terms("train", "0%", gate=gate, notice=IRREVOCABLE)
            group = artist.data.register(drawings, terms).id
            found.append(artist.market.draft("collection", group, PRICE, TRAIN, **more))
            artist.market.offer(found[-1])
        return found

    return make


@pytest.fixture
def coin(k: LocalKiseki, buyer: Kiseki) -> str:
    made = k.test_token()
    k.mint(made, buyer.address, 1_000)
    return made


def without(k: LocalKiseki, token: str, function: str) -> None:
    """Takes a function away from a token: its selector is another from now on."""
    selector, code = keccak256(function.encode())[:4].hex(), ask(k, "eth_getCode", token, "latest")
    assert f"63{selector}" in code
    ask(k, "anvil_setCode", token, code.replace(f"63{selector}", "63fffffffe"))


def sent(k: LocalKiseki, of: Kiseki) -> int:
    """Transactions of a wallet."""
    return int(ask(k, "eth_getTransactionCount", of.address, "latest"), 16)


def allowed(k: LocalKiseki, of: Kiseki, token: str) -> int:
    coin = erc20(k.session.node, token)
    return int(coin.read("allowance", of.address, of.market.address))


def test_a_permit_goes_along_and_allows_just_the_price(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, coin: str, offered: Offered
) -> None:
    offers, before = offered(2, token=coin), sent(k, buyer)
    assert len(buyer.market.buy(offers).receipts) == 1
    assert sent(k, buyer) == before + 1
    assert (artist.balance(coin), buyer.balance(coin)) == (200, 800)
    assert allowed(k, buyer, coin) == 0
    buyer.market.buy(offers[0])
    assert sent(k, buyer) == before + 2
    assert artist.balance(coin) == 300


def test_a_token_that_does_not_say_its_domain_takes_permits_too(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, coin: str, offered: Offered
) -> None:
    without(k, coin, "eip712Domain()")
    before = sent(k, buyer)
    buyer.market.buy(offered(1, token=coin))
    assert sent(k, buyer) == before + 1
    assert artist.balance(coin) == 100


@pytest.mark.parametrize(
    "function",
    [
        "nonces(address)",
        "DOMAIN_SEPARATOR()",
        "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
    ],
)
def test_a_token_without_permits_or_with_others_is_approved(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, coin: str, offered: Offered, function: str
) -> None:
    without(k, coin, function)
    before = sent(k, buyer)
    buyer.market.buy(offered(1, token=coin))
    assert sent(k, buyer) == before + 2
    assert (artist.balance(coin), allowed(k, buyer, coin)) == (100, 0)


def test_a_token_of_another_domain_is_approved(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, coin: str, offered: Offered
) -> None:
    """Its messages are for another version than it says; a signature would be for nothing."""
    code = ask(k, "eth_getCode", coin, "latest")
    short = (b"1".hex() + "00" * 30 + "01", b"7".hex() + "00" * 30 + "01")
    assert short[0] in code
    ask(k, "anvil_setCode", coin, code.replace(*short))
    before = sent(k, buyer)
    buyer.market.buy(offered(1, token=coin))
    assert sent(k, buyer) == before + 2
    assert artist.balance(coin) == 100


def test_one_who_signs_no_permits_approves(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, coin: str, offered: Offered
) -> None:
    before = sent(k, buyer)
    buyer.market.buy(offered(2, token=coin), permits=False)
    assert sent(k, buyer) == before + 2
    assert (artist.balance(coin), allowed(k, buyer, coin)) == (200, 0)


def test_a_permit_that_somebody_used_first_harms_nothing(
    k: LocalKiseki,
    artist: Kiseki,
    buyer: Kiseki,
    stranger: Kiseki,
    coin: str,
    offered: Offered,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between the look and the block a stranger takes it from the mempool and brings it alone."""
    real = buyer.sender.send

    def overtaken(call: Call, gas: int | None = None) -> Any:
        monkeypatch.setattr(buyer.sender, "send", real)
        signed = permit(buyer._wallet, coin, buyer.market.address, PRICE)
        assert signed is not None
        token, value, deadline, v, r, s = signed
        given = (buyer.address, buyer.market.address, value, deadline, v, r, s)
        stranger.sender.send(erc20(k.session.node, token).call("permit", *given))
        return real(call, gas)

    (offer,) = offered(1, token=coin)
    monkeypatch.setattr(buyer.sender, "send", overtaken)
    buyer.market.buy(offer)
    assert (artist.balance(coin), allowed(k, buyer, coin)) == (100, 0)


def test_a_dry_run_asks_nobody_to_sign(
    k: LocalKiseki, buyer: Kiseki, coin: str, offered: Offered, tmp_path: Path
) -> None:
    dry = Kiseki.connect(
        k.url, buyer._wallet.signer,
        secrets=tmp_path / "secrets", journal=tmp_path / "journal", rehearses=True,
    )  # fmt: skip
    dry.market.buy(offered(1, token=coin))
    trials: Any = dry.sender
    assert [each.call.what for each in trials.trials] == [
        "ERC-20 token.approve",
        "LicenseMarket.buy",
    ]


# Interrupted


def impatient(k: LocalKiseki, number: int) -> Kiseki:
    """The wallet in a run of its own that waits for nothing long."""
    session = Session(k.session.node, journal=k.session.journal, policy=Policy(patience=0.2))
    return Kiseki(session, account_of(number), KeyStore())


def interrupted(
    k: LocalKiseki, offers: list[Offer], at: int, monkeypatch: pytest.MonkeyPatch, **how: Any
) -> None:
    """A run that ends while its transaction number `at` is on its way, which lands later."""
    mine = impatient(k, 4)
    real, count = mine.sender.send, 0

    def send(*what: Any) -> Any:
        nonlocal count
        count += 1
        if count == at:
            ask(k, "evm_setAutomine", False)
        return real(*what)

    with monkeypatch.context() as patched:
        patched.setattr(mine.sender, "send", send)
        with pytest.raises(TransactionFailed), mine.command("buy"):
            mine.market.buy(offers, **how)
    ask(k, "evm_setAutomine", True)
    ask(k, "evm_mine")


def again(k: LocalKiseki, offers: list[Offer], **how: Any) -> Any:
    later = Session(k.session.node, journal=k.session.journal)
    mine = Kiseki(later, account_of(4), KeyStore())
    with mine.command("buy"):
        return mine.market.buy(offers, **how)


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("permits", [False, True])
def test_what_was_interrupted_is_bought_once(
    k: LocalKiseki,
    artist: Kiseki,
    buyer: Kiseki,
    coin: str,
    offered: Offered,
    monkeypatch: pytest.MonkeyPatch,
    skip: bool,
    permits: bool,
) -> None:
    """By then all is sold out, the money is spent, and the permit's nonce is another (8)."""
    offers = offered(10, token=coin, supply=1)
    interrupted(k, offers, 1 if permits else 2, monkeypatch, skip=skip, permits=permits)
    assert artist.balance(coin) == 1_000, "it landed"
    bought = again(k, offers, skip=skip, permits=permits)
    assert [each.resumed for each in bought.receipts] == [True]
    assert len(bought.licences) == 10
    assert bought.skipped == {}
    assert (artist.balance(coin), buyer.balance(coin)) == (1_000, 0)


@pytest.mark.parametrize("permits", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_what_was_interrupted_in_parts_goes_on_with_the_rest(
    k: LocalKiseki,
    artist: Kiseki,
    buyer: Kiseki,
    coin: str,
    offered: Offered,
    monkeypatch: pytest.MonkeyPatch,
    permits: bool,
    at: int,
) -> None:
    """Six that need more gas than a transaction may use: halved, and halved again."""
    monkeypatch.setattr(purchases, "MOST_GAS_TRIED", 420_000)
    offers = offered(6, token=coin)
    interrupted(k, offers, at, monkeypatch, permits=permits)
    monkeypatch.setattr(purchases, "MOST_GAS_TRIED", 16_000_000)  # the rest would fit by now
    bought = again(k, offers, permits=permits)
    assert len(bought.licences) == 6
    assert (artist.balance(coin), buyer.balance(coin)) == (600, 400)
    assert all(each.sold == 1 for each in artist.market.offers())


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_each_transaction_is_approved_by_itself(
    k: LocalKiseki,
    artist: Kiseki,
    buyer: Kiseki,
    coin: str,
    offered: Offered,
    monkeypatch: pytest.MonkeyPatch,
    at: int,
) -> None:
    """The second approval says the same as the first, and is not taken for it."""
    monkeypatch.setattr(purchases, "_AT_ONCE", 2)
    without(k, coin, "nonces(address)")
    offers, before = offered(4, token=coin), sent(k, buyer)
    interrupted(k, offers, at, monkeypatch)
    assert len(again(k, offers).licences) == 4
    assert sent(k, buyer) == before + 4
    assert (artist.balance(coin), buyer.balance(coin), allowed(k, buyer, coin)) == (400, 600, 0)


def test_what_failed_on_the_chain_is_told_and_bought_when_asked_for_again(
    k: LocalKiseki,
    artist: Kiseki,
    buyer: Kiseki,
    coin: str,
    offered: Offered,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The token refuses just then; the next run says so, and the one after that buys (8)."""
    offers = offered(3, token=coin)
    mine, code = impatient(k, 4), ask(k, "eth_getCode", coin, "latest")
    ask(k, "evm_setAutomine", False)
    with pytest.raises(TransactionFailed), mine.command("buy"):
        mine.market.buy(offers)
    ask(k, "anvil_setCode", coin, "0x5f5ffd")
    ask(k, "evm_setAutomine", True)
    ask(k, "evm_mine")
    ask(k, "anvil_setCode", coin, code)
    assert artist.balance(coin) == 0
    with pytest.raises(TransactionFailed, match="failed in block"):
        again(k, offers)
    assert len(again(k, offers).licences) == 3
    assert (artist.balance(coin), buyer.balance(coin)) == (300, 700)


def test_one_that_is_gone_by_then_stops_all(
    k: LocalKiseki,
    artist: Kiseki,
    buyer: Kiseki,
    coin: str,
    offered: Offered,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ended between the look and the estimate: nothing of it is bought."""
    offers = offered(4, token=coin)
    real = buyer.sender.estimate

    def late(call: Call) -> int:
        monkeypatch.setattr(buyer.sender, "estimate", real)
        artist.market.end(artist.market.key(offers[3]))
        return real(call)

    monkeypatch.setattr(buyer.sender, "estimate", late)
    with pytest.raises(ContractReverted, match="LicenseMarket_NotBought"):
        buyer.market.buy(offers)
    assert artist.balance(coin) == 0


def test_the_same_asked_for_twice_is_bought_twice(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, coin: str, offered: Offered
) -> None:
    offers = offered(1, token=coin, lasts=timedelta(days=1))
    for _ in range(2):
        again(k, offers)
    assert artist.balance(coin) == 200


def test_nothing_is_sent_when_there_is_too_little_money_for_all(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, coin: str, offered: Offered
) -> None:
    offers, before = offered(11, token=coin), sent(k, buyer)
    with pytest.raises(InvalidInput, match=r"cost 0\.0011 of 0x.* holds 0\.001; nothing"):
        buyer.market.buy(offers)
    dear = artist.market.draft("collection", offers[0].id, 10**30, TRAIN)
    artist.market.offer(dear)
    with pytest.raises(InvalidInput, match=r"cost 1,000,000,000,000 ETH, and 0x"):
        buyer.market.buy(dear)
    assert sent(k, buyer) == before


def test_what_is_left_of_a_basket_is_told(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, coin: str, offered: Offered
) -> None:
    """Too little money for all of them: as many as there is money for, the others told."""
    offers = offered(11, token=coin)
    bought = buyer.market.buy(offers, skip=True)
    assert (len(bought.licences), len(bought.skipped)) == (10, 1)
    assert "the payment failed" in next(iter(bought.skipped.values()))
    assert buyer.balance(coin) == 0
    basket = Basket(buyer._wallet, buyer._wallet.session["LicenseMarket"], buyer.address.lower())
    assert basket.problems(offers) == [""] * 11
