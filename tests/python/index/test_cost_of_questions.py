"""No question's cost grows with what it does not ask about: counted in statements, and in the steps
of SQLite's virtual machine, which are the same on every computer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from kiseki.core import ids
from kiseki.core.terms import Terms
from kiseki.index import Index
from kiseki.index.answers.impact import dependents_of
from kiseki.index.money import Money

from .world import ARTIST, CREATOR, DATA, DEVELOPER, OUTPUTS, STRANGER, STUDIO, World, named

CHEAP = Terms.of("train", royalty="1%")
DEAR = Terms.of("train", royalty="2%")


class Tall(World):
    """A batch over a chain of so many models, each trained on all of so many collections."""

    def __init__(self, collections: int, models: int, others: int = 0) -> None:
        super().__init__()
        for i in range(others):
            self.collection(STRANGER, CHEAP, [f"another {i}"])
            self.log("Statements", "Stated", speaker=STRANGER, subject=named("x"),
                     kind=named("audit"), document=bytes(32))  # fmt: skip
            self.log("DataRegistry", "ItemRevoked", provider=STRANGER, commitment=named(str(i)))
        self.art = [
            self.collection(ARTIST if i % 2 else STUDIO, CHEAP if i else DEAR, [f"{i}", f"{i}b"])
            for i in range(collections)
        ]
        below: list[bytes] = []
        for i in range(models):
            made = self.model(f"model {i}", dict.fromkeys(self.art, i + 1), below, terms=CHEAP)
            below = [made]
        for i, art in enumerate(self.art):
            self.say(self.providers[art], art, f"{i}")
            for k in range(others):
                self.say(STRANGER, art, f"a lie {k}")
        self.top = below[0]
        self.frames = self.batch(["frame"], below, self.art)
        for i in range(collections):
            self.next_block()
            who = self.providers[self.art[i]]
            self.log("DataRegistry", "ItemRevoked", provider=who, commitment=named(f"{i}"))

    def say(self, who: str, collection: bytes, text: str) -> None:
        self.log("Statements", "Stated", speaker=who, subject=ids.subject(DATA, collection),
                 kind=named("series"), document=named(text))  # fmt: skip


@contextmanager
def counted(index: Index) -> Iterator[list[str]]:
    """The statements that are sent inside, to SQLite."""
    sent: list[str] = []
    index._store._driver.set_trace_callback(sent.append)
    yield sent
    index._store._driver.set_trace_callback(None)


QUESTIONS: dict[str, Callable[[Any, Tall], object]] = {
    "lineage": lambda index, world: index.lineage(world.frames),
    "findings": lambda index, world: index.findings(world.frames),
    "usage": lambda index, world: index.usage(ARTIST, deep=True),
    "uses": lambda index, world: index.uses(world.art[0], deep=True),
    "sources": lambda index, world: index.sources(world.frames),
    "source": lambda index, world: index.source(world.top, world.art[1]),
    "find": lambda index, world: index.find(named("0"), most=9),
    "find batch": lambda index, world: index.find(named("frame"), most=1, kind="batch"),
    "status": lambda index, world: index.status(world.art[0]),
    "collection": lambda index, world: index.collection(world.art[0]),
    "model": lambda index, world: index.model(world.top),
    "items": lambda index, world: index.items_revoked([ids.item_id(STUDIO, named("0"))]),
    "item": lambda index, world: index.item(ids.item_id(STUDIO, named("0"))),
    "home": lambda index, world: index.home(index.item(ids.item_id(STUDIO, named("0")))),
    "called": lambda index, world: index.called([*world.art, world.top], [ARTIST]),
    "said by": lambda index, world: index.said_by(STUDIO, named("series")),
    "said about": lambda index, world: index.said_about(
        "DataRegistry", world.art[0], STUDIO, named("series")
    ),
    "collector": lambda index, world: index.collector(world.art[0]),
    "terms": lambda index, world: index.overview.terms_of(world.frames),
    "under": lambda index, world: index.overview.works_under(DEAR.id),
    "newest": lambda index, world: index.overview.newest_uses(ids.wallet(ARTIST)),
    "withdrawals": lambda index, world: index.overview.withdrawals("model", world.top),
    "newest withdrawals": lambda index, world: index.overview.withdrawals(
        "developer", DEVELOPER, newest=True
    ),
    "withdrawals of a collection": lambda index, world: index.overview.withdrawals(
        "collection", world.art[0]
    ),
    "withdrawals of a provider": lambda index, world: index.overview.withdrawals(
        "provider", ARTIST
    ),
    "models on": lambda index, world: index.overview.models_on(world.art[0]),
    "declaring": lambda index, world: index.declaring(world.art[0], [world.top]),
    "answers": lambda index, world: index.said_by_developers(
        {world.top: DEVELOPER}, named("audit"), 5
    ),
    "runs": lambda index, world: index.runs_in(index.lineage(world.frames), 200),
    "said of a model": lambda index, world: index.said_of_model(world.top, [named("audit")], 50),
    "impact": lambda index, world: dependents_of(index._store, world.art[0]),
}


def steps(name: str, index: Money, world: Tall) -> int:
    """What a question costs."""
    return steps_of(index, lambda: QUESTIONS[name](index, world))


def steps_of(index: Money, ask: Callable[[], object]) -> int:
    """What asking costs."""
    taken = 0

    def step() -> int:
        nonlocal taken
        taken += 1
        return 0

    driver = index._store._driver
    driver.set_progress_handler(step, 1)
    ask()
    driver.set_progress_handler(None, 1)
    return taken


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_sends_the_same_statements_however_much_it_finds(name: str) -> None:
    """None for each node, source or row of an answer."""
    sent = []
    for collections, models in ((2, 1), (9, 7)):
        world = Tall(collections, models)
        index = world.index()
        QUESTIONS[name](index, world)  # so that nothing is read for the first time
        with counted(index) as statements:
            QUESTIONS[name](index, world)
        sent.append(len(statements))
    assert 0 < sent[0] == sent[1] <= 20


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_costs_the_same_whatever_strangers_did(name: str) -> None:
    """Collections, statements and revocations of others, 60 of each."""
    costs = []
    for others in (0, 60):
        world = Tall(3, 2, others)
        costs.append(steps(name, world.index(), world))
    assert costs[0] >= 20
    assert costs[1] < costs[0] * 1.05 + 20


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_about_the_past_costs_what_it_costs_today(name: str) -> None:
    """The views that end at a place hide no index."""
    costs = []
    for others in (0, 60):
        world = Tall(3, 2, others)
        index = world.index()
        with index.as_of(world.block - 1) as then:
            costs.append((steps(name, index, world), steps(name, then, world)))
    (now, then_), (now_busy, then_busy) = costs
    assert then_ < now * 1.5 + 50
    assert then_busy < then_ * 1.05 + 20, "whatever strangers did"
    assert now_busy < now * 1.05 + 20


def test_owed_sends_the_same_statements_however_much_is_owed() -> None:
    """None for each row, nor for each rights token that nobody put on record; and none for what
    strangers are owed."""
    sent = []
    for collections, batches, others in ((2, 2, 0), (2, 2, 40), (10, 12, 0)):
        world = Tall(collections, 2)
        for art in world.art:
            world.set_payee(art, world.token(DATA, art)[1])
        made = [world.batch([f"{i}"], [world.top], world.art) for i in range(batches)]
        made += [world.batch([f"{i}"], [world.top], creator=STRANGER) for i in range(others)]
        for each in made:
            world.deposit(world.split_for(OUTPUTS, each), 10**6)
        index = world.index()
        index.owed(ARTIST)
        index.refresh()  # so that nothing is remembered
        with counted(index) as statements:
            rows = index.owed(ARTIST)
        assert len(rows) >= collections // 2 and all(row.unknown for row in rows)
        with counted(index) as more:
            assert len(index.owed(CREATOR)) == batches
        sent.append((len(statements), len(more)))
    assert sent[0] == sent[1] == sent[2]
    assert max(sent[0]) <= 12


def test_findings_cost_no_more_for_each_collection_of_who_revoked_much() -> None:
    """Each revocation is looked up once, not once for each collection of its provider."""
    costs = {}
    for collections in (4, 12):
        for revoked in (0, 200):
            world = Tall(collections, 1)
            for i in range(revoked):
                item = {"provider": STUDIO, "commitment": named(f"elsewhere {i}")}
                world.log("DataRegistry", "ItemRevoked", **item)
            index = world.index()
            assert {each.code for each in index.findings(world.frames)} == {"item_revoked"}
            costs[collections, revoked] = steps("findings", index, world)
    for_few = costs[4, 200] - costs[4, 0]
    assert 0 < costs[12, 200] - costs[12, 0] < 1.2 * for_few


def test_the_uses_of_one_collection_are_those_among_all_of_its_provider() -> None:
    world = Tall(4, 3)
    index = world.index()
    for deep in (False, True):
        for art in world.art:
            usage = index.usage(world.providers[art], deep)
            assert index.uses(art, deep) == [each for each in usage if each.collection == art]
            assert index.uses(art, deep)
    assert index.uses(named("nothing")) == []


@pytest.mark.parametrize("column", ["model", "group_id"])
def test_each_that_rests_on_a_model_costs_the_same_however_many_do(column: str) -> None:
    """A base model that everybody builds on is looked through once, not once for each of them,
    whichever index was made last: SQLite takes that one where it knows no better."""
    costs = {}
    for batches in (20, 40, 80):
        world = Tall(1, 1)
        for i in range(batches):
            world.batch([f"shot {i}"], [world.top], world.art)
        index = world.index()
        index._store._driver.execute(f"DROP INDEX base_by_{column}")
        index._store._driver.execute(f"CREATE INDEX base_by_{column} ON base ({column})")
        assert index.overview.impact(world.top).direct_batches == batches + 1
        asks = index.overview.impact, partial(index.overview.dependents, most=10)
        costs[batches] = [steps_of(index, partial(ask, world.top)) for ask in asks]
    for few, more, most in zip(costs[20], costs[40], costs[80], strict=True):
        assert most - more <= 2.5 * (more - few), costs
