"""What pages tell of a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from kiseki.client.documents import Documents
from kiseki.core.checksum import checksummed
from kiseki.core.values import to_hex
from kiseki.index import Index, Lineage
from kiseki.index.answers.impact import Dependent
from kiseki.web.shown.findings import FindingRow, findings, problems
from kiseki.web.shown.lineages import Standing, standing
from kiseki.web.shown.statements import StatementRow, statements
from kiseki.web.shown.trained import TrainedShown, trained
from kiseki.web.shown.values import (
    ROWS,
    PayeeShown,
    Rows,
    TermsShown,
    of_payee,
    of_terms,
    page,
)
from kiseki.web.shown.withdrawals import WithdrawalRow, withdrawals

__all__ = [
    "DependentRow",
    "ModelShown",
    "SourceShown",
    "dependents",
    "model",
    "of_dependent",
    "source",
]


L = TypeVar("L")


@dataclass(frozen=True, slots=True)
class DependentRow:
    """A model or batch that rests on something.

    Attributes:
        kind: ``model`` or ``batch``.
        id: its ID.
        registrant: its developer or creator.
        time: when it was registered.
        direct: whether it declares that itself, or only rests on a model that does.
        through: the models that it names itself and through which it does; none where it is direct.
    """

    kind: str
    id: str
    registrant: str
    time: int
    direct: bool
    through: list[str]


@dataclass(frozen=True, slots=True)
class ModelShown(Generic[L]):
    """A model.

    Attributes:
        id: its ID.
        developer: who registered it.
        terms: for whoever uses it.
        weights: the commitment of its tensors.
        run: the hash of the document of its run, or zero.
        manifest: of all items that training consumed, as declared.
        manifest_checked_at: when it was read whole on the chain; none where it was not.
        base: ``traced``, ``stated`` or ``undisclosed``: the worst of itself and all above it.
        registered_at: when.
        payee: who gets what its developer earns.
        data_ppm: how much of its gross goes to its data, parts per million.
        standing: how what it rests on stands today.
        findings: what only all records together show.
        lineage: everything that it rests on, whole or what a page shows of it.
        models, batches: how many rest on it, of those that were counted.
        more_rest: whether more do: what five thousand ways lead to is counted, and no more.
        dependents: they themselves.
        trained: how it was trained, and who stands for what it declares.
        withdrawals: revocations that touch it, and what its developer answered.
        statements: what was said about it.
        block, transaction: of its registration.
    """

    id: str
    developer: str
    terms: TermsShown
    weights: str
    run: str
    manifest: str
    manifest_checked_at: int | None
    base: str
    registered_at: int
    payee: PayeeShown
    data_ppm: int
    standing: Standing
    findings: list[FindingRow]
    lineage: L
    models: int
    batches: int
    more_rest: bool
    dependents: Rows[DependentRow]
    trained: TrainedShown
    withdrawals: Rows[WithdrawalRow]
    statements: Rows[StatementRow]
    block: int
    transaction: str

    @property
    def problems(self) -> int:
        """How many findings are problems."""
        return problems(self.findings)


def model(
    index: Index,
    which: bytes,
    language: str,
    documents: Documents,
    told: Callable[[Lineage], L],
    most: int = ROWS,
) -> ModelShown[L]:
    """A model, with the first rows of its lists.

    Args:
        documents: that this site was given.
        told: what is told of its lineage.

    Raises:
        NotInIndex: nobody registered it.
    """
    record, found = index.model(which), index.lineage(which)
    resting = index.overview.resting(which)
    return ModelShown(
        to_hex(which),
        checksummed(record.developer),
        of_terms(index.terms(record.terms_id), language, revocable=False),
        to_hex(record.weights),
        to_hex(record.run),
        to_hex(record.manifest),
        index.manifest_checked_at(which),
        str(record.base),
        record.registered_at,
        of_payee(index, record.payee),
        record.data_ppm,
        standing(found),
        findings(index, found, language, documents),
        told(found),
        resting.models,
        resting.batches,
        not resting.is_all,
        dependents(index, which, most=most),
        trained(index, documents, which),
        withdrawals(index, "model", which, language, documents, most=most),
        statements(index, "model", which, most=most),
        record.block,
        to_hex(record.transaction),
    )


def dependents(index: Index, which: bytes, after: int = -1, most: int = ROWS) -> Rows[DependentRow]:
    """Models and batches that rest on a model, a part of them."""
    found = index.overview.dependents(which, after, most + 1)
    return page(found, most, of_dependent, lambda each: str(each.place))


def of_dependent(each: Dependent) -> DependentRow:
    """One row of what rests on something."""
    return DependentRow(
        each.kind, to_hex(each.id), checksummed(each.registrant), each.time, each.is_direct,
        [to_hex(model) for model in each.through],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourceShown:
    """What a model itself declares of a collection.

    Attributes:
        model, collection: which.
        items: the root of the sum tree over the items that it used, with their weights; none
            where its sources, which are on the chain whole, do not name the collection.
        weight: the sum of these weights, as text; none likewise.
    """

    model: str
    collection: str
    items: str | None
    weight: str | None


def source(index: Index, which: bytes, collection: bytes) -> SourceShown:
    """What a model itself declares of a collection.

    Raises:
        NotInIndex: there is no such model.
    """
    found = index.source(which, collection)
    return SourceShown(
        to_hex(which),
        to_hex(collection),
        None if found is None else to_hex(found.items),
        None if found is None else str(found.weight),
    )
