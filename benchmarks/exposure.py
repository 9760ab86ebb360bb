"""What counting costs a training loop. A batch is real work of torch on one thread, at least 10 ms
of it. Loops with and without `kiseki.training.Exposure` take turns, a batch each, 480 times in
eight rounds; the value is the median of the ratios of these pairs, because a machine that others
use too is slow for both. Samples are known by 32 bytes. What is read is written down by workers,
and without workers by the loop itself. The last row is processor time. Measured while others kept
both processors busy (load 5 to 7): two loops that were not counted then differed by 4%, and four
runs of the first row gave 1.003 to 1.035."""

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.rows import Row

__all__ = ["ROWS", "measure"]

TITLE = "Counting what training consumes"

_BATCH, _LONG, _PAIRS, _ROUNDS = 8, 0.010, 60, 8
_MOST = 1.02

ROWS = (
    Row("a loop of 10 ms a batch that is counted, against one that is not", "times", _MOST),
    Row("the same with two workers", "times", _MOST),
    Row("the same with batches of 64 and two workers", "times", _MOST),
    Row("a batch of 8, counted", "µs"),
)


def measure() -> dict[str, float]:
    found = [_ratio(_BATCH, 0), _ratio(_BATCH, 2), _ratio(64, 2), _alone()]
    return {row.name: round(value, 4) for row, value in zip(ROWS, found, strict=True)}


def _ratio(batch: int, workers: int) -> float:
    """Of all pairs of some rounds; each has loaders and workers of its own, made in turns first."""
    ratios = [each for number in range(_ROUNDS) for each in _round(batch, workers, number % 2)]
    return statistics.median(ratios)


def _round(batch: int, workers: int, last: int) -> Iterator[float]:
    from torch.utils.data import DataLoader

    from kiseki.training import Exposure

    dataset = _dataset(batch)
    ids = [number.to_bytes(32) for number in range(len(dataset))]
    given: dict[str, Any] = {"batch_size": batch, "num_workers": workers}
    given["persistent_workers"] = workers > 0
    with tempfile.TemporaryDirectory() as folder, Exposure(Path(folder) / "run") as exposure:
        counted, plain = _Work(), _Work()
        exposure.watch(counted.optimizer)
        loader = exposure.loader(DataLoader(exposure.dataset(dataset, ids=ids), **given))
        pairs = [(_endless(loader), counted), (_endless(DataLoader(dataset, **given)), plain)]
        for which in (last, 1 - last):
            _turn(*pairs[which])
        for number in range(_PAIRS):
            seconds = {}
            for which in (0, 1) if number % 2 else (1, 0):
                seconds[which] = _turn(*pairs[which])
            yield seconds[0] / seconds[1]


def _alone() -> float:
    """Microseconds of processor time for a batch that arrives and its step."""
    from kiseki.training import Exposure

    ids = [number.to_bytes(32) for number in range(_BATCH)]
    with tempfile.TemporaryDirectory() as folder, Exposure(Path(folder) / "run") as exposure:
        began, many = time.process_time(), 5_000
        for _ in exposure.batches((ids, None) for _ in range(many)):
            exposure.stepped()
        return (time.process_time() - began) / many * 1e6


def _dataset(batch: int) -> Any:
    import torch
    from torch.utils.data import TensorDataset

    torch.set_num_threads(1)
    return TensorDataset(torch.randn(batch * 200, 64))


class _Work:
    """A model with an optimizer, and so many passes over a batch that they take as long."""

    passes = 0

    def __init__(self) -> None:
        import torch

        self.model = torch.nn.Sequential(
            torch.nn.Linear(64, 1024), torch.nn.ReLU(), torch.nn.Linear(1024, 1024)
        )
        self.optimizer = torch.optim.AdamW(self.model.parameters())
        while not _Work.passes:
            few = min(self._seconds(1) for _ in range(40))  # undisturbed
            _Work.passes = max(1, round(_LONG / few + 0.5))

    def _seconds(self, passes: int) -> float:
        import torch

        batch, began = torch.randn(_BATCH, 64), time.thread_time()
        self(batch, passes)
        return time.thread_time() - began

    def __call__(self, batch: Any, passes: int = 0) -> None:
        self.optimizer.zero_grad()
        for _ in range(passes or _Work.passes):
            self.model(batch).square().mean().backward()
        self.optimizer.step()


def _turn(batches: Iterator[Any], work: Callable[[Any], None]) -> float:
    began = time.perf_counter()
    for (batch,) in itertools.islice(batches, 1):
        work(batch)
    return time.perf_counter() - began


def _endless(loader: Any) -> Iterator[Any]:
    while True:
        yield from loader
