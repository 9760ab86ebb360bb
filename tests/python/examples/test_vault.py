"""The demo's vault, with a few drawings: who gets what, and what its checks rest on (promise 6)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from examples.openmoji import vault
from examples.openmoji.drawings import Drawing
from examples.openmoji.handing import hand_out
from examples.openmoji.steps import documents, output_files
from examples.openmoji.vault import Keeping
from examples.openmoji.world import CREATOR, SECOND_DEVELOPER, TUNED_ON, World

from kiseki import Kiseki, Manifest, Use


@pytest.fixture
def keeping() -> Iterator[Keeping]:
    with vault.made() as kept:
        yield kept


@pytest.fixture
def world(keeping: Keeping, tmp_path: Path, drawings: list[Drawing]) -> Iterator[World]:
    hers = [each for each in drawings if each.author == TUNED_ON][:3]
    with Kiseki.local(secrets=keeping.vault.keys) as k:
        made = World(k, hers, tmp_path)
        artist, creator = made.artists[TUNED_ON], k.wallet(CREATOR)
        open_to_all = k.data.define_terms("train", royalty="20%")
        prepared = artist.data.prepare([each.path for each in hers], open_to_all)
        k.data.register(prepared, consent=artist.data.consent(prepared))
        made.collections[TUNED_ON] = prepared
        vault.keep(made, keeping, lambda *_: None)
        files = output_files(made)
        files[0].parent.mkdir()
        for number, each in enumerate(files):
            each.write_bytes(b"picture %d" % number)
        terms = creator.data.define_terms(
            "train", royalty="10%", gate=creator.market.address, notice=timedelta(days=30)
        )
        sold = creator.data.prepare(files, terms)
        creator.data.register(sold)
        made.sold, made.collections["pictures"] = sold.id, sold
        documents(made).mkdir()
        offer = creator.market.draft(
            "collection", sold.id, 1, Use.AI_GENERATIVE_TRAINING, lasts=timedelta(days=30)
        )
        creator.market.offer(offer)
        k.wallet(SECOND_DEVELOPER).market.buy(offer)
        yield made


def declare(world: World) -> None:
    """The developer registers a model on all pictures."""
    developer = world.k.wallet(SECOND_DEVELOPER)
    sold = [each.id for each in world.collections["pictures"].items]
    developer.models.register(
        hashlib.sha256(b"weights").digest(), developer.data.define_terms("train", royalty="5%"),
        manifest=Manifest({world.sold: dict.fromkeys(sold, 1)}),
    )  # fmt: skip


def test_who_has_a_right_is_given_content_and_the_logs_show_all_of_it(
    world: World, keeping: Keeping
) -> None:
    act, (given, audited) = hand_out(world, keeping)
    assert given.ok
    said = " ".join(scene.sentence for scene in act.scenes)
    assert "is told: this vault has nothing for you" in said
    assert "48 receipts for the developer" in said and "3 receipts for herself" in said
    assert not audited.ok, "no model declares what the developer had"


def test_of_what_is_declared_the_audit_asks_nothing(world: World, keeping: Keeping) -> None:
    declare(world)
    _, checks = hand_out(world, keeping)
    assert all(each.ok for each in checks)
