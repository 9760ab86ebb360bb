"""Weights that somebody chose: exact where they fit, rounded by the largest remainder else."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiseki.core.manifest import WEIGHT_LIMIT, Manifest
from kiseki.core.weighing import LARGE, Number, weigh
from kiseki.errors import InvalidInput


def key(number: int) -> bytes:
    return number.to_bytes(32)


A, B = key(1), key(2)
ITEMS = [key(10 + i) for i in range(5)]
COUNTS = {A: {ITEMS[0]: 3, ITEMS[1]: 1}, B: {ITEMS[2]: 1, ITEMS[3]: 1, ITEMS[4]: 2}}

numbers = st.one_of(
    st.integers(0, 10**30), st.fractions(0, 10**6),
    st.decimals(0, 10**6, allow_nan=False, allow_infinity=False, places=9),
)  # fmt: skip


@given(own=st.lists(numbers, min_size=2, max_size=2), share=numbers)
def test_every_weight_is_its_part_to_less_than_one_of_2_80(
    own: list[Number], share: Number
) -> None:
    """Promise 4: the manifest has the proportions that are chosen, and stays in its bounds."""
    weights: dict[bytes, Number] = {ITEMS[0]: own[0], ITEMS[1]: own[1], B: share}
    wanted = [Fraction(own[0]), Fraction(own[1]), *(Fraction(share) * Fraction(n, 4)
                                                      for n in (1, 1, 2))]  # fmt: skip
    total = sum(wanted)
    if not total:
        with pytest.raises(InvalidInput, match="all weights are zero"):
            weigh(COUNTS, weights)
        return
    found = weigh(COUNTS, weights)
    assert {c: set(items) for c, items in found.items()} == {c: set(i) for c, i in COUNTS.items()}
    flat = [found[c][item] for c, items in COUNTS.items() for item in items]
    assert all(each >= 1 for each in flat)
    made = Manifest(found)
    assert made.weight < WEIGHT_LIMIT
    for each, part in zip(flat, wanted, strict=True):
        assert abs(Fraction(each, made.weight) - part / total) < Fraction(10, LARGE)


def test_small_proportions_are_exact_and_as_small_as_they_can_be() -> None:
    weights: dict[bytes, Number] = {ITEMS[0]: Decimal("0.5"), ITEMS[1]: Fraction(1, 3), B: 2}
    assert weigh(COUNTS, weights) == {
        A: {ITEMS[0]: 3, ITEMS[1]: 2}, B: {ITEMS[2]: 3, ITEMS[3]: 3, ITEMS[4]: 6},
    }  # fmt: skip


def test_what_weighs_nothing_stays_declared_and_pays_nothing() -> None:
    found = weigh(COUNTS, {A: 0, B: 1})
    assert set(found[A].values()) == {1}
    assert sum(found[B].values()) == LARGE
    gross = 10**9 * 10**18  # more ether than there is
    assert gross * 1 // Manifest(found).weight == 827, "wei"
    assert 10**6 * 10**18 // Manifest(found).weight == 0


def test_rounding_gives_all_away_and_nobody_two() -> None:
    """The largest remainder: each is its part rounded down, or one more."""
    third = Fraction(1, (1 << 90) + 3)
    weights: dict[bytes, Number] = {ITEMS[0]: third, ITEMS[1]: 1, B: Fraction(1, 7)}
    found = weigh(COUNTS, weights)
    assert found[A][ITEMS[0]] == 1
    exact = Fraction(LARGE) / (third + 1 + Fraction(1, 7))
    assert found[A][ITEMS[1]] in (int(exact), int(exact) + 1)
    flat = [each for items in found.values() for each in items.values()]
    assert sum(flat) in (LARGE, LARGE + 1)


@pytest.mark.parametrize(
    ("weights", "why"),
    [
        ({A: 1.5, B: 1}, r"is a float.*Decimal\('1.500000'\)"), ({A: True, B: 1}, "no int"),
        ({A: "1", B: 1}, "no int"), ({A: -1, B: 1}, "less than zero"),
        ({A: Decimal("NaN"), B: 1}, "no size"), ({A: Decimal("1e999999"), B: 1}, "no size"),
        ({A: 1}, "no weight is given"), ({A: 1, B: 1, key(99): 1}, "nothing with this ID"),
        ({A: 1, ITEMS[0]: 1, B: 1}, "a weight of its own"), ({A: 0, B: 0}, "all weights are zero"),
        ({A: float("nan"), B: 1}, "is a float"), ({}, "no weight is given"),
    ],
)  # fmt: skip
def test_what_decides_nothing_is_refused(weights: dict[bytes, Any], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        weigh(COUNTS, weights)
