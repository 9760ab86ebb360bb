"""Small worlds, event by event: what is rebuilt of them, and the records that are kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kiseki.chain.contract.artifacts import artifact
from kiseki.core import ids
from kiseki.core.ids import PART, Collection
from kiseki.core.terms import Terms
from kiseki.errors import IndexInconsistent, InvalidInput, NotInIndex
from kiseki.index import (
    Index,
)
from kiseki.index.facts import fold

from .diamond import TRAIN, Diamond
from .world import (
    ARTIST,
    DATA,
    DAY,
    DEVELOPER,
    ETHER,
    RIGHTS,
    STRANGER,
    STUDIO,
    SUITE,
    World,
    account,
    named,
)

# Rebuilding


def test_a_split_that_is_not_what_was_logged_stops_the_index() -> None:
    world = Diamond()
    *before, last = (each for each in world.events if each.name != "BatchPublished")
    changed = replace(last, args={**last.args, "split": named("another")})
    index = Index(SUITE.items())
    with pytest.raises(IndexInconsistent, match="disagree"):
        index.apply([*before, changed])
    assert index.block is None
    index.apply(world.events)
    assert index.batch(world.frames).split == world.income


def test_missing_events_are_said_to_be_missing() -> None:
    world = Diamond()
    index = Index(SUITE.items())
    kept = [each for each in world.events if each.name != "ModelSource"]
    with pytest.raises(IndexInconsistent, match="missing"):
        index.apply(kept)
    assert index.block is None
    index.apply(world.events)
    assert index.owed(ARTIST) == []


def test_another_transaction_in_the_same_place_is_a_reorganisation() -> None:
    world = Diamond()
    index = world.index()
    with pytest.raises(IndexInconsistent, match="reorganised"):
        index.apply([replace(world.events[3], transaction=named("other"))])


def test_events_of_other_contracts_are_passed_over() -> None:
    world = Diamond()
    world.deposit(world.income, 1)
    foreign = replace(world.events[-1], address=STRANGER, block=9999)
    index = world.index()
    index.apply([foreign])
    assert index.balance(ETHER).deposited == 1
    assert index.block == world.block


def test_drafts_of_strangers_and_abandoned_ones_do_not_disturb() -> None:
    world = Diamond()
    weights = {world.art: 7, world.film: 2}
    model = world.model_id("fought over", weights)
    fake = world.sources({world.film: 1})
    world.log_sources(model, fake, STRANGER, world.time)
    world.log_sources(model, fake, DEVELOPER, world.time)
    world.next_block(2 * DAY)
    world.log_sources(model, fake, STRANGER, world.time)
    assert world.model("fought over", weights, same_block=True) == model
    world.log_sources(model, fake, DEVELOPER, world.time)  # a draft begun afterwards
    collections = world.index().sources(model).collections
    assert [(each.id, each.weight) for each in collections] == sorted(weights.items())


@pytest.fixture(scope="module")
def crowd() -> tuple[World, list[bytes]]:
    world = World()
    terms = Terms.of("train", royalty="10%", floor="0.01%")
    free = Terms.of("train", "0%")
    made = [
        world.collection(account(f"artist {i}"), free if i % 5 == 0 else terms)
        for i in range(2 * PART + 50)
    ]
    return world, sorted(made)


@pytest.mark.parametrize("count", [PART, PART + 1, 2 * PART, 2 * PART + 50])
def test_models_of_many_parts_are_rebuilt(crowd: tuple[World, list[bytes]], count: int) -> None:
    made, collections = crowd
    world = World()
    world.__dict__.update({k: v.copy() if hasattr(v, "copy") else v for k, v in vars(made).items()})
    weights = {each: i + 1 for i, each in enumerate(collections[:count])}
    name = f"of {count}"
    model = world.model_id(name, weights)
    listed = world.sources(weights)
    drafted = (count - 1) // PART * PART
    world.next_block()
    begun = world.time
    for start in range(0, drafted, PART):
        world.log_sources(model, listed[start : start + PART], DEVELOPER, begun)
        world.next_block(60)
    world.model(name, weights, drafted=(drafted, begun))
    index = world.index()
    sources = index.sources(model)
    assert list(sources.collections) == listed
    declared = listed[0], listed[len(listed) // 2], listed[-1]
    assert [index.source(model, each.id) for each in declared] == list(declared)
    assert len(sources.parts) == -(-count // PART)


@pytest.mark.parametrize("count", [0, 3, PART])
def test_a_draft_of_the_same_second_beside_a_registration_without_one(
    crowd: tuple[World, list[bytes]], count: int
) -> None:
    made, collections = crowd
    world = World()
    world.__dict__.update({k: v.copy() if hasattr(v, "copy") else v for k, v in vars(made).items()})
    base = world.model("base", {collections[0]: 1})
    weights = dict.fromkeys(collections[-count:], 5) if count else {}
    model = world.model_id("x", weights, [base])
    world.next_block()
    world.log_sources(
        model,
        [Collection(each, named("i"), 1) for each in collections[:PART]],
        DEVELOPER,
        world.time,
    )
    world.model("x", weights, [base], same_block=True)
    assert [each.id for each in world.index().sources(model).collections] == sorted(weights)


# Records


def test_records_say_what_the_events_said() -> None:
    world = Diamond()
    index = world.index()
    art = index.collection(world.art)
    assert (art.provider, art.count, art.complete, art.revoked_at) == (ARTIST, 2, True, None)
    assert index.terms(art.terms_id) == TRAIN
    assert ids.collection_id(art.provider, art.root, art.terms_id) == world.art
    left = index.model(world.left)
    assert (left.developer, left.own_ppm, left.data_ppm) == (DEVELOPER, 250_000, 200_000)
    frames = index.batch(world.frames)
    assert frames.complete and frames.endorsed and frames.count == 2
    assert index.ancestry(world.left) == list(world.ancestries[world.left])
    assert [each.kind for each in index.find(named("sun"))] == ["collection"]
    shown = index.sources(world.left)
    assert ids.sources_hash(shown.parts, shown.models, shown.externals) == left.sources_hash
    assert shown.part(0) == shown.collections
    for ask in (index.collection, index.model, index.batch, index.terms, index.lineage):
        with pytest.raises(NotInIndex):
            ask(named("nothing"))


def test_a_list_is_complete_when_it_rebuilds_the_root() -> None:
    world = World()
    files = [f"file {i}" for i in range(9)]
    art = world.collection(ARTIST, TRAIN, files, publish=False)
    commitments = [named(each) for each in files]
    assert not world.index().collection(art).complete
    world.publish(art, ARTIST, commitments[5:])
    assert not world.index().collection(art).complete
    world.publish(art, ARTIST, commitments[:7])
    assert world.index().collection(art).complete


def test_consent_ends_with_the_notice_or_the_terms_whichever_is_first() -> None:
    world = World()
    until = datetime.fromtimestamp(world.time + 10 * DAY, UTC)
    terms = Terms.of("train", "0%", valid_until=until, notice=timedelta(days=3))
    art = world.collection(ARTIST, terms)
    assert world.index().collection(art).ends_at == int(until.timestamp()) + 1
    world.revoke(art, DAY)
    index = world.index()
    assert index.collection(art).revoked_at == world.time
    assert index.collection(art).ends_at == world.time + 3 * DAY
    late = world.collection(STUDIO, terms)
    world.revoke(late, 8 * DAY)
    assert world.index().collection(late).ends_at == int(until.timestamp()) + 1


def test_the_hand_made_logs_are_shaped_as_the_contracts_log() -> None:
    world = Diamond()
    world.reveal(DATA, world.art, ARTIST)
    world.transfer(DATA, world.art, STRANGER)
    world.set_payee(world.art, ids.subject(RIGHTS, ids.subject(DATA, world.art)))
    world.revoke(world.film)
    world.deposit(world.income, 1_000_000)
    world.claim_everything_of(STRANGER)
    seen = set()
    for event in world.events:
        abi = artifact(event.contract).abi
        (entry,) = [e for e in abi if e["type"] == "event" and e["name"] == event.name]
        assert [member["name"] for member in entry["inputs"]] == list(event.args)
        seen.add(event.name)
    assert len(seen) >= 15
    for contract, name in fold.READ:
        assert any(e.get("name") == name for e in artifact(contract).abi if e["type"] == "event")


def test_the_index_needs_every_address() -> None:
    with pytest.raises(InvalidInput, match="RightsToken"):
        Index((name, at) for name, at in SUITE.items() if name != "RightsToken")
