"""A measurement in a process of its own, and what it can ask of that process: time and memory."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.rows import ROOT, measurement

__all__ = ["best", "megabytes", "quietly", "run"]

_BY_DEFAULT = {"ECC_BACKEND_CLASS": "eth_keys.backends.NativeECCBackend"}
"""Signs in Python alone, as Kiseki does where `kiseki[fast]` was not installed."""


def run(name: str) -> dict[str, float]:
    """Takes a measurement, with a clock on the terminal. What it prints goes there too."""
    began = time.monotonic()

    def show(end: str) -> None:
        print(
            f"\r{name:<12}{time.monotonic() - began:5.0f} s", end=end, file=sys.stderr, flush=True
        )

    command = [sys.executable, "-m", "benchmarks.process", name]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | _BY_DEFAULT, stdout=subprocess.PIPE
    ) as child:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                answer, _ = child.communicate(timeout=1)
                break
            if sys.stderr.isatty():
                show("")
    if child.returncode:
        sys.exit(f"{name} was not measured, for the reason above")
    show("\n")
    values: dict[str, float] = json.loads(answer)
    return values


def best(
    *works: Callable[[], Any], rounds: int = 5, clock: Callable[[], float] = time.process_time
) -> list[float]:
    """The fewest seconds each work took. They take turns, so that their ratios hold on a machine
    that has other things to do.

    Args:
        clock: processor time of this process, which on a machine of its own is what the wall's
            clock tells of work on one core; `time.perf_counter` for work on several.
    """
    fewest = [float("inf")] * len(works)
    for _ in range(rounds):
        for i, work in enumerate(works):
            began = clock()
            kept = work()
            fewest[i] = min(fewest[i], clock() - began)
            del kept
    return fewest


def megabytes(of: str = "VmHWM") -> float:
    """The most memory this process had resident so far (Linux); `VmRSS` for what it has now."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith(of):
            return int(line.split()[1]) * 1024 / 1e6
    raise OSError("this system does not tell how much memory a process has")


def quietly(command: list[str]) -> None:
    """Runs a command in the repository; what it prints is shown only when it fails."""
    # Without settings of somebody's own, which name other compiler settings and folders.
    settings = {name: each for name, each in os.environ.items() if not name.startswith("FOUNDRY_")}
    done = subprocess.run(
        command, cwd=ROOT, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        sys.exit(f"{done.stdout.decode(errors='replace')}\n{command[0]} ended with an error")


if __name__ == "__main__":
    json.dump(measurement(sys.argv[1]).measure(), sys.stdout)
