"""What feeds tell: new uses of a collection, a model, or anything of a wallet."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from kiseki.core import ids
from kiseki.core.checksum import checksummed
from kiseki.core.values import from_hex, to_hex
from kiseki.index import Index

__all__ = ["KINDS", "FeedShown", "UseEntry", "feed"]

KINDS = ("collection", "model", "wallet")

_ROWS = 30
_SPACE = uuid.UUID("6b3d3c0e-5f0a-5c1e-9a37-2f3a6f0b7d11")
"""Of the names of feeds and entries, which are the same on every site over the same chain."""


@dataclass(frozen=True, slots=True)
class UseEntry:
    """That a model or batch declares it.

    Attributes:
        name: of this use, a URN that stays.
        kind: ``model`` or ``batch``.
        id: its ID.
        registrant: its developer or creator.
        time: when it was registered, Unix seconds.
        transaction: in which.
    """

    name: str
    kind: str
    id: str
    registrant: str
    time: int
    transaction: str


@dataclass(frozen=True, slots=True)
class FeedShown:
    """New uses, the newest first.

    Attributes:
        name: of the feed, a URN that stays.
        kind: of :data:`KINDS`.
        id: of the collection or model, or the address of the wallet.
        entries: a page of them.
        updated: when the newest of these was registered; where there are none, the time of the last
            block that is told.
        before: what the next page is asked for with; none where there is no next page.
    """

    name: str
    kind: str
    id: str
    entries: list[UseEntry]
    updated: int
    before: int | None


def feed(
    index: Index, chain_id: int, kind: str, which: str, settled: int, before: int | None = None
) -> FeedShown:
    """New uses of something by who declares it itself.

    Args:
        kind: of :data:`KINDS`.
        which: the ID or address.
        settled: the last block that is told of. Who reads feeds keeps what a feed told once, so it
            tells nothing that could be taken back.
        before: the place of the last entry of the page before.

    Raises:
        InvalidInput: it has a wrong form.
        NotInIndex: there is no such collection or model.
    """
    if kind == "wallet":
        about = checksummed(which)
        key = ids.wallet(about)
    else:
        key = from_hex(which, 32, f"the ID of a {kind}")
        about = to_hex(key)
        if kind == "collection":
            index.status(key)
        else:
            index.model(key)
    found = index.overview.newest_uses(key, before, _ROWS + 1, settled)
    suite = f"{chain_id} {dict(index.contracts)['DataRegistry']}"
    entries = [
        UseEntry(
            _urn(suite, to_hex(each.id), to_hex(key)), each.kind, to_hex(each.id),
            checksummed(each.registrant), each.time, to_hex(each.transaction),
        )
        for each in found[:_ROWS]
    ]  # fmt: skip
    return FeedShown(
        _urn(suite, kind, to_hex(key)), kind, about, entries,
        entries[0].time if entries else index.time,
        found[_ROWS - 1].place if len(found) > _ROWS else None,
    )  # fmt: skip


def _urn(*parts: str) -> str:
    return uuid.uuid5(_SPACE, " ".join(parts)).urn
