"""Models on collections and on each other, by one call or by a draft of parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from benchmarks.world import data
from benchmarks.world.payees import payee
from benchmarks.world.state import Collection, Model, World, account, named
from benchmarks.world.suite import DATA, MODELS
from kiseki.core import ids
from kiseki.core.compose import WHOLE, ModelSplits, Source, compose_model, data_split
from kiseki.core.ids import PART, External
from kiseki.core.manifest import manifest_root
from kiseki.core.terms import Terms
from kiseki.index import MANIFEST

__all__ = ["Used", "affordable", "priced", "register"]

_DEPTH = 5
_DAY = 86_400
_WIDE = 7
"""Which of a hundred models has more sources than one transaction takes."""


class Used(NamedTuple):
    """A collection as one source of a model or batch."""

    collection: Collection
    source: ids.Collection


class _Plan(NamedTuple):
    """A model that is about to be registered."""

    number: int
    developer: str
    asks: Terms
    payee: bytes
    used: list[Used]
    parents: list[Model]
    externals: list[External]

    @property
    def weights(self) -> bytes:
        return named(f"weights {self.number}")

    @property
    def id(self) -> bytes:
        parts = [ids.part_hash(part) for part in ids.parts([each.source for each in self.used])]
        hashed = ids.sources_hash(parts, [each.id for each in self.parents], self.externals)
        return ids.model_id(self.developer, self.weights, hashed, self.asks.id)


def register(world: World) -> None:
    """A model, on data of which nothing is revoked."""
    usable = data.usable(world)
    plan = _plan(world, usable)
    model = plan.id
    _disturb(world, model, plan, usable)
    last, judged_at = _draft(world, model, plan)
    made = compose_model(
        DATA,
        model,
        priced(plan.used),
        [each.ancestry for each in plan.parents],
        world.own_splits,
        plan.asks.royalty_bps,
        plan.payee,
    )
    world.wire.next_transaction()
    _log_sources(world, model, last, plan.developer, judged_at)
    _log(world, model, plan, made, judged_at)
    _keep(world, model, plan, made)


def priced(used: Iterable[Used]) -> list[Source]:
    """What the collections ask, as `kiseki.core.compose` takes it."""
    return [
        Source(
            each.source.id,
            each.source.weight,
            each.collection.terms.royalty_bps,
            each.collection.terms.floor_bps,
        )
        for each in used
    ]


def affordable(world: World, parents: Sequence[Model], own: int) -> list[Model]:
    """As many parents, from the first on, as leave something of gross beside `own` (ppm)."""
    kept: list[Model] = []
    asked: dict[bytes, int] = {}
    for parent in parents:
        both = asked | {each.model: each.own for each in parent.ancestry}
        if own + sum(both.values()) < WHOLE and len(both) < 200:
            asked = both
            kept.append(parent)
    return sorted(kept, key=lambda each: each.id)


# What it is made of


def _plan(world: World, usable: list[Collection]) -> _Plan:
    number, rng = len(world.models), world.rng
    alone = rng.random() < 0.05 and bool(world.models)
    used = [] if alone else _used(world, usable, wide=number % 100 == _WIDE)
    developer = world.developer()
    asks = Terms(
        ai_training=True,
        ai_generative_training=True,
        commercial_output=True,
        royalty_bps=int(rng.random() * 10) * 20,
        notice_seconds=30 * _DAY,
    )
    below = [each for each in world.models if each.depth < _DEPTH]
    count = min(len(below), (0, 0, 1, 1, 1, 2, 3)[int(7 * rng.random())] or alone)
    chosen = {each.id: each for each in (world.popular(below) for _ in range(count))}
    own = data_split(DATA, priced(used)).ppm + 100 * asks.royalty_bps
    parents = affordable(world, list(chosen.values()), own)
    external = External(named(f"external {number % 50}"), named("about it"))
    externals = [external] if world.chance(0.1) or not (used or parents) else []
    return _Plan(
        number, developer, data.define(world, asks), payee(world, developer), used, parents,
        externals,
    )  # fmt: skip


def _used(world: World, usable: list[Collection], wide: bool) -> list[Used]:
    most = min(world.size.sources, len(usable))
    count = 1 + int(most * world.rng.random() ** 2) if most else 0
    if wide and len(usable) > PART:
        count = PART + 1 + int(1_500 * world.rng.random())
    chosen = world.rng.sample(usable, min(count, len(usable)))
    found = [Used(each, ids.Collection(each.id, *world.one_of(each.uses))) for each in chosen]
    return sorted(found, key=lambda each: each.source.id)


# Logging


def _draft(world: World, model: bytes, plan: _Plan) -> tuple[list[Used], int]:
    """Logs all parts but the last, each in a block of its own.

    Returns:
        What is left for the registration, and when the sources were judged.
    """
    begun = world.wire.time
    left = plan.used
    while len(left) > PART:
        world.wire.next_transaction()
        _log_sources(world, model, left[:PART], plan.developer, begun)
        world.wire.next_block()
        left = left[PART:]
    return left, begun


def _disturb(world: World, model: bytes, plan: _Plan, usable: list[Collection]) -> None:
    """Parts under the same ID, by a stranger or by the developer in the same second."""
    same_second = plan.number % 50 == 9
    wide = plan.number % 100 == _WIDE
    if not (wide or same_second or plan.number % 50 == 8) or len(usable) < PART:
        return
    chosen = sorted(world.rng.sample(usable, PART), key=lambda each: each.id)
    fake = [Used(each, ids.Collection(each.id, *each.uses[0])) for each in chosen]
    submitter = plan.developer if same_second else account("stranger")
    world.wire.next_transaction()
    _log_sources(world, model, fake, submitter, world.wire.time)
    if wide:
        world.wire.next_block()


def _log_sources(
    world: World, model: bytes, used: Iterable[Used], submitter: str, judged_at: int
) -> None:
    for collection, source in used:
        world.wire.log(
            "ModelRegistry", "ModelSource", model, source.id, collection.provider, source.items,
            source.weight, submitter, judged_at,
        )  # fmt: skip


def _log(world: World, model: bytes, plan: _Plan, made: ModelSplits, judged_at: int) -> None:
    wire = world.wire
    for parent in plan.parents:
        wire.log("ModelRegistry", "ModelParent", model, parent.id)
    for each in plan.externals:
        wire.log("ModelRegistry", "ModelExternal", model, each.weights, each.document)
    manifest, weight = manifest_root([each.source for each in plan.used])
    entry = (
        plan.asks.id, named("run"), plan.payee, made.split.key, manifest, weight, plan.developer,
        judged_at,
    )  # fmt: skip
    wire.log("ModelRegistry", "ModelRegistered", model, plan.developer, plan.weights, entry)
    if world.chance(0.7):
        wire.next_transaction()
        document = named(f"manifest {plan.number}")
        subject = ids.subject(MODELS, model)
        wire.log("Statements", "Stated", plan.developer, subject, MANIFEST, document)


def _keep(world: World, model: bytes, plan: _Plan, made: ModelSplits) -> None:
    world.ledger.know(made.split)
    world.ledger.know(made.data.split, deep=True)
    world.ledger.know(made.own_split, deep=True)
    if made.own_split:
        world.own_splits[model] = made.own_split.key
    world.ledger.stands[ids.subject(MODELS, model)] = made.split.key
    world.models.append(
        Model(
            model,
            plan.developer,
            made.split.key,
            made.ancestry,
            tuple(each.collection for each in plan.used),
            1 + max((each.depth for each in plan.parents), default=0),
        )
    )
