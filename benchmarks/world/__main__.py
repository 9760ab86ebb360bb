"""`python -m benchmarks.world FOLDER [--scale 0.01] [--circles 0]`: makes a world, as files."""

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.process import megabytes
from benchmarks.world.sample import Sample
from benchmarks.world.size import Size
from benchmarks.world.timeline import make


def main() -> int:
    options = argparse.ArgumentParser(prog="benchmarks.world", description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--scale", type=float, default=1.0)
    options.add_argument("--seed", type=int, default=14)
    options.add_argument("--circles", type=int, help="of payees, where not as many as usual")
    given = options.parse_args()
    size = Size.at(given.scale, given.seed)
    if given.circles is not None:
        size = replace(size, circles=given.circles)
    given.folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    world = make(given.folder, size)
    Sample.of(world).write(given.folder)
    told = {
        "events": world.wire.events,
        "collections": len(world.collections),
        "models": len(world.models),
        "batches": len(world.batches),
        "claims": world.ledger.claims,
        "circles": len(world.circles),
        "seconds": round(time.perf_counter() - began, 1),
        "megabytes": round(megabytes()),
    }
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
