"""A made-up chain (`benchmarks/world`) read into the index in a process of its own, and asked.

The whole of it has 1,000,000 IDs in 10,000 collections, 1,000 models of up to 1,000 sources,
100,000 batches, 1,000,000 payments and as many claims, of which none is kind. `make bench` reads a
twentieth of it; `python -m benchmarks.index --scale 1` reads and prints the whole, and takes long.
Reading the file and parsing its JSON is the node's share and not counted. Then 500 blocks of about
20 events are read one by one, and 100 with a deposit above a split of 1,000 splits. Questions are
asked by chance and of what is largest; those with more than 1,000 rows count for what a further row
costs. The same is done at half the size, and in PostgreSQL. Models of a smaller chain rest on fewer
collections, so an answer is compared with those at half the size that have as many rows, within a
tenth; the value is the median. Times are of one processor, because the
machine does other things too, and so are those of SQLite, which is in the same process; those of
PostgreSQL are by the clock on the wall."""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.process import quietly
from benchmarks.reading import against
from benchmarks.rows import ROOT, Row, results
from benchmarks.world.timeline import HISTORY

__all__ = ["ROWS", "measure"]

TITLE = "An index of 50,000 IDs"

_QUESTIONS = ("owed", "lineage", "usage", "status")
_P99 = {"owed": 10, "lineage": 10, "usage": 10, "status": 1}

ROWS = (
    Row("index: reading, each event", "µs", 83.3, "12,000 events/s; the node's share is apart"),
    Row("index: reading, by the clock on the wall, each event", "µs"),
    Row("index: reading, the node's share (parsing JSON), each event", "µs"),
    Row("index: reading, memory", "MB", 400),
    Row("index: size of the database, each event", "bytes", 307, "0.9 GB for the whole"),
    Row("index: a block of 20 events, p99", "ms", 50),
    Row("index: a deposit above 1,000 splits, p99", "ms", 50),
    Row("index: owed right after a block, p99", "ms"),
    *(Row(f"index: {name}, median", "ms") for name in _QUESTIONS),
    *(Row(f"index: {name}, p99", "ms", _P99[name]) for name in _QUESTIONS),
    *(Row(f"index: {name}, each row more", "µs", 5) for name in _QUESTIONS[:3]),
    *(Row(f"index: {name}, median against half the size", "times", 1.3) for name in _QUESTIONS),
    Row("index in PostgreSQL: reading, each event", "µs"),
    Row("index in PostgreSQL: size, each event", "bytes", 512, "1.5 GB for the whole"),
    Row("index in PostgreSQL: a block of 20 events, p99", "ms", 50),
    Row("index in PostgreSQL: a deposit above 1,000 splits, p99", "ms", 50),
    *(Row(f"index in PostgreSQL: {name}, p99", "ms", 20) for name in _QUESTIONS[:3]),
    *(Row(f"index in PostgreSQL: {name}, each row more", "µs", 10) for name in _QUESTIONS[:3]),
)


def measure(scale: float = 0.05) -> dict[str, float]:
    from tests.python import postgres

    whole, half = (_read(world(each)) for each in (scale, scale / 2))
    with postgres.server() as server, postgres.database(server) as url:
        apart = _read(world(scale), url)
    events, asked = whole["events"], whole["questions"]
    values = (
        (whole["decode"] + whole["apply"]) / events * 1e6,
        whole["wall"] / events * 1e6,
        whole["parse"] / events * 1e6,
        whole["memory"],
        whole["bytes"] / events,
        whole["block"]["p99"],
        whole["deposit"]["p99"],
        whole["after"]["p99"],
        *(asked[name]["p50"] for name in _QUESTIONS),
        *(asked[name]["p99"] for name in _QUESTIONS),
        *(asked[name]["row"] for name in _QUESTIONS[:3]),
        *(against(asked[name]["times"], half["questions"][name]["times"]) for name in _QUESTIONS),
        (apart["decode"] + apart["apply"]) / events * 1e6,
        apart["bytes"] / events,
        apart["block"]["p99"],
        apart["deposit"]["p99"],
        *(apart["questions"][name]["p99"] for name in _QUESTIONS[:3]),
        *(apart["questions"][name]["row"] for name in _QUESTIONS[:3]),
    )
    return {row.name: round(value, 3) for row, value in zip(ROWS, values, strict=True)}


def world(scale: float) -> Path:
    """The folder with a world, which is made unless this very one is there."""
    source = sorted((ROOT / "benchmarks" / "world").glob("*.py"))
    code = hashlib.sha256(b"".join(each.read_bytes() for each in source)).hexdigest()[:12]
    folder = ROOT / ".build" / "worlds" / f"{scale:g}-{code}"
    if not folder.exists():
        making = folder.with_name(f"{folder.name}.part")
        quietly([sys.executable, "-m", "benchmarks.world", str(making), "--scale", str(scale)])
        making.rename(folder)
    print(f"{folder}: {(folder / HISTORY).stat().st_size / 1e6:,.0f} MB", file=sys.stderr)
    return folder


def _read(folder: Path, *url: str) -> Mapping[str, Any]:
    command = [sys.executable, "-m", "benchmarks.reading", str(folder), *url]
    answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    found: dict[str, Any] = json.loads(answer)
    told = {name: each | {"times": "..."} for name, each in found["questions"].items()}
    print(json.dumps(found | {"questions": told}, indent=1), file=sys.stderr)
    return found


def main() -> int:
    from benchmarks.__main__ import table

    options = argparse.ArgumentParser(prog="benchmarks.index", description=TITLE)
    options.add_argument("--scale", type=float, default=0.05)
    print(table(results("index", measure(options.parse_args().scale))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
