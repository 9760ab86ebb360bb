"""The same pages over a fifth of the made-up chain and over the whole of it: 1,000,000 IDs, models
that rest on up to three thousand collections, 1,000,000 payments. Reading the whole takes some
minutes and is done once for the code of an index. What pages must keep to counts for the whole.

The p99 of wallets is one wallet that 5,462 sources pay, in 20,000 pairs of source and currency:
each is looked at once, because the sum is of all, and that is half of its time. The p99 of models
and batches is those that rest on more than two thousand collections: all of these are read, because
verdict and shares are of all; rows are made of those alone that the page shows."""

from __future__ import annotations

from benchmarks.pages import over, rows

__all__ = ["ROWS", "measure"]

TITLE = "Pages over more"

_SIZES = {"a fifth of the chain": 0.2, "the whole chain": 1.0}

ROWS = tuple(row for name in _SIZES for row in rows(f"a site over {name}"))


def measure() -> dict[str, float]:
    found: dict[str, float] = {}
    for name, size in _SIZES.items():
        found |= over(size, f"a site over {name}")
    return found
