"""What used something last, against plain walks over the events (promise 2), and its cost."""

from __future__ import annotations

from functools import partial

import pytest

from kiseki.core import ids
from kiseki.core.event import Event
from kiseki.core.terms import Terms
from kiseki.index.answers.newest import NewUse, newest_uses
from kiseki.index.store.tables import place_of

from .busy import busy
from .test_cost_of_questions import counted, steps_of
from .test_impact_and_coverage import registered, rests
from .world import ARTIST, STRANGER, STUDIO, World, named

SEEDS = range(5)
TRAIN = Terms.of("train", royalty="1%")


def expected(events: list[Event], key: bytes, owners: dict[bytes, str]) -> list[NewUse]:
    """What declares something itself, or something of a wallet; the newest first."""
    declared, found = rests(events), []
    for group, event in registered(events).items():
        things = declared[group]
        if key in things or key in {ids.wallet(owners[each]) for each in things if each in owners}:
            kind = "model" if event.name == "ModelRegistered" else "batch"
            who = event.args["developer" if kind == "model" else "creator"]
            at = place_of(event.block, event.position)
            found.append(NewUse(at, kind, group, who, event.timestamp, event.transaction))
    return sorted(found, key=lambda each: -each.place)


@pytest.mark.parametrize("seed", SEEDS)
def test_new_uses_are_what_the_events_declare_the_newest_first(seed: int) -> None:
    """Of a collection, a model and a wallet; and at a place in the middle."""
    world, index = busy(seed)
    store = index._store
    models = {
        e.args["model"]: e.args["developer"] for e in world.events if e.name == "ModelRegistered"
    }
    owners = world.providers | models
    cut = place_of(*world.cut)
    earlier = [e for e in world.events if place_of(e.block, e.position) <= cut]
    met = 0
    for key in [*owners, named("nothing"), *map(ids.wallet, {*owners.values(), STRANGER})]:
        uses = expected(world.events, key, owners)
        met += len(uses)
        assert newest_uses(store, key) == uses
        pages: list[NewUse] = []
        while page := newest_uses(store, key, pages[-1].place if pages else None, most=2):
            assert len(page) <= 2
            pages += page
        assert pages == uses
        assert newest_uses(store, key, at=cut) == expected(earlier, key, owners)
    assert met > 10


def used(times: int) -> tuple[World, bytes, bytes]:
    """A collection and a model, each used so often."""
    world = World()
    art = world.collection(ARTIST, TRAIN, ["a"])
    base = world.model("base", {art: 1}, terms=TRAIN)
    for number in range(times):
        world.model(f"on data {number}", {art: 1 + number}, terms=TRAIN)
        world.batch([f"frame {number}"], [base])
        world.next_block()
    return world, art, base


def test_a_page_costs_the_same_however_much_was_used_before() -> None:
    costs = []
    for times in (12, 240):
        world, art, base = used(times)
        index = world.index()
        store = index._store
        owner = ids.wallet(ARTIST)
        for key in (art, base, owner):
            assert len(newest_uses(store, key, most=5)) == 5
        asked: list[tuple[bytes, int | None]] = [
            (key, None) for key in (art, base, owner, ids.wallet(STUDIO))
        ]
        asked += [(key, newest_uses(store, key, most=5)[-1].place) for key in (art, base, owner)]
        costs.append([steps_of(index, partial(newest_uses, store, *each, 5)) for each in asked])
        with counted(index) as statements:
            newest_uses(store, art, most=5)
        assert len(statements) <= 3
    few, many = costs
    assert min(few) > 20
    for once, often in zip(few, many, strict=True):
        assert often < once * 1.2 + 60, (few, many)


def test_what_a_reorganisation_took_back_was_never_used() -> None:
    world, art, base = used(4)
    index = world.index()
    store = index._store
    before = {key: newest_uses(store, key) for key in (art, base, ids.wallet(ARTIST))}
    last = before[art][0].place >> 20
    assert index.undo(last)
    for key, uses in before.items():
        assert newest_uses(store, key) == [each for each in uses if each.place >> 20 < last]
    assert newest_uses(store, art) != before[art]


def test_a_draft_that_was_never_registered_uses_nothing() -> None:
    world = World()
    art = world.collection(ARTIST, TRAIN, ["a"])
    world.log_sources(named("a draft"), world.sources({art: 1}), STRANGER, world.time)
    world.log("ModelRegistry", "ModelParent", model=named("a draft"), parent=named("m"))
    store = world.index()._store
    for key in (art, named("m"), ids.wallet(ARTIST)):
        assert newest_uses(store, key) == []
