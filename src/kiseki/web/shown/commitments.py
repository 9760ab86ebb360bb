"""What pages tell of a commitment: what is registered of one content."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.client.documents import Documents
from kiseki.core import ids
from kiseki.core.checksum import checksummed
from kiseki.core.values import bytes32, from_hex, to_hex
from kiseki.index import Index, Lineage
from kiseki.web.shown.findings import FindingRow, findings, problems
from kiseki.web.shown.items import PlaceRow, place
from kiseki.web.shown.lineages import Standing, standing
from kiseki.web.shown.values import ROWS, Rows, page

__all__ = ["CommitmentShown", "OutputShown", "UsedModel", "commitment"]


@dataclass(frozen=True, slots=True)
class UsedModel:
    """A model that a batch rests on directly.

    Attributes:
        id: its ID; of one that is not registered its weights commitment, or zero.
        developer: who registered it; empty where nobody did.
    """

    id: str
    developer: str


@dataclass(frozen=True, slots=True)
class OutputShown:
    """The batch in which a content was registered first as an output.

    Attributes:
        id: of the output.
        batch: the ID of the batch.
        creator: who registered it.
        registered_at: when.
        endorsed: whether every model is the creator's own or was endorsed for this batch.
        record: the hash of the record of how it was generated, or zero.
        base: ``traced``, ``stated`` or ``undisclosed``: the worst of all models above it.
        holder: who holds the rights token of the batch; none before it is minted.
        token: the number of that.
        models: what it was made with, as its creator declared.
        standing: how what it rests on stands today.
        findings: what only all records together show.
    """

    id: str
    batch: str
    creator: str
    registered_at: int
    endorsed: bool
    record: str
    base: str
    holder: str | None
    token: str
    models: list[UsedModel]
    standing: Standing
    findings: list[FindingRow]

    @property
    def problems(self) -> int:
        """How many findings are problems."""
        return problems(self.findings)


@dataclass(frozen=True, slots=True)
class CommitmentShown:
    """What is registered of one content.

    Attributes:
        commitment: itself.
        output: as which output it was registered first; none where no batch has it.
        places: the collections and batches that logged it, earliest first. None says only that
            nobody here knows it: a salt hides training data from this question.
    """

    commitment: str
    output: OutputShown | None
    places: Rows[PlaceRow]


def commitment(
    index: Index,
    which: bytes,
    language: str,
    documents: Documents,
    after: str | None = None,
    most: int = ROWS,
) -> CommitmentShown:
    """What is registered of one content; nothing where nobody here knows it.

    Args:
        which: keccak256 of the SHA-256 of the content and a salt, which is zero for outputs.
        language: of what is found.
        documents: that this site was given.
        after: of the part of its places that is wanted.

    Raises:
        NotInIndex: no collection or batch has the ID `after`.
    """
    asked = bytes32(which, "the commitment")
    last = None if after is None else from_hex(after, 32, "after")
    places = index.find(asked, last, most + 1)
    first = index.find(asked, most=1, kind="batch")
    return CommitmentShown(
        to_hex(asked),
        _output(index, asked, first[0].id, language, documents) if first else None,
        page(places, most, place, lambda each: to_hex(each.id)),
    )


def _output(
    index: Index, which: bytes, batch: bytes, language: str, documents: Documents
) -> OutputShown:
    record, found = index.batch_head(batch), index.lineage(batch)
    subject = ids.subject(dict(index.contracts)["OutputRegistry"], batch)
    holder = index.agreements.holder(subject)
    return OutputShown(
        to_hex(ids.item_id(record.creator, which)),
        to_hex(batch),
        checksummed(record.creator),
        record.registered_at,
        record.endorsed,
        to_hex(record.record),
        str(record.base),
        None if holder is None else checksummed(holder),
        to_hex(subject),
        _models(found),
        standing(found),
        findings(index, found, language, documents),
    )


def _models(found: Lineage) -> list[UsedModel]:
    direct = {(e.kind, e.source) for e in found.edges if e.user == found.id}
    return [
        UsedModel(to_hex(each.id), checksummed(each.registrant) if each.registrant else "")
        for each in found.nodes
        if each.kind in ("model", "external") and (each.kind, each.id) in direct
    ]
