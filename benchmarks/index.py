"""A made-up chain (`benchmarks/world`) read into the index in a process of its own, and asked:
1,000,000 IDs in 10,000 collections, 1,000 models of up to 1,000 sources, 100,000 batches, 1,000,000
payments and as many claims, of which none is kind. Reading the file and parsing its JSON is the
node's share and not counted. Then 500 blocks of about 20 events are read one by one, and 100 with a
deposit above a split of 1,000 splits. Questions are asked by chance and of what is largest; those
with more than 1,000 rows count for what a further row costs. The same is done at half the size.
Times are of one processor, because the machine does other things too, and so are those of the
database, which is in the same process."""

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
from benchmarks.rows import ROOT, Row, results
from benchmarks.world.timeline import HISTORY

__all__ = ["ROWS", "measure"]

TITLE = "An index of 1,000,000 IDs"

_QUESTIONS = ("owed", "lineage", "usage", "status")
_P99 = {"owed": 10, "lineage": 10, "usage": 10, "status": 1}

ROWS = (
    Row("index: reading, each event", "µs", 83.3, "12,000 events/s; the node's share is apart"),
    Row("index: reading, by the clock on the wall, each event", "µs"),
    Row("index: reading, the node's share (parsing JSON), each event", "µs"),
    Row("index: reading, memory", "MB", 400),
    Row("index: size of the database", "GB", 0.9),
    Row("index: a block of 20 events, p99", "ms", 50),
    Row("index: a deposit above 1,000 splits, p99", "ms", 50),
    Row("index: owed right after a block, p99", "ms"),
    *(Row(f"index: {name}, median", "ms") for name in _QUESTIONS),
    *(Row(f"index: {name}, p99", "ms", _P99[name]) for name in _QUESTIONS),
    *(Row(f"index: {name}, each row more", "µs", 5) for name in _QUESTIONS[:3]),
    *(Row(f"index: {name}, median against half the size", "times", 1.3) for name in _QUESTIONS),
)


def measure(scale: float = 1.0) -> dict[str, float]:
    whole, half = (_read(world(each)) for each in (scale, scale / 2))
    events, asked = whole["events"], whole["questions"]
    values = (
        (whole["decode"] + whole["apply"]) / events * 1e6,
        whole["wall"] / events * 1e6,
        whole["parse"] / events * 1e6,
        whole["memory"],
        whole["bytes"] / 1e9,
        whole["block"]["p99"],
        whole["deposit"]["p99"],
        whole["after"]["p99"],
        *(asked[name]["p50"] for name in _QUESTIONS),
        *(asked[name]["p99"] for name in _QUESTIONS),
        *(asked[name]["row"] for name in _QUESTIONS[:3]),
        *(asked[name]["p50"] / half["questions"][name]["p50"] for name in _QUESTIONS),
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


def _read(folder: Path) -> Mapping[str, Any]:
    command = [sys.executable, "-m", "benchmarks.reading", str(folder)]
    answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    found: dict[str, Any] = json.loads(answer)
    print(json.dumps(found, indent=1), file=sys.stderr)
    return found


def main() -> int:
    from benchmarks.__main__ import table

    options = argparse.ArgumentParser(prog="benchmarks.index", description=TITLE)
    options.add_argument("--scale", type=float, default=0.01)
    print(table(results("index", measure(options.parse_args().scale))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
