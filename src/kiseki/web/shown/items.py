"""What pages tell of a data ID, or of the ID of an output."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.core.checksum import checksummed
from kiseki.core.values import from_hex, to_hex
from kiseki.index import Index
from kiseki.index.answers.values import Found
from kiseki.web.shown.values import ROWS, Rows, page

__all__ = ["ItemShown", "PlaceRow", "item"]


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """Where an item stands.

    Attributes:
        kind: ``collection`` or ``batch``.
        id: of the collection or batch.
        registrant: who registered it.
        time: when.
    """

    kind: str
    id: str
    registrant: str
    time: int


@dataclass(frozen=True, slots=True)
class ItemShown:
    """A data ID, or the ID of an output.

    Attributes:
        id: itself.
        commitment: what is on the chain of its content.
        registrant: its provider or creator.
        revoked_at: when its provider revoked it by itself; none where that did not happen.
        places: the collections and batches in which its commitment was logged. Those of another
            registrant hold the same commitment under another data ID.
    """

    id: str
    commitment: str
    registrant: str
    revoked_at: int | None
    places: Rows[PlaceRow]


def item(index: Index, data_id: bytes, after: str | None = None, most: int = ROWS) -> ItemShown:
    """Whose a data ID is and where it stands.

    Args:
        after: of the part of its places that is wanted.

    Raises:
        NotInIndex: no collection or batch logged an item with this ID.
        InvalidInput: `after` is no ID.
    """
    found = index.item(data_id)
    last = None if after is None else from_hex(after, 32, "after")
    places = index.find(found.commitment, last, most + 1)
    return ItemShown(
        to_hex(found.id),
        to_hex(found.commitment),
        checksummed(found.registrant),
        index.items_revoked([found.id]).get(found.id),
        page(places, most, _place, lambda each: to_hex(each.id)),
    )


def _place(each: Found) -> PlaceRow:
    return PlaceRow(each.kind, to_hex(each.id), checksummed(each.registrant), each.time)
