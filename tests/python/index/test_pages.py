"""Pages of any size are the whole list, and events that come later move no row (invariant 10)."""

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import Any

import pytest

from kiseki.core import ids
from kiseki.core.split import Split
from kiseki.errors import NotInIndex
from kiseki.index import Index

from .busy import busy
from .test_agreements_worlds import Market
from .test_cost_of_questions import CHEAP, Tall, counted, steps_of
from .world import ARTIST, BUYER, DATA, STRANGER, STUDIO, SUITE, named

REGISTRIES = ("DataRegistry", "ModelRegistry", "OutputRegistry")
ID, KEY, CURSOR = attrgetter("id"), attrgetter("key"), attrgetter("cursor")


def check(
    whole: list[Any], ask: Callable[..., list[Any]], last: Callable[[Any], Any], first: Any = None
) -> None:
    """Walks through pages of each size."""
    for most in (1, 2, 3, 1000):
        pages: list[Any] = []
        while page := ask(after=last(pages[-1]) if pages else first, most=most):
            assert len(page) <= most
            pages += page
            assert len(pages) <= len(whole)
        assert pages == whole


@pytest.mark.parametrize("seed", range(3))
def test_pages_are_the_whole(seed: int) -> None:
    world, index = busy(seed)
    for name in REGISTRIES:
        whole = index.registered(name)
        check(whole, partial(index.registered, name), bytes)
        assert whole
    for who in (*world.people, STRANGER):
        mine = index.registered("DataRegistry", who)
        check(mine, partial(index.registered, "DataRegistry", who), bytes)
        check(index.collections(who), partial(index.collections, who), ID)
        for deep in (False, True):
            check(index.usage(who, deep), partial(index.usage, who, deep), CURSOR, b"")
    for group in world.providers:
        check(index.uses(group, deep=True), partial(index.uses, group, True), CURSOR, b"")
    splits = index.splits()
    assert len(splits) > len(world.given)
    check(splits, index.splits, KEY)


def test_pages_of_agreements_are_the_whole() -> None:
    world = Market()
    ask = world.index().agreements
    for subject in (None, ids.subject(DATA, world.art), named("nothing")):
        check(ask.offers(subject), partial(ask.offers, subject), KEY)
    for party in (None, ARTIST, STRANGER):
        for only in (False, True):
            schedules = partial(ask.schedules, open_only=only, party=party)
            check(schedules(), schedules, ID)
    assert len(ask.offers()) == 2 and len(ask.schedules()) == 3


def test_a_page_goes_on_where_it_was_whatever_came_in_between() -> None:
    world = Tall(4, 3)
    index = world.index()
    rows, splits = index.usage(ARTIST, True, most=3), index.splits(most=3)
    collections = index.registered("DataRegistry", most=2)
    rest = index.usage(ARTIST, True)[3:], index.splits()[3:], index.registered("DataRegistry")[2:]
    made = world.collection(ARTIST, CHEAP, ["new"])
    world.model("new", {made: 1, world.art[1]: 1}, terms=CHEAP)
    index.apply(world.events)
    index.add_split(Split([(ids.wallet(BUYER), 1), (ids.wallet(STUDIO), 1)]))
    assert index.usage(ARTIST, True, rows[-1].cursor)[: len(rest[0])] == rest[0]
    assert index.splits(splits[-1].key)[: len(rest[1])] == rest[1]
    assert index.registered("DataRegistry", after=collections[-1]) == [*rest[2], made]
    assert len(index.usage(ARTIST, True)) > len(rows) + len(rest[0])


def test_what_is_not_there_cannot_begin_a_page() -> None:
    """As after a reorganisation that took it back."""
    index = busy(0)[1]
    nobody = named("nobody's")
    for ask in (
        lambda: index.registered("ModelRegistry", after=nobody),
        lambda: index.splits(nobody),
        lambda: index.agreements.offers(after=nobody),
        lambda: index.agreements.schedules(after=nobody),
    ):
        with pytest.raises(NotInIndex, match="begin with the first page"):
            ask()


def test_a_page_costs_no_more_however_much_follows() -> None:
    registered, uses = [], []
    for models in (3, 30):
        world = Tall(4, models)
        for i in range(10 * models):
            world.collection(STRANGER, CHEAP, [f"another {i}"])
        index = world.index()
        registered.append(steps_of(index, partial(index.registered, "DataRegistry", most=3)))
        ask = partial(index.uses, world.art[0], False, most=2)
        ask()
        with counted(index) as sent:
            uses.append(steps_of(index, ask))
        assert len(sent) <= 5
    for few, many in (registered, uses):
        assert 20 < many < few * 1.1 + 20


def test_in_postgresql_the_pages_are_the_same(postgres: str) -> None:
    world, index = busy(1)
    other = Index(SUITE.items(), postgres)
    other.apply(world.events)
    for each in world.given:
        other.add_split(each)
    for who in world.people:
        check(index.usage(who, True), partial(other.usage, who, True), CURSOR, b"")
        check(index.usage(who), partial(other.usage, who), CURSOR, b"")
    check(index.splits(), other.splits, KEY)
    for name in REGISTRIES:
        check(index.registered(name), partial(other.registered, name), bytes)
    other.close()
