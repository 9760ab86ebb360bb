"""Training with Kiseki's hook in the loop, and the document of the run that it makes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from examples.openmoji.model import SIZE, Batch, Model, Pixels
from examples.openmoji.recipe import RECIPE, Recipe
from kiseki import Manifest
from kiseki.core.run import Run
from kiseki.training import Exposure, Figures, Ledger
from kiseki.training.exposed import exposed
from kiseki.training.runs.making import Folders, make

__all__ = ["ROOT", "Laid", "Trained", "lay", "record", "run_of"]

CODE = Path(__file__).parent
ROOT = CODE.parents[1]
"""The folder that a rerun's command starts in, as `examples` lies there."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A model and what the ledger has of its training."""

    model: Model
    figures: Figures

    @property
    def consumed(self) -> Mapping[bytes, int]:
        """Data ID -> how often training took it."""
        return {key: n for key, n in self.figures.counts.items() if isinstance(key, bytes)}


def record(
    ledger: Path, source: Iterable[Batch[bytes]], fit: Callable[[Iterable[Pixels]], Model]
) -> Trained:
    """Trains with a new ledger in this folder.

    Args:
        ledger: its folder; one of an earlier demo is removed.
        source: batches whose IDs are data IDs.
        fit: makes the model from the pictures. The model changes once, by all batches together, so
            the whole training is one step.

    Raises:
        ValueError: a batch has more or fewer IDs than pictures.
        TrainingError: the ledger cannot be written.
    """
    shutil.rmtree(ledger, ignore_errors=True)
    with Exposure(ledger) as exposure:
        model = fit(exposure.batches(_whole(source)))
        exposure.stepped()
    return Trained(model, Ledger(ledger).figures())


def _whole(source: Iterable[Batch[bytes]]) -> Iterator[Batch[bytes]]:
    for batch in source:
        if len(batch.ids) != len(batch.pixels):
            raise ValueError(f"{len(batch.ids)} IDs for {len(batch.pixels)} pictures")
        yield batch


@dataclass(frozen=True, slots=True)
class Laid:
    """What a training takes, so that anybody who has it can make the model again.

    Attributes:
        folder: the pictures and the recipe.
        items: file of a picture -> its data ID, in the order of the recipe. Two artists drew some
            pictures alike to the byte: only whoever trains knows whose was meant.
        recipe: how often each is taken, in which order, by which seed.
        base: the file of the model that is fine-tuned.
    """

    folder: Path
    items: Mapping[str, bytes]
    recipe: Recipe
    base: Path | None = None


def lay(
    folder: Path, pictures: Mapping[Path, bytes], recipe: Recipe, base: Path | None = None
) -> Laid:
    """Copies pictures, each with its data ID, and the recipe into a new folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for each in pictures:
        shutil.copyfile(each, folder / each.name)
    (folder / RECIPE).write_text(recipe.to_json(), "utf-8", newline="\n")
    return Laid(folder, {each.name: id_ for each, id_ in pictures.items()}, recipe, base)


def run_of(weights: Path, trained: Trained, manifest: Manifest, laid: Laid) -> Run:
    """The run's document: code, packages, what the hook recorded, and all that it takes to make the
    model again, bit for bit."""
    recipe, tuned = laid.recipe, laid.base is not None
    command = ["python", "-m", "examples.openmoji.train", "{inputs}", f"{{output}}/{weights.name}"]
    settings = {"size": SIZE, "rank": recipe.rank, "threads": 1}
    run = make(
        weights, [*command, "--base", "{base}"] if tuned else command,
        Folders(code=CODE, inputs=laid.folder, output=weights.parent, base=laid.base),
        items=laid.items, settings=settings if tuned else {**settings, "kinds": recipe.kinds},
        seed=recipe.seed, tolerance=Fraction(0), exposure=exposed(trained.figures, manifest),
    )  # fmt: skip
    if run.code is None:
        raise LookupError("the code that trained")
    place = CODE.relative_to(ROOT).as_posix()
    files = {f"{place}/{name}": digest for name, digest in run.code.files.items()}
    return replace(run, code=replace(run.code, files=files))
