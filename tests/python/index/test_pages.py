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
from kiseki.index.money import Money

from .busy import busy
from .test_agreements_worlds import Market
from .test_cost_of_questions import CHEAP, Tall, counted, steps_of
from .world import ARTIST, BUYER, DATA, STRANGER, STUDIO, SUITE, World, account, named

REGISTRIES = ("DataRegistry", "ModelRegistry", "OutputRegistry")
ID, KEY, CURSOR = attrgetter("id"), attrgetter("key"), attrgetter("cursor")
PLACE = attrgetter("place")


class Said(World):
    """One picture in collections and batches of several, a subject of which much is stated, a model
    whose manifest is shown to be false again and again, and licences that are bought again."""

    def __init__(self, times: int, others: int = 0) -> None:
        super().__init__()
        self.art = self.collection(ARTIST, CHEAP, ["sun", "moon"])
        self.base = self.model("base", {self.art: 1}, terms=CHEAP)
        self.subject = ids.subject(DATA, self.art)
        for i in range(others):
            self.say(STRANGER, named("another"), named("another model"))
            self.collection(STRANGER, CHEAP, [f"another {i}"])
            self.buy(named("another"), account(f"{i}"))
            self.buy(self.subject, account(f"{i}"))
        for i in range(times):
            self.collection(account(f"copy {i}"), CHEAP, ["sun", f"{i}"])
            self.batch(["sun", f"{i}"], [self.base])
            self.say(account(f"speaker {i % 2}"), self.subject, self.base)
            self.buy(named(f"subject {i}"), BUYER)
            self.buy(self.subject, account(f"buyer {i}"))
        for i in range(times):
            self.buy(self.subject, account(f"buyer {i}"))

    def say(self, who: str, subject: bytes, model: bytes) -> None:
        self.next_block()
        about = {"model": model, "collection": self.art, "challenger": who}
        self.log("Statements", "Stated", speaker=who, subject=subject, kind=named("audit"),
                 document=named("it"))  # fmt: skip
        self.log("Challenges", "OutOfOrder", **about, first=bytes(32), second=bytes(32))

    def buy(self, subject: bytes, licensee: str) -> None:
        self.next_block()
        args = {"offerId": named("offer"), "subject": subject, "licensee": licensee}
        self.log("LicenseMarket", "LicenceBought", **args, payer=BUYER, licence=self.time << 32)

    def lists(self, index: Money) -> dict[str, tuple[Callable[..., list[Any]], Any, Any]]:
        """What is asked in pages, what names the last row, and what stands for none."""
        licences = index.agreements.licences
        return {
            "find": (partial(index.find, named("sun")), ID, None),
            "stated": (partial(index.stated, self.subject), PLACE, -1),
            "statements": (partial(index.statements, "DataRegistry", self.art), PLACE, -1),
            "challenges": (partial(index.challenges, self.base), PLACE, -1),
            "licences to": (partial(licences, BUYER), PLACE, -1),
            "licences for": (partial(licences, subject=self.subject), PLACE, -1),
            "licences of both": (partial(licences, account("buyer 1"), self.subject), PLACE, -1),
            "licences": (licences, PLACE, -1),
        }


LISTS = list(Said(1).lists(World().index()))


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


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_pages_of_what_was_said_and_bought_are_the_whole(
    where: str, name: str, request: pytest.FixtureRequest
) -> None:
    world = Said(7, 3)
    index = world.index()
    if where == "postgresql":
        index = Index(SUITE.items(), request.getfixturevalue("postgres"))
        index.apply(world.events)
    ask, last, first = world.lists(index)[name]
    whole = ask()
    many = {"find": 15, "licences for": 10, "licences of both": 1, "licences": 20}
    assert len(whole) == many.get(name, 7)
    check(whole, ask, last, first)
    world.buy(world.subject, account("buyer 1"))
    index.apply(world.events)
    assert [last(each) for each in ask()] == [last(each) for each in whole], "bought once more"
    index.close()


def test_a_licence_is_whole_on_its_page() -> None:
    """With what was bought of it long after the first of the next page."""
    world = Said(3)
    ask = partial(world.index().agreements.licences, subject=world.subject)
    whole = ask()
    assert [len(each.offers) for each in whole] == [2, 2, 2]
    assert [ask(after=place, most=1) for place in (-1, whole[0].place)] == [whole[:1], whole[1:2]]


@pytest.mark.parametrize("name", [each for each in LISTS if each != "find"])
def test_a_page_costs_the_same_whatever_else_was_said_and_bought(name: str) -> None:
    costs = []
    for times, others in ((4, 0), (4, 60), (60, 0)):
        world = Said(times, others)
        index = world.index()
        ask, _, first = world.lists(index)[name]
        costs.append(steps_of(index, partial(ask, after=first, most=2)))
    assert all(20 < cost < costs[0] * 1.1 + 20 for cost in costs)


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
        lambda: index.find(named("sun"), nobody),
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
