"""Receipts of a vault held against manifests and licences, on a real chain."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.python.vault.keeping import Key, vault_of

from kiseki import Kiseki, LocalKiseki, Manifest, Use
from kiseki.chain.signing.accounts import local_account
from kiseki.client.documents import Documents
from kiseki.client.session import Session
from kiseki.client.vault.asking import OnChain
from kiseki.client.vault.audit import Audit, Finding, Kind, Rests, audit
from kiseki.errors import VaultError
from kiseki.vault.handing.handout import HandOuts
from kiseki.vault.handing.ledger import Ledger
from kiseki.vault.handing.receipts import Basis, Receipt
from kiseki.vault.handing.rules import NotGiven
from kiseki.vault.objects.adding import Item
from kiseki.vault.objects.envelope import Called
from kiseki.vault.objects.sources import Held
from kiseki.vault.published import Published

TRAIN = Use.AI_GENERATIVE_TRAINING
DAY = 86_400


class World:
    """A vault of one artist, and a collection in it that can be bought."""

    def __init__(self, k: LocalKiseki, folder: Path) -> None:
        self.k, self.folder, self.key = k, folder, Key()
        self.vault = vault_of(folder / "store", folder / "objects", self.key)
        self.artist = Kiseki(Session(k.session.node), local_account(1), self.vault.keys)
        self.handouts = HandOuts(
            self.vault.keys.database, self.vault.ledger, self.vault.shelf, OnChain(k.session, 1),
            clock=k.session.now,
        )  # fmt: skip
        self.published = folder / "published"
        self.published.mkdir()
        self.collection, self.items = self.register("art", 3)

    def register(self, name: str, count: int, gated: bool = True) -> tuple[bytes, list[bytes]]:
        contents = [f"{name} {number}".encode() for number in range(count)]
        made = self.folder / name
        made.mkdir()
        for number, each in enumerate(contents):
            (made / f"{number}.svg").write_bytes(each)
        terms = self.artist.data.define_terms(
            "train", royalty="20%", gate=self.artist.market.address if gated else None
        )
        kept = self.artist.data.register(made, terms)
        items = [
            Item(Held(each, name), hashlib.sha256(each).digest(), Called(name)) for each in contents
        ]
        self.vault.add(self.artist.address, items)
        return kept.id, self.vault.shelf.all_of(kept.id)

    def license(self, to: Kiseki, days: int) -> None:
        offer = self.artist.market.draft(
            "collection", self.collection, 1_000, TRAIN, lasts=timedelta(days=days)
        )
        self.artist.market.offer(offer)
        to.market.buy(offer)

    def give(self, to: Kiseki, *items: bytes) -> list[Receipt]:
        out = self.handouts.begin(to.address, items, TRAIN)
        return [each.issued.salted.receipt for each in out.items]

    def train(self, by: Kiseki, *items: bytes, published: bool = True, of: bytes = b"") -> bytes:
        manifest = Manifest({of or self.collection: dict.fromkeys(items, 1)})
        asks = by.data.define_terms("train", royalty="5%")
        done = by.models.register(
            hashlib.sha256(b"".join(items)).digest(), asks, manifest=manifest,
            publish=self.published if published else None,
        )  # fmt: skip
        return done.id

    def audit(self, **other: Any) -> Audit:
        index = self.k.index
        given: dict[str, Any] = {
            "ledger": self.vault.ledger, "shelf": self.vault.shelf,
            "collections": [each.id for each in self.vault.keys.collections()], "index": index,
            "registry": self.k.session["DataRegistry"].address,
            "chain": self.k.session.chain_id, "documents": Documents(Published(self.published)),
        }  # fmt: skip
        return audit(**given | other)


@pytest.fixture
def world(k: LocalKiseki, tmp_path: Path) -> Iterator[World]:
    made = World(k, tmp_path)
    yield made
    made.vault.keys.close()


def kinds(done: Audit) -> list[tuple[Kind, str]]:
    return [(each.kind, each.wallet) for each in done.findings]


def test_of_an_honest_world_nothing_is_found(world: World, developer: Kiseki) -> None:
    world.license(developer, 20)
    world.give(developer, *world.items[:2])
    world.train(developer, *world.items[:2])
    world.handouts.begin(world.artist.address, world.items, TRAIN)  # one's own
    done = world.audit()
    assert (done.receipts, done.models, done.unknown, done.findings) == (5, 1, 0, ())
    assert done.is_clean


def test_what_was_had_and_is_declared_by_no_model_of_the_receiver_is_told(
    world: World, developer: Kiseki, stranger: Kiseki
) -> None:
    world.license(developer, 20)
    world.give(developer, *world.items)
    world.train(developer, world.items[0])
    done = world.audit()
    assert done.findings == (
        Finding(Kind.UNDECLARED, developer.address.lower(), world.collection,
                tuple(world.items[1:]), (), (1, 2), Rests.SIGNED, Rests.PROVED),
    )  # fmt: skip
    assert done.is_clean, "that is nothing against the vault"
    world.license(stranger, 20)
    world.train(stranger, world.items[1])  # another's model declares nothing for the developer
    (found, _) = world.audit().findings
    assert found.items == tuple(world.items[1:])
    assert world.audit(since=world.k.session.now() + 1).findings == ()


def test_without_a_manifest_a_model_that_names_the_collection_leaves_it_unknown(
    world: World, developer: Kiseki
) -> None:
    world.license(developer, 20)
    world.give(developer, *world.items)
    other, (one,) = world.register("other", 1, gated=False)
    world.train(developer, one, published=False, of=other)
    found = world.audit().findings
    assert [each.items for each in found if each.kind is Kind.UNDECLARED] == [tuple(world.items)]
    world.train(developer, world.items[0], published=False)
    done = world.audit()
    assert (done.unknown, Kind.UNDECLARED in [each.kind for each in done.findings]) == (2, False)
    # Of the other collection nothing was had, which needs no manifest to tell.
    assert [(each.collection, each.level) for each in done.findings] == [(other, "collection")]


def test_what_is_declared_and_was_never_had_here_is_told(
    world: World, developer: Kiseki, buyer: Kiseki
) -> None:
    world.license(developer, 20)
    world.license(buyer, 20)
    world.give(developer, *world.items[:2])
    model = world.train(developer, *world.items)
    without = world.train(buyer, *world.items[:1], published=False)
    done = world.audit()
    one, other = sorted(done.findings, key=lambda each: each.level, reverse=True)
    assert one == Finding(
        Kind.NEVER_HAD, developer.address.lower(), world.collection, (world.items[2],), (model,),
        (), Rests.TOLD, Rests.PROVED,
    )  # fmt: skip
    assert (other.wallet, other.items, other.models) == (buyer.address.lower(), (), (without,))
    assert done.is_clean


def test_what_was_had_after_the_licence_ended_speaks_against_the_vault(
    world: World, developer: Kiseki
) -> None:
    world.license(developer, 5)
    (real,) = world.give(developer, world.items[0])
    world.train(developer, *world.items)
    world.k.wait(6 * DAY)
    with pytest.raises(NotGiven):
        world.give(developer, world.items[1])
    # What the receipt says of its licence counts for nothing.
    ledger, now = world.vault.ledger, world.k.session.now()
    late = other_item(real, world, 1, until=now + 99 * DAY, block=block_of(world))
    ledger.issue([late], now)
    expected = Finding(
        Kind.UNLICENSED, developer.address.lower(), world.collection, (world.items[1],), (), (1,),
        Rests.SIGNED, Rests.PROVED,
    )  # fmt: skip
    done = world.audit()
    assert (done.findings[0], done.is_clean) == (expected, False)
    # A licence that is bought later does not cover the time between.
    world.license(developer, 20)
    assert world.audit().findings[0] == expected
    world.give(developer, world.items[2])
    assert world.audit().findings == (expected,)


def other_item(real: Receipt, world: World, number: int, **other: Any) -> Receipt:
    (item,) = world.vault.shelf.items([world.items[number]])
    assert item is not None
    return replace(real, item=item.id, commitment=item.commitment, **other)


def block_of(world: World) -> Any:
    answer = OnChain(world.k.session, 1).ask(world.artist.address.lower(), [], TRAIN)
    return answer.block


def test_whoever_was_given_something_without_any_right_is_found(
    world: World, developer: Kiseki, stranger: Kiseki
) -> None:
    """By no licence, by another use, by terms that were not open, and as a false provider."""
    world.license(developer, 20)
    (real,) = world.give(developer, world.items[0])
    free, (open_item,) = world.register("free", 1, gated=False)
    (item,) = world.vault.shelf.items([open_item])
    assert item is not None
    world.artist.data.revoke(free)
    me, now = stranger.address.lower(), world.k.session.now()
    block = block_of(world)
    opened = replace(
        real, item=item.id, commitment=item.commitment, collection=free, basis=Basis.OPENED,
        subject=None, until=now + 999 * DAY, block=block, caller=me,
    )  # fmt: skip
    wrong: Sequence[Receipt] = [
        replace(real, caller=me, block=block),
        replace(real, use=Use.COMMERCIAL_OUTPUT, block=block),
        replace(real, caller=me, basis=Basis.OPENED, subject=None, block=block),
        replace(real, collection=b"\x33" * 32, block=block),
    ]
    world.vault.ledger.issue([opened, *wrong], now)
    found = [each for each in world.audit().findings if each.kind is Kind.UNLICENSED]
    assert sorted(number for each in found for number in each.receipts) == [2, 3, 4, 5]
    # Open terms hold as long as their notice runs, and then no longer.
    world.k.wait(31 * DAY)
    later = world.k.session.now()
    world.vault.ledger.issue([replace(opened, block=block_of(world))], later)
    found = [each for each in world.audit().findings if each.collection == free]
    assert [each.receipts for each in found if each.kind is Kind.UNLICENSED] == [(6,)]


def test_what_cannot_be_told_is_no_answer(
    world: World, developer: Kiseki, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chain that was not read far enough, and a log with a gap, give none."""
    world.license(developer, 20)
    (real,) = world.give(developer, *world.items[:1])
    ahead = real.block._replace(number=10**6)
    world.vault.ledger.issue([replace(real, block=ahead)], real.at)
    with pytest.raises(VaultError, match="was read up to block"):
        world.audit()
    given = Ledger.given
    monkeypatch.setattr(Ledger, "given", lambda *asked: given(*asked)[1:])
    with pytest.raises(VaultError, match="lacks a receipt after number 0"):
        world.audit()


def test_receipts_of_another_chain_are_passed_over_and_counted(
    world: World, developer: Kiseki
) -> None:
    world.license(developer, 20)
    (real,) = world.give(developer, *world.items[:1])
    world.train(developer, world.items[0])
    world.vault.ledger.issue([replace(real, chain=1, caller="0x" + "77" * 20)], real.at)
    done = world.audit()
    assert (done.receipts, done.elsewhere, done.findings) == (2, 1, ())
