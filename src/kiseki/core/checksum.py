"""Addresses with the checksum in their upper and lower case (EIP-55)."""

from kiseki.core.values import address, with_checksum

__all__ = ["checksummed"]


def checksummed(value: str | bytes) -> str:
    """An address with its checksum, as EIP-55 writes it: https://eips.ethereum.org/EIPS/eip-55.

    Args:
        value: 20 bytes, or ``0x`` and 40 hex digits; a checksum that it has must be right.

    Raises:
        InvalidInput: it is no address.
    """
    text = "0x" + value.hex() if isinstance(value, bytes) else value
    return "0x" + with_checksum(address(text, "an address").hex())
