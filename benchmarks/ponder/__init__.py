"""100,000 events of one Anvil (works, models, outputs, payments, claims, rights; about 100 in each
block), read by our index and by ponder 1.0.0, which keeps them with PGlite in a folder. Both read
them three times, in turns, each time in a new process and from nothing. Then both give all rows of
17 tables, and every row must be equal. What counts is the time of reading, ponder's as its own
metrics tell it; with starting it is told beside. Ponder is told of nothing but the events that
become these rows, and may ask the node as often as it likes; our index also composes every model
and batch again. Ponder's 1.0.0 is what its list of changes calls 0.10; npm marks it as deprecated,
and its newest release is 0.17.7. `.build` keeps the chain, which takes some minutes to make, and
ponder, which needs Node and is installed by this measurement alone."""

import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.ponder import ours, theirs
from benchmarks.ponder.chain import EVENTS, used_chain
from benchmarks.ponder.facts import Reading, difference
from benchmarks.rows import ROOT, Row

__all__ = ["ROWS", "measure"]

TITLE = "100,000 events, beside ponder"

_ROUNDS = 3

ROWS = (
    Row("100,000 events read: time against ponder 1.0.0", "times", 0.2, "the same Anvil and rows"),
    Row("100,000 events read", "s"),
    Row("100,000 events read by ponder 1.0.0", "s"),
    Row("100,000 events read, with starting: time against ponder 1.0.0", "times"),
)


def measure(events: int = EVENTS, rounds: int = _ROUNDS) -> dict[str, float]:
    theirs.install()
    mine, others = list[Reading](), list[Reading]()
    with used_chain(events) as url, tempfile.TemporaryDirectory(dir=ROOT / ".build") as folder:
        for n in range(rounds):
            place, last = Path(folder) / str(n), n == rounds - 1
            place.mkdir()
            for readings, read in ((others, theirs.read), (mine, ours.read)):
                readings.append(read(url, place, rows=last))
                told = f"{readings[-1].seconds:.1f} s, {readings[-1].whole:.1f} s with starting"
                print(f"{read.__module__}: {told}", file=sys.stderr)
    own, other = mine[-1].facts, others[-1].facts
    if own is None or other is None or (unequal := difference(own, other)):
        raise RuntimeError(f"the rows are not equal: {unequal}")
    seconds, their_seconds = (
        median(each.seconds for each in readings) for readings in (mine, others)
    )
    whole, their_whole = (median(each.whole for each in readings) for readings in (mine, others))
    values = (seconds / their_seconds, seconds, their_seconds, whole / their_whole)
    return {row.name: round(value, 3) for row, value in zip(ROWS, values, strict=True)}
