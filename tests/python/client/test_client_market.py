"""Licences offered, bought, and asked for by the registries, on a real chain. Promises 4 and 7."""

from datetime import timedelta

import pytest

from kiseki import ContractReverted, External, Kiseki, LocalKiseki, Manifest, Terms, Use
from kiseki.client.data.prepared import Prepared
from kiseki.core.conditions import AfterTime, IncomeThreshold
from kiseki.core.keccak import keccak256
from kiseki.core.offer import FOREVER, Licence, Offer
from kiseki.core.terms import IRREVOCABLE
from kiseki.errors import InvalidInput, NotInIndex

from ..conftest import Folder, ask

TRAIN = Use.AI_GENERATIVE_TRAINING


def gated(
    artist: Kiseki, folder: Folder, name: str = "art", notice: timedelta = IRREVOCABLE
) -> bytes:
    gate = artist.market.address
    terms = artist.data.define_terms("train", royalty="20%", gate=gate, notice=notice)
    return artist.data.register(folder(name, {"1.svg": name.encode()}), terms).id


@pytest.fixture
def drawings(artist: Kiseki, folder: Folder) -> bytes:
    return gated(artist, folder)


def offered(artist: Kiseki, drawings: bytes, price: int = 1000, **more: object) -> Offer:
    offer = artist.market.draft("collection", drawings, price, TRAIN, **more)  # type: ignore[arg-type]
    artist.market.offer(offer)
    return offer


def test_an_offer_is_bought_and_everybody_is_paid(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, buyer: Kiseki, drawings: bytes
) -> None:
    offer = offered(artist, drawings, lasts=timedelta(days=365))
    (record,) = buyer.market.offers("collection", drawings)
    assert record.offer == offer
    assert record.key == artist.market.key(offer)
    assert record.owner == artist.address.lower()
    before = artist.balance()
    bought = buyer.market.buy(offer, developer.address)
    assert artist.balance() == before + 1000
    assert list(bought.licences) == [record.key]
    assert buyer.market.is_allowed("collection", drawings, developer.address, TRAIN)
    assert not buyer.market.is_allowed("collection", drawings, buyer.address, TRAIN)
    (licence,) = developer.market.licences()
    now = k.session.now()
    assert licence.until == {TRAIN: now + 365 * 86_400 - 1}
    assert licence.allows(TRAIN, now)
    assert not licence.allows(TRAIN | Use.DATA_MINING, now)
    assert not licence.allows(TRAIN, now + 366 * 86_400)
    assert buyer.market.find(record.key).sold == 1
    buyer.market.buy(offer, developer.address)
    assert developer.market.licences()[0].until[TRAIN] >= now + 2 * 365 * 86_400 - 10


def test_a_provider_is_told_how_long_a_licence_can_be_and_cannot_sell_more(
    artist: Kiseki, folder: Folder
) -> None:
    noticed = gated(artist, folder, "noticed", timedelta(days=90))
    offer = artist.market.draft("collection", noticed, 5, TRAIN, lasts=timedelta(days=91))
    assert "The notice of 90 days is the longest licence" in artist.market.told(offer)
    with pytest.raises(ContractReverted, match=r"LicenseMarket_TooLong.*longer notice"):
        artist.market.offer(offer)
    for_ever = artist.market.draft("collection", noticed, 5, TRAIN)
    with pytest.raises(ContractReverted, match="for ever is only for irrevocable terms"):
        artist.market.offer(for_ever)
    never = gated(artist, folder, "none", timedelta(0))
    short = artist.market.draft("collection", never, 5, TRAIN, lasts=timedelta(seconds=1))
    assert "Without a notice no licence" in artist.market.told(short)
    with pytest.raises(ContractReverted, match="LicenseMarket_TooLong"):
        artist.market.offer(short)
    mining = artist.market.draft("collection", noticed, 5, Use.DATA_MINING)
    with pytest.raises(ContractReverted, match="only uses that its terms allow"):
        artist.market.offer(mining)
    endless = artist.market.draft("collection", gated(artist, folder), 5, TRAIN)
    assert "irrevocable, so a licence of it can be of any length" in artist.market.told(endless)


def test_what_was_bought_can_be_used_until_it_ends_though_it_is_revoked(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, buyer: Kiseki, folder: Folder
) -> None:
    drawings = gated(artist, folder, notice=timedelta(days=90))
    offer = offered(artist, drawings, lasts=timedelta(days=60))
    developer.market.buy(offer)
    developer.market.buy(offer)  # again: to what is sure, and not twice sixty
    (licence,) = developer.market.licences()
    assert licence.until[TRAIN] == k.session.now() + 90 * 24 * 3600 - 1
    artist.data.revoke(drawings)
    assert "was revoked" in buyer.market.problem(offer)
    with pytest.raises(InvalidInput, match="consent to what it is for was revoked; nothing was"):
        buyer.market.buy(offer)
    (licence,) = developer.market.licences()
    data = k.session["DataRegistry"]
    ask(k, "evm_setNextBlockTimestamp", licence.until[TRAIN])
    ask(k, "evm_mine")
    assert data.read("mayUse", drawings, developer.address, int(TRAIN)), "its last second"
    k.wait(1)
    assert not data.read("mayUse", drawings, developer.address, int(TRAIN))


def test_what_buying_leads_to_is_said_before_and_who_paid_after(
    artist: Kiseki, developer: Kiseki, buyer: Kiseki, stranger: Kiseki, folder: Folder
) -> None:
    """A studio buys for its trainer; a renewal is paid whole for what there is."""
    drawings = gated(artist, folder, notice=timedelta(days=90))
    offer = offered(artist, drawings, lasts=timedelta(days=60))
    trainer = developer.address
    first = buyer.market.shown(offer, trainer)
    assert first.startswith(f"{trainer} may use it at least: ai_generative_training until ")
    assert "adds" not in first
    buyer.market.buy(offer, trainer)
    assert "which adds 30 days and not 60 days, because" in buyer.market.shown(offer, trainer)
    assert "its price is the whole one" in buyer.market.shown(offer, trainer)
    assert "adds" not in buyer.market.shown(offer), "for itself"
    stranger.market.buy(offer, trainer)
    (licence,) = developer.market.licences()
    assert licence.payers == (buyer.address.lower(), stranger.address.lower())
    assert len(licence.offers) == 2
    endless = offered(artist, gated(artist, folder, "endless"))
    assert buyer.market.shown(endless).endswith("ai_generative_training for ever.")
    buyer.market.buy(endless)
    assert "so this adds nothing" in buyer.market.shown(endless)
    artist.data.revoke(drawings)
    assert buyer.market.shown(offer, trainer) == ""


def test_irrevocable_consent_cannot_be_revoked(artist: Kiseki, drawings: bytes) -> None:
    with pytest.raises(ContractReverted, match="DataRegistry_Irrevocable"):
        artist.data.revoke(drawings)
    terms = artist.index.terms(artist.index.collection(drawings).terms_id)
    assert "consent is never revoked" in terms.words().lower()


def test_a_licence_of_a_batch_opens_nothing_and_says_so(
    artist: Kiseki, developer: Kiseki, creator: Kiseki, buyer: Kiseki, folder: Folder
) -> None:
    drawings = artist.data.prepare(folder("art", {"1.svg": b"1"}), Terms.of("train", "0%"))
    artist.data.register(drawings)
    model = train(developer, Terms.of("train", "0%"), drawings, b"model")
    made = creator.outputs.prepare(folder("out", {"1.png": b"out"}), models=[model])
    creator.outputs.register(made)
    offer = creator.market.draft("batch", made.id, 5, Use.COMMERCIAL_OUTPUT)
    creator.market.offer(offer)
    assert not buyer.market.opens(offer)
    assert "opens nothing on the chain" in buyer.market.told(offer)
    assert not buyer.market.problem(offer), "a document can be bought"


def test_while_its_rights_wait_to_move_nothing_new_is_offered(
    artist: Kiseki, buyer: Kiseki, stranger: Kiseki, drawings: bytes
) -> None:
    standing = offered(artist, drawings)
    artist.rights.mint("collection", drawings)
    token = artist.rights.token("collection", drawings)
    artist.rights.schedule(token, stranger.address, AfterTime(2**40), timedelta(days=1))
    artist.market.delegate(stranger.address)
    for seller in (artist, stranger):
        with pytest.raises(ContractReverted, match=r"LicenseMarket_Locked.*its rights wait"):
            offered(seller, drawings, 1)
    cheaper = artist.market.draft("collection", drawings, 1, TRAIN)
    with pytest.raises(ContractReverted, match="LicenseMarket_Locked"):
        artist.market.offer(cheaper, replaces=artist.market.key(standing))
    buyer.market.buy(standing)
    artist.market.end(artist.market.key(standing))
    assert "ended" in buyer.market.problem(standing)


def train(developer: Kiseki, terms: Terms, collection: Prepared, name: bytes) -> bytes:
    manifest = Manifest({collection.id: [(item.id, 1) for item in collection.items]})
    return developer.models.register(keccak256(name), terms, manifest=manifest).id


def test_unlicensed_training_is_refused_and_licensed_is_registered(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, folder: Folder
) -> None:
    asked = artist.data.define_terms("train", royalty="20%", gate=artist.market.address)
    drawings = artist.data.prepare(folder("art", {"1.svg": b"1"}), asked)
    artist.data.register(drawings)
    offer = offered(artist, drawings.id, lasts=timedelta(days=1))
    terms = developer.data.define_terms("train", "0%")
    with pytest.raises(ContractReverted, match="DataRegistry_GateClosed"):
        train(developer, terms, drawings, b"first")
    developer.market.buy(offer)
    model = train(developer, terms, drawings, b"first")
    k.wait(2 * 86_400)
    with pytest.raises(ContractReverted, match="DataRegistry_GateClosed"):
        train(developer, terms, drawings, b"second")
    assert developer.index.model(model).developer == developer.address.lower(), "the old one stands"


def test_tokens_are_approved_for_exactly_what_it_costs(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, drawings: bytes
) -> None:
    coin = k.test_token()
    k.mint(coin, buyer.address, 5000)
    offer = offered(artist, drawings, 2000, token=coin)
    buyer.market.buy(offer)
    assert (buyer.balance(coin), artist.balance(coin)) == (3000, 2000)
    assert buyer.market.licences()[0].until == {TRAIN: FOREVER}


def test_only_named_buyers_buy(
    artist: Kiseki, buyer: Kiseki, developer: Kiseki, drawings: bytes
) -> None:
    named = [developer.address, artist.address, "0x" + "12" * 20]
    offer = offered(artist, drawings, 10, buyers=named)
    with pytest.raises(InvalidInput, match="not among those who may buy"):
        buyer.market.buy(offer, buyers=named)
    with pytest.raises(InvalidInput, match="it is for other buyers; nothing was sent"):
        buyer.market.buy(offer)
    developer.market.buy(offer, buyers=named)
    assert developer.market.is_allowed("collection", drawings, developer.address, TRAIN)


def test_what_cannot_be_bought_says_why(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, drawings: bytes
) -> None:
    never = artist.market.draft("collection", drawings, 5, TRAIN)
    assert "never offered" in buyer.market.problem(never)
    first = offered(artist, drawings, 10, supply=1)
    assert not buyer.market.problem(first)
    buyer.market.buy(first)
    assert "are sold" in buyer.market.problem(first)
    second = offered(artist, drawings, 20, until=timedelta(days=1))
    third = artist.market.draft("collection", drawings, 30, TRAIN)
    artist.market.offer(third, replaces=artist.market.key(first))
    assert [each.offer for each in buyer.market.offers()] == [second, third]
    k.wait(2 * 86_400)
    assert "has passed" in buyer.market.problem(second)
    artist.market.end(artist.market.key(third))
    assert "ended" in buyer.market.problem(third)
    assert buyer.market.offers() == []
    assert len(buyer.market.offers(all_=True)) == 3
    with pytest.raises(InvalidInput, match=r"cannot be bought: it was ended or replaced; nothing"):
        buyer.market.buy(third)
    with pytest.raises(NotInIndex):
        buyer.market.find(bytes(32))
    with pytest.raises(InvalidInput, match="at least one offer"):
        buyer.market.buy([])


def test_the_rights_holder_offers_and_an_offer_lapses_with_them(
    artist: Kiseki, buyer: Kiseki, stranger: Kiseki, drawings: bytes
) -> None:
    offer = offered(artist, drawings)
    artist.rights.mint("collection", drawings)
    artist.rights.transfer(artist.rights.token("collection", drawings), stranger.address)
    assert "another holder" in buyer.market.problem(offer)
    with pytest.raises(ContractReverted, match="LicenseMarket_NotHolder"):
        offered(artist, drawings)
    stranger.market.delegate(artist.address)
    again = offered(artist, drawings)
    assert buyer.market.find(buyer.market.key(again)).owner == stranger.address.lower()


def test_many_at_once_passing_over_what_is_gone(
    artist: Kiseki, buyer: Kiseki, folder: Folder
) -> None:
    offers = [offered(artist, gated(artist, folder, f"art{i}"), 100) for i in range(4)]
    artist.market.end(artist.market.key(offers[2]))
    with pytest.raises(InvalidInput, match="nothing was sent"):
        buyer.market.buy(offers)
    before = artist.balance()
    bought = buyer.market.buy(offers, skip=True)
    assert artist.balance() == before + 300
    assert len(bought.licences) == 3
    assert bought.skipped == {buyer.market.key(offers[2]): "it was ended or replaced"}
    assert len(bought.receipts) == 1


def test_a_models_licence_lets_a_creator_register_outputs_and_pays_the_artists(
    artist: Kiseki, developer: Kiseki, creator: Kiseki, buyer: Kiseki, folder: Folder
) -> None:
    open_ = artist.data.define_terms("train", royalty="20%")
    drawings = artist.data.prepare(folder("open", {"1.svg": b"1"}), open_)
    artist.data.register(drawings)
    terms = developer.data.define_terms("train", royalty="10%", gate=developer.market.address)
    model = train(developer, terms, drawings, b"model")
    made = creator.outputs.prepare(folder("out", {"1.png": b"out"}), models=[model])
    with pytest.raises(ContractReverted):
        creator.outputs.register(made)
    offer = developer.market.draft("model", model, 1000, Use.GENERATION)
    developer.market.offer(offer)
    buyer.market.buy(offer, creator.address)
    creator.outputs.register(made)
    before = artist.balance()
    buyer.revenue.claim(artist.address)
    assert artist.balance() == before + 200, "20% of gross, through the trace"
    buyer.market.buy(offer, creator.address)  # paid before, so it needs no opening
    assert (
        buyer.revenue.income(developer.index.split(developer.index.model(model).split).split)
        == 2000
    )


def test_who_wants_only_what_is_traced_buys_nothing_else(
    artist: Kiseki, developer: Kiseki, buyer: Kiseki, folder: Folder, drawings: bytes
) -> None:
    """A base model that is stated is good enough for others, and no problem of the offer."""
    asks = developer.data.define_terms("train", "0%", gate=developer.market.address)
    art = artist.data.prepare(
        folder("open", {"1.svg": b"1"}), artist.data.define_terms("train", "0%")
    )
    artist.data.register(art)
    stated = External(keccak256(b"base"), keccak256(b"where it came from"))
    lora = developer.models.register(b"l" * 32, asks, externals=[stated]).id
    traced = train(developer, asks, art, b"traced")
    of_data = offered(artist, drawings, 10)
    of_models = [
        developer.market.draft("model", each, 10, Use.GENERATION) for each in (lora, traced)
    ]
    for each in of_models:
        developer.market.offer(each)
    before = buyer.balance()
    with pytest.raises(
        InvalidInput, match=r"not wanted: its base models are stated.*nothing was sent"
    ):
        buyer.market.buy([of_data, *of_models], traced_only=True)
    assert buyer.balance() == before
    bought = buyer.market.buy([of_data, *of_models], traced_only=True, skip=True)
    assert set(bought.licences) == {buyer.market.key(each) for each in (of_data, of_models[1])}
    (why,) = bought.skipped.values()
    assert why.startswith("its base models are stated") and "nobody has checked" in why
    assert buyer.market.buy(of_models[0], traced_only=True, skip=True).receipts == ()
    assert buyer.market.buy(of_models[0]).licences


def test_a_sale_executes_what_it_makes_due(artist: Kiseki, buyer: Kiseki, drawings: bytes) -> None:
    artist.rights.mint("collection", drawings)
    token = artist.rights.token("collection", drawings)
    subject = token.to_bytes(32, "big")
    offer = offered(artist, drawings)
    record = artist.rights.scheduled(
        artist.rights.schedule(
            token, buyer.address, IncomeThreshold(subject, 1000), timedelta(days=1)
        )
    )
    buyer.market.buy(offer, executes=[record.id])
    assert buyer.rights.holder(token) == buyer.address


def test_what_a_licence_says_to_machines_is_checked_by_its_hash(
    artist: Kiseki, drawings: bytes
) -> None:
    licence = Licence(territory=["JP", "US-CA"], media=["streaming"], languages=["ja"], term="P2Y")
    offer = offered(artist, drawings, 5, licence=licence)
    assert Licence.from_json(licence.to_json(), offer.document) == licence
    with pytest.raises(InvalidInput, match="not the document that the offer names"):
        Licence.from_json(Licence().to_json(), offer.document)
