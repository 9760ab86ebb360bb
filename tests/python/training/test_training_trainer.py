"""The Trainer of transformers: what it trains on is counted, whatever its loop does beside that.

The oracle is the model: each forward pass of training adds one to a buffer at the place of each
sample, and a checkpoint holds that buffer. So it says of any weights what they were trained on.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainerCallback, TrainingArguments

from kiseki.errors import InvalidInput, TrainingError
from kiseki.training import Exposure, Ledger

SIZE = 22
NAMES = [f"texts/{number}.txt" for number in range(SIZE)]


class Counting(GPT2LMHeadModel):  # type: ignore[no-untyped-call]
    """A tiny model with random weights, whose buffer counts."""

    seen: torch.Tensor

    def __init__(self) -> None:
        torch.manual_seed(1)
        super().__init__(
            GPT2Config(vocab_size=SIZE + 1, n_positions=16, n_embd=8, n_layer=1, n_head=1)
        )
        self.register_buffer("seen", torch.zeros(SIZE, dtype=torch.int64))

    def forward(self, input_ids: Any = None, labels: Any = None, attention_mask: Any = None,
                **more: Any) -> Any:  # fmt: skip
        """A sample begins with its number. No model sees an ID."""
        assert more.keys() <= {"num_items_in_batch", "return_dict", "output_attentions"}, more
        if self.training and torch.is_grad_enabled():
            for each in input_ids[:, 0].tolist():
                self.seen[each] += 1
        return super().forward(input_ids=input_ids, labels=labels, attention_mask=attention_mask)

    @property
    def counts(self) -> dict[Any, int]:
        return {NAMES[at]: int(each) for at, each in enumerate(self.seen) if each}


def texts() -> list[dict[str, Any]]:
    """Of many lengths, with a name that no model takes."""
    return [
        {"file": NAMES[number], "input_ids": [number] * (1 + number % 7), "note": "kept away"}
        for number in range(SIZE)
    ]


def collate(samples: list[dict[str, Any]]) -> dict[str, Any]:
    """Sees the columns that the Trainer leaves, and never an ID where these are taken off."""
    longest = max(len(each["input_ids"]) for each in samples)
    rows = [
        list(each["input_ids"]) + [SIZE] * (longest - len(each["input_ids"])) for each in samples
    ]
    ids = torch.tensor(rows)
    return {"input_ids": ids, "labels": ids.clone(), "attention_mask": (ids < SIZE).long()}


class Drawn(torch.utils.data.Dataset[dict[str, Any]]):
    """A dataset of torch."""

    def __init__(self) -> None:
        self.rows = texts()

    def __len__(self) -> int:
        return SIZE

    def __getitem__(self, index: int) -> dict[str, Any]:
        return dict(self.rows[index])


def made(folder: Path, dataset: Any = None, **more: Any) -> Trainer:
    """A trainer over all texts."""
    given: dict[str, Any] = {
        "output_dir": str(folder / "out"), "per_device_train_batch_size": 3, "report_to": [],
        "num_train_epochs": 2, "save_strategy": "steps", "save_steps": 3, "use_cpu": True,
        "disable_tqdm": True, "logging_strategy": "no", "seed": 3,
    }  # fmt: skip
    evaluated = more.pop("eval_dataset", None)
    return Trainer(
        model=Counting(), args=TrainingArguments(**given | more), data_collator=collate,
        train_dataset=datasets.Dataset.from_list(texts()) if dataset is None else dataset,
        eval_dataset=evaluated,
    )  # fmt: skip


@pytest.fixture
def exposure(tmp_path: Path) -> Iterator[Exposure]:
    opened = Exposure(tmp_path / "run")
    yield opened
    opened._close(ended=False)


def fits(trainer: Trainer, exposure: Exposure) -> None:
    """Holds what the ledger says against what the weights say."""
    exposure.close()
    found = Ledger(exposure.folder).figures()
    assert isinstance(trainer.model, Counting)
    assert found.counts == trainer.model.counts and found.consumed
    assert found.read is None or found.read >= found.consumed + found.lost


HOW: dict[str, dict[str, Any]] = {
    "as it is": {},
    "accumulated, with a rest": {"gradient_accumulation_steps": 3},
    "workers": {"dataloader_num_workers": 2},
    "workers that stay": {"dataloader_num_workers": 2, "dataloader_persistent_workers": True},
    "no rest": {"dataloader_drop_last": True},
    "stopped within an epoch": {"max_steps": 5},
    "stopped while it accumulates": {"max_steps": 2, "gradient_accumulation_steps": 4},
}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("of", ["datasets", "torch"])
def test_what_a_trainer_trains_on_is_counted(tmp_path: Path, exposure: Exposure, how: str,
                                             of: str) -> None:  # fmt: skip
    trainer = made(tmp_path, Drawn() if of == "torch" else None, **HOW[how])
    assert exposure.trainer(trainer, ids="file") is trainer
    trainer.train()
    fits(trainer, exposure)
    assert exposure.steps == trainer.state.global_step


@pytest.mark.parametrize("of", ["datasets", "torch"])
def test_samples_of_one_length_are_grouped_as_before(
    tmp_path: Path, exposure: Exposure, of: str
) -> None:
    """And nothing that the Trainer only looks at counts as read."""
    grouped = "train_sampling_strategy" in TrainingArguments.__dataclass_fields__
    more = {"train_sampling_strategy": "group_by_length"} if grouped else {"group_by_length": True}
    batches: dict[bool, list[list[list[int]]]] = {False: [], True: []}
    for is_counted, seen in batches.items():
        trainer = made(tmp_path, Drawn() if of == "torch" else None, **more)

        def collating(samples: Any, seen: Any = seen) -> Any:
            seen.append([list(each["input_ids"]) for each in samples])
            return collate(samples)

        trainer.data_collator = collating
        if is_counted:
            exposure.trainer(trainer, ids="file")
        trainer.train()
    assert batches[True] == batches[False] != []
    fits(trainer, exposure)
    assert Ledger(exposure.folder).figures().read == 2 * SIZE


@pytest.mark.parametrize("keeps", [True, False])
def test_ids_are_where_the_user_says(tmp_path: Path, exposure: Exposure, keeps: bool) -> None:
    """A function sees the sample as it was; a list is by index."""
    where: list[Any] = [lambda each: each["file"], NAMES]
    for place, ids in enumerate(where):
        own = exposure if not place else Exposure(tmp_path / "other")
        trainer = made(tmp_path, remove_unused_columns=not keeps)
        own.trainer(trainer, ids=ids)
        trainer.train()
        fits(trainer, own)


def test_a_stream_is_counted_too(tmp_path: Path, exposure: Exposure) -> None:
    def stream() -> Any:
        return datasets.Dataset.from_list(texts()).to_iterable_dataset(num_shards=2)

    trainer = made(tmp_path, stream(), max_steps=9)
    exposure.trainer(trainer, ids="file")
    with pytest.raises(InvalidInput, match=r'accelerator_config={"dispatch_batches": False}'):
        trainer.train()
    trainer = made(
        tmp_path, stream(), max_steps=9, accelerator_config={"dispatch_batches": False}
    )  # fmt: skip
    exposure.trainer(trainer, ids="file")
    trainer.train()
    fits(trainer, exposure)


def test_an_evaluation_is_not_counted(tmp_path: Path, exposure: Exposure) -> None:
    trainer = made(
        tmp_path, eval_dataset=datasets.Dataset.from_list(texts()), eval_strategy="steps",
        eval_steps=2, eval_on_start=True,
    )  # fmt: skip
    exposure.trainer(trainer, ids="file")
    trainer.train()
    trainer.evaluate()
    fits(trainer, exposure)
    found = Ledger(exposure.folder).figures()
    assert found.consumed == found.read == 2 * SIZE, "nor read"


@pytest.mark.parametrize("accumulates", [1, 3])
@pytest.mark.parametrize("restores", [False, True])
def test_a_training_goes_on_from_a_checkpoint(
    tmp_path: Path, accumulates: int, restores: bool
) -> None:
    """From one within an epoch; steps that it left behind are lost and stand apart."""
    more = {"gradient_accumulation_steps": accumulates, "save_steps": 2,
            "restore_callback_states_from_checkpoint": restores}  # fmt: skip
    with Exposure(tmp_path / "run") as first:
        trainer = made(tmp_path, **more)
        first.trainer(trainer, ids="file").train()
    steps = trainer.state.global_step
    told = json.loads((tmp_path / "out" / "checkpoint-4" / "trainer_state.json").read_text())
    assert told["stateful_callbacks"]["KisekiExposure"]["attributes"]["exposure"]
    with Exposure(tmp_path / "run") as second:
        trainer = made(tmp_path, **more)
        second.trainer(trainer, ids="file")
        trainer.train(resume_from_checkpoint=str(tmp_path / "out" / "checkpoint-4"))
        assert second.steps == trainer.state.global_step == steps
        fits(trainer, second)
    found = Ledger(tmp_path / "run").figures()
    assert (
        found.consumed == 2 * SIZE
        and found.lost == found.consumed - {1: 4 * 3, 3: SIZE + 3 * 3}[accumulates]
    )


def test_the_best_checkpoint_is_what_counts_where_it_is_loaded(
    tmp_path: Path, exposure: Exposure
) -> None:
    """The weights at the end are those of step 3; what came later is lost."""
    trainer = made(
        tmp_path, eval_dataset=datasets.Dataset.from_list(texts()), eval_strategy="steps",
        eval_steps=3, save_steps=3, load_best_model_at_end=True, learning_rate=0.1, optim="sgd",
        metric_for_best_model="eval_loss", greater_is_better=True,
    )  # fmt: skip
    exposure.trainer(trainer, ids="file")
    trainer.train()
    assert str(trainer.state.best_model_checkpoint).endswith("checkpoint-3")
    fits(trainer, exposure)
    found = Ledger(exposure.folder).figures()
    assert (found.steps, found.consumed, found.ended) == (3, 9, True)
    assert found.lost == 2 * SIZE - 9


class Dies(TrainerCallback):
    """Ends the process at a moment, as a power cut does."""

    def __init__(self, moment: str, step: int) -> None:
        self.moment, self.step = moment, step

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._dies("after a step", state)

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._dies("before a step", state)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._dies("after a checkpoint", state)

    def _dies(self, moment: str, state: Any) -> None:
        if (moment, state.global_step) == (self.moment, self.step):
            signal.raise_signal(signal.SIGKILL)


@pytest.mark.parametrize(
    ("moment", "step"),
    [("after a step", 4), ("before a step", 7), ("after a checkpoint", 6)],
)
def test_a_training_that_is_killed_counts_as_if_nothing_had_happened(
    tmp_path: Path, moment: str, step: int
) -> None:
    """A real process with workers, `kill -9`; then another goes on to its end."""
    code = (
        "import sys\n"
        f"sys.path[:0] = {[str(Path(__file__).parents[3])]!r}\n"
        "from tests.python.training import test_training_trainer as t\n"
        "t.trained(*sys.argv[1:])\n"
    )
    for at in (step, 10_000):
        # Not into a pipe, which workers would keep open after the process is killed.
        with (tmp_path / "said").open("w") as said:
            done = subprocess.run(
                [sys.executable, "-c", code, str(tmp_path), moment, str(at)],
                stdout=said, stderr=said, timeout=300,
            )  # fmt: skip
        told = (tmp_path / "said").read_text()
        assert done.returncode == (-signal.SIGKILL if at < 10_000 else 0), told
    found = Ledger(tmp_path / "run").figures()
    assert found.counts == json.loads((tmp_path / "counts.json").read_text())
    assert found.consumed == 2 * SIZE and found.ended


def trained(folder: str, moment: str, step: str) -> None:
    """One process of it: from the last checkpoint, if there is one."""
    home = Path(folder)
    begun = bool(list(home.glob("out/checkpoint-*")))
    trainer = made(home, dataloader_num_workers=2)
    trainer.add_callback(Dies(moment, int(step)))
    with Exposure(home / "run") as exposure:
        exposure.trainer(trainer, ids="file")
        trainer.train(resume_from_checkpoint=begun)
    assert isinstance(trainer.model, Counting)
    (home / "counts.json").write_text(json.dumps(trainer.model.counts))


def test_what_cannot_be_counted_is_refused(tmp_path: Path, exposure: Exposure) -> None:
    with pytest.raises(InvalidInput, match="no column 'sha256'; it has file, input_ids, note"):
        exposure.trainer(made(tmp_path), ids="sha256")
    trainer = made(tmp_path)
    exposure.trainer(trainer, ids="file")
    with pytest.raises(InvalidInput, match="counted already"):
        exposure.trainer(trainer, ids="file")
    odd = made(tmp_path)
    odd.data_collator = lambda samples: [collate(samples)]  # type: ignore[assignment,return-value]
    exposure.trainer(odd, ids="file")
    with pytest.raises(InvalidInput, match="gives list and no dict"):
        odd.train()
    few = made(tmp_path)
    exposure.trainer(few, ids=NAMES[:3])
    with pytest.raises(InvalidInput, match="there are 3 IDs and 22 samples"):
        few.train()
    other = Exposure(tmp_path / "second", rank=1, ranks=2)
    with pytest.raises(InvalidInput, match="process 0 of 1, and the Exposure is of 1 of 2"):
        other.trainer(made(tmp_path), ids="file")
    other._close(ended=False)
    plain = made(tmp_path)
    plain.train()
    exposure.trainer(made(tmp_path), ids="file")
    again = made(tmp_path)
    exposure.trainer(again, ids="file")
    with pytest.raises(TrainingError, match="the checkpoint holds no state of the ledger"):
        again.train(resume_from_checkpoint=True)
