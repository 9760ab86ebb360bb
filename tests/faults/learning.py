"""A training of two ranks with four workers each, which kills itself where it is told to.

`python -m tests.faults.learning FOLDER SEED` reads one JSON line for each attempt: which rank dies,
at which moment, at the how many-th time; and answers with what became of it. It imports torch once
and forks for each attempt, as nobody would wait for a hundred imports.

The model counts: the gradient of a sample adds one to a weight of its own, so the weights tell what
they were trained on, and a checkpoint's weights what it was trained on until then. Every dataset
worker keeps a list of its own of what it gave out. Neither knows anything of the ledger.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch._dynamo  # which the first optimizer would import
from tests.faults.trained import EVERY
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset

from kiseki.training import Exposure
from kiseki.training.ledger import journal
from kiseki.training.ledger.journal import Journal
from kiseki.training.ledger.rows import Kind
from kiseki.training.ledger.tail import Tail

RANKS, WORKERS = 2, 4
SIZE, BATCH, STEPS = 40, 2, 30
_SUBREAPER = 36


class Samples(Dataset[torch.Tensor]):
    """Writes a byte for each that it gives out, on its own account."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def __len__(self) -> int:
        return SIZE

    def __getitem__(self, index: int) -> torch.Tensor:
        file = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(file, b".")
        os.close(file)
        sample = torch.zeros(SIZE)
        sample[index] = 1.0
        return sample


class Death:
    """Kills its process at the so many-th time of a moment."""

    def __init__(self, moment: str, times: int) -> None:
        self._moment, self._left = moment, times

    def __call__(self, moment: str) -> None:
        if moment == self._moment:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)


def rank_of(folder: Path, rank: int, seed: int, attempt: int, die: Death) -> None:
    """One rank, from the last checkpoint to the end."""
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting-{attempt}", rank=rank, world_size=RANKS
    )
    _watch_the_journal(die)
    journal._ROWS = (6, 1_000)[seed // 2 % 2]  # rows move all the time, or only for checkpoints
    gathered = 1 + seed % 2
    with Exposure(folder / "run") as exposure:
        weights = nn.Linear(SIZE, 1, bias=False)
        nn.init.zeros_(weights.weight)
        step, kept = 0, folder / "checkpoint.pt"
        if kept.exists():
            checkpoint = torch.load(kept, weights_only=True)
            weights.load_state_dict(checkpoint["weights"])
            exposure.load_state_dict(checkpoint["exposure"])
            step = checkpoint["step"]
        elif exposure._writer._journal.rows.has_steps():
            exposure.restart()
        model = DistributedDataParallel(weights)
        optimizer = torch.optim.SGD(model.parameters(), lr=float(RANKS))
        exposure.watch(optimizer)
        names = [f"sample {number}" for number in range(SIZE)]
        dataset = exposure.dataset(Samples(folder / "given-out"), ids=names)
        loader = exposure.loader(
            DataLoader(dataset, batch_sampler=_order(seed, rank, step * gathered, gathered),
                       num_workers=WORKERS, prefetch_factor=2)
        )  # fmt: skip
        for number, batch in enumerate(loader, 1):
            die("after batch")
            last = number % gathered == 0
            with contextlib.nullcontext() if last else model.no_sync():
                (-model(batch).sum()).backward()
            if not last:
                continue
            optimizer.step()
            optimizer.zero_grad()
            step += 1
            if step % EVERY == 0 and rank == 0:
                _save(folder, {"step": step, "weights": weights.state_dict(),
                               "exposure": exposure.state_dict()}, die)  # fmt: skip
        if rank == 0:
            _save(folder, {"step": step, "weights": weights.state_dict(),
                           "exposure": exposure.state_dict()}, die)  # fmt: skip
    distributed.barrier()
    distributed.destroy_process_group()


def _order(seed: int, rank: int, done: int, gathered: int) -> list[list[int]]:
    """The batches of a rank that are still to come; some samples come twice in one."""
    dice = random.Random(seed * RANKS + rank)
    return [dice.choices(range(SIZE), k=BATCH) for _ in range(STEPS * gathered)][done:]


def _save(folder: Path, checkpoint: dict[str, Any], die: Death) -> None:
    part = folder / "checkpoint.part"
    torch.save(checkpoint, part)
    die("before checkpoint")
    part.replace(folder / "checkpoint.pt")
    die("after checkpoint")


def _watch_the_journal(die: Death) -> None:
    add: Callable[..., None] = Journal.add
    add_later: Callable[..., None] = Journal.add_later

    def adding(self: Journal, kind: Kind, *given: Any) -> None:
        if kind == Kind.BATCH:
            die("before journal")
        add(self, kind, *given)

    def adding_later(self: Journal, *given: Any) -> None:
        die("inside a step")
        add_later(self, *given)

    Journal.add, Journal.add_later = adding, adding_later  # type: ignore[assignment,method-assign]
    bring_in, cut = Journal._bring_in, Tail.cut

    def bringing_in(self: Journal) -> None:
        if self._waiting:
            die("before moving")
        bring_in(self)

    def cutting(self: Tail, size: int = 0) -> None:
        die("after moving")
        cut(self, size)

    Journal._bring_in, Tail.cut = bringing_in, cutting  # type: ignore[method-assign]


def attempt_of(folder: Path, seed: int, number: int, said: dict[str, Any]) -> dict[str, Any]:
    """Forks the ranks, waits, and ends the others when one has died."""
    ranks = {}
    for rank in range(RANKS):
        child = os.fork()
        if not child:
            code = 1
            try:
                os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what is torn apart complains
                mine = said["rank"] == rank
                die = Death(said["moment"] if mine else "", said["times"])
                rank_of(folder, rank, seed, number, die)
                code = 0
            except BaseException:  # noqa: BLE001 - told, and this is a child
                (folder / f"error-{number}-{rank}").write_text(traceback.format_exc())
            finally:
                os._exit(code)
        ranks[child] = rank
    late = {rank: time.monotonic() + (said.get("after", 1e9) if rank == said["rank"] else 1e9)
            for rank in range(RANKS)}  # fmt: skip
    ended: dict[int, int] = {}
    while len(ended) < RANKS:
        child, status = os.waitpid(-1, os.WNOHANG)
        if child in ranks:
            ended[ranks[child]] = status
            if status:  # the other one lives a little longer
                late = dict.fromkeys(late, time.monotonic() + said["grace"])
        for each, rank in ranks.items():
            if rank not in ended and time.monotonic() > late[rank]:
                os.kill(each, signal.SIGKILL)
        if not child:
            time.sleep(0.002)
    victim = os.waitstatus_to_exitcode(ended[said["rank"]])
    return {"killed": victim == -signal.SIGKILL, "done": not any(ended.values())}


def counts_of(folder: Path) -> dict[str, int]:
    """What the weights of the last checkpoint were trained on."""
    kept = torch.load(folder / "checkpoint.pt", weights_only=True)
    return {f"sample {place}": round(float(each))
            for place, each in enumerate(kept["weights"]["weight"][0]) if each}  # fmt: skip


def _end_workers() -> None:
    """Waits until those whose parent was killed have seen it and ended, which takes them some
    seconds; one that was just born when it happened never sees it, and does nothing."""
    late = time.monotonic() + 7
    with contextlib.suppress(ChildProcessError):
        while True:
            child, _ = os.waitpid(-1, os.WNOHANG)
            if not child and time.monotonic() > late:
                listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
                for each in map(int, listed.split()):
                    os.kill(each, signal.SIGKILL)
            if not child:
                time.sleep(0.05)


def main() -> None:
    torch.set_num_threads(1)  # threads do not survive a fork
    warnings.filterwarnings("ignore", message="This DataLoader will create")
    folder, seed = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    # Workers whose parent was killed come here, so that they can be waited for.
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    for number, line in enumerate(sys.stdin):
        answer = attempt_of(folder, seed, number, json.loads(line))
        if (folder / "checkpoint.pt").exists():
            kept = torch.load(folder / "checkpoint.pt", weights_only=True)
            answer |= {"counts": counts_of(folder), "state": kept["exposure"]}
        if answer["done"]:
            _end_workers()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
