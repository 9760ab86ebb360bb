"""The part of a run's document that says what the hook recorded."""

from __future__ import annotations

import hashlib
from pathlib import Path

import kiseki
from kiseki.core.manifest import Manifest
from kiseki.core.run import Exposed
from kiseki.training.handed import HandedOut
from kiseki.training.ledger.figures import Figures

__all__ = ["code", "exposed"]


def exposed(
    figures: Figures, manifest: Manifest | None = None, handed: HandedOut | None = None
) -> Exposed:
    """What a run's document holds of the ledger.

    Args:
        figures: of the weights that the document is about.
        manifest: what was made of the counts; none leaves its root and weight out.
        handed: what vaults handed out for this training; none: that is not known.
    """
    against = None
    if handed is not None and manifest is not None:
        against = handed.against(manifest)
    return Exposed(
        version=kiseki.__version__, code=code(), ledger=figures.head, ranks=figures.ranks,
        batches=figures.batches, steps=figures.steps, consumed=figures.consumed,
        lost=figures.lost, read=figures.read,
        handed_out=None if handed is None else handed.times,
        manifest=None if manifest is None else manifest.root,
        weight=None if manifest is None else manifest.weight,
        never_consumed=None if against is None else len(against.never_consumed),
        never_handed_out=None if against is None else len(against.never_handed_out),
    )  # fmt: skip


def code() -> bytes:
    """SHA-256 over the source of `kiseki.training`: over each file's path and SHA-256, by path."""
    folder = Path(__file__).parent
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*.py"), key=lambda each: each.relative_to(folder).as_posix()):
        name = path.relative_to(folder).as_posix().encode()
        whole.update(name + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return whole.digest()
