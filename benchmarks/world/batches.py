"""Batches of outputs: of popular models mostly, some of which read collections too."""

from __future__ import annotations

from benchmarks.world.models import Used, affordable, priced
from benchmarks.world.payees import payee
from benchmarks.world.state import Batch, Model, World, named
from benchmarks.world.suite import DATA, OUTPUTS
from kiseki.core import ids
from kiseki.core.compose import compose_batch, data_split
from kiseki.core.ids import External
from kiseki.core.merkle import IdTree
from kiseki.core.values import ZERO32

__all__ = ["register"]


def register(world: World) -> None:
    """A batch of one to three outputs."""
    creator = world.creator()
    number = len(world.batches)
    used = _read(world) if world.chance(0.2) else []
    models = _models(world, data_split(DATA, priced(used)).ppm)
    if not models:
        return
    externals = [External(named(f"external {number % 50}"), ZERO32)] if world.chance(0.02) else []
    pays = payee(world, creator)
    commitments, root = _outputs(world, creator)
    parts = [ids.part_hash([each.source for each in used])] if used else []
    hashed = ids.sources_hash(parts, [each.id for each in models], externals)
    batch = ids.batch_id(creator, hashed, root)
    made = compose_batch(
        DATA, batch, priced(used), [each.ancestry for each in models], world.own_splits, pays
    )
    wire = world.wire
    wire.next_transaction()
    for model in models:
        wire.log("OutputRegistry", "BatchModel", batch, model.id)
    for each in used:
        wire.log("OutputRegistry", "BatchSource", batch, each.source.id, each.collection.provider)
    for external in externals:
        wire.log("OutputRegistry", "BatchExternal", batch, external.weights, external.document)
    wire.log(
        "OutputRegistry", "BatchRegistered", batch, creator, root, len(commitments),
        named("record"), pays, made.split.key, world.chance(0.5),
    )  # fmt: skip
    if world.chance(0.3):
        wire.log("OutputRegistry", "BatchPublished", batch, creator, commitments)
    world.ledger.know(made.split)
    world.ledger.know(made.data.split, deep=True)
    world.ledger.stands[ids.subject(OUTPUTS, batch)] = made.split.key
    world.batches.append(Batch(batch, creator, made.split.key, tuple(models)))


def _models(world: World, read: int) -> list[Model]:
    count = (1, 1, 1, 2, 3)[int(5 * world.rng.random())]
    if not world.models:
        return []
    chosen = {each.id: each for each in (world.popular(world.models) for _ in range(count))}
    return affordable(world, list(chosen.values()), read)


def _read(world: World) -> list[Used]:
    """Collections that generation itself read, where their terms let it."""
    now = world.wire.time
    chosen = {
        each.id: each
        for each in (
            world.one_of(world.collections) for _ in range(1 + int(world.rng.random() * 8))
        )
        if each.terms.ai_inference and (each.until is None or now <= each.until)
    }
    return [Used(chosen[each], ids.Collection(each, ZERO32, 1)) for each in sorted(chosen)]


def _outputs(world: World, creator: str) -> tuple[list[bytes], bytes]:
    commitments = [world.rng.randbytes(32) for _ in range(1 + int(world.rng.random() * 3))]
    both = sorted(zip(ids.item_ids(creator, commitments), commitments, strict=True))
    return [each for _, each in both], IdTree([item for item, _ in both]).root
