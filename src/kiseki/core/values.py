"""Checks and conversions of the few kinds of value that the core knows."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from operator import lt

from kiseki.core.keccak import keccak256
from kiseki.errors import InvalidInput

__all__ = [
    "ZERO32",
    "ZERO_ADDRESS",
    "address",
    "address_text",
    "ascending",
    "bytes32",
    "from_hex",
    "one_line",
    "to_hex",
    "uint",
    "with_checksum",
]

ZERO32 = bytes(32)
ZERO_ADDRESS = "0x" + "00" * 20

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})*", re.ASCII)
_SMALL = int.from_bytes(b"\x20" * 40)


def bytes32(value: object, what: str) -> bytes:
    """``value`` if it is 32 bytes; ``what`` names it in the error.

    Raises:
        InvalidInput: it is not ``bytes`` or has another length.
    """
    if not isinstance(value, bytes):
        raise InvalidInput(f"{what} must be 32 bytes, not {type(value).__name__}")
    if len(value) != 32:
        raise InvalidInput(f"{what} must be 32 bytes and has {len(value)}")
    return bytes(value)


def uint(value: object, bits: int, what: str, minimum: int = 0) -> int:
    """``value`` if it is an ``int`` from ``minimum`` to 2**bits - 1.

    Raises:
        InvalidInput: it is not an ``int`` (a ``bool`` is none) or out of range.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidInput(f"{what} must be a whole number, not {type(value).__name__}")
    if value < minimum or value >> bits:
        raise InvalidInput(f"{what} must be from {minimum} to 2**{bits} - 1; this is out of range")
    return value


def address(value: object, what: str) -> bytes:
    """The 20 bytes of an address written as ``0x`` and 40 hex digits.

    Letters of both cases are a checksum (EIP-55), which must be right. Where all letters are small,
    or all are capital, there is none.

    Raises:
        InvalidInput: it is written in any other way, or its checksum is wrong.
    """
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise InvalidInput(f"{what} must be an address, 0x and 40 hex digits, not {value!r:.80}")
    digits = value[2:]
    small = digits.lower()
    if digits not in (small, digits.upper()) and digits != with_checksum(small):
        raise InvalidInput(
            f"{what} is {value}, whose checksum is wrong: somebody or a spreadsheet changed a "
            "digit; copy it again"
        )
    return bytes.fromhex(digits)


@lru_cache(10_000)
def with_checksum(digits: str) -> str:
    """40 small hex digits with a checksum in their case: https://eips.ethereum.org/EIPS/eip-55.

    A letter is capital where the digit of the hash at its place is 8 or more. All places are worked
    out at once, a byte each: of ASCII, 0x20 tells small letters from capital ones, 0x40 letters
    from numbers, and 0x08 the numbers 8 and 9 from the others.
    """
    text = int.from_bytes(digits.encode())
    hashed = int.from_bytes(keccak256(digits.encode())[:20].hex().encode())
    capital = (hashed >> 1 | hashed << 2) & text >> 1 & _SMALL
    return (text ^ capital).to_bytes(40).decode()


def address_text(value: bytes) -> str:
    """20 bytes as an address in lower case, without checksum."""
    return "0x" + value.hex()


def to_hex(value: bytes) -> str:
    """Bytes as ``0x`` and lowercase hex digits."""
    return "0x" + value.hex()


def from_hex(text: object, length: int | None, what: str) -> bytes:
    """The bytes of a ``0x`` string; ``length`` in bytes is checked unless it is ``None``.

    Raises:
        InvalidInput: it is not such a string or has another length.
    """
    if not isinstance(text, str) or not _HEX.fullmatch(text):
        raise InvalidInput(f"{what} must be a string of 0x and hex digits, not {text!r:.80}")
    value = bytes.fromhex(text[2:])
    if length is not None and len(value) != length:
        raise InvalidInput(f"{what} must be {length} bytes and has {len(value)}")
    return value


def one_line(text: str, most: int = 500) -> str:
    """What somebody else wrote, fit to be shown: a terminal obeys what it is sent."""
    safe = "".join(each if each.isprintable() else "�" for each in text[: most + 1])
    return safe if len(safe) <= most else f"{safe[:most]}…"


def ascending(values: Sequence[bytes], what: str) -> None:
    """Checks that ``values`` stand in strictly ascending order.

    Raises:
        InvalidInput: two stand the wrong way round or one is given twice.
    """
    if not all(map(lt, values, islice(values, 1, None))):
        raise InvalidInput(f"{what} must ascend, each once; sort them and remove duplicates")
