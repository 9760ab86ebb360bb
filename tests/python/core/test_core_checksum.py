"""Addresses are written with the checksum of EIP-55, as an independent library writes them."""

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import assume, given
from hypothesis import strategies as st

from kiseki.core.checksum import checksummed
from kiseki.core.values import address
from kiseki.errors import InvalidInput


@given(st.binary(min_size=20, max_size=20))
def test_an_address_is_written_as_eth_utils_writes_it(raw: bytes) -> None:
    assert checksummed(raw) == to_checksum_address(raw)
    assert checksummed("0x" + raw.hex().upper()) == checksummed(raw)


@pytest.mark.parametrize("value", [b"", bytes(19), bytes(21), "", "0x", "0x" + "a" * 39, "a" * 40])
def test_what_is_no_address_is_refused(value: str | bytes) -> None:
    with pytest.raises(InvalidInput):
        checksummed(value)


@given(st.binary(min_size=20, max_size=20), st.integers(0, 39), st.sampled_from("0123456789abcdef"))
def test_a_digit_that_was_changed_is_found(raw: bytes, place: int, digit: str) -> None:
    """As a spreadsheet does that fills down, and counts the last digit up."""
    written = checksummed(raw)
    changed = written[: 2 + place] + digit + written[3 + place :]
    letters = changed[2:]
    assume(letters not in (letters.lower(), letters.upper()))
    assume(changed != to_checksum_address(changed))  # as happens once in some thousand times
    with pytest.raises(InvalidInput, match=f"{changed}, whose checksum is wrong: .* copy it again"):
        checksummed(changed)


def test_letters_of_one_case_have_no_checksum() -> None:
    lower = "0x" + "ab" * 20
    assert address(lower, "it") == address("0x" + "AB" * 20, "it") == bytes([0xAB] * 20)
    with pytest.raises(InvalidInput, match=r"the payer is 0xaB.* checksum"):
        address("0xaB" + "ab" * 19, "the payer")
