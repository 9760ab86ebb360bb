"""Addresses are written with the checksum of EIP-55, as an independent library writes them."""

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from kiseki.core.checksum import checksummed
from kiseki.errors import InvalidInput


@given(st.binary(min_size=20, max_size=20))
def test_an_address_is_written_as_eth_utils_writes_it(raw: bytes) -> None:
    assert checksummed(raw) == to_checksum_address(raw)
    assert checksummed("0x" + raw.hex().upper()) == checksummed(raw)


@pytest.mark.parametrize("value", [b"", bytes(19), bytes(21), "", "0x", "0x" + "a" * 39, "a" * 40])
def test_what_is_no_address_is_refused(value: str | bytes) -> None:
    with pytest.raises(InvalidInput):
        checksummed(value)
