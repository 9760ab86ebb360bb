"""Deposits, claims and resolutions, as many people would send them."""

from __future__ import annotations

from benchmarks.world.data import change_payee, is_wallet
from benchmarks.world.payees import foreign
from benchmarks.world.state import World, account, named
from benchmarks.world.suite import MODELS
from kiseki.core import ids
from kiseki.core.values import ZERO32, ZERO_ADDRESS

__all__ = ["circle", "claim", "junk", "pay", "pay_spread", "resolve"]

_TOKENS = tuple(account(f"token {i}") for i in range(3))


def pay(world: World) -> None:
    """Somebody pays: mostly a batch, mostly ether."""
    payee, opened = _target(world)
    token = ZERO_ADDRESS if world.chance(0.93) else world.one_of(_TOKENS)
    ref = named(f"invoice {world.wire.events}") if world.chance(0.2) else ZERO32
    world.ledger.deposit(payee, token, world.buyer(), _amount(world), opened, ref)


def _target(world: World) -> tuple[bytes, bool]:
    """A payee, and whether who pays shows what it stands for."""
    chance = world.rng.random()
    if chance < 0.03:
        return world.batches[0].split, True
    if chance < 0.78:
        return world.popular(world.batches).split, True
    if chance < 0.86:
        return world.popular(world.models).split, True
    if chance < 0.90:
        return world.batch_subject(world.popular(world.batches)), world.chance(0.8)
    if chance < 0.92:
        return ids.subject(MODELS, world.one_of(world.models).id), world.chance(0.8)
    if chance < 0.94:
        return world.one_of(world.collections).subject, world.chance(0.8)
    if chance < 0.98 and world.joints:
        return world.one_of(world.joints), True
    return (ids.wallet(world.artist()), True) if chance < 0.99 else (foreign(world), True)


def _amount(world: World) -> int:
    chance = world.rng.random()
    if chance < 0.02:
        return 1 + int(99 * world.rng.random())
    digits = 14 + int(5 * world.rng.random()) if chance < 0.99 else 26
    return int(10**digits * (1 + 9 * world.rng.random()))


def junk(world: World) -> None:
    """A token that nobody wants, into the split that most people are paid from."""
    token = account(f"junk {world.wire.events}")
    world.ledger.deposit(world.batches[0].split, token, account("stranger"), 10**30, True, ZERO32)


def pay_spread(world: World) -> None:
    """A deposit above a split of a thousand splits."""
    world.ledger.deposit(world.spread, ZERO_ADDRESS, world.buyer(), 10**18, True, ZERO32)


def claim(world: World) -> None:
    """Some leaf that is due anything, if one is met by chance."""
    for _ in range(8):
        found = world.ledger.paid_in(world.rng, deep=world.chance(0.4))
        if found is None:
            continue
        pot, token = found
        leaf = int(len(pot.shares) * world.rng.random())
        if world.ledger.claim(pot, leaf, token, opened=world.chance(0.85)):
            return


def resolve(world: World) -> None:
    """What waits at some subject."""
    world.ledger.resolve(world.rng)


def circle(world: World) -> None:
    """A provider has a collection paid to what rests on it; the first one, if it can be, to the
    batch that is paid most."""
    for attempt in range(50):
        most = attempt < 10 and not world.circles
        batch = world.batches[0] if most else world.one_of(world.batches)
        model = world.one_of(batch.models)
        if not model.collections:
            continue
        collection = world.one_of(model.collections)
        if is_wallet(collection.payee) and collection.terms.royalty_bps:
            to = batch.split if world.chance(0.5) else world.batch_subject(batch)
            change_payee(world, collection, to)
            world.circles.append(collection)
            return
