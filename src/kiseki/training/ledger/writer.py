"""Writes down what arrives in one process that trains, and what its optimizer does."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from kiseki.errors import TrainingError
from kiseki.training.ledger import lines
from kiseki.training.ledger.folder import Folder
from kiseki.training.ledger.journal import Journal
from kiseki.training.ledger.reads import Reads
from kiseki.training.ledger.rows import Begin, Kind
from kiseki.training.ledger.states import State

__all__ = ["Writer"]

_WITHOUT = 2
"""Steps without a batch after which it is plain that batches do not come through the ledger."""


class Writer:
    """One rank's side of the ledger. Several threads may use it.

    Attributes:
        folder: of the run.
        rank, ranks: which process this is, of how many.
        reads: for the workers of datasets.
    """

    def __init__(self, path: Path, rank: int, ranks: int) -> None:
        """
        Raises:
            TrainingError: the folder cannot be used, or another process writes as this rank.
        """
        self.folder = Folder.made(path)
        self.rank, self.ranks = rank, ranks
        self.reads = Reads(path.resolve(), rank)
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._journal = Journal(self.folder.path, self.folder.run, rank)
        self._step = 0
        self._begun = self._failed = self._closed = False
        self._waiting = self._aside = self._without = 0
        self._given_up = False
        """Whether an optimizer left the waiting batches alone; until the next one arrives another
        optimizer may still take them."""

    def __reduce__(self) -> Any:
        raise TrainingError(
            "an Exposure stays in the process that trains; give workers what exposure.dataset made"
        )

    @property
    def step(self) -> int:
        """How many steps took a batch, in the line of the weights."""
        return self._step

    def arrived(self, batch: bytes, *, aside: bool = False) -> None:
        """A batch is about to be used.

        Args:
            batch: its samples, as `pack` gave them.
            aside: whether gradients are off, so that no step can come of it.

        Raises:
            TrainingError: it cannot be written down, so it must not be used.
        """
        with self._lock:
            self._must_be_open()
            try:
                self._begin()
                if self._given_up and self._waiting:
                    self._journal.add(Kind.SKIP)
                    self._waiting = 0
                self._given_up = False
                self._journal.add(Kind.ASIDE if aside else Kind.BATCH, None, batch)
            except Exception:  # whoever is interrupted here never used the batch
                self._failed = True
                raise
            self._aside += aside
            self._waiting += not aside

    def stepped(self) -> None:
        """The optimizer stepped, on all batches that arrived since its last step.

        Raises:
            TrainingError: it cannot be written down, or the batches came while gradients were off.
        """
        with self._lock:
            self._must_be_open()
            try:
                self._take()
            except BaseException:
                self._failed = True
                raise

    def skipped(self) -> None:
        """The optimizer left the batches alone that arrived since its last step."""
        with self._at_work():
            self._given_up = True

    def state(self) -> dict[str, Any]:
        """Where the run stands, for a checkpoint, after all of it is on the disk.

        Raises:
            TrainingError: it cannot be written, or steps were taken on batches that nobody saw.
        """
        with self._at_work():
            if self._without >= _WITHOUT and not self._step and not self._waiting:
                raise TrainingError(
                    "the optimizer stepped, and no batch came through the ledger; let the training "
                    "loop go over exposure.loader(…) or exposure.batches(…)"
                )
            self._begin()
            self._journal.add_durably(Kind.STATE, self._step)
            rows = {self.rank: (self._journal.seq, self._journal.hash)}
            for rank in self.folder.ranks():
                if rank != self.rank:
                    with self.folder.rows(rank) as others:
                        if last := others.last():
                            rows[rank] = (last.seq, last.hash)
                    self.folder.make_durable(rank)  # that row too, where it is written meanwhile
            return State(self.folder.run, self._step, self.ranks, rows).to_dict()

    def load(self, given: Mapping[str, Any], *, again: bool = False) -> None:
        """Goes on from a checkpoint; what came after it in the ledger is lost.

        Args:
            again: whether the weights of a checkpoint took the place of those that training has
                reached, in this process.

        Raises:
            TrainingError: the ledger does not know this state, or training goes on already.
        """
        state = State.of(given)
        if state.run != self.folder.run:
            raise TrainingError(
                f"the checkpoint is of another run than {self.folder.path}; name the folder that "
                "its training was given, or a new one for training that begins anew"
            )
        with self._at_work():
            if not again:
                self._must_not_have_begun()
            self._waiting = self._aside = 0
            place = self._place(self._journal, self.rank, state)
            for rank in self._gone():
                with self._borrowed(rank) as journal:
                    self._go_on(journal, self._place(journal, rank, state))
            self._go_on(self._journal, place)

    def restart(self) -> None:
        """Begins anew with untrained weights; all that was before in this folder is lost.

        Raises:
            TrainingError: it cannot be written, or training goes on already.
        """
        with self._at_work():
            self._must_not_have_begun()
            anew = lines.Cut(0, 0, closes=False)
            for rank in self._gone():
                with self._borrowed(rank) as journal:
                    self._go_on(journal, anew)
            self._go_on(self._journal, anew)

    def close(self, *, ended: bool) -> None:
        """Frees the journal.

        Args:
            ended: whether training came to its end.

        Raises:
            TrainingError: it cannot be written.
        """
        if self._closed or self._process != os.getpid():
            return
        try:
            if ended and self._begun and not self._failed:
                with self._at_work():
                    self._journal.add_durably(Kind.END, self._step)
        finally:
            with self._lock:
                self._closed = True
                self.reads.close()
                self._journal.close()

    def _begin(self) -> None:
        """
        Raises:
            TrainingError: there are steps in the ledger, and nobody said what became of them.
        """
        if self._begun:
            return
        with self._journal.errors():
            before = self._journal.rows.has_steps()
        if before:
            raise TrainingError(
                f"{self.folder.path} holds steps of this run. Load the state that your checkpoint "
                "holds (exposure.load_state_dict); say exposure.restart() if the weights begin "
                "anew, so that these steps are lost; or name a new folder for another run"
            )
        self._go_on(self._journal, lines.Cut(0, 0, closes=False))

    def _go_on(self, journal: Journal, place: lines.Cut) -> None:
        seq = journal.seq + 1
        begin = Begin(seq, place.after, place.step, place.closes, self.ranks)
        journal.add_durably(Kind.BEGIN, place.step, begin.body)
        if journal is self._journal:
            self._begun, self._step = True, place.step

    def _place(self, journal: Journal, rank: int, state: State) -> lines.Cut:
        """Where the line of a state ends in a journal.

        Raises:
            TrainingError: nowhere.
        """
        anchor = state.anchors.get(rank)
        if anchor is None and (rank >= state.ranks or not journal.seq):
            return lines.Cut(0, state.step, closes=False)
        if anchor is None:
            raise TrainingError(
                f"the checkpoint says nothing of rank {rank}. Ranks on several machines have a "
                "folder each, so let each keep a state of its own (exposure.state_dict()) and load "
                "it again"
            )
        with journal.errors():
            found = journal.rows.at(anchor[0])
            place: lines.Cut | None = lines.Cut(anchor[0], state.step, closes=False)
            if rank < state.ranks:  # others did not train then
                place = lines.cut(journal.rows, anchor[0], state.step)
        if found is None or found.hash != anchor[1]:
            raise TrainingError(
                f"the ledger {journal.path} does not know the state of this checkpoint: it is "
                "older than the checkpoint, or was changed. Put back the folder as it was, or "
                "train on from a checkpoint that it knows"
            )
        if place is None:
            raise TrainingError(
                f"the ledger {journal.path} ends before this checkpoint, which is of step "
                f"{state.step:,}, so batches are missing there; train on from an earlier one"
            )
        return place

    def _gone(self) -> list[int]:
        """Ranks of before that nobody trains as any more; the first one speaks for them."""
        return [each for each in self.folder.ranks() if each >= self.ranks and not self.rank]

    def _borrowed(self, rank: int) -> AbstractContextManager[Journal]:
        return contextlib.closing(Journal(self.folder.path, self.folder.run, rank))

    def _must_not_have_begun(self) -> None:
        if self._begun:
            raise TrainingError(
                "training has begun already; load the state before the first batch, once"
            )

    def _take(self) -> None:
        """
        Raises:
            TrainingError: the batches came while gradients were off.
        """
        if self._waiting:
            # With the next batch: until then no other rank can step without this one, and a state
            # that is asked for writes it first.
            self._journal.add_later(Kind.STEP, self._step + 1)
            self._step += 1
            self._waiting = self._aside = self._without = 0
        elif self._aside:
            raise TrainingError(
                "the optimizer stepped, but every batch since its last step arrived while "
                "gradients were off, as in an evaluation. Let the training loop take its "
                "batches outside of torch.no_grad()"
            )
        else:
            self._without += 1
        self._given_up = False

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[None]:
        """Alone with the journal."""
        with self._lock:
            self._must_be_open()
            yield

    def _must_be_open(self) -> None:
        """
        Raises:
            TrainingError: nothing can be written, or this is not the process that trains.
        """
        if self._process != os.getpid():
            raise TrainingError(
                "batches are counted in the process that trains, and this is a child of it; use "
                "exposure.loader(…) and exposure.batches(…) there"
            )
        if self._closed or self._failed:
            raise TrainingError(
                "the ledger is closed; make the Exposure again for more training"
                if self._closed
                else "the ledger could not be written before, so nothing is counted any more; "
                "train on from the last checkpoint"
            )
