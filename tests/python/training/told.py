"""A run without a library for training, and what its ledger says."""

from pathlib import Path

from kiseki.training import Exposure, Figures, Ledger


def trained(exposure: Exposure, *batches: list[str], steps: bool = True) -> None:
    """Batches arrive, and each is followed by a step."""
    for _ in exposure.batches((each, None) for each in batches):
        if steps:
            exposure.stepped()


def figures(folder: Path, at: int | None = None) -> Figures:
    return Ledger(folder).figures(at)
