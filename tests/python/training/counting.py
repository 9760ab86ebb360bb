"""A model whose weights count: each sample adds one to a weight of its own, by its gradient. So the
weights themselves say what they were trained on, whatever a ledger says."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.utils.data import Dataset

from kiseki.training import Exposure

SIZE = 24
NAMES = [f"drawings/{number}.png" for number in range(SIZE)]


class Drawings(Dataset[torch.Tensor]):
    """Samples that are vectors with a one at their own place."""

    def __init__(self, size: int = SIZE) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> torch.Tensor:
        sample = torch.zeros(self.size)
        sample[index] = 1.0
        return sample


class Counting:
    """The model, with its optimizer."""

    def __init__(self, size: int = SIZE) -> None:
        self.weights = torch.zeros(size, requires_grad=True)
        self.optimizer = torch.optim.SGD([self.weights], lr=1.0)

    def learn(self, batch: torch.Tensor) -> None:
        """Forwards, backwards and no step."""
        (-(batch @ self.weights).sum()).backward()  # type: ignore[no-untyped-call]

    def train(self, batch: torch.Tensor) -> None:
        """As training loops do."""
        self.optimizer.zero_grad()
        self.learn(batch)
        self.optimizer.step()

    @property
    def counts(self) -> Mapping[object, int]:
        """Name -> how often it was trained on."""
        return {NAMES[place]: int(each) for place, each in enumerate(self.weights) if each}


def fits(model: Counting, exposure: Exposure) -> None:
    """Closes an exposure, and holds what its ledger says against the weights."""
    from kiseki.training import Ledger

    exposure.close()
    found = Ledger(exposure.folder).figures()
    assert found.counts == model.counts
    assert found.read >= found.consumed + found.lost
