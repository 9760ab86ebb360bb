"""What a page asks costs what it shows: counted in statements, and in the steps of SQLite's virtual
machine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from kiseki.client.documents import Documents
from kiseki.core import ids
from kiseki.core.split import Split
from kiseki.index import Index
from kiseki.index.answers.months import months_of
from kiseki.index.answers.withdrawals import LATER
from kiseki.web.shown import (
    batches,
    collections,
    commitments,
    items,
    models,
    parts,
    wallets,
    withdrawals,
)

from .test_cost_of_questions import CHEAP, Tall, counted, steps_of
from .world import (
    ARTIST,
    BUYER,
    DATA,
    DAY,
    ETHER,
    OUTPUTS,
    STRANGER,
    STUDIO,
    World,
    account,
    due,
    named,
)


class Paid(Tall):
    """The same, of which the batch is paid, with an output that is logged."""

    def __init__(self, collections: int = 3, models: int = 2) -> None:
        super().__init__(collections, models)
        self.split = self.split_for(OUTPUTS, self.frames)
        self.deposit(self.split, 10**9)
        self.output = ids.item_id(self.creator(self.frames), named("frame"))

    def creator(self, batch: bytes) -> str:
        return self.index().batch_head(batch).creator


PAGES: dict[str, Callable[[Index, Paid], object]] = {
    "model": lambda index, world: models.model(index, world.top, "en", Documents(), parts.part),
    "batch": lambda index, world: batches.batch(index, world.frames, "en", Documents(), parts.part),
    "collection": lambda index, world: collections.collection(
        index, world.art[0], "en", Documents()
    ),
    "output": lambda index, world: items.item(index, world.output, Documents()),
    "commitment": lambda index, world: commitments.commitment(
        index, named("frame"), "en", Documents()
    ),
    "wallet": lambda index, world: wallets.wallet(index, ARTIST),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_no_question_twice(name: str) -> None:
    """A lineage of thousands of sources is read once, whatever on the page follows from it."""
    world = Paid()
    index = world.index()
    PAGES[name](index, world)  # so that nothing is read for the first time
    with counted(index) as sent:
        PAGES[name](index, world)
    lineages = [each for each in sent if " ancestor" in each or " leaf" in each]
    assert lineages
    assert len(lineages) == len(set(lineages))


class Crowded(World):
    """An artist who is paid through so many splits in two currencies, the last of which somebody
    pays in so many more."""

    def __init__(self, splits: int, worthless: int) -> None:
        super().__init__()
        self.coin = account("coin")
        artist, other = ids.wallet(ARTIST), ids.wallet(STRANGER)
        self.all = [Split([(artist, 1 + i), (other, 1)]) for i in range(splits)]
        for split in self.all:
            self.publish_split(split)
        for split in self.all:
            self.deposit(split.key, 1_000)
            self.deposit(split.key, 500, self.coin)
        for i in range(worthless):
            self.deposit(self.all[-1].key, 10**6, account(f"worthless {i}"))

    def publish_split(self, split: Split) -> None:
        self.know(split)
        payees, shares = zip(*split.leaves, strict=True)
        self.log("RevenueSplitter", "SplitPublished", split=split.key, opening=split.opening,
                 payees=list(payees), shares=list(shares))  # fmt: skip


def test_a_glance_tells_what_is_owed() -> None:
    """The same sums as row by row, and the sources that bring most."""
    world = Crowded(5, 3)
    index = world.index()
    seen = index.glance(ARTIST, tokens=9, most=3)
    assert seen.is_all
    assert not seen.more
    assert {each.token for each in seen.totals} == set(index.tokens_owed(ARTIST))
    for total in seen.totals:
        owed = index.owed(ARTIST, total.token)
        assert (total.amount, total.sources) == (sum(e.amount for e in owed), len(owed))
        assert [e.amount for e in total.most] == sorted((e.amount for e in owed), reverse=True)[:3]
        assert {e.key for e in total.most} <= {e.split for e in owed}
        assert total.complete
    assert [each.token for each in seen.totals[:2]] == [ETHER, world.coin]
    few = index.glance(ARTIST, tokens=1)
    assert ([each.token for each in few.totals], few.more) == ([ETHER, world.coin], True)
    world.claim_everything_of(ARTIST)
    assert world.index().glance(ARTIST).totals == ()
    assert index.glance(account("nobody")).totals == ()


def test_a_glance_with_a_split_that_was_added_is_no_other() -> None:
    world = Crowded(3, 12)
    index = world.index()
    known = index.glance(ARTIST, each=4)
    index.add_split(Split([(ids.wallet(BUYER), 1)]))
    assert index.glance(ARTIST, each=4) == known
    assert len(known.totals) == 4, "ether, the coin, and the first two that are worth nothing"


def test_what_waits_at_a_subject_is_seen() -> None:
    world = Tall(2, 1)
    subject = ids.subject(DATA, world.art[1])
    world.deposit(subject, 10**6)
    index = world.index()
    (total,) = index.glance(ARTIST).totals
    assert [(each.amount, each.subject) for each in due(index, ARTIST)] == [(10**6, subject)]
    assert [(each.amount, each.key) for each in total.most] == [(10**6, subject)]


def test_a_glance_costs_nothing_for_what_is_paid_in_any_number_of_tokens() -> None:
    """What comes later pushes nothing aside, and that not all was looked at is told."""
    costs = []
    for worthless in (12, 60):
        world = Crowded(4, worthless)
        index = world.index()
        seen = index.glance(ARTIST)
        assert not seen.is_all
        assert seen.more
        assert [each.token for each in seen.totals[:2]] == [ETHER, world.coin]
        assert [each.complete for each in seen.totals[:2]] == [True, True]
        with counted(index) as sent:
            index.glance(ARTIST)
        costs.append((steps_of(index, partial(index.glance, ARTIST)), len(sent)))
    assert costs[0][0] > 100
    assert costs[1] == costs[0]


def test_a_token_that_one_source_was_not_looked_at_in_is_not_all() -> None:
    """It was known late on the chain and stands behind many at one source."""
    world = Crowded(2, 12)
    late = account("late")
    for split in world.all:
        world.deposit(split.key, 8_000, late)
    seen = world.index().glance(ARTIST, tokens=20, each=5)
    (total,) = (each for each in seen.totals if each.token == late)
    assert total.sources == 1, "the other was paid in a dozen before"
    assert not total.complete


def test_tokens_in_which_nothing_is_left_cost_one_look_together() -> None:
    """A wallet that was paid in many tokens and claimed all is not asked about in each."""
    sent = []
    for worthless in (2, 30):
        world = Crowded(2, worthless)
        world.claim_everything_of(ARTIST)
        world.deposit(world.all[0].key, 700)
        for i in range(worthless):
            world.deposit(ids.wallet(ARTIST), 5, account(f"direct {i}"))
        index = world.index()
        assert index.tokens_owed(ARTIST) == [ETHER]
        with counted(index) as statements:
            index.tokens_owed(ARTIST)
        sent.append(len(statements))
    assert 0 < sent[0] == sent[1] <= 2


class Monthly(Crowded):
    """A wallet that is paid for so many months, twice a month, in two currencies."""

    def __init__(self, months: int) -> None:
        super().__init__(0, 0)
        for i in range(months):
            self.next_block(31 * DAY)
            for token in (ETHER, account("coin"), ETHER):
                self.deposit(ids.wallet(ARTIST), 1 + i, token)


@pytest.mark.parametrize("most", [1, 2, 3, 100])
def test_what_was_earned_by_month_comes_in_parts_that_are_the_whole(most: int) -> None:
    world = Monthly(5)
    index = world.index()
    rows, after = [], -1
    while part := index.overview.months(ARTIST, after, most):
        assert len(part) <= most
        rows += part
        after = part[-1].place
    told = {(each.month, each.token, each.amount, each.payments) for each in rows}
    whole = index.overview.earnings(ARTIST, "month")
    assert told == {(each.month, each.token, each.amount, each.payments) for each in whole}
    assert len(rows) == len(told) == 10
    assert [each.month for each in rows] == sorted(each.month for each in rows)


def test_a_month_of_more_payments_than_are_read_at_once_is_one_sum(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kiseki.index.answers.months._FIRST", 2)
    monkeypatch.setattr("kiseki.index.answers.months._MOST", 3)
    world = Monthly(3)
    world.publish_split(split := Split([(ids.wallet(ARTIST), 1), (ids.wallet(BUYER), 2)]))
    for _ in range(4):
        world.deposit(split.key, 900)
        world.claim_everything_of(ARTIST)
        world.deposit(ids.wallet(ARTIST), 7)
    index = world.index()
    rows = index.overview.months(ARTIST)
    whole = index.overview.earnings(ARTIST, "month")
    assert {(e.month, e.token, e.amount, e.payments) for e in rows} == {
        (e.month, e.token, e.amount, e.payments) for e in whole
    }


def test_a_part_of_what_was_earned_costs_nothing_for_later_months(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kiseki.index.answers.months._FIRST", 20)
    costs = []
    for months in (20, 80):
        index = Monthly(months).index()
        ask = partial(months_of, index._store, ARTIST, -1, 3)
        assert len(ask()) == 3
        costs.append(steps_of(index, ask))
    assert costs[0] > 100
    assert costs[1] == costs[0]


def test_rights_tokens_that_are_held_come_in_parts_that_are_the_whole() -> None:
    world = Tall(4, 2)
    for i, art in enumerate(world.art):
        world.reveal(DATA, art, STUDIO)
        world.transfer(DATA, art, STUDIO)
        if i == 1:
            world.transfer(DATA, art, ARTIST)
    index = world.index()
    whole = index.agreements.held(STUDIO)
    assert [each.id for each in whole] == [world.art[0], *world.art[2:]]
    parts = [index.agreements.held(STUDIO, after, 1) for after in (-1, whole[0].place)]
    assert parts == [whole[:1], whole[1:2]]
    shown = wallets.held(index, STUDIO, most=2)
    assert len(shown.rows) == 2
    assert wallets.held(index, STUDIO, int(shown.after or 0)).rows[0].id == "0x" + whole[2].id.hex()


def test_what_rests_on_something_is_counted_so_far() -> None:
    """The whole where it is little; else a part, and that it is one."""
    costs = []
    for shots in (30, 90):
        world = Tall(2, 3)
        for i in range(shots):
            world.batch([f"shot {i}"], [world.top], world.art)
        index = world.index()
        for each in (world.art[0], world.top):
            impact, resting = index.overview.impact(each), index.overview.resting(each)
            assert (resting.models, resting.batches) == (impact.models, impact.batches)
            assert resting.is_all
            some = index.overview.resting(each, ways=10)
            assert not some.is_all
            assert 0 < some.models + some.batches < impact.batches
        costs.append(steps_of(index, partial(index.overview.resting, world.art[0], 10)))
    assert costs[1] <= costs[0] * 1.05
    assert index.overview.resting(named("nothing")).is_all


def test_a_part_of_the_uses_costs_nothing_for_those_behind_it() -> None:
    costs = []
    for shots in (30, 120):
        world = Tall(2, 3)
        for i in range(shots):
            world.batch([f"shot {i}"], [world.top])
        index = world.index()
        ask = partial(index.uses, world.art[0], True, b"", 5)
        assert len(ask()) == 5
        costs.append(steps_of(index, ask))
    assert costs[1] <= costs[0] * 1.05


def test_a_page_tells_what_it_did_not_look_at() -> None:
    index = Crowded(2, 30).index()
    shown = wallets.wallet(index, ARTIST)
    assert shown.more_may_wait
    assert shown.more_due
    assert len(shown.due) == 5
    assert shown.due[0].complete


def rested(count: int, busy: int = 0, chained: bool = False) -> tuple[World, bytes]:
    """A collection that was revoked, with an item, while so many models rested on it; a fifth of
    them are made in the notice."""
    world = World()
    art = world.collection(ARTIST, CHEAP, ["a", "b", "c"])
    base = world.model("base", {art: 1}, terms=CHEAP)
    for i in range(count):
        if i == count * 4 // 5:
            world.next_block()
            world.log("DataRegistry", "ItemRevoked", provider=ARTIST, commitment=named("a"))
            world.revoke(art)
        direct, below = ({}, [base]) if chained else ({art: 1}, [])
        world.model(f"model {i}", direct, below, terms=CHEAP)
        for k in range(busy):
            world.batch([f"frame {i} {k}"], [base], [art])
    return world, art


@pytest.mark.parametrize("chained", [False, True])
def test_a_page_of_a_revoked_collection_costs_nothing_for_more_models(chained: bool) -> None:
    """Whether they declare it or rest on a model that does, and however many batches do; for the
    first part, and for the last models that are named before somebody revokes."""
    costs = []
    for count, busy in ((260, 0), (780, 0), (260, 2)):
        world, art = rested(count, busy, chained)
        index = world.index()
        page = partial(withdrawals.withdrawals, index, "collection", art, "en", Documents(), most=5)
        concerned = partial(index.overview.models_on, art, most=5)
        assert (len(page().rows), len(concerned())) == (5, 5)
        costs.append([steps_of(index, page), steps_of(index, concerned)])
    for few, many, beside in zip(*costs, strict=True):
        assert few > 100
        assert many <= few * 1.05 + 20
        assert beside <= few * 1.05 + 20


def test_a_part_of_revocations_costs_nothing_for_what_comes_after_it() -> None:
    """Also where the part before ended inside one revocation."""
    costs = []
    for count in (260, 780):
        world, art = rested(count)
        index = world.index()
        ask = partial(index.overview.withdrawals, "collection", art, most=5)
        last = ask()[-1].cursor
        assert len(ask(after=last)) == 5
        costs.append(steps_of(index, partial(ask, after=last)))
    assert costs[1] <= costs[0] * 1.05 + 20


def test_a_developer_of_many_models_is_not_looked_through() -> None:
    """Whether one of them leaves the collection out is told of the first ones."""
    found = []
    for count in (LATER - 1, LATER + 40, LATER + 400):
        world = World()
        art, other = (world.collection(ARTIST, CHEAP, [each]) for each in "ab")
        base = world.model("base", {art: 1}, terms=CHEAP)
        world.revoke(art)
        for i in range(count):
            world.model(f"model {i}", {}, [base], terms=CHEAP)
        clean = world.model("clean", {other: 1}, terms=CHEAP)
        index = world.index()
        ask = partial(index.overview.withdrawals, "collection", art, most=1)
        (row,) = ask()
        assert row.model == base
        found.append((row.without == clean, row.more_later, steps_of(index, ask)))
    (seen, *_), *unseen = found
    assert seen
    assert [each[:2] for each in unseen] == [(False, True)] * 2
    assert unseen[1][2] <= unseen[0][2] * 1.05 + 20
