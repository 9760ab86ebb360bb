"""What pages tell of the whole chain: how much is registered, and what came last."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.core.checksum import checksummed
from kiseki.core.values import to_hex
from kiseki.index import Index

__all__ = ["HomeShown", "Latest", "home"]

_NEWEST = 6


@dataclass(frozen=True, slots=True)
class Latest:
    """Something that was registered.

    Attributes:
        kind: ``collection``, ``model`` or ``batch``.
        id: its ID.
        registrant: who registered it.
        time: when.
    """

    kind: str
    id: str
    registrant: str
    time: int


@dataclass(frozen=True, slots=True)
class HomeShown:
    """The whole chain.

    Attributes:
        collections, models, batches: how many are registered.
        latest: what was registered last, the newest first.
    """

    collections: int
    models: int
    batches: int
    latest: list[Latest]


def home(index: Index) -> HomeShown:
    """How much is registered, and what came last."""
    newest = []
    for each in index.latest("DataRegistry", _NEWEST):
        status = index.status(each)
        newest.append((each, "collection", status.provider, status.registered_at))
    for each in index.latest("ModelRegistry", _NEWEST):
        model = index.model(each)
        newest.append((each, "model", model.developer, model.registered_at))
    for each in index.latest("OutputRegistry", _NEWEST):
        batch = index.batch_head(each)
        newest.append((each, "batch", batch.creator, batch.registered_at))
    newest.sort(key=lambda row: row[3], reverse=True)
    return HomeShown(
        index.count("DataRegistry"),
        index.count("ModelRegistry"),
        index.count("OutputRegistry"),
        [
            Latest(kind, to_hex(each), checksummed(who), time)
            for each, kind, who, time in newest[:_NEWEST]
        ],
    )
