"""What training does beside the chain: data laid out for it, what it consumed, a rerun of it.

Nothing here imports a library for training before a hook for that library is used.

extras    libraries for training, which Kiseki does not bring along
ledger    what training consumed, written down
hooks     how samples keep their IDs, and how steps are seen
isolation  a stranger's command, where it can reach nothing
runs      the document of a run
reproducing  a run made again
provenance  what a model came from, in the forms that other tools read
exposure  both, in a few lines of a training loop
handed    what vaults handed out, by the receipts that are kept
exposed   the part of a run's document that says what was recorded
laid      what was laid out for a trainer, and which item a file there comes from
consumed  from the samples in a ledger to registered items, and to a manifest
laying/   data laid out in the form that a trainer reads, and taken away again
lacking   what a training lacks of its data, got from a vault
influence what each collection is worth to a small model
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiseki.training.exposure import Exposure
    from kiseki.training.ledger.figures import Figures, Ledger

__all__ = ["Exposure", "Figures", "Ledger"]

_HOME = {"Exposure": "exposure", "Figures": "ledger.figures", "Ledger": "ledger.figures"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
