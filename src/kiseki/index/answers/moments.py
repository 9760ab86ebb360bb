"""Which block a time belongs to."""

from __future__ import annotations

from kiseki.index.store.database import Store

__all__ = ["block_at", "time_at"]

_LAST = "SELECT number, time FROM block WHERE number <= ? ORDER BY number DESC LIMIT 1"


def block_at(store: Store, time: int, below: int = 1 << 43) -> int:
    """The last block of which something is known that is not later than a time; -1 before the
    first. It takes a few dozen looks, however many blocks there are.

    Args:
        time: Unix seconds.
        below: a block that is later, where one is known.
    """
    low, high = -1, below
    while high - low > 1:
        middle = (low + high) // 2
        row = store.read(_LAST, middle)
        if row is None or row[1] <= time:
            low = middle
        else:
            high = row[0]
    row = store.read(_LAST, low)
    return -1 if row is None else int(row[0])


def time_at(store: Store, block: int) -> int:
    """The time of the last block up to one of which something is known, Unix seconds; zero before
    the first."""
    row = store.read(_LAST, block)
    return 0 if row is None else int(row[1])
