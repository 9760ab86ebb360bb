"""What pages tell of a collection."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.client.documents import Documents
from kiseki.core.checksum import checksummed
from kiseki.core.values import from_hex, to_hex
from kiseki.index import Index
from kiseki.index.answers.items import Item
from kiseki.web.shown.living import SeriesShown, series
from kiseki.web.shown.statements import StatementRow, statements
from kiseki.web.shown.values import (
    ROWS,
    PayeeShown,
    Rows,
    TermsShown,
    UseRow,
    of_payee,
    of_terms,
    of_usage,
    page,
)
from kiseki.web.shown.withdrawals import WithdrawalRow, withdrawals

__all__ = ["CollectionShown", "ItemRow", "collection", "items", "uses"]


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item of a collection or batch.

    Attributes:
        id: its data ID.
        commitment: what is on the chain of its content.
        revoked_at: when its provider revoked it by itself; none where that did not happen.
    """

    id: str
    commitment: str
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class CollectionShown:
    """A collection.

    Attributes:
        id: its ID.
        provider: who consented.
        terms: under which.
        count: how many items it has, by its root.
        logged: how many of them are logged.
        registered_at, revoked_at, ends_at: when; `ends_at` is the first second at which new uses
            are refused, notice and validity included, and none where there is no end.
        holds: whether new uses are allowed now, as far as consent goes; a gate may refuse all the
            same.
        payee: who is paid now.
        origin: the hash of the document of origin, or zero.
        models, batches: how many rest on it, directly or through models, of those that were
            counted.
        more_rest: whether more do: what five thousand ways lead to is counted, and no more.
        uses: who declares it.
        items: those that are logged.
        withdrawals: of it and its items, each with a model that rests on it, and what the model's
            developer answered.
        series: its place in a series, by who speaks for it; none where nobody said that it has
            one.
        statements: what was said about it.
        block, transaction: of its registration.
    """

    id: str
    provider: str
    terms: TermsShown
    count: int
    logged: int
    registered_at: int
    revoked_at: int | None
    ends_at: int | None
    holds: bool
    payee: PayeeShown
    origin: str
    models: int
    batches: int
    more_rest: bool
    uses: Rows[UseRow]
    items: Rows[ItemRow]
    withdrawals: Rows[WithdrawalRow]
    series: SeriesShown | None
    statements: Rows[StatementRow]
    block: int
    transaction: str


def collection(
    index: Index, which: bytes, language: str, documents: Documents, most: int = ROWS
) -> CollectionShown:
    """A collection, with the first rows of its lists.

    Args:
        documents: that this site was given.

    Raises:
        NotInIndex: nobody registered it.
    """
    record = index.collection_head(which)
    resting = index.overview.resting(which)
    allowed = index.terms(record.terms_id)
    return CollectionShown(
        to_hex(which),
        checksummed(record.provider),
        of_terms(allowed, language),
        record.count,
        record.logged,
        record.registered_at,
        record.revoked_at,
        record.ends_at,
        bool(allowed.uses) and (record.ends_at is None or index.time < record.ends_at),
        of_payee(index, record.payee),
        to_hex(record.origin),
        resting.models,
        resting.batches,
        not resting.is_all,
        uses(index, which, most=most),
        items(index, which, record.provider, most=most),
        withdrawals(index, "collection", which, language, documents, most=most),
        series(index, documents, which),
        statements(index, "collection", which, most=most),
        record.block,
        to_hex(record.transaction),
    )


def uses(index: Index, which: bytes, after: str | None = None, most: int = ROWS) -> Rows[UseRow]:
    """Which models and batches declare a collection, a part of them.

    Raises:
        InvalidInput: `after` is no cursor.
    """
    last = b"" if after is None else from_hex(after, 72, "after")
    found = index.uses(which, deep=True, after=last, most=most + 1)
    return page(found, most, of_usage, lambda each: to_hex(each.cursor))


def items(
    index: Index, which: bytes, registrant: str, after: str | None = None, most: int = ROWS
) -> Rows[ItemRow]:
    """The logged items of a collection or batch, a part of them.

    Raises:
        InvalidInput: `after` is no commitment.
    """
    last = None if after is None else from_hex(after, 32, "after")
    listed = index.items(which, registrant, last, most + 1)
    revoked = index.items_revoked(each.id for each in listed)

    def row(each: Item) -> ItemRow:
        return ItemRow(to_hex(each.id), to_hex(each.commitment), revoked.get(each.id))

    return page(listed, most, row, lambda each: to_hex(each.commitment))
