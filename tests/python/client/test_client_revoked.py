"""A buyer is told which items are revoked before anything is spent. Nothing is sent before it was
shown in words; a licence of a collection is sold though its items are revoked (ILicenseMarket)."""

from datetime import timedelta

import pytest

from kiseki import Kiseki, LocalKiseki, Manifest, Use
from kiseki.client.data.prepared import Prepared
from kiseki.core import ids
from kiseki.core.days import utc
from kiseki.core.keccak import keccak256
from kiseki.core.offer import Offer
from kiseki.core.terms import IRREVOCABLE
from kiseki.errors import InvalidInput

from ..conftest import Folder

TRAIN = Use.AI_GENERATIVE_TRAINING
DAY = 86_400


def sold(
    artist: Kiseki, folder: Folder, name: str = "art", *, publish: bool = True,
    notice: timedelta = timedelta(days=90),
) -> tuple[Prepared, Offer]:  # fmt: skip
    """A collection of three drawings behind the market, and an offer of it."""
    terms = artist.data.define_terms("train", "0%", gate=artist.market.address, notice=notice)
    made = artist.data.prepare(
        folder(name, {f"{n}.svg": f"{name}{n}".encode() for n in "123"}), terms
    )
    artist.data.register(made, publish=publish)
    offer = artist.market.draft("collection", made.id, 1000, TRAIN, lasts=timedelta(days=30))
    artist.market.offer(offer)
    return made, offer


def revoke(
    k: LocalKiseki, artist: Kiseki, made: Prepared, *numbers: int, unpublished: bool = False
) -> list[int]:
    """When each was revoked, a day apart."""
    times: list[int] = []
    for number in numbers:
        artist.data.revoke_item(made.items[number].commitment, unpublished=unpublished)
        times.append(k.session.w3.eth.get_block("latest")["timestamp"])
        k.wait(DAY)
    return times


def sent(buyer: Kiseki) -> int:
    return buyer.session.w3.eth.get_transaction_count(buyer.address)  # type: ignore[arg-type]


def test_how_many_items_are_revoked_and_since_when_is_shown_and_does_not_stop_buying(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, folder: Folder
) -> None:
    made, offer = sold(artist, folder)
    assert "revoked" not in buyer.market.shown(offer)
    first, last = revoke(k, artist, made, 0, 2)
    said = buyer.market.shown(offer)
    assert said.startswith(f"{buyer.address} may use it at least")
    assert "2 of the 3 items are revoked." in said
    assert f"Notice was given from {utc(first)} to {utc(last)}." in said
    assert "Consent to an item ends 90 days after its notice." in said
    assert not buyer.market.problem(offer)
    assert buyer.market.buy(offer).licences


def test_where_every_item_is_revoked_only_the_word_buys(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, folder: Folder
) -> None:
    made, offer = sold(artist, folder)
    _, good = sold(artist, folder, "good")
    first, _, last = revoke(k, artist, made, 0, 1, 2)
    why = f"3 of the 3 items are revoked. Notice was given from {utc(first)} to {utc(last)}"
    assert why in buyer.market.problem(offer)
    assert why in buyer.market.shown(offer), "whoever says the word is told too"
    before, held = sent(buyer), buyer.balance()
    for for_whom in (None, artist.address):
        with pytest.raises(
            InvalidInput, match=r"cannot be bought: no item .*revoked=True.*nothing"
        ):
            buyer.market.buy([good, offer], for_whom)
    assert (sent(buyer), buyer.balance()) == (before, held)
    bought = buyer.market.buy([good, offer], skip=True)
    assert list(bought.licences) == [buyer.market.key(good)]
    assert why in bought.skipped[buyer.market.key(offer)]
    assert not buyer.market.problem(offer, revoked=True)
    assert buyer.market.buy(offer, revoked=True).licences
    with pytest.raises(InvalidInput, match="no item of the collection"):
        buyer.market.buy(offer)  # a renewal is a purchase like any other


def test_a_log_that_does_not_show_all_items_is_no_answer(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, folder: Folder
) -> None:
    made, offer = sold(artist, folder, publish=False)
    unsure = "The log does not show all of the 3 items, so more may be revoked."
    revoke(k, artist, made, 0, 1, 2, unpublished=True)
    assert unsure in buyer.market.shown(offer)
    assert not buyer.market.problem(offer), "nobody can know it, so it is said and stops nothing"
    artist.data.publish(made)
    assert unsure not in buyer.market.shown(offer)
    assert "3 of the 3 items" in buyer.market.problem(offer)


def test_under_irrevocable_terms_revoked_items_count_for_nothing(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, folder: Folder
) -> None:
    made, offer = sold(artist, folder, notice=IRREVOCABLE)
    revoke(k, artist, made, 0, 1, 2)
    assert "revoked" not in buyer.market.shown(offer)
    assert not buyer.market.problem(offer)


def test_a_models_licence_says_which_of_its_sources_were_revoked(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, buyer: Kiseki, folder: Folder
) -> None:
    terms = artist.data.define_terms("train", "0%", notice=timedelta(days=90))
    made = artist.data.prepare(folder("open", {"1.svg": b"1"}), terms)
    artist.data.register(made)
    manifest = Manifest({made.id: [(each.id, 1) for each in made.items]})
    gated = developer.data.define_terms("train", "0%", gate=developer.market.address)
    model = developer.models.register(keccak256(b"w"), gated, manifest=manifest).id
    offer = developer.market.draft("model", model, 1000, Use.GENERATION)
    developer.market.offer(offer)
    assert "revoked" not in buyer.market.shown(offer)
    revoke(k, artist, made, 0)
    assert "1 item of the collection" in buyer.market.shown(offer)
    artist.data.revoke(made.id)
    assert "revoked the collection" in buyer.market.shown(offer)
    assert buyer.market.buy(offer).licences, "what rests on it stays authorised"


def test_who_trains_is_told_of_the_revoked_items_of_the_manifest_and_no_others(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, folder: Folder
) -> None:
    made, _ = sold(artist, folder, publish=False)  # known by ID, so no log is needed
    keys = ids.item_ids(artist.address, [each.commitment for each in made.items])
    revoke(k, artist, made, 0, unpublished=True)
    (said,) = developer.models.may_be_gone(Manifest({made.id: sorted((i, 1) for i in keys)}))
    assert "1 of the 3 items is revoked. Notice was given on" in said
    assert not developer.models.may_be_gone(Manifest({made.id: [(keys[1], 1)]}))
