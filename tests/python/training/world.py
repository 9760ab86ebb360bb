"""A studio's drawings, a developer who trains on them, and the model that comes out."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from kiseki import Kiseki, Manifest, Terms
from kiseki.core.run import Run
from kiseki.training.runs.making import Folders, make

__all__ = ["Trained", "World"]

PROGRAM = Path(__file__).with_name("trained.py")


@dataclass(frozen=True)
class Trained:
    """A registered model, with everything that its rerun needs.

    Attributes:
        id: the model's.
        run: the text of its run's document.
        weights: its file.
    """

    id: bytes
    run: str
    weights: Path


class World:
    """Folders of a machine that trains: code, drawings, base model."""

    def __init__(self, folder: Path, artist: Kiseki, developer: Kiseki) -> None:
        self.folder, self.developer = folder, developer
        self.numbers = count()  # other terms make another model of the same weights
        self.code, self.inputs = folder / "trainer", folder / "drawings"
        self.base = folder / "base.safetensors"
        self.code.mkdir()
        (self.code / "train.py").write_text(PROGRAM.read_text())
        self.inputs.mkdir()
        for number in range(3):
            (self.inputs / f"{number}.svg").write_text(f"drawing {number}")
        free = Terms.of("train", "0%")
        art = artist.data.prepare(self.inputs, free)
        artist.data.register(art)
        (self.inputs / "config.toml").write_text("size = 8\n")
        (self.inputs / "more").mkdir()
        (self.inputs / "more" / "caption.txt").write_text("a fox")
        save_file({"fit": np.full((8, 4), 0.25, "f4"), "other": np.ones(2, "f4")}, self.base)
        self.manifest = Manifest({art.id: [(each.id, 1) for each in art.items]})
        self.knows = artist

    def train(self, *more: str, name: str = "out") -> Path:
        """The weights of a training, as somebody types it."""
        words = self.command(*more, name=name)
        subprocess.run([sys.executable, *words[1:]], cwd=self.code, check=True)
        return self.folder / name / "model.safetensors"

    def command(self, *more: str, name: str = "out") -> list[str]:
        return ["python", "train.py", "--data", str(self.inputs), "--out", str(self.folder / name),
                *more]  # fmt: skip

    def document(self, weights: Path, command: Sequence[str], **more: Any) -> Run:
        folders = Folders(self.code, self.inputs, weights.parent, more.pop("base", None))
        return make(weights, command, folders, openings=self.knows.data.openings,
                    tolerance=more.pop("tolerance", Fraction(1, 100)), **more)  # fmt: skip

    def register(self, weights: Path, run: str) -> Trained:
        (self.folder / "run.json").write_text(run)
        made = self.developer.models.register(
            self.developer.models.weights(weights), Terms.of("train", f"{next(self.numbers)}%"),
            manifest=self.manifest, run=self.folder / "run.json",
        )  # fmt: skip
        return Trained(made.id, run, weights)

    def trained(self, *more: str, name: str = "out", **said: Any) -> Trained:
        """Trained, documented and registered."""
        weights = self.train(*more, name=name)
        run = self.document(weights, self.command(*more, name=name), **said)
        return self.register(weights, run.to_json())

    def hostile(self, program: str, **members: Any) -> Trained:
        """A model whose recorded command is no training."""
        weights = self.train()
        (self.code / "train.py").write_text(program)
        return self.register(weights, self.document(weights, self.command(), **members).to_json())

    def given(self, **more: Any) -> Mapping[str, Any]:
        """What whoever makes the run again brings along."""
        return {"inputs": [self.inputs], "code": self.code, **more}
