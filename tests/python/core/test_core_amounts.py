"""Amounts are said exactly, or not at all (promise 4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiseki.core.amounts import in_units, parse
from kiseki.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "decimals", "units"),
    [
        ("1", 18, 10**18), ("0.5", 18, 5 * 10**17), ("0.5 ether", 18, 5 * 10**17),
        ("0.5 ETH", 18, 5 * 10**17), ("20 gwei", 18, 20 * 10**9), ("1,000 wei", 18, 1000),
        ("12.34", 6, 12_340_000), ("12.340000", 6, 12_340_000), ("7", 0, 7), ("7 wei", 6, 7),
        ("0.000000000000000001", 18, 1), (" 1_000 ", 0, 1000), ("0", 18, 0),
    ],
)  # fmt: skip
def test_what_people_write(text: str, decimals: int, units: int) -> None:
    assert parse(text, decimals) == units


@pytest.mark.parametrize(
    ("text", "decimals", "said"),
    [
        ("", 18, "is no amount"), ("much", 18, "is no amount"), ("-1", 18, "is no amount"),
        ("1e3", 18, "is no amount"), (".5", 18, "is no amount"), ("1.", 18, "is no amount"),
        ("1 lot", 18, "there is no unit 'lot'"), ("1.5 wei", 18, "more digits"),
        ("0.1234567", 6, "at most 6 after the point"), ("1 ether", 6, "is a unit of ether"),
        ("9" * 90, 18, "out of range"), ("٣", 18, "is no amount"), ("1\x1b[2J", 18, "is no amount"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_exactly_is_refused(text: str, decimals: int, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as told:
        parse(text, decimals)
    assert str(told.value).isprintable()


@given(st.integers(0, 2**200), st.integers(0, 30))
def test_what_is_shown_is_what_is_meant(units: int, decimals: int) -> None:
    assert parse(in_units(units, decimals), decimals) == units


def test_amounts_for_people() -> None:
    assert in_units(1_234_500_000_000_000_000_000) == "1,234.5"
    assert in_units(1) == "0.000000000000000001"
    assert in_units(-5, 1) == "-0.5"
    assert in_units(1_234, 0) == "1,234"
