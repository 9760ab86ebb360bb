"""What the JSON of a node's answer means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiseki.core.values import address_text, from_hex, uint

__all__ = ["NONSENSE", "log_of", "quantity"]

NONSENSE = (AttributeError, LookupError, TypeError, ValueError)
"""What reading an answer raises when a node answers what no node should."""


def quantity(value: Any, bits: int = 64, minimum: int = 0) -> int:
    """A number as JSON-RPC writes it: ``0x`` and hex digits.

    Raises:
        ValueError: it is none, or has more bits.
    """
    if not isinstance(value, str) or not value.startswith("0x"):
        raise ValueError("a quantity that is none")
    return uint(int(value, 16), bits, "what the node answered", minimum)


def log_of(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """A log with numbers and bytes in place of text, as web3 gives it.

    Raises:
        LookupError, TypeError, ValueError: it is none.
    """
    told = raw.get("blockTimestamp")
    return {
        **raw,
        "address": address_text(from_hex(raw["address"], 20, "the address of a log")),
        "topics": [from_hex(each, 32, "a topic") for each in raw["topics"]],
        "data": from_hex(raw["data"], None, "the data of a log"),
        "blockNumber": quantity(raw["blockNumber"], 63),
        "logIndex": quantity(raw["logIndex"], 63),
        "transactionHash": from_hex(raw["transactionHash"], 32, "the transaction's hash"),
        "blockTimestamp": None if told is None else quantity(told),
    }
