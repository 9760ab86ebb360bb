"""How the logs of a vault stand beside its last anchor, for whoever runs it."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.vault.handing.anchors import AnchorFiles, Placed
from kiseki.vault.handing.ledger import Ledger
from kiseki.vault.log.checkpoints import Checkpoint

__all__ = ["Grown", "Standing", "standing"]

_DAY = 86_400
_LOOKED = 100
"""Logs that are looked into for a receipt that waits."""


@dataclass(frozen=True, slots=True)
class Grown:
    """A log with receipts that the last anchor does not have.

    Attributes:
        provider: whose it is.
        size: how many it has.
        anchored: how many of them the anchor has.
    """

    provider: str
    size: int
    anchored: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How a vault stands beside its last anchor.

    Attributes:
        taken: when its heads were read, in seconds since 1970; none where there is no anchor.
        heads: how many logs it has.
        placed: where it is on the chain, as the node said then; none where it is not yet there.
        grown: the logs that grew since.
        is_overdue: whether a receipt has waited for an anchor for more than a day.
    """

    taken: int | None
    heads: int
    placed: Placed | None
    grown: tuple[Grown, ...]
    is_overdue: bool


def standing(files: AnchorFiles, ledger: Ledger, now: int) -> Standing:
    """How the logs stand now.

    Args:
        now: in seconds since 1970.

    Raises:
        FilesError: the last document cannot be read.
        SecretsError: the store cannot be.
    """
    last = next(files.last(), None)
    known: dict[str, int] = {}
    for note in () if last is None else last.heads:
        head = Checkpoint.from_text(note.text)
        known[head.origin] = head.size
    grown = []
    for note in ledger.heads():
        head = Checkpoint.from_text(note.text)
        before = known.get(head.origin, 0)
        if head.size > before:
            grown.append(Grown(head.origin.rpartition("/")[2], head.size, before))
    waits = any(
        now - ledger.receipt(each.provider, each.anchored).receipt.at > _DAY
        for each in grown[:_LOOKED]
    )
    if last is None:
        return Standing(None, 0, None, tuple(grown), waits)
    placed = files.placed(last.stamp.day)
    unstated = placed is None and now - last.stamp.taken > _DAY
    return Standing(last.stamp.taken, len(known), placed, tuple(grown), waits or unstated)
