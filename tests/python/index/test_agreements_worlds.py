"""Offers, licences and conditional transfers, asked for all and for one party."""

import pytest

from kiseki.core import ids
from kiseki.errors import NotInIndex
from kiseki.index.answers.agreements import TokenRecord

from .diamond import TRAIN
from .world import ARTIST, BUYER, DATA, STRANGER, STUDIO, World, account, named


class Market(World):
    """Two collections, an offer for each, licences of both, and three conditional transfers."""

    def __init__(self) -> None:
        super().__init__()
        self.art = self.collection(ARTIST, TRAIN, ["sun"])
        self.film = self.collection(STUDIO, TRAIN, ["cut"])
        self.keys = [named("offer of art"), named("offer of film")]
        self.offer(self.art, self.keys[0])
        self.offer(self.film, self.keys[1])
        for key, group, who in (
            (0, self.art, BUYER), (1, self.film, BUYER), (0, self.art, STRANGER),
            (0, self.art, BUYER),
        ):  # fmt: skip
            self.next_block()
            args = {"offerId": self.keys[key], "subject": ids.subject(DATA, group)}
            self.log("LicenseMarket", "LicenceBought", **args, licensee=who, payer=BUYER,
                     licence=self.time << 32)  # fmt: skip
        self.log("LicenseMarket", "OfferEnded", offerId=self.keys[1])
        self.open = self.schedule(self.art, ARTIST, BUYER)
        self.done = self.schedule(self.film, STUDIO, ARTIST)
        self.log("RightsToken", "TransferExecuted", scheduleId=self.done, tokenId=1)
        self.strange = self.schedule(self.film, STUDIO, STRANGER)

    def schedule(self, group: bytes, holder: str, beneficiary: str) -> bytes:
        self.next_block()
        number, _ = self.token(DATA, group)
        key = named(f"schedule {self.block}")
        agreed = {
            "tokenId": number, "nonce": 1, "holder": holder, "beneficiary": beneficiary,
            "conditions": [{"check": account("after"), "data": b"soon"}], "deadline": 2**64 - 1,
        }  # fmt: skip
        args = {"scheduleId": key, "tokenId": number, "schedule": agreed}
        self.log("RightsToken", "TransferScheduled", **args, shares=1, total=4)
        return key


def test_a_rights_token_tells_what_it_stands_for_and_who_holds_it_last() -> None:
    """Before it is minted nobody holds it; a token that nobody put on record is not there."""
    world = World()
    art = world.collection(ARTIST, TRAIN, ["sun"])
    number = ids.subject(DATA, art)
    with pytest.raises(NotInIndex):
        world.index().agreements.token(number)
    world.reveal(DATA, art, ARTIST)
    before = world.index().agreements.token(number)
    assert before == TokenRecord(number, DATA.lower(), art, None, None, None, None)
    for who in (BUYER, STRANGER):
        world.transfer(DATA, art, who)
    assert world.index().agreements.token(number).holder == STRANGER.lower()


def test_licences_are_those_of_whom_and_what_is_asked() -> None:
    """Bought again they are one record; for whoever bought nothing there is none."""
    world = Market()
    ask = world.index().agreements.licences
    art, film = (ids.subject(DATA, group) for group in (world.art, world.film))
    assert [(each.subject, each.licensee, len(each.offers)) for each in ask()] == [
        (art, BUYER, 2), (film, BUYER, 1), (art, STRANGER, 1),
    ]  # fmt: skip
    every = ask()
    assert ask(licensee=BUYER) == [each for each in every if each.licensee == BUYER]
    assert ask(subject=art) == [each for each in every if each.subject == art]
    assert ask(licensee=STRANGER, subject=art) == [every[2]]
    assert ask(licensee=STRANGER, subject=film) == ask(licensee=STUDIO) == []


def test_schedules_are_those_of_a_party_and_open_ones_where_asked() -> None:
    world = Market()
    index = world.index()

    def told(**which: object) -> list[bytes]:
        return [each.id for each in index.agreements.schedules(**which)]  # type: ignore[arg-type]

    assert told() == [world.open, world.done, world.strange]
    assert told(open_only=True) == [world.open, world.strange]
    assert told(party=ARTIST) == [world.open, world.done], "as holder and as beneficiary"
    assert told(party=ARTIST, open_only=True) == [world.open]
    assert told(party=account("nobody")) == []
    record = index.agreements.schedule(world.done)
    assert (record.state, record.schedule.deadline, record.shares) == ("executed", 2**64 - 1, 1)
    assert record.ended_at == record.scheduled_at


def test_offers_tell_what_was_sold_and_whether_they_ended() -> None:
    world = Market()
    agreements = world.index().agreements
    art, film = agreements.offers()
    assert (art.key, art.sold, art.left, art.ended) == (world.keys[0], 3, 6, False)
    assert (film.key, film.sold, film.left, film.ended) == (world.keys[1], 1, 0, True)
    assert agreements.offers(film.subject) == [film] == [agreements.offer(film.key)]
    assert agreements.offers(named("nothing")) == []
