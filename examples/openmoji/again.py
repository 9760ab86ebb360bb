"""Each model made again, in isolation, by somebody else, who states what came out."""

from __future__ import annotations

import shutil
import time

from examples.openmoji.exposures import published_documents
from examples.openmoji.recording import ROOT
from examples.openmoji.steps import documents
from examples.openmoji.summary import Check, Verification
from examples.openmoji.units import plural
from examples.openmoji.world import CREATOR, STUDIO, Made, World
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.models.backing import backings
from kiseki.core.reproduction import Reproduction
from kiseki.core.values import to_hex
from kiseki.errors import NotIsolated
from kiseki.training.reproducing.reproducing import Given, plan, reproduce

__all__ = ["made_again", "remade_checks"]

_WHO = {"Model 3": (CREATOR, "The creator, whose pictures these are")}
_ELSE = STUDIO, "The studio, which holds the drawings"
"""Who makes a model again: whoever has its data, and had no part in the training."""
_VERDICTS = {
    "bit for bit": "Reproduced, bit for bit",
    "within": "Reproduced within what was stated",
    "differs": "Not reproduced",
    "failed": "Not reproduced",
}


def made_again(world: World) -> list[Verification]:
    """What came out of each model's recorded command; or that it was not tried, and why."""
    found: list[Verification] = []
    receipts: list[Receipt] = []
    try:
        for name, made in world.made.items():
            began = time.monotonic()
            done = _made(world, name, made)
            receipts.append(_stated(world, name, made, done))
            seconds = time.monotonic() - began
            found.append(_told(world, name, made, done, seconds, receipts[-1]))
    except NotIsolated as error:
        why = str(error)
        found.append(
            Verification("The models, trained again", None, "Not tried",
                         f"{why[:1].upper()}{why[1:]}.", ())
        )  # fmt: skip
    if receipts:
        world.cost("State what training again gave", receipts, "by those who hold the data")
    return found


def remade_checks(world: World) -> list[Check]:
    """By the statements on the chain and the published documents alone."""
    known = published_documents(world)
    found = []
    for name, made in world.made.items():
        backed = backings(world.k.index, known, made.id)
        again = [each for each in backed if each.reproduction and not each.is_developers]
        if again:
            ok = all(each.reproduction.outcome == "bit for bit" for each in again
                     if each.reproduction)  # fmt: skip
            said = "trained again by somebody else, as was stated on the chain"
            found.append(Check(f"{name}, {said}, has the same weights, bit for bit", ok))
    return found


def _made(world: World, name: str, made: Made) -> Reproduction:
    document = (documents(world) / f"{to_hex(made.id)}-run.json").read_bytes()
    given = Given(
        inputs=[made.laid.folder], code=ROOT, published=made.weights, base=made.laid.base,
        manifest=made.manifest,
    )  # fmt: skip
    folder = world.folder / "again" / made.weights.stem
    shutil.rmtree(folder, ignore_errors=True)
    k = world.k.wallet(_WHO.get(name, _ELSE)[0])
    return reproduce(plan(k, made.id, document, given), folder)


def _stated(world: World, name: str, made: Made, done: Reproduction) -> Receipt:
    file = documents(world) / f"{to_hex(made.id)}-reproduction.json"
    file.write_text(done.to_json(), "utf-8", newline="\n")
    k = world.k.wallet(_WHO.get(name, _ELSE)[0])
    return k.statements.state("model", to_hex(made.id), "reproduction", file)


def _told(
    world: World, name: str, made: Made, done: Reproduction, seconds: float, stated: Receipt
) -> Verification:
    number, who = _WHO.get(name, _ELSE)
    items = sum(map(len, made.manifest.items.values()))
    said = "The same weights came out" if done.outcome == "bit for bit" else done.words.rstrip(".")
    took, before = (max(1, round(each)) for each in (seconds, world.took[name]))
    return Verification(
        f"{name}, trained again", done.is_reproduced, _VERDICTS[done.outcome],
        f"{who} and had no part in the training, ran the recorded command on the "
        f"{plural(items, 'picture')} that the manifest declares, without network, home and keys. "
        f"{said}. It took {took}\xa0s with every check and copy; the training had taken "
        f"{before}\xa0s. What came out is stated on the chain.",
        (f"Weights {to_hex(done.published or bytes(32))}", f"Document {to_hex(done.hash)}",
         f"Stated by {world.k.wallet(number).address}, block {stated.block}"),
    )  # fmt: skip
