"""Weights of a manifest that somebody chose in place of counts, as whole numbers in its bounds.

A manifest declares what training used; its weights decide who is paid which part. So a weight may
be anything that is no less than zero, and an item that was used stays declared: a weight of zero
becomes 1 beside others so large that it pays nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import gcd, lcm

from kiseki.core.manifest import WEIGHT_LIMIT
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput

__all__ = ["LARGE", "Number", "weigh"]

Number = int | Fraction | Decimal

LARGE = 1 << 80
"""What the weights add up to, but for the items of weight zero, where they are no small whole
numbers: one of so many parts of a payment is less than its smallest unit."""

_LISTED = 5
_DIGITS = 100
"""Of a fraction that is taken as it is; more digits say nothing that is paid."""


def weigh(
    counts: Mapping[bytes, Mapping[bytes, int]], weights: Mapping[bytes, Number]
) -> dict[bytes, dict[bytes, int]]:
    """Weights for the items of a manifest, in the proportions that somebody chose.

    They are exact where they fit; else each is rounded so that none is off by a whole part of
    2**80 (the largest remainder). Items of weight zero become 1.

    Args:
        counts: collection -> item -> how often training used it.
        weights: an item's or a collection's ID -> its weight, from zero on. That of a collection is
            divided among its items by their counts. Each item has one of the two.

    Raises:
        InvalidInput: an item has no weight, or two; a key is no item and no collection of the
            manifest; a weight is a float, less than zero or no number; or all are zero.
    """
    exact = _exact(counts, {key: _number(each, key) for key, each in weights.items()})
    total = sum(exact.values(), Fraction())
    if not total:
        raise InvalidInput("all weights are zero, so they do not say who is paid")
    whole = _whole(exact) if all(exact.values()) else None
    chosen = _rounded(exact, total) if whole is None else whole
    found: dict[bytes, dict[bytes, int]] = {}
    for (collection, item), weight in chosen.items():
        found.setdefault(collection, {})[item] = weight
    return found


_Exact = dict[tuple[bytes, bytes], Fraction]


def _exact(counts: Mapping[bytes, Mapping[bytes, int]], given: Mapping[bytes, Fraction]) -> _Exact:
    """The weight of each item, in the order of a manifest."""
    items = {item for listed in counts.values() for item in listed}
    if unknown := [each for each in given if each not in items and each not in counts]:
        raise InvalidInput(
            f"{_listed(unknown)}: a weight is given, and training used nothing with this ID; name "
            "collections and items of the manifest"
        )
    found: _Exact = {}
    missing: list[bytes] = []
    for collection in sorted(counts):
        listed = counts[collection]
        share = given.get(collection)
        used = sum(listed.values())
        for item in sorted(listed):
            own = given.get(item)
            if own is not None and share is not None:
                raise InvalidInput(
                    f"{to_hex(item)} has a weight of its own, and so has its collection "
                    f"{to_hex(collection)}; leave one of them out"
                )
            if own is None and share is None:
                missing.append(item)
            elif own is not None:
                found[collection, item] = own
            elif share is not None:
                found[collection, item] = share * Fraction(listed[item], used)
    if missing:
        raise InvalidInput(
            f"{_listed(missing)}: training used this, and no weight is given; it may be zero"
        )
    return found


def _number(value: object, key: bytes) -> Fraction:
    if isinstance(value, float):
        raise InvalidInput(
            f"the weight of {to_hex(key)} is a float, which is another number than is written; "
            f"round it and say which you mean, as Decimal('{value:.6f}')"
        )
    if isinstance(value, bool) or not isinstance(value, int | Fraction | Decimal):
        raise InvalidInput(f"the weight of {to_hex(key)} is no int, Fraction or Decimal")
    if isinstance(value, Decimal) and not (value.is_finite() and abs(value.adjusted()) < _DIGITS):
        raise InvalidInput(f"the weight of {to_hex(key)} has no size that can be paid: {value}")
    if value < 0:
        raise InvalidInput(
            f"the weight of {to_hex(key)} is less than zero, and nobody is paid less than nothing; "
            "make it zero, and say that you did"
        )
    return Fraction(value)


def _whole(exact: _Exact) -> dict[tuple[bytes, bytes], int] | None:
    """The smallest whole numbers in exactly these proportions; none where they are too large."""
    every = 1
    for each in exact.values():
        every = lcm(every, each.denominator)
        if every >= WEIGHT_LIMIT:
            return None
    numbers = {key: int(each * every) for key, each in exact.items()}
    common = gcd(*numbers.values())
    numbers = {key: each // common for key, each in numbers.items()}
    return numbers if sum(numbers.values()) < WEIGHT_LIMIT else None


def _rounded(exact: _Exact, total: Fraction) -> dict[tuple[bytes, bytes], int]:
    """Whole numbers that add up to `LARGE`, by the largest remainder; then at least 1 each."""
    parts = {key: each * LARGE / total for key, each in exact.items()}
    numbers = {key: int(each) for key, each in parts.items()}
    left = LARGE - sum(numbers.values())
    by_rest = sorted(parts, key=lambda key: (numbers[key] - parts[key], key))
    for key in by_rest[:left]:
        numbers[key] += 1
    return {key: max(1, each) for key, each in numbers.items()}


def _listed(keys: list[bytes]) -> str:
    named = ", ".join(map(to_hex, keys[:_LISTED]))
    return named + (f" and {len(keys) - _LISTED:,} more" if len(keys) > _LISTED else "")
