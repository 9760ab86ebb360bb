"""What revoking consent does, for who is about to sign it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiseki.core import ids
from kiseki.core.checksum import checksummed
from kiseki.core.terms import ITEM_NOTICE
from kiseki.core.values import from_hex, to_hex
from kiseki.errors import InvalidInput, NotInIndex
from kiseki.index import Index

__all__ = ["EffectShown", "effect"]


_NAMED = 10
"""Models that are named."""


@dataclass(frozen=True, slots=True)
class EffectShown:
    """What a revocation does if it is registered now.

    Attributes:
        collection: whose consent, or part of whose consent, it ends.
        ends: the first second at which new uses are refused, in Unix seconds.
        models, batches: how many rest on the collection, directly or through models. They stay.
        resting: the first of these models, each with its developer, who is told.
        item, commitment: of the one work that is revoked; empty where all of them are.
    """

    collection: str
    ends: int
    models: int
    batches: int
    resting: list[tuple[str, str]]
    item: str
    commitment: str


def effect(index: Index, account: str, said: Mapping[str, str]) -> EffectShown | None:
    """What is said of a form that revokes; none where it names no collection that is known.

    Args:
        account: who revokes, in lower case.
        said: the form: ``collection``, and ``item`` (a commitment) where one work is revoked.
    """
    try:
        which = from_hex(said.get("collection"), 32, "the collection")
        commitment = from_hex(said["item"], 32, "the commitment") if said.get("item") else b""
        head = index.collection_head(which)
    except (InvalidInput, NotInIndex):
        return None
    allowed, rests = index.terms(head.terms_id), index.overview.impact(which)
    first = index.overview.models_on(which, most=_NAMED)
    notice = max(allowed.notice_seconds, ITEM_NOTICE if commitment else 0)
    ends = index.time + notice
    if allowed.valid_until:
        ends = min(ends, allowed.valid_until)
    return EffectShown(
        to_hex(which), ends, rests.models, rests.batches,
        [(to_hex(each.id), checksummed(each.developer)) for each in first],
        to_hex(ids.item_id(account, commitment)) if commitment else "",
        to_hex(commitment) if commitment else "",
    )  # fmt: skip
