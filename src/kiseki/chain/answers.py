"""What the JSON of a node's answer means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["NONSENSE", "Log", "hash_of", "quantity"]

Log = Mapping[str, Any]
"""A log in JSON, as a node gives it: numbers and bytes are hex text."""

NONSENSE = (AttributeError, LookupError, TypeError, ValueError)
"""What reading an answer raises when a node answers what no node should."""


def quantity(value: Any, bits: int = 64, minimum: int = 0) -> int:
    """A number as JSON-RPC writes it: ``0x`` and hex digits.

    Raises:
        ValueError: it is none, or has more bits.
    """
    if not isinstance(value, str) or value[:2] != "0x" or "_" in value:
        raise ValueError("a quantity that is none")
    number = int(value, 16)
    if number < minimum or number >> bits:
        raise ValueError("a quantity out of range")
    return number


def hash_of(value: Any) -> bytes:
    """A hash of 32 bytes as JSON-RPC writes it.

    Raises:
        TypeError, ValueError: it is none.
    """
    raw = bytes.fromhex(value[2:])
    if value[:2] != "0x" or len(value) != 66 or len(raw) != 32:  # fromhex passes over blanks
        raise ValueError("a hash that is none")
    return raw
