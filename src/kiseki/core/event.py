"""One decoded log of the suite: the input of the index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Event"]


@dataclass(frozen=True, slots=True)
class Event:
    """One decoded log of the suite.

    Attributes:
        contract: Name of the contract, as in the deployment (`DataRegistry`, ...).
        address: Its address, checksummed.
        name: Name of the event, as in the interface.
        args: Arguments by name; `bytes32` as `bytes`, addresses checksummed, tuples as mappings.
        block: Block number.
        timestamp: Of the block, in seconds.
        transaction: Transaction hash, 32 bytes.
        position: Index of the log in its block; (block, position) orders all events.
    """

    contract: str
    address: str
    name: str
    args: Mapping[str, Any]
    block: int
    timestamp: int
    transaction: bytes
    position: int
