"""The same pages over a fifth of the made-up chain and over the whole of it: 1,000,000 IDs, models
that rest on up to three thousand collections, 1,000,000 payments. Reading the whole takes some
minutes and is done once for the code of an index. What pages must keep to counts for the
whole."""

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
