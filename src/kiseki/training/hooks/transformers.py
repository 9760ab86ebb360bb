"""The Trainer of Hugging Face's transformers, and what is made of it, as the trainers of TRL.

Its loop is its own, so nothing is asked of whoever trains but one line (`Exposure.trainer`). IDs
are taken off the samples where these are put together, in whatever worker does it, and lie in the
batch beside its tensors until `training_step` takes it: there it counts, and there it leaves the
batch, so no model sees it. The Trainer fetches ahead, and skips on its way back to a checkpoint;
what is fetched and not trained on is not counted. Evaluations have loaders of their own.

The ledger's state stands in ``trainer_state.json`` of each checkpoint, which the Trainer writes
last.
"""

from __future__ import annotations

import json
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiseki.disk import texts
from kiseki.errors import InvalidInput, TrainingError
from kiseki.training.extras import needed
from kiseki.training.hooks.datasets import tagged
from kiseki.training.hooks.tagged import Ids, Split
from kiseki.training.ledger.writer import Writer

if TYPE_CHECKING:
    from transformers import Trainer, TrainerCallback

__all__ = ["count"]

_IDS = "kiseki_ids"
"""The member of a batch that travels with it."""
_STATE = "exposure"
_FILE = "trainer_state.json"


class Carried:
    """A collate function whose batches carry their IDs."""

    def __init__(self, collate: Callable[[Any], Any]) -> None:
        self._split = Split(collate)

    def __call__(self, samples: Any) -> Any:
        """
        Raises:
            InvalidInput: a batch is no dict, as models of transformers take it.
        """
        ids, batch = self._split(samples)
        if not isinstance(batch, MutableMapping):
            raise InvalidInput(
                f"the data collator gives {type(batch).__name__} and no dict, so IDs cannot travel "
                "in a batch; count with exposure.arrived(ids) where your trainer uses it"
            )
        batch[_IDS] = ids
        return batch


class _Beside:
    """What a function gives for each sample as it was before the Trainer took columns off."""

    def __init__(self, dataset: Any, ids: Callable[[Any], Any]) -> None:
        self._dataset, self._ids = dataset, ids

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, index: Any) -> Any:
        return self._ids(self._dataset[index])


def count(trainer: Trainer, writer: Writer, ids: Ids) -> None:
    """From now on what a Trainer trains on is counted.

    Raises:
        InvalidInput: its dataset has no such IDs, or the ledger is another process's.
    """
    arguments = trainer.args
    if (arguments.process_index, arguments.world_size) != (writer.rank, writer.ranks):
        raise InvalidInput(
            f"this is process {arguments.process_index} of {arguments.world_size}, and the "
            f"Exposure is of {writer.rank} of {writer.ranks}; make it after the Trainer"
        )
    if hasattr(trainer, "_kiseki"):
        raise InvalidInput("this Trainer is counted already")
    of = _found(trainer.train_dataset, ids)
    loaders, step = trainer.get_train_dataloader, trainer.training_step

    def loading(*given: Any, **named: Any) -> Any:
        loader = loaders(*given, **named)
        if type(loader).__name__ == "DataLoaderDispatcher":
            raise InvalidInput(
                "this loader reads on one process and deals parts of each batch out, so nobody "
                "knows which IDs a process gets; give TrainingArguments "
                'accelerator_config={"dispatch_batches": False}'
            )
        inside: Any = getattr(loader, "base_dataloader", loader)
        if not isinstance(inside.collate_fn, Carried):
            # A DataLoader refuses another dataset, because its sampler would not fit; this is the
            # same one, and the Trainer chose by it which columns go and which are of one length.
            vars(inside)["dataset"] = tagged(inside.dataset, of, writer.reads)
            inside.collate_fn = Carried(inside.collate_fn)
        return loader

    def training(model: Any, inputs: Any, *given: Any, **named: Any) -> Any:
        if _IDS not in inputs:
            raise TrainingError(
                "a batch has no IDs, because this trainer makes batches of its own; count with "
                "exposure.arrived(ids) where it uses them"
            )
        writer.arrived(inputs.pop(_IDS))
        return step(model, inputs, *given, **named)

    trainer.get_train_dataloader = loading  # type: ignore[method-assign]
    trainer.training_step = training  # type: ignore[method-assign]
    trainer._kiseki = True  # type: ignore[attr-defined]
    trainer.add_callback(_callback(trainer, writer))


def _found(dataset: Any, ids: Ids) -> Ids:
    """Where the IDs are when the Trainer has taken off the columns that its model does not take.

    Raises:
        InvalidInput: there is no such column.
    """
    columns = getattr(dataset, "column_names", None)
    if columns is None or not hasattr(dataset, "__len__"):  # a dataset of torch, or a stream
        return ids
    if isinstance(ids, str):
        if ids not in columns:
            raise InvalidInput(
                f"the Trainer's dataset has no column {ids!r:.80}; it has {', '.join(columns)}. "
                "Some trainers make another dataset of the one they are given: give a list of IDs"
            )
        column: Ids = list(dataset[ids])
        return column
    return _Beside(dataset, ids) if callable(ids) else ids  # type: ignore[return-value]


def _callback(trainer: Trainer, writer: Writer) -> TrainerCallback:
    needed("transformers", "torch")  # says how to install it; importing it sets variables
    from transformers import TrainerCallback
    from transformers.trainer_callback import ExportableState

    begun = False

    class KisekiExposure(TrainerCallback, ExportableState):
        """Sees steps and checkpoints. It has no state of its own, because a Trainer may make it
        anew when it goes on from a checkpoint."""

        def state(self) -> dict[str, Any]:
            """For ``trainer_state.json``; the Trainer also asks before training."""
            return {"args": {}, "attributes": {_STATE: writer.state()} if begun else {}}

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            nonlocal begun
            if state.global_step:
                writer.load(_saved(state.stateful_callbacks, "the checkpoint"))
            elif begun:
                writer.skipped()  # what was left when an earlier training stopped
            begun = True

        def on_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if trainer.accelerator.optimizer_step_was_skipped:
                writer.skipped()
            else:
                writer.stepped()

        def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            best = state.best_model_checkpoint
            if args.load_best_model_at_end and best is not None:
                told = json.loads(texts.read(Path(best) / _FILE))
                writer.load(_saved(told.get("stateful_callbacks"), best), again=True)

    return KisekiExposure()


def _saved(callbacks: Any, where: str) -> dict[str, Any]:
    """The ledger's state in a Trainer's.

    Raises:
        TrainingError: it holds none.
    """
    told = (callbacks or {}).get("KisekiExposure") or {}
    found: dict[str, Any] | None = (told.get("attributes") or {}).get(_STATE)
    if found is None:
        raise TrainingError(
            f"{where} holds no state of the ledger, so it is not known what its weights consumed; "
            "go on from one that was written while training was counted"
        )
    return found
