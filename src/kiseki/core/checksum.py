"""Addresses with the checksum in their upper and lower case (EIP-55)."""

from kiseki.core.keccak import keccak256
from kiseki.core.values import address

__all__ = ["checksummed"]


def checksummed(value: str | bytes) -> str:
    """An address with its checksum, as EIP-55 writes it: https://eips.ethereum.org/EIPS/eip-55.

    Args:
        value: 20 bytes, or ``0x`` and 40 hex digits in any case.

    Raises:
        InvalidInput: it is no address.
    """
    text = "0x" + value.hex() if isinstance(value, bytes) else value
    digits = address(text, "an address").hex()
    cases = keccak256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if case >= "8" else digit for digit, case in zip(digits, cases, strict=False)
    )
