"""What a producer sees of a season's outputs: which model made each, and what that rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kiseki.client.outputs.season import SeasonBatch
from kiseki.core.checksum import checksummed
from kiseki.core.values import to_hex
from kiseki.errors import NotInIndex
from kiseki.index import Index
from kiseki.vault.seasons import Brought, Done
from kiseki.web.sheets import MARK, lines
from kiseki.web.shown.lineages import Standing, standing
from kiseki.web.studio.seasons import Progress

__all__ = [
    "BatchRow", "ModelChoice", "ModelRow", "SeasonRow", "batches", "choices", "outputs_table",
    "rows",
]  # fmt: skip

_OFFERED = 20
"""Models that are offered; an older one is named by its ID."""
_SHOWN = 12
"""Files of a batch that a page names; the table that can be downloaded has all of them."""


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model that made something.

    Attributes:
        id: its ID.
        developer: who registered it; empty where the index has not read that yet.
        base: ``traced``, ``stated`` or ``undisclosed``; likewise.
        standing: how what it rests on stands today; none likewise.
        problems: how many findings are against it.
    """

    id: str
    developer: str
    base: str
    standing: Standing | None
    problems: int


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model that a producer can choose.

    Attributes:
        id: its ID.
        time: when it was registered.
        batches: how many rest on it.
    """

    id: str
    time: int
    batches: int


@dataclass(frozen=True, slots=True)
class BatchRow:
    """Outputs that were made in one way.

    Attributes:
        id: of the batch.
        count: how many outputs.
        models: that made them.
        collections: that generation read, by their IDs.
        endorsed: how many endorsements there are.
        is_there: whether it is registered.
        files: the names of the first.
        transactions: that registered it; none where none did.
    """

    id: str
    count: int
    models: list[ModelRow]
    collections: list[str]
    endorsed: int
    is_there: bool
    files: list[str]
    transactions: list[str]


@dataclass(frozen=True, slots=True)
class SeasonRow:
    """A season in the list of all.

    Attributes:
        brought: what is kept of it.
        state: ``sending``, ``looking``, ``registering``, ``stopped``, ``registered`` or ``waits``.
    """

    brought: Brought
    state: str


def choices(index: Index, wallet: str) -> list[ModelChoice]:
    """The newest models that a wallet registered, the newest first."""
    found = index.registered("ModelRegistry", wallet)[-_OFFERED:]
    return [
        ModelChoice(
            to_hex(each), index.model(each).registered_at, index.overview.impact(each).batches
        )
        for each in reversed(found)
    ]


def rows(found: Iterable[tuple[Brought, Progress]]) -> list[SeasonRow]:
    """All seasons, as they stand."""
    return [SeasonRow(brought, state(brought, progress)) for brought, progress in found]


def state(brought: Brought, progress: Progress) -> str:
    """Where a season stands, in a word."""
    if progress.what:
        return progress.what
    if brought.registered_at is not None:
        return "registered"
    if not brought.files or not brought.is_whole:
        return "sending"
    return "waits" if brought.agreed is None else "stopped"


def batches(index: Index, found: Sequence[SeasonBatch], done: Sequence[Done]) -> list[BatchRow]:
    """The batches of a season: those that would be registered, or those that are."""
    told = {each.batch: each.told for each in done}
    known: dict[str, ModelRow] = {}
    made = []
    for each in found:
        prepared = each.prepared
        names = [item.paths[0].name for item in prepared.items[:_SHOWN]]
        made.append(
            BatchRow(
                to_hex(prepared.id), len(prepared.items),
                [_model(index, to_hex(model), known) for model in prepared.models],
                [to_hex(one.id) for one in prepared.collections], len(each.endorsements),
                each.is_there, sorted(names), _sent(told.get(prepared.id)),
            )
        )  # fmt: skip
    if not found:
        made = [
            BatchRow(
                to_hex(each.batch), len({one["output"] for one in each.told["outputs"]}),
                [_model(index, model, known) for model in each.told["models"]],
                list(each.told["collections"]), 0, True,
                [one["file"] for one in each.told["outputs"][:_SHOWN]], _sent(each.told),
            )
            for each in done
        ]  # fmt: skip
    return made


def _sent(told: Any) -> list[str]:
    return [] if told is None else [each["transaction"] for each in told["transactions"]]


def _model(index: Index, model: str, known: dict[str, ModelRow]) -> ModelRow:
    if model not in known:
        which = bytes.fromhex(model.removeprefix("0x"))
        try:
            record = index.model(which)
        except NotInIndex:  # the pages' index is a block behind
            known[model] = ModelRow(model, "", "", None, 0)
        else:
            below = index.lineage(which)
            found = [each for each in index.findings_in(below) if each.severity == "problem"]
            known[model] = ModelRow(
                model, checksummed(record.developer), str(record.base), standing(below), len(found)
            )
    return known[model]


def outputs_table(done: Iterable[Done]) -> str:
    """All outputs of a season that are registered, as a table that spreadsheets open."""
    return MARK + "".join(lines(_rows(done)))


def _rows(done: Iterable[Done]) -> Iterator[list[object]]:
    yield ["file", "output", "commitment", "batch", "models", "transaction"]
    for each in done:
        sent = each.told["transactions"]
        for one in each.told["outputs"]:
            yield [
                one["file"], one["output"], one["commitment"], to_hex(each.batch),
                "; ".join(each.told["models"]), sent[0]["transaction"] if sent else "",
            ]  # fmt: skip
