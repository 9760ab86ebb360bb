"""A glance adds up what the rows of what is owed say one by one."""

from __future__ import annotations

import pytest

from kiseki.core import ids
from kiseki.core.split import Split
from kiseki.index import Index

from .busy import busy
from .diamond import Diamond
from .test_cost_of_pages import Crowded
from .world import ARTIST, BUYER, CREATOR, DATA, ETHER, STRANGER, STUDIO, SUITE


def compare(index: Index, who: str) -> int:
    """Compares the sums of all tokens; how many sources there are."""
    seen = index.glance(who, 99, 99, 10_000)
    assert (seen.more, seen.is_all) == (False, True)
    assert {each.token for each in seen.totals} == set(index.tokens_owed(who))
    for total in seen.totals:
        owed = index.owed(who, total.token)
        assert (total.amount, total.sources) == (sum(e.amount for e in owed), len(owed))
        assert total.complete == all(each.complete for each in owed)
        rows = [(e.amount, e.subject if e.leaf < 0 else e.split, e.complete) for e in owed]
        assert sorted((e.amount, e.key, e.complete) for e in total.most) == sorted(rows)
        amounts = [each.amount for each in total.most]
        assert amounts == sorted(amounts, reverse=True)
        few = next(e for e in index.glance(who, 99, 99, 2).totals if e.token == total.token)
        assert (few.amount, few.most) == (total.amount, total.most[:2])
    return sum(each.sources for each in seen.totals)


@pytest.mark.parametrize("seed", range(4))
def test_a_glance_is_the_sum_of_the_rows(seed: int) -> None:
    world, index = busy(seed)[:2]
    people = {*world.people, ARTIST, STUDIO, CREATOR, STRANGER, BUYER}
    assert sum(compare(index, who) for who in people) > 3


@pytest.mark.parametrize("is_published", [False, True])
def test_below_a_circle_without_end_a_sum_is_not_all(is_published: bool) -> None:
    """Whether the split is known from the events or was added beside them."""
    world = Diamond()
    circle = Split([(ids.subject(DATA, world.film), 999_999), (ids.wallet(STRANGER), 1)])
    world.set_payee(world.film, circle.key)
    if is_published:
        payees, shares = zip(*circle.leaves, strict=True)
        world.know(circle)
        world.log("RevenueSplitter", "SplitPublished", split=circle.key, opening=circle.opening,
                  payees=list(payees), shares=list(shares))  # fmt: skip
    world.deposit(circle.key, 10**18)
    index = world.index()
    index.add_split(circle)
    assert compare(index, STRANGER) == 1
    (total,) = index.glance(STRANGER).totals
    assert not total.complete


def huge() -> Crowded:
    """Beyond the 63 bits that SQLite keeps as a number, some of it claimed."""
    world = Crowded(4, 1)
    for amount in (10**30, 10**31):
        for split in world.all[:3]:
            world.deposit(split.key, amount, world.coin)
            world.deposit(split.key, 2**120)
        if amount == 10**30:
            world.claim_everything_of(ARTIST)
    return world


def test_a_glance_adds_up_what_is_beyond_63_bits() -> None:
    world = huge()
    assert compare(world.index(), ARTIST) == 6
    assert {each.token for each in world.index().glance(ARTIST).totals} == {ETHER, world.coin}


def test_in_postgresql_too(postgres: str) -> None:
    world = huge()
    index = Index(SUITE.items(), postgres)
    index.apply(world.events)
    assert compare(index, ARTIST) == 6
    assert index.glance(ARTIST, each=1, most=3) == world.index().glance(ARTIST, each=1, most=3)
    index.close()
