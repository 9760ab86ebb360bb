"""What pages tell of how a model was trained: who stands for it, and what documents say."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.client.documents import Documents
from kiseki.client.models.backing import backings
from kiseki.core.checksum import checksummed
from kiseki.core.run import Exposed
from kiseki.core.said import Said
from kiseki.core.trained import Trained
from kiseki.core.values import to_hex
from kiseki.index import Index

__all__ = [
    "BackingRow", "ExposureShown", "FolderRow", "RepeatsRow", "SaidShown", "TrainedShown",
    "TrainerShown", "trained",
]  # fmt: skip

_FOLDERS = 50
"""Folders of which a page tells."""


@dataclass(frozen=True, slots=True)
class BackingRow:
    """Somebody's word for what a model declares.

    Attributes:
        level: ``declared``, ``recorded``, ``reproduced``, ``not reproduced``, ``attested`` or
            ``unknown``.
        by: who says so.
        own: whether that is the developer itself.
        time: when.
        document: keccak256 of what is said; none where only the chain says it.
        here: whether that document is at hand. If not, what it says is unknown.
        distance: of a reproduction from what was published, as a part of the way from the base
            model, a fraction as text; none where it was not measured.
    """

    level: str
    by: str
    own: bool
    time: int
    document: str | None
    here: bool
    distance: str | None


@dataclass(frozen=True, slots=True)
class ExposureShown:
    """What Kiseki's hook recorded while the model was trained, by the word of who ran it.

    Attributes:
        handed_out: how often a vault handed an item out; none where no vault was asked.
        read: how often a dataset gave an item; none where nobody counted.
        consumed: how often training took one, in the steps that the weights rest on.
        lost: the same of steps that they do not rest on.
        steps, batches: that the weights rest on.
        declared: whether the model declares just what the hook recorded; none where no manifest was
            made of it.
    """

    handed_out: int | None
    read: int | None
    consumed: int
    lost: int
    steps: int
    batches: int
    declared: bool | None


@dataclass(frozen=True, slots=True)
class FolderRow:
    """A folder of pictures, as the trainer names it.

    Attributes:
        name: its name.
        images: how many pictures; none where the trainer does not say.
        least, most: how often training took each of them; none likewise.
        regularisation: whether they only kept the base model as it was.
    """

    name: str
    images: int | None
    least: str | None
    most: str | None
    regularisation: bool


@dataclass(frozen=True, slots=True)
class TrainerShown:
    """What a trainer wrote into its file.

    Attributes:
        program, version: of the trainer; empty where not known.
        steps: that the weights rest on; none where it does not say.
        base: the base model's name, as somebody typed it; none likewise.
        folders: where pictures came from.
        more: how many other folders there are.
    """

    program: str
    version: str
    steps: int | None
    base: str | None
    folders: list[FolderRow]
    more: int


@dataclass(frozen=True, slots=True)
class RepeatsRow:
    """How often an epoch took each picture of a folder, as the developer says.

    Attributes:
        name: of the folder, as the trainer names it.
        repeats: how often, a fraction as text.
    """

    name: str
    repeats: str


@dataclass(frozen=True, slots=True)
class SaidShown:
    """What the developer told of the training, because the trainer's file does not.

    Attributes:
        epochs: that the weights rest on, a fraction as text; none where nothing was told.
        steps: that the weights rest on; none likewise.
        batch: pictures of one step; none likewise.
        repeats: of folders.
        more: how many other folders there are.
    """

    epochs: str | None
    steps: int | None
    batch: int | None
    repeats: list[RepeatsRow]
    more: int


@dataclass(frozen=True, slots=True)
class TrainedShown:
    """How a model was trained.

    Attributes:
        backing: who stands for what it declares, the declaration first.
        told: whether the run's document is at hand; none where none was named.
        exposure: what the hook recorded; none where it does not say.
        trainer: what the trainer wrote; none likewise.
        said: what the developer told beside it; none where it told nothing.
        tolerance: within which a rerun counts as the same, as the developer said beforehand; none
            likewise.
    """

    backing: list[BackingRow]
    told: bool | None
    exposure: ExposureShown | None
    trainer: TrainerShown | None
    said: SaidShown | None
    tolerance: str | None


def trained(index: Index, documents: Documents, which: bytes) -> TrainedShown:
    """How a model was trained, as far as it is known here.

    Raises:
        NotInIndex: there is no such model.
    """
    record = index.model(which)
    run = documents.run(record.run) if any(record.run) else None
    rows = [
        BackingRow(
            each.level, checksummed(each.by), each.is_developers, each.time,
            None if each.document is None else to_hex(each.document), each.is_here,
            None if each.distance is None else str(each.distance),
        )
        for each in backings(index, documents, which)
    ]  # fmt: skip
    return TrainedShown(
        rows,
        run is not None if any(record.run) else None,
        None if run is None or run.exposure is None else _exposure(run.exposure, record.manifest),
        None if run is None or run.trained is None else _trainer(run.trained),
        None if run is None or not run.said else _said(run.said),
        None if run is None else run.stated_tolerance,
    )


def _exposure(exposed: Exposed, root: bytes) -> ExposureShown:
    return ExposureShown(
        exposed.handed_out, exposed.read, exposed.consumed, exposed.lost, exposed.steps,
        exposed.batches, None if exposed.manifest is None else exposed.manifest == root,
    )  # fmt: skip


def _trainer(told: Trained) -> TrainerShown:
    folders = told.folders or ()
    rows = []
    for each in folders[:_FOLDERS]:
        drawn = told.draws(each)
        rows.append(FolderRow(
            each.name, each.images, None if drawn is None else str(drawn.least),
            None if drawn is None else str(drawn.most), each.regularisation,
        ))  # fmt: skip
    base = None if told.base is None else told.base.name
    return TrainerShown(
        told.program, told.version, told.steps, base, rows, len(folders) - len(rows)
    )


def _said(said: Said) -> SaidShown:
    rows = [RepeatsRow(name, str(each)) for name, each in sorted(said.repeats.items())]
    return SaidShown(
        None if said.epochs is None else str(said.epochs), said.steps, said.batch,
        rows[:_FOLDERS], len(rows[_FOLDERS:]),
    )  # fmt: skip
