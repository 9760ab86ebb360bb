"""Counts what training consumes, where it consumes it, in a few lines of a training loop.

With PyTorch::

    from kiseki.training import Exposure

    with Exposure("runs/foxes") as exposure:
        dataset = exposure.dataset(dataset, ids=paths)        # or ids="sha256", a column
        loader = exposure.loader(DataLoader(dataset, batch_size=8, shuffle=True, num_workers=4))
        exposure.watch(optimizer)
        if checkpoint:
            exposure.load_state_dict(checkpoint["exposure"])  # beside the optimizer's
        for epoch in range(epochs):
            for pictures, labels in loader:                   # as before
                ...
                optimizer.step()
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(),
                        "exposure": exposure.state_dict()}, "checkpoint.pt")

With a Trainer of transformers, or of TRL::

    trainer = Trainer(model, arguments, train_dataset=dataset, data_collator=collator)
    with Exposure("runs/foxes") as exposure:
        exposure.trainer(trainer, ids="sha256")               # a column, also one no model takes
        trainer.train(resume_from_checkpoint=checkpoint)      # as before

Without PyTorch (JAX, NumPy, anything)::

    with Exposure("runs/foxes") as exposure:
        for batch in exposure.batches(batches):               # of (IDs, batch)
            weights = step(weights, batch)
            exposure.stepped()

Three figures stand side by side. *Read* is what datasets gave out, also what workers fetched ahead
and nobody took. *Consumed* is what arrived in the training loop and was followed by a step of the
optimizer from which the weights descend. *Handed out* only a vault's
receipts say (`kiseki.training.handed`). Steps after the checkpoint that training went on from are
*lost* and stand apart.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from kiseki.errors import InvalidInput
from kiseki.training.hooks.loaders import Loader
from kiseki.training.hooks.tagged import Ids
from kiseki.training.ledger.keys import pack
from kiseki.training.ledger.writer import Writer

if TYPE_CHECKING:
    from transformers import Trainer

    from kiseki.training.hooks.datasets import TaggedDataset, TaggedStream
    from kiseki.training.hooks.optimizers import Watch

__all__ = ["Exposure"]

T = TypeVar("T")


class Exposure:
    """The ledger of a run while it trains.

    Leave its ``with`` block, or call `close`, when training came to its end; what is left by an
    error did not.
    """

    def __init__(
        self, folder: str | Path, *, rank: int | None = None, ranks: int | None = None
    ) -> None:
        """
        Args:
            folder: for the ledger, one for each run, on a disk of this machine; made if it is not
                there.
            rank: which of the processes that train side by side this is, from 0. Default: what
                torch.distributed says, where its process group is there already; else 0.
            ranks: how many there are. Default: likewise; else 1.

        Raises:
            TrainingError: the folder cannot be used, or another process writes as this rank.
            InvalidInput: there is no such rank.
        """
        found = _distributed()
        rank = found[0] if rank is None else rank
        ranks = found[1] if ranks is None else ranks
        if not 0 <= rank < ranks:
            raise InvalidInput(f"none of {ranks} processes has the rank {rank}; give both")
        self._writer = Writer(Path(folder), rank, ranks)
        self._watches: list[Watch] = []

    def __enter__(self) -> Exposure:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._close(ended=kind is None)

    @property
    def folder(self) -> Path:
        """Where the ledger lies."""
        return self._writer.folder.path

    @property
    def steps(self) -> int:
        """How many steps the weights have had that took a batch."""
        return self._writer.step

    # Where samples come from

    def dataset(self, dataset: Any, ids: Ids) -> TaggedDataset | TaggedStream:
        """A dataset whose samples carry their IDs through workers to `loader`.

        It takes a PyTorch ``Dataset`` or ``IterableDataset``, a dataset of Hugging Face (also one
        that streams), a pipeline of webdataset, and whatever has their methods.

        Args:
            ids: where the ID of a sample is. A text: the member of that name, as a column
                ``sha256`` or webdataset's ``__key__``; a number: the place in a tuple; these are
                taken off the sample. A function: what it gives for a sample. A list: the IDs of
                all samples, by index. An ID is bytes (a data ID, or the SHA-256 of the content) or
                a text that `kiseki training manifest` can map to one, as a path. A sample that is
                a batch already has a list of them.

        Raises:
            InvalidInput: it is no dataset, or the list has more or fewer IDs than it has samples.
            TrainingError: PyTorch is not installed.
        """
        from kiseki.training.hooks.datasets import tagged

        return tagged(dataset, ids, self._writer.reads)

    def loader(self, loader: Any) -> Loader:
        """The same batches, without IDs, counted as the loop takes them.

        What it gives is for the training loop itself: a batch counts the moment it is taken, so
        whatever fetches ahead belongs inside. Evaluations take the loader as it was, or happen
        where gradients are off.

        Args:
            loader: a ``DataLoader``, ``StatefulDataLoader`` or webdataset's ``WebLoader`` over
                what `dataset` made, also after Accelerate prepared it.

        Raises:
            InvalidInput: it deals batches out to several processes.
        """
        return Loader(loader, self._writer)

    def batches(self, batches: Iterable[tuple[Iterable[Any], T]]) -> Iterator[T]:
        """Batches of any kind, counted as the loop takes them.

        Args:
            batches: pairs of the IDs in a batch and the batch.

        Raises:
            TrainingError: a batch cannot be written down.
        """
        for ids, batch in batches:
            self.arrived(ids)
            yield batch

    def arrived(self, ids: Iterable[Any]) -> None:
        """A batch is about to be used; for loops that `loader` and `batches` do not fit.

        Raises:
            TrainingError: it cannot be written down.
            InvalidInput: an ID is neither bytes nor a text.
        """
        given = pack(ids)
        self._writer.reads.add(given)
        self._writer.arrived(given)

    def trainer(self, trainer: Trainer, ids: Ids) -> Trainer:
        """Counts what a Trainer of transformers trains on, with its steps and its checkpoints.

        For TRL too, where the trainer makes batches of its dataset and no new samples. Checkpoints
        hold the ledger's state, and ``resume_from_checkpoint`` goes on from it. Evaluations are not
        counted. Where the best checkpoint is loaded at the end, later steps are lost. Needs neither
        `loader` nor `watch`.

        Args:
            trainer: made before this Exposure where several processes train, and not yet training.
            ids: where the ID of a sample is, as `dataset` takes it; also a column that
                ``remove_unused_columns`` keeps from the model.

        Returns:
            The same trainer.

        Raises:
            InvalidInput: its dataset has no such column, or more or fewer samples than IDs.
            TrainingError: transformers is not installed.
        """
        from kiseki.training.hooks.transformers import count

        count(trainer, self._writer, ids)
        return trainer

    # What became of it

    def watch(self, *optimizers: Any) -> None:
        """From now on a step of these torch optimizers counts what arrived before it.

        A step that a GradScaler leaves out, because gradients overflow, does not count.

        Args:
            optimizers: none for all of this process, also those that are made later.

        Raises:
            TrainingError: PyTorch is not installed.
        """
        from kiseki.training.hooks.optimizers import Watch

        self._watches.append(Watch(self._writer, optimizers))

    def stepped(self) -> None:
        """The weights changed by all batches that arrived since the last step.

        For optimizers that are none of torch's, or whose ``step`` is never called.
        """
        self._writer.stepped()

    def skipped(self) -> None:
        """The batches since the last step are given up, and their gradients thrown away."""
        self._writer.skipped()

    # Checkpoints

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint holds of the ledger: texts, numbers, lists and dicts.

        One of the ranks may ask for all, where all write into one folder. Everything up to now is
        on the disk before it returns.

        Raises:
            TrainingError: it cannot be written, or steps were taken on batches that nobody saw.
        """
        return self._writer.state()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on from a checkpoint, before the first batch and on every rank. What the ledger has
        after it is lost: the weights do not descend from it.

        Raises:
            TrainingError: the ledger does not know this state, it is of another run, or training
                has begun.
        """
        self._writer.load(state)

    def restart(self) -> None:
        """Begins anew with untrained weights, in a folder that holds steps; these are lost.

        Raises:
            TrainingError: training has begun, or it cannot be written.
        """
        self._writer.restart()

    def close(self) -> None:
        """Training came to its end.

        Raises:
            TrainingError: it cannot be written.
        """
        self._close(ended=True)

    def _close(self, *, ended: bool) -> None:
        for each in self._watches:
            each.stop()
        self._writer.close(ended=ended)


def _distributed() -> tuple[int, int]:
    """Which process this is, and of how many."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.distributed.is_available():
        from torch import distributed

        if distributed.is_initialized():
            return distributed.get_rank(), distributed.get_world_size()
    return 0, 1
