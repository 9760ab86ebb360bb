"""The campaign of training: killed at a hundred moments, and counted as if nothing had happened."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.faults.once import ROOT, Found, Lost, Run

from kiseki.training import Figures, Ledger

__all__ = ["EVERY", "MOMENTS", "Lost", "learned", "training"]

EVERY = 4
"""Steps after which the first rank writes a checkpoint; see `tests.faults.learning`."""
MOMENTS = (
    "before journal", "after batch", "inside a step", "before moving", "after moving",
    "before checkpoint", "after checkpoint", "any time",
)  # fmt: skip
_TIMES = {"checkpoint": 2, "moving": 3}
"""Within which a moment comes at the latest; 9 for all others."""


def training(run: Run) -> Found:
    """Two ranks with four workers each; `count` kills, shared out evenly among the moments."""
    return learned(run.seed, run.folder, run.count)


def learned(seed: int, folder: Path, kills: int) -> Found:
    """A training that is killed so often, started again from its last checkpoint each time, and
    held against what its weights say, after every kill and at the end.

    Raises:
        Lost: a count is wrong, or an attempt failed by itself.
    """
    found, dice = Found(of="samples"), random.Random(seed)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.learning", folder, str(seed)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin and process.stdout
    wanted = [MOMENTS[number % len(MOMENTS)] for number in range(kills)]
    dice.shuffle(wanted)
    try:
        while True:
            moment = wanted[-1] if wanted else "none"
            said: dict[str, Any] = {
                "moment": moment, "times": dice.randint(1, _TIMES.get(moment.split()[-1], 9)),
                # Only the first rank writes checkpoints.
                "rank": 0 if "check" in moment else dice.randrange(2),
            }  # fmt: skip
            said["grace"] = round(dice.uniform(0, 0.2), 3)
            if moment == "inside a step" and said["rank"] and dice.random() < 0.7:
                said["times"] = EVERY  # the other one has it in a checkpoint
            if moment == "any time":
                said["after"] = round(dice.uniform(0.2, 1.5), 3)
            process.stdin.write(json.dumps(said) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
            found.runs += 1
            errors = [each.read_text() for each in folder.glob("error-*")]
            if not line or (errors and not _died(errors)):
                raise Lost(f"{errors or 'it ended'}, seed {seed}, {said}")
            for each in folder.glob("error-*"):
                each.unlink()
            answer = json.loads(line)
            if answer.get("state"):
                _compare(Ledger(folder / "run").figures(answer["state"]), answer["counts"], seed)
            if answer["killed"]:
                wanted.pop()
                found.add(f"kill -9 {moment}")
                when = said.get("after", said["times"])
                found.log.append(f"{moment}, rank {said['rank']}, {when}, {said['grace']}")
            elif answer["done"] and wanted:  # it ended before that moment came: all over again
                _anew(folder)
            elif answer["done"]:
                break
            if found.runs > 20 * kills + 20:
                raise Lost(f"it never ends, seed {seed}")
    finally:
        process.stdin.close()
        process.wait(timeout=60)
        process.stdout.close()
    figures = Ledger(folder / "run").figures()
    _compare(figures, answer["counts"], seed)
    given = (folder / "given-out").stat().st_size
    if figures.read != given or figures.consumed + figures.lost > given:
        raise Lost(f"{figures.read} read, and workers gave out {given}, seed {seed}")
    if not figures.ended or not figures.together:
        raise Lost(f"it did not end, seed {seed}")
    found.intended = figures.consumed
    return found


def _died(errors: list[str]) -> bool:
    """Whether a rank failed only because the other one was killed."""
    return all("Connection" in each or "gloo" in each or "barrier" in each for each in errors)


def _anew(folder: Path) -> None:
    """The next attempt begins with untrained weights; the ledger goes on, and loses all."""
    (folder / "checkpoint.pt").unlink()


def _compare(figures: Figures, counts: Mapping[str, int], seed: int) -> None:
    mine, theirs = Counter[object](figures.counts), Counter[object](counts)
    lost, twice = (theirs - mine).total(), (mine - theirs).total()
    if lost or twice:
        raise Lost(f"{lost} lost, {twice} counted twice, seed {seed}")
