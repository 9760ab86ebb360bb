"""What pages tell of a data ID, or of the ID of an output."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.client.documents import Documents
from kiseki.client.models.often import Taken, taken
from kiseki.core.checksum import checksummed
from kiseki.core.values import from_hex, to_hex
from kiseki.index import Index
from kiseki.index.answers.values import Found
from kiseki.web.shown.lineages import Standing, standing
from kiseki.web.shown.living import MadeFromRow, made_of
from kiseki.web.shown.values import ROWS, Rows, page

__all__ = [
    "BatchStanding",
    "ItemShown",
    "PlaceRow",
    "RevocationShown",
    "TakenRow",
    "item",
    "place",
    "revocation",
]


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
class BatchStanding:
    """How the batch of an output stands today.

    Attributes:
        id: its ID.
        standing: what it rests on, and how that stands.
        problems: how many findings are problems.
    """

    id: str
    standing: Standing
    problems: int


@dataclass(frozen=True, slots=True)
class TakenRow:
    """How often a model took a data item, as far as its published manifest is here.

    Attributes:
        model: its ID.
        developer: who registered it.
        time: when.
        weight: of the item in the manifest, as text: "0" where the manifest does not declare it,
            none where the manifest is not here.
        total: the sum of all weights of the manifest, as text.
        counted: whether a hook recorded these weights as counts, by the developer's word.
    """

    model: str
    developer: str
    time: int
    weight: str | None
    total: str
    counted: bool


@dataclass(frozen=True, slots=True)
class ItemShown:
    """A data ID, or the ID of an output.

    Attributes:
        id: itself.
        kind: ``data``, or ``output`` where its registrant logged it in batches only.
        commitment: what is on the chain of its content.
        registrant: its provider or creator.
        revoked_at: when its provider revoked it by itself; none where that did not happen.
        places: the collections and batches in which its commitment was logged. Those of another
            registrant hold the same commitment under another data ID.
        batch: of an output, how the batch stands in which its registrant logged it first; none of
            data.
        collection: the one in which its provider logged it first; none of an output.
        made_from: what it was made from, by who speaks for that collection.
        taken: the newest models that declare that collection themselves; none of an output.
        more_took: whether there are older ones.
    """

    id: str
    kind: str
    commitment: str
    registrant: str
    revoked_at: int | None
    places: Rows[PlaceRow]
    batch: BatchStanding | None
    collection: str | None
    made_from: list[MadeFromRow]
    taken: list[TakenRow]
    more_took: bool


@dataclass(frozen=True, slots=True)
class RevocationShown:
    """Whether a provider revoked one item by itself.

    Attributes:
        id: the data ID.
        revoked_at: when; none where that did not happen.
    """

    id: str
    revoked_at: int | None


def revocation(index: Index, data_id: bytes) -> RevocationShown:
    """Whether a provider revoked one item by itself, whether any collection logged it or not."""
    return RevocationShown(to_hex(data_id), index.items_revoked([data_id]).get(data_id))


def item(
    index: Index,
    data_id: bytes,
    documents: Documents,
    after: str | None = None,
    most: int = ROWS,
) -> ItemShown:
    """Whose a data ID is, where it stands, and how often models took it.

    Args:
        documents: that this site was given.
        after: of the part of its places that is wanted.

    Raises:
        NotInIndex: no collection or batch logged an item with this ID.
        InvalidInput: `after` is no ID.
    """
    found = index.item(data_id)
    last = None if after is None else from_hex(after, 32, "after")
    places = index.find(found.commitment, last, most + 1)
    home = index.home(found)
    is_output = home.kind == "batch"
    took = [] if is_output else taken(index, documents, home.id, found.id, most + 1)
    return ItemShown(
        to_hex(found.id),
        "output" if is_output else "data",
        to_hex(found.commitment),
        checksummed(found.registrant),
        index.items_revoked([found.id]).get(found.id),
        page(places, most, place, lambda each: to_hex(each.id)),
        _standing(index, home.id) if is_output else None,
        None if is_output else to_hex(home.id),
        [] if is_output else made_of(index, documents, home.id, found.id),
        [_taken(each) for each in took[:most]],
        len(took) > most,
    )


def _taken(each: Taken) -> TakenRow:
    return TakenRow(
        to_hex(each.model), checksummed(each.developer), each.registered_at,
        None if each.weight is None else str(each.weight), str(each.total), each.is_counted,
    )  # fmt: skip


def _standing(index: Index, batch: bytes) -> BatchStanding:
    found = index.lineage(batch)
    problems = [each for each in index.findings_in(found) if each.severity == "problem"]
    return BatchStanding(to_hex(batch), standing(found), len(problems))


def place(each: Found) -> PlaceRow:
    """One place in which a commitment stands."""
    return PlaceRow(each.kind, to_hex(each.id), checksummed(each.registrant), each.time)
