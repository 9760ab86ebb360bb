"""Slices that are too much for one transaction of a chain, cut into parts of their trees.

A contract takes the commitments of any part of a collection's tree with the proof of its root. So
a rollup that asks much gas for bytes gets smaller parts. What fits changes with its prices: a part
that was logged in another size before is found, and not sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kiseki.core.ids import item_ids
from kiseki.core.merkle import Proof, cut

__all__ = ["Part", "missing"]

Part = tuple[list[bytes], Proof]
"""Commitments, in the order of their IDs, and the proof of the root of their tree."""


def missing(
    provider: str,
    part: Part,
    is_logged: Callable[[Sequence[bytes]], bool],
    fits: Callable[[Part], bool],
) -> list[Part]:
    """What of a part is not logged, in parts that fit; a single item counts as one that does."""
    commitments, proof = part
    if is_logged(commitments):
        return []
    if len(commitments) == 1:
        return [part]
    half = 1 << (len(commitments) - 1).bit_length() - 1
    ids = item_ids(provider, commitments)
    pieces = [
        piece
        for positions, above in cut(ids, half)
        for piece in missing(
            provider, ([commitments[each] for each in positions], above + proof), is_logged, fits
        )
    ]
    is_whole = sum(len(each) for each, _ in pieces) == len(commitments)
    return [part] if is_whole and fits(part) else pieces
