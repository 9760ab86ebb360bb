"""Where money comes from, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiseki.index import Label

__all__ = ["label"]

_FROM = {
    "data": "the data behind {}", "own": "what the model {} asks", "model": "the model {}",
    "batch": "the batch {}", "published": "a published split", "added": "a split in a file",
}  # fmt: skip
"""What the splits are that money comes through; see `kiseki.index.facts.splits.Label`."""


def label(labels: Iterable[Label]) -> str:
    """What a split is; the IDs are short here, --json has the whole ones."""
    named = [_FROM[each.kind].format(f"0x{each.group.hex()[:8]}…") for each in labels]
    return ", ".join(named) or "held for the wallet"
