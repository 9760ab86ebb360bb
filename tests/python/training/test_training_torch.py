"""Loops of PyTorch as people write them, held against weights that count what they learn."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    Subset,
    get_worker_info,
)
from torchdata.stateful_dataloader import StatefulDataLoader

from kiseki.errors import InvalidInput, TrainingError
from kiseki.training import Exposure, Ledger
from kiseki.training.hooks.tagged import Tagged
from kiseki.training.ledger.keys import pack, unpack

from .counting import NAMES, SIZE, Counting, Drawings, fits

pytestmark = pytest.mark.usefixtures("torch_at_work")


@pytest.fixture
def exposure(tmp_path: Path) -> Iterator[Exposure]:
    made = Exposure(tmp_path / "run")
    yield made
    made._close(ended=False)


def halved(samples: list[torch.Tensor]) -> dict[str, Any]:
    """A collate function of somebody's own, which drops what could not be read."""
    there = [each for each in samples if each is not None]
    return {"pictures": torch.stack(there), "number": len(there)}


class Stream(IterableDataset[Any]):
    """Each worker gives a part."""

    def __init__(self, of: int = SIZE) -> None:
        self.of = of

    def __iter__(self) -> Iterator[tuple[str, torch.Tensor]]:
        worker = get_worker_info()
        first, many = (worker.id, worker.num_workers) if worker else (0, 1)
        for place in range(first, self.of, many):
            yield NAMES[place], Drawings()[place]


LOADERS: dict[str, dict[str, Any]] = {
    "alone": {"batch_size": 5},
    "workers": {"batch_size": 5, "num_workers": 2, "shuffle": True, "drop_last": True},
    "workers that stay": {"batch_size": 4, "num_workers": 2, "persistent_workers": True},
    "a sampler of batches": {
        "batch_sampler": BatchSampler(RandomSampler(range(SIZE)), 7, drop_last=False)
    },
    "no batches": {"batch_size": None},
    "with a spawned worker": {
        "batch_size": 8, "num_workers": 1, "multiprocessing_context": "spawn",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "how"),
    [(DataLoader, how) for how in LOADERS]
    # Its spawned workers are those of DataLoader.
    + [(StatefulDataLoader, how) for how in LOADERS if how != "with a spawned worker"],
)
def test_what_the_weights_learned_is_what_the_ledger_says(
    exposure: Exposure, how: str, kind: Any
) -> None:
    model = Counting()
    loader = exposure.loader(kind(exposure.dataset(Drawings(), ids=NAMES), **LOADERS[how]))
    exposure.watch(model.optimizer)
    for _ in range(1 if "spawned" in how else 2):
        batches = 0
        for batch in loader:
            assert isinstance(batch, torch.Tensor), "the loop sees what it always saw"
            model.train(batch)
            batches += 1
        assert batches == len(loader)
    fits(model, exposure)


def test_workers_read_ahead_what_training_never_takes(exposure: Exposure) -> None:
    model = Counting()
    dataset = exposure.dataset(Drawings(), ids=NAMES)
    loader = exposure.loader(DataLoader(dataset, batch_size=1, num_workers=2, prefetch_factor=4))
    exposure.watch(model.optimizer)
    for number, batch in enumerate(loader):
        model.train(batch)
        if number == 4:
            break
    fits(model, exposure)
    found = Ledger(exposure.folder).figures()
    assert found.consumed == 5 < found.read <= SIZE


def test_a_collate_function_of_ones_own_sees_samples_as_they_were(exposure: Exposure) -> None:
    """Also samples that are None, which it leaves out: they are not consumed."""

    class Broken(Drawings):
        def __getitem__(self, index: int) -> Any:
            return None if index % 5 == 1 else super().__getitem__(index)

    model = Counting()
    dataset = exposure.dataset(Broken(), ids=NAMES)
    loader = exposure.loader(DataLoader(dataset, batch_size=6, collate_fn=halved, num_workers=1))
    exposure.watch(model.optimizer)
    for batch in loader:
        assert set(batch) == {"pictures", "number"}
        model.train(batch["pictures"])
    fits(model, exposure)
    assert Ledger(exposure.folder).figures().read == SIZE


def test_whoever_looks_at_the_samples_of_a_batch_finds_each_beside_its_id(
    exposure: Exposure,
) -> None:
    """As a dataset around it does, and a DataLoader that nobody counts."""

    class Around(Dataset[Any]):
        def __len__(self) -> int:
            return SIZE

        def __getitems__(self, indices: list[int]) -> Any:
            return [Tagged(each.ids, each.data * 2) for each in inner.__getitems__(indices)]

    inner: Any = exposure.dataset(Drawings(), ids=NAMES)
    few = inner.__getitems__([3, 1, 3])
    assert few[1].ids == pack([NAMES[1]]) and few[-1].data[3] == 1 and len(few[1:]) == 2
    assert [list(unpack(each.ids)) for each in few] == [[NAMES[3]], [NAMES[1]], [NAMES[3]]]
    plain = next(iter(DataLoader(inner, batch_size=3)))
    assert list(plain.ids) == [pack([name]) for name in NAMES[:3]] and plain.data.shape == (3, SIZE)
    model = Counting()
    exposure.watch(model.optimizer)
    for batch in exposure.loader(DataLoader(Around(), batch_size=4)):
        model.train(batch / 2)
    fits(model, exposure)


@pytest.mark.parametrize("ids", [NAMES, lambda _: "a name"])
def test_a_dataset_that_leaves_samples_out_is_refused(exposure: Exposure, ids: Any) -> None:
    """Nobody knows which ones: a sample that cannot be read is None."""

    class Fewer(Drawings):
        def __getitems__(self, indices: list[int]) -> list[torch.Tensor]:
            return [self[each] for each in indices if each % 5]

    loader = exposure.loader(DataLoader(exposure.dataset(Fewer(), ids=ids), batch_size=4))
    with pytest.raises(InvalidInput, match="gave 3 samples where it was asked for 4"):
        list(loader)


@pytest.mark.parametrize("workers", [0, 3])
def test_a_stream_that_its_workers_share(exposure: Exposure, workers: int) -> None:
    model = Counting()
    dataset = exposure.dataset(Stream(), ids=0)
    loader = exposure.loader(DataLoader(dataset, batch_size=4, num_workers=workers))
    exposure.watch(model.optimizer)
    for (batch,) in loader:
        model.train(batch)
    fits(model, exposure)
    assert model.counts == dict.fromkeys(NAMES, 1)


def test_parts_of_a_dataset_keep_their_ids_and_one_sample_twice_counts_twice(
    exposure: Exposure,
) -> None:
    model = Counting()
    dataset = Subset(exposure.dataset(Drawings(), ids=NAMES), [3, 3, 7, 3])
    loader = exposure.loader(DataLoader(dataset, batch_size=4))
    exposure.watch(model.optimizer)
    for batch in loader:
        model.train(batch)
    fits(model, exposure)
    assert model.counts == {NAMES[3]: 3, NAMES[7]: 1}


def test_gradients_that_are_gathered_over_batches(exposure: Exposure) -> None:
    """What is left over when training ends was never in a step."""
    model = Counting()
    loader = exposure.loader(DataLoader(exposure.dataset(Drawings(), ids=NAMES), batch_size=4))
    exposure.watch(model.optimizer)
    for number, batch in enumerate(loader, 1):
        model.learn(batch)
        if number % 4 == 0:
            model.optimizer.step()
            model.optimizer.zero_grad()
    fits(model, exposure)
    found = Ledger(exposure.folder).figures()
    assert (found.consumed, found.batches, found.steps) == (16, 4, 1)


@pytest.mark.parametrize("fused", [False, True])
def test_a_step_that_a_scaler_leaves_out_does_not_count(exposure: Exposure, fused: bool) -> None:
    """Gradients that overflow are thrown away with their batch. A fused optimizer is called all
    the same; the others are not."""
    model = Counting()
    model.optimizer = torch.optim.SGD([model.weights], lr=1.0, fused=fused)
    assert getattr(model.optimizer, "_step_supports_amp_scaling", False) == fused
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    loader = exposure.loader(DataLoader(exposure.dataset(Drawings(), ids=NAMES), batch_size=4))
    exposure.watch(model.optimizer)
    for number, batch in enumerate(loader):
        model.optimizer.zero_grad()
        loss = -(batch @ model.weights).sum() * (float("inf") if number in (0, 3, 4) else 1.0)
        scaler.scale(loss).backward()
        scaler.step(model.optimizer)
        scaler.update()
    assert len(model.counts) == 12
    fits(model, exposure)


def test_two_optimizers_of_which_one_leaves_a_step_out(exposure: Exposure) -> None:
    model, other = Counting(), Counting()
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    loader = exposure.loader(DataLoader(exposure.dataset(Drawings(), ids=NAMES), batch_size=4))
    exposure.watch()
    for batch in loader:
        model.optimizer.zero_grad()
        other.optimizer.zero_grad()
        loss = -(batch @ model.weights).sum() - (batch @ other.weights).sum() * float("inf")
        scaler.scale(loss).backward()
        scaler.step(other.optimizer)
        scaler.step(model.optimizer)
        scaler.update()
    assert not other.counts
    fits(model, exposure)


def test_an_optimizer_that_is_not_watched_counts_nothing(exposure: Exposure) -> None:
    model, other = Counting(), Counting()
    loader = exposure.loader(DataLoader(exposure.dataset(Drawings(), ids=NAMES), batch_size=4))
    exposure.watch(model.optimizer)
    for number, batch in enumerate(loader):
        (other if number % 2 else model).learn(batch)
        (other if number % 2 else model).optimizer.step()
    exposure.close()
    assert Ledger(exposure.folder).figures().batches == 5, "with the last one's step nothing new"
    more = Exposure(exposure.folder)
    more.restart()
    model.optimizer.step()
    more.close()
    assert Ledger(exposure.folder).figures().steps == 0, "a closed Exposure watches no more"


def test_an_evaluation_in_between_consumes_nothing(exposure: Exposure) -> None:
    model = Counting()
    loader = exposure.loader(DataLoader(exposure.dataset(Drawings(), ids=NAMES), batch_size=6))
    exposure.watch(model.optimizer)
    for batch in loader:
        model.train(batch)
    with torch.no_grad():
        seen = sum(len(batch) for batch in loader)
    for batch in loader:
        model.train(batch)
        break
    assert seen == SIZE
    fits(model, exposure)
    with pytest.raises(TrainingError, match="every batch since its last step arrived while"):
        _step_on_what_came_without_gradients(exposure.folder.with_name("other"))


def _step_on_what_came_without_gradients(folder: Path) -> None:
    model = Counting()
    with Exposure(folder) as exposure:
        exposure.watch(model.optimizer)
        loader = exposure.loader(DataLoader(exposure.dataset(Drawings(), ids=NAMES)))
        with torch.no_grad():
            batch = next(iter(loader))
        model.train(batch)


def test_an_error_in_the_loop_leaves_what_was_done_until_then(tmp_path: Path) -> None:
    model = Counting()
    with pytest.raises(ZeroDivisionError), Exposure(tmp_path / "run") as exposure:
        dataset = exposure.dataset(Drawings(), ids=NAMES)
        loader = exposure.loader(DataLoader(dataset, batch_size=4, num_workers=1))
        exposure.watch(model.optimizer)
        for number, batch in enumerate(loader):
            model.train(batch)
            _ = 1 / (2 - number)
    found = Ledger(tmp_path / "run").figures()
    assert found.counts == model.counts and found.steps == 3 and not found.ended


def test_a_worker_that_dies_ends_training_with_its_error(exposure: Exposure) -> None:
    class Deadly(Drawings):
        def __getitem__(self, index: int) -> torch.Tensor:
            if index == 13:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().__getitem__(index)

    model = Counting()
    dataset = exposure.dataset(Deadly(), ids=NAMES)
    loader = exposure.loader(DataLoader(dataset, batch_size=2, num_workers=2))
    exposure.watch(model.optimizer)
    with pytest.raises(RuntimeError, match="worker"):
        for batch in loader:
            model.train(batch)
    exposure._close(ended=False)
    found = Ledger(exposure.folder).figures()
    assert found.counts == model.counts


def test_ranks_divide_the_samples_as_their_sampler_says(tmp_path: Path) -> None:
    """What the sampler gives a second time, so that all have the same number, is consumed twice."""
    model = Counting(SIZE)
    exposures = [Exposure(tmp_path / "run", rank=rank, ranks=5) for rank in range(5)]
    for rank, exposure in enumerate(exposures):
        dataset = exposure.dataset(Drawings(), ids=NAMES)
        sampler: Any = DistributedSampler(dataset, num_replicas=5, rank=rank, shuffle=True)
        exposure.watch(model.optimizer)
        for batch in exposure.loader(DataLoader(dataset, batch_size=2, sampler=sampler)):
            model.train(batch)
        exposure.close()
    found = Ledger(tmp_path / "run").figures()
    assert found.counts == model.counts and found.consumed == 25 and found.ranks == 5


def test_a_stateful_loader_goes_on_inside_an_epoch(tmp_path: Path) -> None:
    """Its own state lies in the checkpoint, beside the ledger's; no sample is skipped or taken
    twice, and what came after the checkpoint is lost."""
    folder, file = tmp_path / "run", tmp_path / "checkpoint.pt"
    kept: Any = None
    model = Counting()
    for attempt in range(3):
        torch.manual_seed(7)
        model = Counting()
        with Exposure(folder) as exposure:
            dataset = exposure.dataset(Drawings(), ids=NAMES)
            loader = exposure.loader(
                StatefulDataLoader(dataset, batch_size=2, num_workers=2, shuffle=True)
            )
            exposure.watch(model.optimizer)
            if file.exists():
                kept = torch.load(file, weights_only=True)
                model.weights.data.copy_(kept["weights"])
                loader.load_state_dict(kept["loader"])
                exposure.load_state_dict(kept["exposure"])
            for batch in loader:
                model.train(batch)
                if exposure.steps in (3, 7) and attempt < 2:
                    states = {"loader": loader.state_dict(), "exposure": exposure.state_dict()}
                    torch.save({"weights": model.weights.data, **states}, file)
                if exposure.steps == (5, 9, None)[attempt]:
                    break
    found = Ledger(folder).figures()
    assert found.counts == model.counts == dict.fromkeys(NAMES, 1)
    assert (found.steps, found.lost, found.states) == (12, 8, (3, 7))


def test_what_a_loop_can_get_wrong_is_told(exposure: Exposure, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="3 IDs and 24 samples"):
        exposure.dataset(Drawings(), ids=["a", "b", "c"])
    with pytest.raises(InvalidInput, match="is no dataset"):
        exposure.dataset(7, ids="sha256")
    with pytest.raises(InvalidInput, match=r"made? it of exposure\.dataset|make it of exposure"):
        list(exposure.loader(DataLoader(Drawings())))
    with pytest.raises(InvalidInput, match="have no IDs; make it of"):
        list(exposure.loader([1]))
    with pytest.raises(InvalidInput, match="samples are no dicts but Tensor"):
        exposure.dataset(Drawings(), ids="sha256")[0]
    with pytest.raises(InvalidInput, match=r"a sample has no ID at 'sha256' \(KeyError"):
        exposure.dataset([{"picture": 1}], ids="sha256")[0]
    with pytest.raises(TrainingError, match="an Exposure stays in the process that trains"):
        import pickle

        pickle.dumps(exposure)
    model = Counting()
    exposure.watch(model.optimizer)
    for batch in DataLoader(Drawings()):
        model.train(batch)
    with pytest.raises(TrainingError, match="stepped, and no batch came through the ledger"):
        exposure.state_dict()


def test_a_worker_that_counts_by_itself_is_refused(exposure: Exposure) -> None:
    class Counts(Drawings):
        def __getitem__(self, index: int) -> torch.Tensor:
            exposure._writer.arrived(b"")
            return super().__getitem__(index)

    with pytest.raises(TrainingError, match="counted in the process that trains"):
        list(DataLoader(Counts(), num_workers=1))
