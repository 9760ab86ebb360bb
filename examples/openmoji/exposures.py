"""How often training took each model's data, as the documents say that their developers published.

Nothing here comes from the training's own memory: the chain names the document of each run, and the
folder of published documents has it.
"""

from __future__ import annotations

from examples.openmoji.steps import documents, ledger
from examples.openmoji.summary import Check, Exposure
from examples.openmoji.units import plural
from examples.openmoji.world import World
from kiseki.client.documents import Documents
from kiseki.client.models.backing import backings
from kiseki.core.run import Exposed
from kiseki.core.values import to_hex
from kiseki.training import Ledger
from kiseki.vault.published import Published

__all__ = ["exposure", "exposure_checks", "published_documents"]


def exposure(world: World, model: str) -> Exposure:
    """What is known of a model's exposure, and how far its declaration is backed.

    Raises:
        LookupError: nobody published the document, or no hook recorded the training.
    """
    said, run = _said(world, model)
    backed = backings(world.k.index, published_documents(world), world.models[model])
    # What a developer says of having made its own model again backs nothing.
    levels = [
        each.level
        for each in backed
        if each.level == "recorded" or (each.level != "declared" and not each.is_developers)
    ]
    return Exposure(
        tuple(dict.fromkeys(levels)) or ("declared",), said.handed_out, said.read, said.consumed,
        said.lost, said.batches, said.steps, to_hex(run), to_hex(said.ledger),
    )  # fmt: skip


def exposure_checks(world: World) -> list[Check]:
    """Each ledger, hashed again, and each manifest are what the document of the run says."""
    return [_agrees(world, model) for model in world.models]


def _agrees(world: World, model: str) -> Check:
    said, _ = _said(world, model)
    found, manifest = Ledger(ledger(world, model)).figures(), world.manifests[model]
    items = {id_: n for each in manifest.items.values() for id_, n in each}
    return Check(
        f"{model}: the ledger of its training, hashed again, counts "
        f"{plural(said.consumed, 'use')}, which are those that its manifest declares",
        (found.head, found.consumed, found.lost) == (said.ledger, said.consumed, said.lost)
        and dict(found.counts) == items
        and (said.manifest, said.weight) == (manifest.root, found.consumed),
    )


def _said(world: World, model: str) -> tuple[Exposed, bytes]:
    key = world.k.index.model(world.models[model]).run
    run = published_documents(world).run(key)
    if run is None or run.exposure is None:
        raise LookupError(f"the document of {model.lower()}'s run says what a hook recorded")
    return run.exposure, key


def published_documents(world: World) -> Documents:
    """What developers published, and whoever made a model again."""
    return Documents(Published(documents(world)))
