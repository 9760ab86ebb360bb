"""What a new block costs follows from what it changes, and not from what was before."""

from __future__ import annotations

import pytest

from kiseki.core import ids
from kiseki.core.split import Split
from kiseki.index import Head, Index

from .test_cost_of_questions import steps_of
from .world import ARTIST, World, account, named


def read(index: Index, world: World) -> None:
    """Its newest block, in which a deposit stands."""
    number = world.block
    events = [each for each in world.events if each.block == number]
    index.apply(events, [Head(number, events[-1].timestamp, named(f"{number}"))], number)


def next_block(world: World) -> int:
    """What one more costs in SQLite."""
    index = world.index()
    costs = []
    for _ in range(3):
        world.deposit(ids.wallet(ARTIST), 5)
        costs.append(steps_of(index, lambda: read(index, world)))
    return costs[-1]


def test_a_block_costs_the_same_however_many_were_before() -> None:
    costs = []
    for before in (100, 1_000):
        world = World()
        for _ in range(before):
            world.deposit(ids.wallet(ARTIST), 5)
        costs.append(next_block(world))
    assert costs[0] > 100
    assert costs[1] < costs[0] * 1.05 + 20


@pytest.mark.parametrize("fan", [2, 40])
def test_the_log_has_one_row_for_each_table_that_a_block_changes(fan: int) -> None:
    world = World()
    below = [
        Split.joint({ids.wallet(ARTIST): 1, ids.wallet(account(f"{i}")): 1}) for i in range(fan)
    ]
    above = Split.joint({each.key: 1 for each in below})
    world.know(above, *below)
    for split in (above, *below):
        world.log(
            "RevenueSplitter", "SplitPublished", split=split.key, opening=split.opening,
            payees=[payee for payee, _ in split.leaves],
            shares=[shares for _, shares in split.leaves],
        )  # fmt: skip
    index = world.index()
    world.deposit(above.key, 10**18)
    read(index, world)
    rows = index._store.read_all("SELECT name FROM undo WHERE block = ? ORDER BY name", world.block)
    assert rows == [("account",), ("token",)]
    assert index._store.read("SELECT count(*) FROM account WHERE virtual > 0") == (fan + 1,)
