"""What rests on data, and how many works rest on consented data only, against plain counts."""

from collections import defaultdict
from fractions import Fraction

import pytest

from kiseki.core import ids
from kiseki.core.event import Event
from kiseki.index.answers.coverage import Coverage, coverage_of
from kiseki.index.answers.impact import Dependent, Impact, dependents_of, impact_of, received_by
from kiseki.index.store.tables import place_of

from .busy import busy
from .diamond import Diamond
from .test_money_properties import TOKENS
from .world import ARTIST, DATA, DAY, ETHER, STRANGER, World, named

SEEDS = range(5)
DECLARED = {"ModelSource": "collection", "BatchSource": "collection"}
BUILT = {"ModelParent": "parent", "BatchModel": "model"}


def registered(events: list[Event]) -> dict[bytes, Event]:
    """Model or batch -> its registration."""
    names = {"ModelRegistered": "model", "BatchRegistered": "batch"}
    return {e.args[names[e.name]]: e for e in events if e.name in names}


def rests(events: list[Event]) -> dict[bytes, set[bytes]]:
    """Model or batch -> what it declares itself."""
    found: defaultdict[bytes, set[bytes]] = defaultdict(set)
    for event in events:
        source = (DECLARED | BUILT).get(event.name)
        if source:
            group = event.args["batch" if event.name.startswith("Batch") else "model"]
            found[group].add(event.args[source])
    return {group: found[group] for group in registered(events)}


def under(group: bytes, declared: dict[bytes, set[bytes]]) -> set[bytes]:
    """Everything a model or batch rests on."""
    direct = declared.get(group, set())
    return direct.union(*(under(each, declared) for each in direct))


def expected(events: list[Event], data: bytes) -> list[Dependent]:
    declared, found = rests(events), []
    for group, event in registered(events).items():
        if data in under(group, declared):
            kind = "model" if event.name == "ModelRegistered" else "batch"
            who = event.args["developer" if kind == "model" else "creator"]
            at = place_of(event.block, event.position)
            direct = data in declared[group]
            between = [] if direct else [e for e in declared[group] if data in under(e, declared)]
            found.append(
                Dependent(at, kind, group, who, event.timestamp, direct, tuple(sorted(between)))
            )
    return sorted(found, key=lambda each: each.place)


def counted(dependents: list[Dependent]) -> Impact:
    kinds = [(each.kind, each.is_direct) for each in dependents]
    return Impact(
        models=kinds.count(("model", True)) + kinds.count(("model", False)),
        batches=kinds.count(("batch", True)) + kinds.count(("batch", False)),
        direct_models=kinds.count(("model", True)),
        direct_batches=kinds.count(("batch", True)),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_what_rests_on_data_is_what_the_events_declare(seed: int) -> None:
    """Promise 2. At a place in the middle it is what the events before that declare."""
    world, index = busy(seed)
    store = index._store
    cut = place_of(*world.cut)
    earlier = [e for e in world.events if place_of(e.block, e.position) <= cut]
    for data in [*world.providers, *world.ancestries, named("nothing")]:
        dependents = expected(world.events, data)
        assert dependents_of(store, data) == dependents
        assert impact_of(store, data) == counted(dependents)
        pages: list[Dependent] = []
        while page := dependents_of(store, data, pages[-1].place if pages else -1, most=2):
            assert len(page) <= 2
            pages += page
        assert pages == dependents
        then = expected(earlier, data)
        assert dependents_of(store, data, at=cut) == then
        assert impact_of(store, data, at=cut) == counted(then)


def test_nothing_rests_on_data_because_of_a_draft_that_was_never_registered() -> None:
    world = World()
    art = world.collection(ARTIST, Diamond().prices.popitem()[1])
    world.log_sources(named("a draft"), world.sources({art: 1}), STRANGER, world.time)
    world.log("ModelRegistry", "ModelParent", model=named("a draft"), parent=named("m"))
    store = world.index()._store
    assert impact_of(store, art) == impact_of(store, named("m")) == Impact(0, 0, 0, 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_came_in_for_data_is_the_sum_of_the_events(seed: int) -> None:
    world, index = busy(seed)
    store = index._store
    cut = place_of(*world.cut)
    for payee in [*world.payable, ids.subject(DATA, named("nothing"))]:
        whole, then = dict.fromkeys(TOKENS, 0), dict.fromkeys(TOKENS, 0)
        for event in world.events:
            if event.name in ("Deposited", "Claimed", "Resolved") and event.args["payee"] == payee:
                whole[event.args["token"]] += event.args["amount"]
                if place_of(event.block, event.position) <= cut:
                    then[event.args["token"]] += event.args["amount"]
        assert received_by(store, payee, TOKENS) == whole
        assert received_by(store, payee, TOKENS, at=place_of(world.block + 1)) == whole
        assert received_by(store, payee, TOKENS, at=cut) == then


@pytest.mark.parametrize("seed", SEEDS)
def test_a_work_is_covered_while_no_consent_under_it_has_ended(seed: int) -> None:
    """Promise 3: the same collections lapse as those that its lineage shows."""
    world, whole = busy(seed)
    for index, at in ((whole, None), (world.before(), place_of(*world.cut))):
        for later in (0, DAY, 31 * DAY):
            now = world.time + later
            works = [*index.registered("ModelRegistry")], [*index.registered("OutputRegistry")]
            covered = [
                sum(
                    not any(
                        node.lapsed
                        for node in index.lineage(work, now).nodes
                        if node.kind == "collection"
                    )
                    for work in groups
                )
                for groups in works
            ]
            told = coverage_of(whole._store, now, at)
            assert told == Coverage(len(works[0]), len(works[1]), *covered)


def test_the_share_that_is_covered_is_exact_and_none_of_nothing() -> None:
    world = Diamond()
    assert coverage_of(World().index()._store, 0).share is None
    world.revoke(world.film)
    plain = world.model("plain", {world.art: 1})
    store = world.index()._store
    assert coverage_of(store, world.time).share == 1, "the notice is not over"
    later = coverage_of(store, world.time + 31 * DAY)
    assert later.share == Fraction(1, 5), "only the model that does not rest on the film"
    assert plain in [each.id for each in dependents_of(store, world.art)]
    assert received_by(store, ids.subject(DATA, world.art), [ETHER]) == {ETHER: 0}
