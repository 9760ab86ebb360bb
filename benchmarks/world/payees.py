"""Whom a registrant names as payee: mostly itself, and now and then what leads on."""

from __future__ import annotations

from benchmarks.world.splits import joint
from benchmarks.world.state import World, account, named
from benchmarks.world.suite import IDENTITIES
from kiseki.core import ids

__all__ = ["ISSUER", "foreign", "payee", "person"]

ISSUER = account("guild")


def payee(world: World, registrant: str) -> bytes:
    """For something that `registrant` registers, or whose payee it changes."""
    chance = world.rng.random()
    if chance < 0.08:
        return joint(world)
    if chance < 0.10 and world.batches:
        return world.popular(world.batches).split
    if chance < 0.12 and world.batches:
        return world.batch_subject(world.one_of(world.batches))
    if chance < 0.14 and world.models:
        return world.one_of(world.models).split
    if chance < 0.16 and world.tokens:
        return world.one_of(list(world.tokens.values())).subject
    if chance < 0.18:
        return person(world)
    if chance < 0.185:
        return foreign(world)
    return ids.wallet(registrant if chance < 0.95 else world.artist())


def person(world: World) -> bytes:
    """Somebody without a wallet whom an issuer knows."""
    who = named(f"person {int(world.rng.random() * max(10, world.size.collections // 50))}")
    if who not in world.persons:
        world.persons.append(who)
    return ids.subject(IDENTITIES, ids.identity_id(ISSUER, who))


def foreign(world: World) -> bytes:
    """A subject of a contract that the index cannot know."""
    return ids.subject(account("a contract elsewhere"), named(f"thing {world.buyer()}"))
