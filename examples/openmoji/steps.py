"""The steps of the demo, in order. Each does one thing with the client, on a real chain."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from examples.openmoji.drawings import Drawing, Pixels, rasterise
from examples.openmoji.model import SIZE, Model
from examples.openmoji.pictures import output
from examples.openmoji.recipe import Recipe
from examples.openmoji.recording import Laid, Trained, lay, record, run_of
from examples.openmoji.summary import Picture
from examples.openmoji.world import (
    BASE_DEVELOPER,
    BUYER,
    CREATOR,
    REFUSED,
    REVOKED,
    TUNED_ON,
    TUNING_DEVELOPER,
    Made,
    World,
)
from kiseki import Manifest
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.models.models import run_document
from kiseki.client.outputs.outputs import PreparedBatch
from kiseki.client.revenue.revenue import ETHER
from kiseki.core.run import Run
from kiseki.core.terms import ITEM_NOTICE
from kiseki.core.values import to_hex

Progress = Callable[[int, int], None]

LICENCE = """\
Kiseki demo licence

The provider allows the registered drawings to be used to train generative models, and what such
models generate to be used commercially, for a royalty of 20% of the gross of everything that rests
on them, divided by declared use. The drawings themselves remain under CC BY-SA 4.0.
"""
MODEL_LICENCE = "Whoever builds on this model pays its developer 5% of gross, and its data.\n"
SEED = 7
OUTPUTS = 48
ETHER_PAID = (1_234_567_890_123_456_789, 2_000_000_000_000_000_001)
TOKENS_PAID = (9_999_999_998, 3)


# Consent and data


def consent(world: World, progress: Progress) -> None:
    """Every artist signs or refuses; the studio submits; every commitment is logged."""
    studio = world.k
    licence = world.folder / "licence.txt"
    licence.write_text(LICENCE, "utf-8")
    world.terms = studio.data.define_terms("train", royalty="20%", document=licence)
    reserved = studio.data.define_terms("reserved", "0%")
    receipts: list[Receipt] = []
    for done, (name, artist) in enumerate(world.artists.items(), 1):
        terms = reserved if name == REFUSED else world.terms
        files = [drawing.path for drawing in world.by_artist[name]]
        prepared = artist.data.prepare(files, terms)
        signed = artist.data.consent(prepared)
        receipts += studio.data.register(prepared, consent=signed).receipts
        world.collections[name] = prepared
        for item in prepared.items:
            world.ids |= dict.fromkeys(item.paths, item.id)
        progress(done, len(world.artists))
    count = sum(len(prepared.items) for prepared in world.collections.values())
    world.cost(
        f"Register {len(receipts)} collections",
        receipts,
        f"{count:,} IDs logged, every consent signed by the artist's own wallet",
    )


def revoke_drawings(world: World) -> None:
    """Two artists revoke a drawing each, by signature; the studio submits."""
    receipts, notice = [], ITEM_NOTICE
    for drawing in world.drawings:
        if drawing.hexcode not in REVOKED:
            continue
        artist = world.artists[drawing.author]
        commitment = commitment_of(world, drawing)
        signed = artist.data.item_revocation(commitment)
        receipts.append(world.k.data.revoke_item(commitment, signed))
        notice = max(notice, world.collections[drawing.author].terms.notice_seconds)
    world.cost(f"Revoke {len(receipts)} drawings", receipts, "signed by the artists")
    # Until the notice is over consent still holds, and who trains meanwhile declares nothing false.
    world.k.wait(notice)


def commitment_of(world: World, drawing: Drawing) -> bytes:
    data_id = world.ids[drawing.path]
    prepared = world.collections[drawing.author]
    return next(item.commitment for item in prepared.items if item.id == data_id)


def usable(world: World) -> list[Drawing]:
    """The drawings that consent covers: not hers who refused, none that was revoked."""
    revoked = {world.ids[d.path] for d in world.drawings if d.hexcode in REVOKED}
    return [d for d in world.drawings if d.author != REFUSED and world.ids[d.path] not in revoked]


# Training


def rasterise_usable(world: World, progress: Progress) -> tuple[Pixels, list[Drawing]]:
    """What consent covers, as pixels."""
    used, began = usable(world), time.monotonic()
    pixels = rasterise(used, SIZE, progress=progress)
    world.took["Model 1"] = time.monotonic() - began
    return pixels, used


def train_base(world: World, pixels: Pixels, used: Sequence[Drawing]) -> Trained:
    """Trains the first model on what consent covers."""
    times = {drawing.path.name: 1 if drawing.skintone else 2 for drawing in used}
    pictures = {drawing.path: world.ids[drawing.path] for drawing in used}
    laid = lay(inputs(world, "Model 1"), pictures, Recipe(SEED, times))
    return train_on(world, "Model 1", laid, pixels)


def train_tuned(world: World, base: Trained, pixels: Pixels, used: Sequence[Drawing]) -> Trained:
    """Continues from the first model on one artist's drawings."""
    mine = [i for i, drawing in enumerate(used) if drawing.author == TUNED_ON]
    pictures = {used[i].path: world.ids[used[i].path] for i in mine}
    recipe = Recipe(SEED, dict.fromkeys((each.name for each in pictures), 1), rank=48)
    laid = lay(inputs(world, "Model 2"), pictures, recipe, weights_file(world, "Model 1"))
    return train_on(world, "Model 2", laid, pixels[np.array(mine)], base.model)


def train_on(
    world: World, name: str, laid: Laid, pixels: Pixels, base: Model | None = None
) -> Trained:
    """Trains with the hook in the loop; the weights are saved. `pixels` are those of `laid`."""
    began = time.monotonic()
    source = laid.recipe.batches(list(laid.items.values()), pixels)
    done = record(ledger(world, name), source, lambda taken: laid.recipe.fit(taken, base))
    done.model.save(weights_file(world, name))
    world.laid[name] = laid
    world.took[name] = world.took.get(name, 0.0) + time.monotonic() - began
    return done


def ledger(world: World, model: str) -> Path:
    """Where the hook writes down what training takes."""
    return world.folder / "ledgers" / _file(model)


def manifest_of(world: World, consumed: Mapping[bytes, int]) -> Manifest:
    """The manifest of what training consumed: how often a step took each ID."""
    owner = {item.id: p.id for p in world.collections.values() for item in p.items}
    items: defaultdict[bytes, list[tuple[bytes, int]]] = defaultdict(list)
    for data_id in sorted(consumed):
        items[owner[data_id]].append((data_id, consumed[data_id]))
    return Manifest(items)


def register_models(world: World, base: Trained, tuned: Trained) -> None:
    """Registers both models with their manifests; the second has the first as its parent."""
    licence = world.folder / "model-licence.txt"
    licence.write_text(MODEL_LICENCE, "utf-8")
    world.model_terms = world.k.data.define_terms("train", royalty="5%", document=licence)
    parents: list[bytes] = []
    for name, trained, number in (
        ("Model 1", base, BASE_DEVELOPER),
        ("Model 2", tuned, TUNING_DEVELOPER),
    ):
        developer = world.k.wallet(number)
        path = weights_file(world, name)
        weights = developer.models.weights(path)
        manifest = manifest_of(world, trained.consumed)
        run = run_of(path, trained, manifest, world.laid[name])
        done = developer.models.register(
            weights,
            world.model_terms,
            manifest=manifest,
            parents=parents,
            run=run.hash,
        )
        stated = developer.models.publish_manifest(done.id, manifest, documents(world))
        publish_run(world, done.id, run)
        world.made[name] = Made(done.id, manifest, path, world.laid[name])
        world.models[name], world.manifests[name], world.weights[name] = (
            done.id, manifest, weights.commitment,
        )  # fmt: skip
        sources = len(manifest.collections)
        note = f"{sources} collection{'s' * (sources > 1)}, {len(trained.consumed):,} drawings"
        note += ", on top of model 1" if parents else ""
        world.cost(f"Register {name.lower()}", [*done.receipts, *stated], note)
        parents = [done.id]


# Outputs and money


def generate(world: World, tuned: Trained) -> tuple[PreparedBatch, tuple[Picture, ...]]:
    """Generates pictures, registers them as one batch, mints its rights token."""
    files = output_files(world)
    files[0].parent.mkdir(exist_ok=True)
    pictures = []
    made = tuned.model.generate(OUTPUTS, seed=11)
    for number, (path, pixels) in enumerate(zip(files, made, strict=True), 1):
        file, picture = output(pixels, f"Output {number}")
        path.write_bytes(file)
        pictures.append(picture)
    creator = world.k.wallet(CREATOR)
    record = run_document(model="Model 2", seed=11, order=[path.name for path in files])
    batch = creator.outputs.prepare(files, [world.models["Model 2"]], record=record)
    done = creator.outputs.register(batch)
    world.cost("Register the batch", done.receipts, f"{OUTPUTS} pictures")
    minted = creator.rights.mint("batch", done.id, royalty="10%")
    world.cost("Mint the rights token", [minted], "its income proved to the contract")
    return batch, tuple(pictures)


def inputs(world: World, model: str) -> Path:
    """What a rerun of a model's training reads."""
    return world.folder / "inputs" / _file(model)


def weights_file(world: World, model: str) -> Path:
    return world.folder / f"{_file(model)}.npz"


def documents(world: World) -> Path:
    """The folder of what developers published: manifests, and the documents of runs."""
    return world.folder / "published"


def published(world: World, model: str) -> Path:
    """The manifest that the developer of a model published."""
    return documents(world) / f"{to_hex(world.models[model])}.json"


def publish_run(world: World, model: bytes, run: Run) -> None:
    """Whoever has the document finds its hash with the model on the chain."""
    documents(world).mkdir(exist_ok=True)
    file = documents(world) / f"{to_hex(model)}-run.json"
    file.write_text(run.to_json(), "utf-8", newline="\n")


def _file(model: str) -> str:
    return model.lower().replace(" ", "-")


def walk(world: World, model: str, progress: Progress) -> None:
    """The buyer, who had no part in a model, walks its published manifest to the end."""
    manifest = Manifest.from_json(published(world, model).read_text("utf-8"))
    buyer = world.k.wallet(BUYER)
    receipts = buyer.models.check_manifest(world.models[model], manifest, progress)
    world.walked[model] = sum(receipt.gas for receipt in receipts)
    items = sum(map(len, manifest.items.values()))
    world.cost(f"Walk the manifest of {model.lower()}", receipts, f"{items:,} drawings, by a buyer")


def receive(world: World, batch: bytes) -> Mapping[str, int]:
    """A buyer pays for the batch, in ether and in a test token; what came in by token address."""
    buyer = world.k.wallet(BUYER)
    token = world.k.test_token()
    world.k.mint(token, buyer.address, sum(TOKENS_PAID))
    payee = buyer.outputs.payee(batch)
    receipts = [buyer.revenue.pay(payee, amount) for amount in ETHER_PAID]
    receipts += [buyer.revenue.pay(payee, amount, token) for amount in TOKENS_PAID]
    world.cost("Receive payments", receipts, "two in ether, two in the test token")
    return {ETHER: sum(ETHER_PAID), token: sum(TOKENS_PAID)}


def pay_everybody(world: World, progress: Progress) -> None:
    """Claims for everybody at once; the studio sends, the money goes to whom it belongs."""
    wallets = [world.k.wallet(n).address for n in (CREATOR, BASE_DEVELOPER, TUNING_DEVELOPER)]
    wallets += [artist.address for artist in world.artists.values()]
    claimed = world.k.revenue.claim(wallets, progress)
    if claimed.failures:
        raise RuntimeError(f"a payee could not be paid: {claimed.failures[0][1]}")
    people = len(claimed.amounts)
    world.cost("Pay everybody", claimed.receipts, f"{people} people in both currencies")


def output_files(world: World) -> list[Path]:
    """The generated files, as they were registered."""
    return [world.folder / "outputs" / f"{number:03}.png" for number in range(1, OUTPUTS + 1)]
