"""What counting costs a training loop. A batch is real work of torch on one thread, at least 10 ms
of a processor as the loop takes it, fetching included. Three loops take turns, a batch each: one is
counted by `kiseki.training.Exposure`, two are not. They do so 720 times in twelve rounds; in each
round another one of three models is counted, and each turn begins with another loop. A value is
the median of the ratios to the same loop that is not counted, because a machine that others use
too is slow for all of them; beside it stands what the two that are not counted differ by, which is
the error of the measurement. Processor time is that of the thread that trains. Samples are known
by 32 bytes. What is read is written down by workers, and without workers by the loop itself.
Measured while others used the same two processors (load 2.6 to 2.8); in a run before, at a load of
10 and with passes fitted to the clock, the three rows were 1.029, 1.013 and 1.014."""

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.rows import Row

__all__ = ["ROWS", "measure"]

TITLE = "Counting what training consumes"

_BATCH, _LONG, _TURNS, _ROUNDS = 8, 0.010, 60, 12
_MOST = 1.02
_COUNTED, _PLAIN, _OTHER = range(3)
"""The loops. Each has a model, and which one changes by round."""

ROWS = (
    Row("a loop of 10 ms a batch that is counted, against one that is not", "times", _MOST),
    Row("another one that is not counted, against the same", "times"),
    Row("the loop that is counted, processor time", "times"),
    Row("the other one, processor time", "times"),
    Row("with two workers, counted", "times", _MOST),
    Row("with two workers, not counted", "times"),
    Row("with two workers and batches of 64, counted", "times", _MOST),
    Row("with two workers and batches of 64, not counted", "times"),
    Row("a batch of the loop that is not counted", "ms"),
    Row("a batch of the loop that is not counted, processor time", "ms"),
    Row("a batch of 8, counted: processor time", "µs"),
    Row("a batch of 8, counted: time, with all waiting for the disk", "µs"),
)


class _Turn(NamedTuple):
    """Seconds that a loop took for a batch."""

    wall: float
    thread: float


_Turns = dict[int, _Turn]
"""Of each loop, one batch."""


def measure() -> dict[str, float]:
    alone, two, many = _turns(_BATCH, 0), _turns(_BATCH, 2), _turns(64, 2)
    found = [
        *(_ratio(alone, loop, "wall") for loop in (_COUNTED, _OTHER)),
        *(_ratio(alone, loop, "thread") for loop in (_COUNTED, _OTHER)),
        *(_ratio(two, loop, "wall") for loop in (_COUNTED, _OTHER)),
        *(_ratio(many, loop, "wall") for loop in (_COUNTED, _OTHER)),
        statistics.median(each[_PLAIN].wall for each in alone) * 1e3,
        statistics.median(each[_PLAIN].thread for each in alone) * 1e3,
        *_counting(),
    ]
    return {row.name: round(value, 4) for row, value in zip(ROWS, found, strict=True)}


def _ratio(turns: list[_Turns], loop: int, what: str) -> float:
    place = _Turn._fields.index(what)
    return statistics.median(each[loop][place] / each[_PLAIN][place] for each in turns)


def _turns(batch: int, workers: int) -> list[_Turns]:
    return [each for number in range(_ROUNDS) for each in _round(batch, workers, number)]


def _round(batch: int, workers: int, number: int) -> Iterator[_Turns]:
    """One has loaders and workers of its own."""
    from torch.utils.data import DataLoader

    from kiseki.training import Exposure

    dataset = _dataset(batch)
    ids = [place.to_bytes(32) for place in range(len(dataset))]
    given: dict[str, Any] = {"batch_size": batch, "num_workers": workers}
    given["persistent_workers"] = workers > 0
    with tempfile.TemporaryDirectory() as folder, Exposure(Path(folder) / "run") as exposure:
        models = [_Work() for _ in range(3)]
        works = [models[(loop + number) % 3] for loop in range(3)]
        exposure.watch(works[_COUNTED].optimizer)
        loaders = [
            exposure.loader(DataLoader(exposure.dataset(dataset, ids=ids), **given)),
            DataLoader(dataset, **given),
            DataLoader(dataset, **given),
        ]
        batches = [_endless(each) for each in loaders]
        order = [(loop + number // 3) % 3 for loop in range(3)]
        for loop in order:  # makes workers
            _turn(batches[loop], works[loop])
        works[_PLAIN].last_long_enough(batches[_PLAIN])
        for _ in range(_TURNS):
            order = order[1:] + order[:1]
            yield {loop: _turn(batches[loop], works[loop]) for loop in order}


def _counting() -> tuple[float, float]:
    """Microseconds for a batch that arrives and its step, nothing else: of the processor, and in
    all."""
    from kiseki.training import Exposure

    ids = [number.to_bytes(32) for number in range(_BATCH)]
    with tempfile.TemporaryDirectory() as folder, Exposure(Path(folder) / "run") as exposure:
        began, processor, many = time.perf_counter(), time.process_time(), 5_000
        for _ in exposure.batches((ids, None) for _ in range(many)):
            exposure.stepped()
        processor, whole = time.process_time() - processor, time.perf_counter() - began
        return processor / many * 1e6, whole / many * 1e6


def _dataset(batch: int) -> Any:
    import torch
    from torch.utils.data import TensorDataset

    torch.set_num_threads(1)
    return TensorDataset(torch.randn(batch * 200, 64))


class _Work:
    """A model with an optimizer, and so many passes over a batch that they take as long."""

    passes = 1

    def __init__(self) -> None:
        import torch

        self.model = torch.nn.Sequential(
            torch.nn.Linear(64, 1024), torch.nn.ReLU(), torch.nn.Linear(1024, 1024)
        )
        self.optimizer = torch.optim.AdamW(self.model.parameters())

    def last_long_enough(self, batches: Iterator[Any]) -> None:
        """Adds passes, to all models, until turns take 10 ms of a processor, busy or not."""
        while statistics.median(_turn(batches, self).thread for _ in range(15)) < _LONG * 1.05:
            _Work.passes += 1

    def __call__(self, batch: Any) -> None:
        self.optimizer.zero_grad()
        for _ in range(_Work.passes):
            self.model(batch).square().mean().backward()
        self.optimizer.step()


def _turn(batches: Iterator[Any], work: _Work) -> _Turn:
    wall, thread = time.perf_counter(), time.thread_time()
    (batch,) = next(batches)
    work(batch)
    return _Turn(time.perf_counter() - wall, time.thread_time() - thread)


def _endless(loader: Any) -> Iterator[Any]:
    while True:
        yield from loader
