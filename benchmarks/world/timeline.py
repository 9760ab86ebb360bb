"""What happens when: every kind of act spread over its part of the chain's life."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.world import batches, data, models, money, rights, splits
from benchmarks.world.ledger import Ledger
from benchmarks.world.payees import payee
from benchmarks.world.size import Size
from benchmarks.world.state import World
from benchmarks.world.wire import Wire

__all__ = ["DEPOSITS", "HEAD", "HISTORY", "make"]

HISTORY, HEAD, DEPOSITS = "history.jsonl", "head.jsonl", "deposits.jsonl"
"""Most of the chain; the last blocks, one a line; deposits above a split of splits, likewise."""

_A_BLOCK = 20
"""Logs of a block, on average and but for models, whose sources come together."""

_LIFE = 20 * 86_400
"""Seconds that the chain lasts at least, so that notices and delays end in small worlds too."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """So many acts, from one part of the chain's life to another."""

    count: int
    begin: float
    end: float
    act: Callable[[World], None]
    done: Callable[[World], int] | None = None


def make(folder: Path, size: Size) -> World:
    """Writes the logs of a world into three files of a folder."""
    wire = Wire(folder / HISTORY)
    world = World(size, Random(size.seed), wire, Ledger(wire))
    plain = 3.5 * size.batches + 1.02 * size.payments + 1.25 * size.claims + 2 * size.collections
    count = max(2 * size.blocks, int(plain / _A_BLOCK))
    wire.seconds = max(wire.seconds, _LIFE // count)
    kinds = _kinds(world)
    done = [0] * len(kinds)
    for block in range(1, count + 1):
        if block == count - size.blocks + 1:
            wire.turn_to(folder / HEAD)
        _block(world, kinds, done, block / count)
        wire.next_block()
    wire.turn_to(folder / DEPOSITS)
    for _ in range(size.deposits):
        money.pay_spread(world)
        wire.next_block()
    wire.close()
    return world


def _block(world: World, kinds: list[_Kind], done: list[int], progress: float) -> None:
    for i, kind in enumerate(kinds):
        share = min(1.0, (progress - kind.begin) / (kind.end - kind.begin))
        wanted = int(kind.count * share)
        if kind.done is None:
            while done[i] < wanted:
                kind.act(world)
                done[i] += 1
            continue
        for _ in range(2 * max(0, wanted - kind.done(world))):
            if kind.done(world) >= wanted:
                break
            kind.act(world)


def _kinds(world: World) -> list[_Kind]:
    size = world.size
    sizes = _sizes(world)
    some = max(4, size.collections // 50)
    return [
        _Kind(size.collections, 0, 0.45, lambda w: data.register(w, next(sizes))),
        _Kind(size.models, 0.05, 0.6, models.register),
        _Kind(size.batches, 0.1, 1, batches.register, lambda w: len(w.batches)),
        _Kind(1, 0.3, 0.31, splits.spread),
        _Kind(size.payments - size.junk, 0.15, 1, money.pay),
        _Kind(size.junk, 0.5, 0.7, money.junk),
        _Kind(size.claims, 0.17, 1, money.claim, lambda w: w.ledger.claims),
        _Kind(size.claims // 50, 0.2, 1, money.resolve),
        _Kind(size.collections, 0.1, 0.9, data.publish_slice),
        _Kind(some * 4, 0.2, 1, splits.publish_late),
        _Kind(some * 2, 0.2, 1, _repay),
        _Kind(size.circles, 0.4, 0.95, money.circle),
        _Kind(some, 0.2, 1, data.revoke),
        _Kind(some, 0.2, 1, data.revoke_item),
        _Kind(some * 2, 0.12, 1, rights.reveal),
        _Kind(some * 2, 0.2, 1, rights.mint),
        _Kind(some, 0.25, 1, rights.sell_income),
        _Kind(some * 2, 0.3, 1, rights.transfer),
        _Kind(min(some, 50), 0.3, 0.8, rights.schedule),
        _Kind(min(some, 50) * 20, 0.3, 1, rights.end_schedule),
        _Kind(some, 0.2, 0.6, rights.bind),
    ]


def _repay(world: World) -> None:
    """A provider names another payee."""
    collection = world.one_of(world.collections)
    data.change_payee(world, collection, payee(world, collection.provider))


def _sizes(world: World) -> Iterator[int]:
    """Items of each collection, together as many as wanted: most have few, a few have very many."""
    size, rng = world.size, world.rng
    shares = [rng.paretovariate(1.2) for _ in range(size.collections)]
    free, whole = size.items - size.collections, sum(shares)
    counts = [1 + int(free * share / whole) for share in shares]
    counts[0] += size.items - sum(counts)
    return iter(counts)
