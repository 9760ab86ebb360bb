"""The sum tree of a split in Python on one core, every node kept, so that every proof can be read
from it; then all proofs read, each with its path in bytes, one after the other (together they would
be 880 MB). Memory as above, payees and shares in it. A payee costs two hashes."""

import secrets
from collections import deque

from benchmarks.process import best, megabytes
from benchmarks.rows import Row
from benchmarks.yardsticks import hash_each
from kiseki.core.sumtree import SumTree

__all__ = ["ROWS", "measure"]

TITLE = "Sum tree over 1,000,000 payees"

_COUNT = 1_000_000
_TREE = "sum tree over 1,000,000 payees"

ROWS = (
    Row(f"{_TREE}, every proof obtainable", "s of one core", 3.0),
    Row(f"{_TREE}, memory", "MB", 600),
    Row(f"{_TREE}, and every proof read", "s of one core", None, "aim 3"),
    Row(f"{_TREE}, against 1,000,000 hashes alone", "times"),
    Row(f"{_TREE}, and every proof read, against 1,000,000 hashes alone", "times"),
)


def measure() -> dict[str, float]:
    before = megabytes("VmRSS")
    keys = [secrets.token_bytes(32) for _ in range(_COUNT)]
    payees = [(key, 1 + i % 1000) for i, key in enumerate(keys)]

    def read_all() -> None:
        deque(SumTree(payees).proofs(), maxlen=0)

    tree, read, hashes = best(lambda: SumTree(payees), read_all, lambda: hash_each(keys))
    values = (tree, megabytes() - before, read, tree / hashes, read / hashes)
    return {row.name: round(value, 2) for row, value in zip(ROWS, values, strict=True)}
