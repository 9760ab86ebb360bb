"""What pages tell of a batch of outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from kiseki.client.documents import Documents
from kiseki.core import ids
from kiseki.core.checksum import checksummed
from kiseki.core.values import to_hex
from kiseki.index import Index, Lineage
from kiseki.web.shown.collections import ItemRow, items
from kiseki.web.shown.findings import FindingRow, findings, problems
from kiseki.web.shown.lineages import Standing, standing
from kiseki.web.shown.statements import StatementRow, statements
from kiseki.web.shown.values import (
    ROWS,
    PayeeShown,
    Rows,
    of_payee,
)

__all__ = ["BatchShown", "batch"]


L = TypeVar("L")


@dataclass(frozen=True, slots=True)
class BatchShown(Generic[L]):
    """A batch.

    Attributes:
        id: its ID.
        creator: who registered it.
        count: how many outputs it has, by its root.
        logged: how many of them are logged.
        record: the hash of the record of how they were generated, or zero.
        endorsed: whether every model is the creator's own or was endorsed for this batch.
        base: ``traced``, ``stated`` or ``undisclosed``: the worst of all models above it.
        registered_at: when.
        payee: who gets what its creator earns.
        data_ppm: how much of its gross goes to data that it read directly, parts per million.
        token: the number of its rights token, minted or not.
        holder: who holds that; none before it is minted.
        standing: how what it rests on stands today.
        findings: what only all records together show.
        lineage: everything that it rests on, whole or what a page shows of it.
        outputs: those that are logged.
        statements: what was said about it.
        split: who is paid what of its gross.
        block, transaction: of its registration.
    """

    id: str
    creator: str
    count: int
    logged: int
    record: str
    endorsed: bool
    base: str
    registered_at: int
    payee: PayeeShown
    data_ppm: int
    token: str
    holder: str | None
    standing: Standing
    findings: list[FindingRow]
    lineage: L
    outputs: Rows[ItemRow]
    statements: Rows[StatementRow]
    split: str
    block: int
    transaction: str

    @property
    def problems(self) -> int:
        """How many findings are problems."""
        return problems(self.findings)


def batch(
    index: Index,
    which: bytes,
    language: str,
    documents: Documents,
    told: Callable[[Lineage], L],
    most: int = ROWS,
) -> BatchShown[L]:
    """A batch, with the first rows of its lists.

    Args:
        documents: that this site was given.
        told: what is told of its lineage.

    Raises:
        NotInIndex: nobody registered it.
    """
    record, found = index.batch_head(which), index.lineage(which)
    subject = ids.subject(dict(index.contracts)["OutputRegistry"], which)
    holder = index.agreements.holder(subject)
    return BatchShown(
        to_hex(which),
        checksummed(record.creator),
        record.count,
        record.logged,
        to_hex(record.record),
        record.endorsed,
        str(record.base),
        record.registered_at,
        of_payee(index, record.payee),
        record.data_ppm,
        to_hex(subject),
        None if holder is None else checksummed(holder),
        standing(found),
        findings(index, found, language, documents),
        told(found),
        items(index, which, record.creator, most=most),
        statements(index, "batch", which, most=most),
        to_hex(record.split),
        record.block,
        to_hex(record.transaction),
    )
