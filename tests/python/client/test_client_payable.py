"""What no contract could ever pay is refused before anything is signed or sent (promise 4)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kiseki import Kiseki, LocalKiseki, Split, Terms
from kiseki.chain.release.releases import newest
from kiseki.client.data import consents, standing
from kiseki.client.data.consents import Consent
from kiseki.client.data.standing import StandingConsent
from kiseki.client.payable import payable, receiver
from kiseki.core import typed
from kiseki.core.collection import Kept
from kiseki.core.conditions import AfterTime, AllOf, Approvals, Escrow, IncomeThreshold
from kiseki.core.payee import Payee
from kiseki.core.statement import Line, RoyaltyStatement
from kiseki.core.terms import Use
from kiseki.core.waterfall import Plan, Tier
from kiseki.errors import ContractReverted, InvalidInput

ETHER = NOBODY = "0x" + "00" * 20
OTHER = "0x" + "12" * 20
ID, LATER = b"\x05" * 32, 2**40
TRAIN = Terms.of("train", "0%")


def key(who: str) -> bytes:
    return bytes(12) + bytes.fromhex(who[2:])


def split(who: str) -> Split:
    return Split([(key(OTHER), 1), (key(who), 1)])


def listed(place: Path, *artists: str) -> Path:
    rows = "".join(f"drawing.txt,{each}\n" for each in artists)
    path = place / "list.csv"
    path.write_text("file,artist\n" + rows)
    return path


def published(place: Path, who: str) -> Path:
    path = place / "split.json"
    path.write_text(split(who).to_json())
    return path


def prepare(k: Kiseki, place: Path, provider: str, payee: str) -> object:
    file = place / "standing.json"
    return k.data.standing.prepare(provider, TRAIN, file, per_month=1, payee=payee)


WAYS: dict[str, Callable[[Kiseki, str, Path], object]] = {
    "pay": lambda k, who, _: k.revenue.pay(Payee(key(who)), 5),
    "pay a split": lambda k, who, _: k.revenue.pay(split(who), 5),
    "publish a split": lambda k, who, _: k.revenue.publish(split(who)),
    "write a payee": lambda k, who, _: k.payee(who),
    "write a split's file": lambda k, who, at: k.payee(str(published(at, who))),
    "write an issuer": lambda k, who, _: k.payee(f"{who}:0x{ID.hex()}"),
    "payment address": lambda k, who, _: k.revenue.payment_address(who),
    "sweep": lambda k, who, _: k.revenue.sweep(who),
    "redirect": lambda k, who, _: k.revenue.redirection(who),
    "collection": lambda k, who, at: k.data.prepare(at / "drawing.txt", TRAIN, payee=who),
    "provider": lambda k, who, at: k.data.prepare(
        at / "drawing.txt", TRAIN, provider=who, payee=OTHER
    ),
    "list": lambda k, who, at: k.data.prepare_all(listed(at, who), TRAIN),
    "joint work": lambda k, who, at: k.data.prepare_all(listed(at, who, OTHER), TRAIN),
    "list's issuer": lambda k, who, at: k.data.prepare_all(
        listed(at, f"{who}:0x{ID.hex()}"), TRAIN
    ),
    "list's payee": lambda k, who, at: k.data.prepare_all(at, TRAIN, payee=who),
    "set payee": lambda k, who, _: k.data.set_payee(ID, who),
    "waive": lambda k, who, _: k.data.waive_payee(ID, who),
    "standing consent": lambda k, who, at: prepare(k, at, OTHER, who),
    "its provider": lambda k, who, at: prepare(k, at, who, OTHER),
    "model": lambda k, who, _: k.models.register(ID, TRAIN, payee=who),
    "batch": lambda k, who, at: k.outputs.prepare(at / "drawing.txt", [ID], payee=who),
    "bind": lambda k, who, _: k.identities.bind({ID: who}),
    "sign a binding": lambda k, who, _: k.identities.sign({ID: who}),
    "waterfall": lambda k, who, _: k.revenue.waterfall.create(
        Plan([Tier.to(split(who), {ETHER: 5}), Tier.to(OTHER)])
    ),
    "a waterfall's address": lambda k, who, _: k.revenue.waterfall.address(
        Plan([Tier.to(OTHER, {ETHER: 5}), Tier.to(split(who))])
    ),
    "statement": lambda k, who, _: k.revenue.statement.pay(
        RoyaltyStatement("2026-10", ETHER, [Line("tv", "JP", key(who), 5)])
    ),
    "new holder": lambda k, who, _: k.rights.transfer(1, who),
    "beneficiary": lambda k, who, _: k.rights.schedule(1, who, AfterTime(5), LATER),
    "party": lambda k, who, _: k.rights.schedule(1, OTHER, AllOf([Approvals(1, [who])]), LATER),
    "income": lambda k, who, _: k.rights.schedule(1, OTHER, IncomeThreshold(key(who), 5), LATER),
    "settlement": lambda k, who, _: k.rights.settle(ID, Escrow(5), to=who),
    "licensee": lambda k, who, _: k.market.problem(
        k.market.draft("batch", ID, 5, Use.COMMERCIAL_OUTPUT), licensee=who
    ),
    "buyer": lambda k, who, _: k.market.draft("batch", ID, 5, Use.COMMERCIAL_OUTPUT, buyers=[who]),
    "delegate": lambda k, who, _: k.market.delegate(who),
    "allow list": lambda k, who, _: k.data.gate.allow(ID, who, Use.AI_GENERATIVE_TRAINING),
}


@pytest.mark.parametrize("way", WAYS)
def test_nobody_names_what_could_never_be_paid(k: LocalKiseki, tmp_path: Path, way: str) -> None:
    """Nothing is sent or written, and the message says what to do."""
    (tmp_path / "drawing.txt").write_text("a drawing")
    sent, block = k.session.w3.eth.get_transaction_count, k.session.w3.eth.block_number
    count = sent(k.address)  # type: ignore[arg-type]
    for who in (NOBODY, k.session["RevenueSplitter"].address, k.session["RightsToken"].address):
        with pytest.raises(InvalidInput, match=r"(zero|Kiseki's contract).*name a wallet"):
            WAYS[way](k, who, tmp_path)
    assert sent(k.address) == count  # type: ignore[arg-type]
    assert k.session.w3.eth.block_number == block
    assert not (tmp_path / "standing.json").exists()


def test_no_contract_of_the_suite_receives(k: LocalKiseki) -> None:
    for name in newest():
        for given in (k.session[name].address, k.session[name].address.lower()):
            with pytest.raises(InvalidInput, match=f"Kiseki's contract {name}, which can neither"):
                receiver(given, "the payee")
    assert receiver(k.address, "the payee") == k.address.lower()


def test_a_subject_is_of_a_contract_that_names_payees(k: LocalKiseki) -> None:
    for name in newest():
        subject = Payee.subject(k.session[name].address, ID)
        if name.endswith("Registry") or name in ("RightsToken", "Identities"):
            assert payable(subject) == subject
        else:
            with pytest.raises(InvalidInput, match="names nobody"):
                payable(subject)
    with pytest.raises(InvalidInput, match="names nobody"):
        payable(Payee(ID, bytes(52)))
    assert payable(Payee.subject(OTHER, ID)), "of another's contract nobody can say"


def test_a_waterfall_is_paid_as_any_wallet(k: LocalKiseki, artist: Kiseki, buyer: Kiseki) -> None:
    tiers = Plan([Tier.to(artist.address, {ETHER: 5}), Tier.to(buyer.address)])
    k.revenue.waterfall.create(tiers)
    fall = k.revenue.waterfall.address(tiers)
    assert receiver(fall, "the payee") == fall.lower()
    k.revenue.pay(fall, 5)
    assert k.balance(of=fall) == 5


@pytest.mark.parametrize("name", ["RevenueSplitter", "Identities"])
def test_nobody_signs_a_file_that_pays_a_contract_of_the_suite(
    k: LocalKiseki, artist: Kiseki, tmp_path: Path, name: str
) -> None:
    """Whoever prepared it did so with another program; the artist needs no node to see it."""
    paid = Payee(key(k.session[name].address))
    who, place = artist.address.lower(), k.session["DataRegistry"].address.lower()
    kept = Kept(who, TRAIN, ID, 1, paid, bytes(32))
    chain = k.session.chain_id
    asked = Consent(kept, chain, place, 1, LATER)
    stands = StandingConsent(who, k.address.lower(), TRAIN, paid, 1, LATER, 1, chain, place)
    for file, text, sign in (
        (tmp_path / "one.json", asked.to_json(), consents.sign),
        (tmp_path / "all.json", stands.to_json(), standing.sign),
    ):
        file.write_text(text)
        with pytest.raises(InvalidInput, match=f"Kiseki's contract {name}"):
            sign(file, artist.data.wallet.signer)
        assert file.read_text() == text
    with pytest.raises(InvalidInput, match=f"Kiseki's contract {name}"):
        artist.data.consent(kept)


def test_nobody_brings_a_redirect_to_a_contract_of_the_suite(
    k: LocalKiseki, artist: Kiseki
) -> None:
    """Signed with another program: a token would be lost there."""
    wallet, splitter = artist.data.wallet, k.session["RevenueSplitter"].address
    for name in ("RevenueSplitter", "DataRegistry"):
        to = k.session[name].address
        message = typed.redirect(
            k.session.chain_id, splitter, payee=artist.address, to=to, nonce=5, deadline=LATER
        )
        with pytest.raises(InvalidInput, match=f"Kiseki's contract {name}"):
            k.revenue.claim(redirections=[wallet.sign(message, 5, LATER)])


def test_no_contract_names_a_place_for_what_can_never_be(k: LocalKiseki) -> None:
    """What is known in advance and impossible is refused by the contracts themselves, as other
    programs meet it."""
    splitter, falls = k.session["RevenueSplitter"], k.session["Waterfalls"]
    nobody: list[tuple[Callable[[], object], str]] = [
        (lambda: splitter.read("paymentAddress", bytes(32)), "Payees_Zero"),
        (lambda: splitter.read("paymentAddress", key(splitter.address)), "Payees_Splitter"),
        (lambda: splitter.read("paymentAddress", ID, bytes(76)), "Payees_WrongOpening"),
        (
            lambda: falls.read("addressOf", ([], [(bytes(76), [])], bytes(32))),
            "Waterfalls_Payee",
        ),
        (lambda: falls.read("addressOf", ([], [], bytes(32))), "Waterfalls_Tiers"),
        (lambda: k.session["Identities"].read("idOf", NOBODY, ID), "Identities_NoIssuer"),
        (
            lambda: k.session["RightsToken"].read("royaltyInfo", 1, 10_000),
            "ERC721NonexistentToken",
        ),
    ]
    for ask, why in nobody:
        with pytest.raises(ContractReverted) as refused:
            ask()
        assert refused.value.name == why


def test_no_redirect_counts_longer_than_the_contract_takes(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki
) -> None:
    """Signed with another program, for more than 30 days: nothing is moved by it."""
    k.revenue.publish(Split([(key(artist.address), 1)]))
    buyer.revenue.pay(Split([(key(artist.address), 1)]), 5)
    wallet, splitter = artist.data.wallet, k.session["RevenueSplitter"].address
    late = k.session.now() + 31 * 24 * 3600
    message = typed.redirect(
        k.session.chain_id, splitter, payee=artist.address, to=OTHER, nonce=5, deadline=late
    )
    with pytest.raises(ContractReverted, match="RevenueSplitter_RedirectTooLong"):
        k.revenue.claim(redirections=[wallet.sign(message, 5, late)])
    assert k.balance(of=OTHER) == 0
