"""Which models a revocation touches, against plain walks over the events; pages, and costs."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from kiseki.core import ids
from kiseki.core.event import Event
from kiseki.core.terms import IRREVOCABLE, ITEM_NOTICE, Terms
from kiseki.core.withdrawal import WITHDRAWAL
from kiseki.errors import InvalidInput
from kiseki.index import Index
from kiseki.index.answers.resting import RestingModel, models_on
from kiseki.index.answers.withdrawals import (
    Of,
    Withdrawal,
    withdrawals_of,
)
from kiseki.index.store.tables import place_of

from .busy import busy
from .test_impact_and_coverage import registered, rests, under
from .world import ARTIST, DATA, DAY, DEVELOPER, MODELS, STRANGER, STUDIO, SUITE, World, named

SEEDS = range(6)
TRAIN = Terms.of("train", royalty="1%")


def place(event: Event) -> int:
    return place_of(event.block, event.position)


def everything(events: list[Event], world: World) -> list[dict[str, Any]]:
    """One row for each revocation, collection and model that rests on it."""
    declared, found = rests(events), []
    models = {
        each: event for each, event in registered(events).items() if event.name == "ModelRegistered"
    }
    ended: list[tuple[Event, bytes, bytes | None, int]] = []
    gone: set[bytes] = set()
    for event in events:
        if event.name == "CollectionRevoked":
            ended.append((event, event.args["collection"], None, place(event)))
        elif event.name == "ItemRevoked":
            who, commitment = event.args["provider"], event.args["commitment"]
            key = ids.item_id(who, commitment)
            if key in gone:
                continue
            gone.add(key)
            for other in events:
                if (
                    other.name == "CollectionPublished"
                    and other.args["provider"] == who
                    and commitment in other.args["commitments"]
                ):
                    known = max(place(event), place(other))
                    ended.append((event, other.args["collection"], key, known))
    for event, collection, item, known in ended:
        terms = world.prices[collection]
        for model, made in models.items():
            below = under(model, declared)
            if collection not in below:
                continue
            notice = max(terms.notice_seconds, ITEM_NOTICE if item else 0)
            ends = event.timestamp + notice
            later = [
                each
                for each, other in models.items()
                if other.args["developer"] == made.args["developer"]
                and place(other) > place(event)
                and collection not in under(each, declared)
            ]
            found.append({
                "place": max(known, place(made)),
                "kind": "item" if item else "collection",
                "id": item or collection,
                "collection": collection,
                "provider": world.providers[collection],
                "revoked_at": event.timestamp,
                "ends_at": min(ends, terms.valid_until + 1) if terms.valid_until else ends,
                "transaction": event.transaction,
                "model": model,
                "developer": made.args["developer"],
                "registered_at": made.timestamp,
                "is_direct": collection in declared[model],
                "without": later[0] if later else None,
                "more_later": False,
            })  # fmt: skip
    return found


def told(row: Withdrawal) -> dict[str, Any]:
    names = (each for each in Withdrawal.__slots__ if each not in ("cursor", "known_at"))
    return {name: getattr(row, name) for name in names}


def same(rows: list[Withdrawal], expected: list[dict[str, Any]]) -> bool:
    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        return (row["place"], row["id"], row["collection"], row["model"])

    return sorted(map(told, rows), key=key) == sorted(expected, key=key)


def keys(world: World, rows: list[dict[str, Any]]) -> list[tuple[Of, Any, list[dict[str, Any]]]]:
    """Every question, and its answer."""
    asked: list[tuple[Of, Any, list[dict[str, Any]]]] = []
    for of, name in (
        ("developer", "developer"), ("provider", "provider"), ("model", "model"),
        ("collection", "collection"),
    ):  # fmt: skip
        wanted = {row[name] for row in rows} | {STRANGER if name in ("developer", "provider")
                                                else named("nothing")}  # fmt: skip
        asked += [(of, key, [e for e in rows if e[name] == key]) for key in wanted]  # type: ignore[misc]
    items = {row["id"] for row in rows if row["kind"] == "item"} | {named("nothing")}
    asked += [("item", key, [e for e in rows if e["id"] == key]) for key in items]
    return asked


def resting(events: list[Event]) -> dict[bytes, list[RestingModel]]:
    """Collection -> the models that rest on it."""
    declared, found = rests(events), defaultdict(list)
    for model, made in registered(events).items():
        if made.name == "ModelRegistered":
            for each in under(model, declared):
                found[each].append(RestingModel(
                    place(made), model, made.args["developer"], made.timestamp,
                    each in declared[model],
                ))  # fmt: skip
    return found


def compare(index: Index, world: World) -> int:
    store, expected, met = index._store, everything(world.events, world), 0
    for of, key, rows in keys(world, expected):
        found = withdrawals_of(store, of, key, most=1000)
        assert same(found, rows), (of, key)
        assert [each.place for each in found] == sorted(each.place for each in found)
        assert withdrawals_of(store, of, key, most=1000, newest=True) == found[::-1]
        for newest, most in ((False, 1), (False, 2), (False, 3), (True, 2)):
            pages: list[Withdrawal] = []
            while page := withdrawals_of(
                store, of, key, pages[-1].cursor if pages else b"", most=most, newest=newest
            ):
                assert len(page) <= most
                pages += page
            assert pages == (found[::-1] if newest else found)
        times = {event.block: event.timestamp for event in world.events}
        assert all(each.known_at == times[each.place >> 20] for each in found)
        met += len(found)
    for collection, models in resting(world.events).items():
        if collection not in world.providers:
            continue
        found_models: list[RestingModel] = []
        while some := models_on(
            store, collection, found_models[-1].place if found_models else -1, most=2
        ):
            found_models += some
        assert found_models == models
        for_all = {each.id: each for each in models}
        told = {(e.model, e.declares) for e in index.declaring(collection, for_all)}
        declared = rests(world.events)
        assert told == {
            (model, each) for model in for_all for each in {model, *under(model, declared)}
            if collection in declared.get(each, ())
        }  # fmt: skip
    return met


@pytest.mark.parametrize("seed", SEEDS)
def test_a_revocation_touches_what_the_events_say(seed: int) -> None:
    """Promise 2: of a developer, provider, model, collection and item, in pages, both ways."""
    world, index = busy(seed)
    assert compare(index, world) > 5


def test_the_same_on_postgres(postgres: str) -> None:
    world, _ = busy(1)
    index = Index(SUITE.items(), postgres)
    index.apply(world.events)
    assert compare(index, world) > 5
    index.close()


@pytest.mark.parametrize("seed", range(12))
def test_parts_of_a_collection_are_the_whole(seed: int) -> None:
    """However revocations, models and late logs are mixed, and wherever a part ends."""
    draw, world = Random(seed), World()
    items = [f"{i}" for i in range(8)]
    art = world.collection(ARTIST, TRAIN, items, publish=False)
    made = [world.model("first", {art: 1})]
    late, early = items[:5], items[5:]
    todo = ["log early", "log late", "whole", *(f"item {each}" for each in items), *["model"] * 9]
    for what in draw.sample(todo, len(todo)):
        if draw.random() < 0.7:
            world.next_block()
        if what.startswith("log"):
            world.publish(art, ARTIST, [named(e) for e in (late if "late" in what else early)])
        elif what == "whole":
            world.log("DataRegistry", "CollectionRevoked", collection=art, provider=ARTIST)
        elif what == "model":
            direct = draw.random() < 0.5
            bases = [] if direct else [draw.choice(made)]
            who = draw.choice([DEVELOPER, STUDIO])
            name = f"model {len(made)}"
            made.append(world.model(name, {art: 1} if direct else {}, bases, developer=who))
        else:
            world.log("DataRegistry", "ItemRevoked", provider=ARTIST, commitment=named(what[5:]))
    store = world.index()._store
    whole = withdrawals_of(store, "collection", art, most=1000, newest=True)[::-1]
    assert len(whole) == 9 * 10
    assert same(whole, [e for e in everything(world.events, world) if e["collection"] == art])
    for most in (1, 2, 3, 7, 1000):
        pages: list[Withdrawal] = []
        while page := withdrawals_of(
            store, "collection", art, pages[-1].cursor if pages else b"", most
        ):
            assert len(page) <= most
            pages += page
        assert pages == whole


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_no_row_comes_before_one_that_was_known(seed: int) -> None:
    """Whoever asks for what comes after the last row misses nothing, whenever they asked."""
    world, index = busy(seed)
    whole = withdrawals_of(index._store, "developer", DEVELOPER, most=1000)
    seen: list[bytes] = []
    last = b""
    for block in range(1, world.block + 1):
        with index.as_of(block) as then:
            page = withdrawals_of(then._store, "developer", DEVELOPER, last, most=1000)
        seen += [each.cursor for each in page]
        last = seen[-1] if seen else b""
    assert seen == [each.cursor for each in whole]


def test_a_model_of_the_notice_and_an_item_logged_late_are_touched_then() -> None:
    world = World()
    art = world.collection(ARTIST, TRAIN, ["a", "b"], publish=False)
    before = world.model("before", {art: 1})
    world.next_block()
    world.log("DataRegistry", "ItemRevoked", provider=ARTIST, commitment=named("a"))
    assert world.index().overview.withdrawals("collection", art) == []
    world.next_block()
    world.publish(art, ARTIST, [named("a"), named("b")])
    logged = world.block
    world.next_block()
    world.log("DataRegistry", "CollectionRevoked", collection=art, provider=ARTIST)
    ended = world.block
    after = world.model("after", {art: 1})
    other = world.collection(STUDIO, TRAIN, ["c"])
    clean = world.model("clean", {other: 1})
    found = world.index().overview.withdrawals("developer", DEVELOPER)
    assert [(e.place >> 20, e.kind, e.model) for e in found] == [
        (logged, "item", before), (ended, "collection", before),
        (world.block - 2, "item", after), (world.block - 2, "collection", after),
    ]  # fmt: skip
    assert {each.without for each in found} == {clean}


def test_an_item_of_terms_that_are_never_revoked_touches_nothing() -> None:
    world = World()
    lasting = Terms.of("train", royalty="1%", notice=IRREVOCABLE)
    art = world.collection(ARTIST, lasting, ["a"])
    world.model("model", {art: 1})
    world.next_block()
    world.log("DataRegistry", "ItemRevoked", provider=ARTIST, commitment=named("a"))
    assert world.index().overview.withdrawals("provider", ARTIST) == []


def test_only_a_developer_answers_of_its_own_model() -> None:
    """What strangers say is told elsewhere; of a developer the last answers, in their order."""
    world = World()
    art = world.collection(ARTIST, TRAIN, ["a"])
    mine, yours = world.model("mine", {art: 1}), world.model("yours", {art: 1}, developer=STUDIO)
    for i in range(5):
        for who in (DEVELOPER, STRANGER, STUDIO):
            world.log("Statements", "Stated", speaker=who, subject=ids.subject(MODELS, mine),
                      kind=WITHDRAWAL, document=named(f"{who} {i}"))  # fmt: skip
    world.log("Statements", "Stated", speaker=DEVELOPER, subject=ids.subject(MODELS, mine),
              kind=named("audit"), document=named("an audit"))  # fmt: skip
    world.log("Statements", "Stated", speaker=STUDIO, subject=ids.subject(DATA, yours),
              kind=WITHDRAWAL, document=named("of a collection"))  # fmt: skip
    said = world.index().said_by_developers({mine: DEVELOPER, yours: STUDIO}, WITHDRAWAL, 3)
    assert [each.document for each in said[mine]] == [named(f"{DEVELOPER} {i}") for i in (2, 3, 4)]
    assert said[yours] == []


def test_what_has_another_form_is_refused() -> None:
    store = World().index()._store
    for of, key, after in (
        ("developer", named("x"), b""), ("model", ARTIST, b""), ("batch", named("x"), b""),
        ("model", named("x"), b"12"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            withdrawals_of(store, of, key, after)  # type: ignore[arg-type]
    assert withdrawals_of(store, "model", named("x"), b"\xff" * 32) == []


def test_the_notice_of_an_item_is_seven_days_at_least() -> None:
    world = World()
    short = Terms.of("train", royalty="1%", notice=timedelta())
    art = world.collection(ARTIST, short, ["a"])
    world.model("model", {art: 1})
    world.next_block()
    world.log("DataRegistry", "ItemRevoked", provider=ARTIST, commitment=named("a"))
    world.next_block()
    world.log("DataRegistry", "CollectionRevoked", collection=art, provider=ARTIST)
    item, whole = world.index().overview.withdrawals("collection", art)
    assert item.ends_at - item.revoked_at == 7 * DAY
    assert whole.ends_at == whole.revoked_at
