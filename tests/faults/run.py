"""`python -m tests.faults.run [--short] [--seed N] [--jobs N] [campaign …]`: faults in numbers.

`--short` runs each campaign once, and a tenth of one that has one round. A failure tells its seed;
`--seed N campaign` repeats it.
Campaigns wait most of the time, so twice as many run at once as there are processors (`--jobs`).
Each is a process with a node, a folder and a wallet of its own.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from tests.faults.campaigns import CAMPAIGNS, SHORT
from tests.faults.once import ROOT, Lost, Run

RESULT = ROOT / ".build" / "faults.json"


def main() -> int:
    # What a shell starts in the background is deaf to Ctrl-C, and so are its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    options = argparse.ArgumentParser(prog="faults", description=__doc__)
    options.add_argument("--short", action="store_true")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 1))
    options.add_argument("names", nargs="*")
    given = options.parse_args()
    unknown = set(given.names) - set(CAMPAIGNS)
    if unknown:
        options.error(f"there is no campaign {', '.join(unknown)}; there is {', '.join(CAMPAIGNS)}")
    rows = []
    with ProcessPoolExecutor(max(1, given.jobs)) as pool:
        begun = [
            pool.submit(campaign, name, given.seed, given.short)
            for name in given.names or CAMPAIGNS
        ]
        for done in as_completed(begun):
            rows.append(done.result())
            print(line(rows[-1]), flush=True)
    total = {key: sum(row[key] for row in rows) for key in NUMBERS}
    print(line({"campaign": "all", "of": "things", **total}))
    faults: collections.Counter[str] = collections.Counter()
    for row in rows:
        faults.update(row["kinds"])
    print(", ".join(f"{count} × {kind}" for kind, count in sorted(faults.items())))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({"seed": given.seed, "all": total, "campaigns": rows}, indent=1))
    failed = sum(1 for row in rows if row["failed"])
    print(f"{len(rows) - failed} passed, {failed} failed")
    return 1 if failed else 0


NUMBERS = ("rounds", "runs", "faults", "intended", "failed")


def campaign(name: str, seed: int, short: bool) -> dict[str, Any]:
    """One campaign, so many times, each with a seed of its own."""
    work, count, rounds = CAMPAIGNS[name]
    if short:
        rounds, count = 1, SHORT if rounds == 1 else count
    began, runs, intended, failed = time.monotonic(), 0, 0, 0
    of, log = "transactions", dict[int, list[str]]()
    kinds: collections.Counter[str] = collections.Counter()
    for place in range(rounds):
        with tempfile.TemporaryDirectory(prefix="kiseki-faults-") as folder:
            run = Run(seed + place, Path(folder), count)
            try:
                found = work(run)
            except Exception as error:  # noqa: BLE001 - told, and the next campaign goes on
                failed += 1
                why = str(error) if isinstance(error, Lost) else traceback.format_exc()
                print(f"{name}: {why}\nrepeat it: --seed {run.seed} '{name}'", file=sys.stderr)
                continue
        runs += found.runs
        intended += found.intended
        of = found.of
        if found.log:
            log[run.seed] = found.log
        kinds.update(found.faults)
    return {
        "campaign": name, "rounds": rounds, "runs": runs, "faults": kinds.total(),
        "intended": intended, "of": of, "failed": failed, "kinds": dict(kinds), "log": log,
        "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip


def line(row: Mapping[str, Any]) -> str:
    """For people. What was lost or sent twice makes a round fail, so where none did both are 0."""
    lost = "0 lost, 0 twice" if not row["failed"] else f"{row['failed']} rounds FAILED"
    return (
        f"{row['campaign']:<28}{row['rounds']:>3} rounds {row['runs']:>4} runs "
        f"{row['faults']:>6} faults {row['intended']:>6} {row['of']}: {lost}"
    )


if __name__ == "__main__":
    sys.exit(main())
