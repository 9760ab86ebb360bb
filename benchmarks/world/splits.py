"""Joint works: splits of several people, published at once, later, or never."""

from __future__ import annotations

from benchmarks.world.state import World, account, named
from kiseki.core import ids
from kiseki.core.split import Split

__all__ = ["joint", "publish", "publish_late", "spread"]


def joint(world: World) -> bytes:
    """Another joint work, or one that is there: whom it pays are artists, or another one's key."""
    if world.joints and world.chance(0.3):
        return world.one_of(world.joints)
    payees = {ids.wallet(world.artist()): 1 + int(world.rng.random() * 99) for _ in range(2)}
    while world.chance(0.4):
        payees[ids.wallet(world.artist())] = 1 + int(world.rng.random() * 10**6)
    if world.joints and world.chance(0.2):
        payees[world.one_of(world.joints)] = 50
    if world.batches and world.chance(0.1):
        payees[world.batch_subject(world.one_of(world.batches))] = 30
    split = Split.joint(payees)
    if split.key in world.ledger.pots:
        return split.key
    world.ledger.know(split, deep=True)
    world.joints.append(split.key)
    chance = world.rng.random()
    if chance < 0.6:
        publish(world, split)
    elif chance < 0.9:
        world.late.append(split)
    return split.key


def publish(world: World, split: Split) -> None:
    """The leaves of a split, for everybody."""
    payees, shares = zip(*split.leaves, strict=True)
    world.wire.next_transaction()
    world.wire.log("RevenueSplitter", "SplitPublished", split.key, split.opening, payees, shares)


def publish_late(world: World) -> None:
    """Of a joint work that was paid meanwhile."""
    if world.late:
        publish(world, world.late.pop(int(len(world.late) * world.rng.random())))


def spread(world: World) -> None:
    """A split above a thousand splits of two artists each."""
    made = []
    for i in range(world.size.fan):
        payees = [ids.wallet(account(f"artist {i} of the spread")), ids.wallet(world.artist())]
        made.append(Split([(payees[0], 60 + i % 30), (payees[1], 40)], named(f"spread {i}")))
        world.ledger.know(made[-1], deep=True)
        publish(world, made[-1])
    above = Split([(each.key, 1 + i % 7) for i, each in enumerate(made)], named("spread"))
    world.ledger.know(above)
    publish(world, above)
    world.spread = above.key
