"""What training one of the demo's models takes: pictures in a folder, and the recipe beside them.

Nothing else decides what comes out: no ID, no salt, no number of cores. `examples.openmoji.model`
says on which machines.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from examples.openmoji.drawings import rasterise_files
from examples.openmoji.model import SIZE, Batch, Id, Model, Pixels, batches, fine_tune, train
from examples.openmoji.pictures import shrunk

__all__ = ["RECIPE", "Recipe", "main", "read"]

RECIPE = "recipe.json"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What training takes beside its pictures.

    Attributes:
        seed: of the order of the pictures, and of the model.
        times: file of a picture -> how often it is taken. The order counts: it is what is shuffled.
        rank: as `train` and `fine_tune` take it.
        kinds: as `train` takes it; `fine_tune` takes none.
    """

    seed: int
    times: Mapping[str, int]
    rank: int = 128
    kinds: int = 40

    def batches(self, ids: Sequence[Id], pixels: Pixels) -> Iterator[Batch[Id]]:
        """The pictures as they are taken; IDs and pixels are in the order of `times`."""
        return batches(ids, pixels, times=list(self.times.values()), seed=self.seed)

    def fit(self, taken: Iterable[Pixels], base: Model | None = None) -> Model:
        """The model of these pictures, or what `base` becomes by them."""
        if base is None:
            return train(taken, seed=self.seed, rank=self.rank, kinds=self.kinds)
        return fine_tune(base, taken, seed=self.seed, rank=self.rank)

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        return cls(**json.loads(text))


def read(files: Sequence[Path]) -> Pixels:
    """Drawings, or generated pictures, as the model takes them."""
    if all(each.suffix == ".png" for each in files):
        return shrunk(files, SIZE)
    return rasterise_files(files, SIZE)


def main(arguments: list[str] | None = None) -> None:
    """`python -m examples.openmoji.train`."""
    parser = argparse.ArgumentParser(prog="train", description="Train a model from a folder.")
    parser.add_argument("inputs", type=Path, help="the folder of pictures and recipe")
    parser.add_argument("weights", type=Path)
    parser.add_argument("--base", type=Path, help="fine-tune this model")
    options = parser.parse_args(arguments)
    recipe = Recipe.from_json((options.inputs / RECIPE).read_text("utf-8"))
    names = list(recipe.times)
    pixels = read([options.inputs / name for name in names])
    base = None if options.base is None else Model.load(options.base)
    taken = (each.pixels for each in recipe.batches(names, pixels))
    recipe.fit(taken, base).save(options.weights)
