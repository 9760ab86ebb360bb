"""What the ledger of a run comes to: read, consumed, and lost.

What a vault handed out no ledger knows: receipts do (`kiseki.training.handed`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiseki.core.keccak import keccak256
from kiseki.errors import TrainingError
from kiseki.training.ledger import lines
from kiseki.training.ledger.folder import Folder
from kiseki.training.ledger.keys import Key, unpack
from kiseki.training.ledger.reads import reads_of
from kiseki.training.ledger.rows import Kind, Row
from kiseki.training.ledger.states import State
from kiseki.training.ledger.table import Rows, path_of

__all__ = ["Figures", "Ledger"]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run did with its samples, as far as the weights of one step descend from it.

    Counts are of samples; one that a step took twice counts twice.

    Attributes:
        run: which run, 16 bytes.
        head: keccak256 over the last hash of every rank's journal.
        ranks: how many processes trained side by side in the end.
        steps: of the optimizer that took a batch, and that the weights descend from.
        batches: that these steps took, over all ranks.
        read: how often a dataset gave out a sample, also where training never took it.
        consumed: samples in the batches of these steps.
        lost: samples in steps that the weights do not descend from.
        counts: sample -> how often these steps took it.
        lost_counts, read_counts: the same of lost and read.
        ended: whether training came to its end (the Exposure was closed), and at this step.
        states: at how many steps a checkpoint was told where it stands; only those of the line.
        together: whether all ranks stand at the same step.
    """

    run: bytes
    head: bytes
    ranks: int
    steps: int
    batches: int
    read: int
    consumed: int
    lost: int
    counts: Mapping[Key, int] = field(repr=False)
    lost_counts: Mapping[Key, int] = field(repr=False)
    read_counts: Mapping[Key, int] = field(repr=False)
    ended: bool
    states: tuple[int, ...]
    together: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """One rank's share of the figures."""

    spans: list[lines.Span]
    steps: int
    closes: bool
    ended: bool


class Ledger:
    """Reads what an `Exposure` wrote, also while it writes."""

    def __init__(self, folder: str | Path) -> None:
        """
        Raises:
            TrainingError: there is no ledger in it.
        """
        self.folder = Folder.of(Path(folder))

    def figures(self, at: int | Mapping[str, Any] | None = None) -> Figures:
        """The figures of the weights of one step. Every hash is computed again.

        Args:
            at: a number of steps, or what `Exposure.state_dict` gave the checkpoint whose weights
                these are. Default: where the run stands.

        Raises:
            TrainingError: the ledger was changed or is damaged, or the run never was there.
        """
        state = State.of(at) if isinstance(at, Mapping) else None
        if state is not None and state.run != self.folder.run:
            raise TrainingError(f"this state is of another run than {self.folder.path}")
        step = state.step if state else at if isinstance(at, int) else None
        ranks = self.folder.ranks()
        heads = {rank: self._checked(rank) for rank in ranks}
        world = self._world(ranks)
        if step is None:
            step = max((head.step for head in heads.values()), default=0)
        counts, lost, batches = Counter[Key](), Counter[Key](), 0
        parts: dict[int, _Part] = {}
        anchor: tuple[int, bytes] | None
        for rank in ranks:
            anchor = (heads[rank].seq, heads[rank].hash)
            if state and rank < state.ranks:
                anchor = state.anchors.get(rank)
            exactly = at is not None and rank < (state.ranks if state else world)
            with self.folder.rows(rank) as rows:
                part = parts[rank] = self._part(rows, rank, anchor, step, exactly=exactly)
                for row in _taken(rows, part):
                    counts.update(unpack(row.body))
                    batches += 1
                begins, last = rows.begins(), heads[rank].seq
                for span in lines.others(part.spans, begins, last):
                    for row in lines.taken(rows.between(*span)):
                        lost.update(unpack(row.body))
        read = Counter[Key]()
        for path in self.folder.reads():
            read.update(reads_of(path))
        own = [parts[rank] for rank in ranks if rank < world]
        return Figures(
            run=self.folder.run,
            head=keccak256(b"".join(rank.to_bytes(4) + heads[rank].hash for rank in ranks)),
            ranks=world, steps=step, batches=batches, read=read.total(),
            consumed=counts.total(), lost=lost.total(), counts=dict(counts),
            lost_counts=dict(lost), read_counts=dict(read),
            ended=bool(own) and all(each.ended and each.steps == step for each in own),
            states=self._states(parts), together=all(each.steps == step for each in own),
        )  # fmt: skip

    def _checked(self, rank: int) -> _Head:
        with self.folder.rows(rank) as rows:
            rows.check(path_of(self.folder.path, rank), self.folder.run, rank)
            last, begins = rows.last(), rows.begins()
            if last is None:
                return _Head(0, b"", 0)
            return _Head(last.seq, last.hash, lines.reached(rows, lines.line(begins, last.seq)))

    def _world(self, ranks: list[int]) -> int:
        """How many processes train, as the first of them said last."""
        for rank in ranks[:1]:
            with self.folder.rows(rank) as rows:
                begins = rows.begins()
                return begins[-1].ranks if begins else 1
        return 0

    def _part(
        self, rows: Rows, rank: int, anchor: tuple[int, bytes] | None, step: int, *, exactly: bool
    ) -> _Part:
        last, begins = rows.last(), rows.begins()
        if last is None:
            return _Part([], 0, closes=False, ended=False)
        found = anchor and rows.at(anchor[0])
        if anchor is None or found is None or found.hash != anchor[1]:
            raise TrainingError(
                f"the ledger {self.folder.path} does not know this state of rank {rank}; name the "
                "folder that it was given in"
            )
        place = lines.cut(rows, anchor[0], step)
        if place is None and exactly:
            raise TrainingError(
                f"rank {rank} of {self.folder.path} never was at step {step:,}, or went back "
                "behind it; `kiseki training exposure` shows how far it came"
            )
        if place is None:  # this rank came less far than another
            spans = lines.line(begins, last.seq)
            return _Part(spans, lines.reached(rows, spans), closes=False, ended=False)
        ended = last.kind == Kind.END and last.step == step
        return _Part(lines.line(begins, place.after), step, place.closes, ended)

    def _states(self, parts: Mapping[int, _Part]) -> tuple[int, ...]:
        found = set()
        for rank, part in parts.items():
            with self.folder.rows(rank) as rows:
                for told in rows.states():
                    # The row stands behind the step that it tells of, where a line may end.
                    mark = rows.mark(1, told.seq, told.step)
                    if mark and any(first <= mark.seq <= last for first, last in part.spans):
                        found.add(mark.step or 0)
        return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class _Head:
    seq: int
    hash: bytes
    step: int


def _taken(rows: Rows, part: _Part) -> Iterator[Row]:
    whole = (row for span in part.spans for row in rows.between(*span))
    return lines.taken(whole, closes=part.closes)
