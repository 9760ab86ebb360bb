"""Reads a world into an index and asks it: `python -m benchmarks.reading FOLDER [URL]`.

All of it is one process, but for a PostgreSQL that a URL names. What it prints is JSON, for
`benchmarks.index`. Parsing JSON and reading files is the node's share and counted apart.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from benchmarks.process import megabytes
from benchmarks.reader import Logs, Reader
from benchmarks.world.sample import Sample
from benchmarks.world.timeline import DEPOSITS, HEAD, HISTORY
from kiseki.index import garbage

__all__ = ["Times", "against", "fold", "percentile", "slope"]

_ROWS = 1_000
"""Answers that have more count for what a further row costs only."""

_TOLD = 15
"""Seconds between two lines that say how far a file is read."""

_WARM = 10
"""Questions of each kind that are asked before those that count."""

_ALIKE = 0.1
"""By so large a part of their rows, answers of one length may differ."""

Times = Sequence[tuple[int, float]]
"""Rows of an answer, and seconds that it took."""


def fold(folder: Path, url: str | None = None) -> dict[str, Any]:
    """Every figure of a world: seconds, megabytes, bytes.

    Args:
        url: of an empty PostgreSQL database to read it into; a file without one.
    """
    sample = Sample.read(folder)
    reader = Reader(url)
    found = history(reader, folder / HISTORY)
    found["memory"] = megabytes()
    found["bytes"] = reader.size()
    found["block"], found["after"] = blocks(reader, folder / HEAD, sample.wallets)
    found["deposit"], _ = blocks(reader, folder / DEPOSITS, [])
    asked = [
        ("owed", sample.wallets),
        ("lineage", sample.groups),
        ("usage", sample.providers),
        ("status", sample.items),
    ]
    gc.freeze()  # what a question leaves is to be looked through, not all that was read
    found["questions"] = {
        name: questions(reader.questions[name], arguments, reader.clock)
        for name, arguments in asked
    }
    found["memory of all"] = megabytes()
    reader.close()
    return found


# Reading


def history(reader: Reader, path: Path) -> dict[str, Any]:
    """Most of the chain, a line at a time."""
    seconds = {"parse": 0.0, "decode": 0.0, "apply": 0.0, "wall": 0.0}
    events = 0
    began, wall = reader.clock(), time.perf_counter()
    with garbage.put_off() as look_for_it, reader.together():  # as the follower does
        for logs in _timed_lines(path, seconds):
            between = reader.clock()
            decoded = reader.decode(logs)
            seconds["decode"] += reader.clock() - between
            reader.apply(decoded)
            look_for_it()
            events += len(decoded.events)
    seconds["wall"] = time.perf_counter() - wall - seconds["parse"]
    seconds["apply"] = reader.clock() - began - seconds["parse"] - seconds["decode"]
    return {"events": events, **seconds}


def blocks(
    reader: Reader, path: Path, wallets: Sequence[str]
) -> tuple[dict[str, float], dict[str, float]]:
    """Blocks one by one, now and then with a question behind: milliseconds of both."""
    times: list[float] = []
    after: list[float] = []
    whom = iter(wallets)
    for i, logs in enumerate(_timed_lines(path, {"parse": 0.0})):
        began = reader.clock()
        reader.apply(reader.decode(logs), newest=True)
        times.append(reader.clock() - began)
        if i % 25 == 0 and (wallet := next(whom, None)):
            began = reader.clock()
            reader.questions["owed"](wallet)
            after.append(reader.clock() - began)
    return _spread(times), _spread(after)


def _timed_lines(path: Path, seconds: dict[str, float]) -> Iterator[Logs]:
    size, done, told = path.stat().st_size, 0, time.monotonic()
    with path.open(encoding="ascii") as file:
        while True:
            began = time.process_time()
            line = file.readline()
            if not line:
                return
            logs = json.loads(line)
            seconds["parse"] += time.process_time() - began
            yield logs
            done += len(line)
            if time.monotonic() - told > _TOLD:
                told = time.monotonic()
                print(f"{path.name}: {done / size:.0%}", file=sys.stderr, flush=True)


# Asking


def questions(
    ask: Callable[[str], int], arguments: Sequence[str], clock: Callable[[], float]
) -> dict[str, Any]:
    """Milliseconds of answers of up to a thousand rows, microseconds of each row more, and rows and
    seconds of each answer."""
    shuffled = list(arguments)
    Random(1).shuffle(shuffled)
    for each in islice(shuffled, _WARM):
        ask(each)
    times: list[tuple[int, float]] = []
    for each in shuffled:
        began = clock()
        rows = ask(each)
        times.append((rows, clock() - began))
    few = [seconds for rows, seconds in times if rows <= _ROWS]
    most = max(rows for rows, _ in times)
    row = slope(times) * 1e6
    return {**_spread(few), "row": row, "asked": len(few), "rows": most, "times": times}


def slope(times: Times) -> float:
    """Seconds that one row more takes: least squares over all answers."""
    count = len(times)
    rows = sum(rows for rows, _ in times) / count
    seconds = sum(seconds for _, seconds in times) / count
    spread = sum((each - rows) ** 2 for each, _ in times)
    together = sum((each - rows) * (took - seconds) for each, took in times)
    return together / spread if spread else 0.0


def against(times: Times, others: Times) -> float:
    """How many times as long answers take as others of the same length; the median, over all of
    which there are some.

    Raises:
        ValueError: there are none.
    """
    ordered = sorted(others)
    lengths = [rows for rows, _ in ordered]
    found = []
    for rows, seconds in times:
        first = bisect_left(lengths, rows * (1 - _ALIKE))
        same = ordered[first : bisect_right(lengths, rows * (1 + _ALIKE))]
        if same:
            found.append(seconds / median(each for _, each in same))
    if not found:
        raise ValueError("no two answers have the same length")
    return median(found)


def percentile(times: Sequence[float], part: float) -> float:
    """The least that so large a part does not exceed."""
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


def _spread(times: Sequence[float]) -> dict[str, float]:
    if not times:
        return {}
    return {
        "p50": percentile(times, 0.5) * 1e3,
        "p99": percentile(times, 0.99) * 1e3,
        "most": max(times) * 1e3,
    }


if __name__ == "__main__":
    print(json.dumps(fold(Path(sys.argv[1]), *sys.argv[2:3])))
