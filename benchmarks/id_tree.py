"""The Merkle tree of a collection in Python on one core, every node kept, so that every proof can
be read from it. Memory is the most that the process had, less what it had before it made the IDs;
the IDs are in it. The yardstick is a loop of 1,000,000 keccak-256 of 64 bytes in the same run."""

import secrets

from benchmarks.process import best, megabytes
from benchmarks.rows import Row
from benchmarks.yardsticks import hash_each
from kiseki.core.merkle import IdTree

__all__ = ["ROWS", "measure"]

TITLE = "Tree over 1,000,000 IDs"

_COUNT = 1_000_000
_TREE = "tree over 1,000,000 IDs"

ROWS = (
    Row(
        _TREE,
        "s of one core",
        1.0,
        "OpenZeppelin `merkle-tree` 57 s; merkletreejs 4.2 s; one hash a time and nothing kept "
        "0.46 s",
    ),
    Row(f"{_TREE}, memory", "MB", 400, "OpenZeppelin `merkle-tree` 3,200 MB"),
    Row(f"{_TREE}, against 1,000,000 hashes alone", "times"),
    Row("keccak-256 of 64 bytes in a plain loop, the yardstick", "a second"),
)


def measure() -> dict[str, float]:
    before = megabytes("VmRSS")
    ids = sorted(secrets.token_bytes(32) for _ in range(_COUNT))
    tree, hashes = best(lambda: IdTree(ids), lambda: hash_each(ids))
    values = (tree, megabytes() - before, tree / hashes, _COUNT / hashes)
    return {row.name: round(value, 2) for row, value in zip(ROWS, values, strict=True)}
