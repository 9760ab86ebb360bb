"""Amounts are said exactly, or not at all (promise 4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiseki.core.amounts import in_units, parse
from kiseki.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "decimals", "units"),
    [
        ("1", 18, 10**18), ("0.5", 18, 5 * 10**17), ("0.5 ether", None, 5 * 10**17),
        ("0.5 ETH", None, 5 * 10**17), ("20 gwei", None, 20 * 10**9), ("1000 wei", None, 1000),
        ("0.5", None, 5 * 10**17), ("1000 wei", 18, 1000),
        ("12.34", 6, 12_340_000), ("12.340000", 6, 12_340_000), ("7", 0, 7), ("7 wei", 6, 7),
        ("0.000000000000000001", 18, 1), (" 1000 ", 0, 1000), ("0", 18, 0),
    ],
)  # fmt: skip
def test_what_people_write(text: str, decimals: int | None, units: int) -> None:
    assert parse(text, decimals) == units


@pytest.mark.parametrize(
    ("text", "decimals", "said"),
    [
        ("", 18, "is no amount"), ("much", 18, "is no amount"), ("-1", 18, "is no amount"),
        ("1e3", 18, "is no amount"), (".5", 18, "is no amount"), ("1.", 18, "is no amount"),
        ("1 lot", 18, "there is no unit 'lot'"), ("1.5 wei", 18, "more digits"),
        ("0.1234567", 6, "at most 6 after the point"), ("1 ether", 6, "is a unit of ether"),
        ("5 ether", 18, "is a unit of ether"), ("5 gwei", 18, "is a unit of ether"),
        ("9" * 90, 18, "out of range"), ("٣", 18, "is no amount"), ("1\x1b[2J", 18, "is no amount"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_exactly_is_refused(text: str, decimals: int, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as told:
        parse(text, decimals)
    assert str(told.value).isprintable()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,250", r"can be read as 1250 .*'\.'.* and 1.250 .*','"),
        ("1,000 wei", "can be read as 1000 .* and 1.000 "),
        ("0,5", "write 0.5, or say --decimal ','"), ("0,500", "write 0.500, or say --decimal ','"),
        ("12,50", "write 12.50, or say"),
        ("1.250,5", "write 1250.5, or say --decimal ','"), ("1,250.5", "write 1250.5, or say"),
        ("1 250", "write 1250, or say"), ("1\u202f250,5", "write 1250.5"), ("1_000", "write 1000"),
        ("1'250.5", "write 1250.5"), ("1,2,3", "is no amount"), ("1.2.3", "is no amount"),
        ("1,250,00", "is no amount"), ("0,", "is no amount"),
    ],
)  # fmt: skip
def test_nobody_guesses_what_a_comma_means(text: str, said: str) -> None:
    """It was taken for a grouping mark: 0,5 ether was paid as 5, and 12,50 as 1,250."""
    with pytest.raises(InvalidInput, match=said):
        parse(text)


@pytest.mark.parametrize(
    ("text", "mark", "units"),
    [
        ("1.250,50", ",", 125_050), ("1,250.50", ".", 125_050), ("1 250,5", ",", 125_050),
        ("1'250.5", ".", 125_050), ("1’250,5", ",", 125_050), ("1250,5", ",", 125_050),
        ("1.250", ",", 125_000), ("1,250", ".", 125_000), ("1.25", ".", 125), ("1,25", ",", 125),
        ("5", ",", 500), ("0,5 ", ",", 50), ("1.234.567,89", ",", 123_456_789),
    ],
)  # fmt: skip
def test_who_says_what_separates_decimals_is_understood(text: str, mark: str, units: int) -> None:
    assert parse(text, 2, mark) == units


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("12.50", ","), ("1.250.5", ","), ("1,250 500", "."), ("1,250.500,5", "."), ("12,5", "."),
        ("1250.500", ","), ("1,,5", ","), ("1", ";"), ("0.500", ","), ("0,125", "."),
        ("00.500", ","), ("01.250", ","), ("0 500", ","),
    ],
)  # fmt: skip
def test_marks_that_group_no_threes_are_refused(text: str, mark: str) -> None:
    with pytest.raises(InvalidInput, match="separate"):
        parse(text, 2, mark)


@given(st.integers(0, 2**200), st.integers(0, 30))
def test_what_is_shown_is_what_is_meant(units: int, decimals: int) -> None:
    assert parse(in_units(units, decimals), decimals, ".") == units


def test_amounts_for_people() -> None:
    assert in_units(1_234_500_000_000_000_000_000) == "1,234.5"
    assert in_units(1) == "0.000000000000000001"
    assert in_units(-5, 1) == "-0.5"
    assert in_units(1_234, 0) == "1,234"
