"""Training with Kiseki's hook in the loop, and the document of the run that it makes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.openmoji.model import Batch, Model, Pixels
from kiseki import Manifest
from kiseki.core.run import Run
from kiseki.training import Exposure, Figures, Ledger
from kiseki.training.exposed import exposed
from kiseki.training.runs.making import Folders, make

__all__ = ["Trained", "record", "run_of"]

CODE = Path(__file__).parent


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


def run_of(
    weights: Path, trained: Trained, manifest: Manifest, seed: int, settings: Mapping[str, Any]
) -> Run:
    """What is known of the run: code, packages, and what the hook recorded."""
    return make(
        weights, (), Folders(code=CODE), settings=settings, seed=seed,
        exposure=exposed(trained.figures, manifest),
    )  # fmt: skip
