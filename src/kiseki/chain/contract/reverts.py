"""Reverts by name: a contract's custom error becomes `ContractReverted`, with advice."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from kiseki.chain.contract.abi import decode_named, selector
from kiseki.chain.contract.advice import ADVICE
from kiseki.chain.contract.artifacts import artifact, names
from kiseki.core.amounts import in_units
from kiseki.core.days import utc
from kiseki.core.terms import Use
from kiseki.core.values import ZERO_ADDRESS, one_line, to_hex
from kiseki.errors import ChainError, ContractReverted

__all__ = ["decode_revert"]

_AROUND = ("Account_CallFailed", "RevenueSplitter_CallFailed")
"""The errors that say that one of many calls failed, and hold what it was refused with."""
_BUILT_IN = [
    {"type": "error", "name": "Error", "inputs": [{"name": "message", "type": "string"}]},
    {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
]


def decode_revert(data: bytes) -> ContractReverted:
    """The error in what a call that reverted returned, which a hostile contract may have chosen."""
    name, values = _read(data)
    while name in _AROUND and values and values["reason"]:
        data = values["reason"]
        name, values = _read(data)
    if name is None:
        shown = to_hex(data[:68]) if data else "no reason"
        return ContractReverted("Unknown", {}, f"the call was refused with {shown}")
    if values is None:
        return ContractReverted(name, {}, f"{name}, with values that cannot be read")
    said = ", ".join(f"{key} {_shown(name, values, key)}" for key in values)
    advice = f"; {ADVICE[name]}" if name in ADVICE else ""
    return ContractReverted(name, values, f"{name}({said}){advice}")


def _read(data: bytes) -> tuple[str | None, Mapping[str, Any] | None]:
    """Name and values; no name when nobody knows it, no values when they are not its own."""
    entry = _errors().get(data[:4])
    if entry is None:
        return None, None
    with contextlib.suppress(ChainError):
        return str(entry["name"]), decode_named(entry["inputs"], data[4:])
    return str(entry["name"]), None


_TIMES = {
    "deadline", "endsAt", "latest", "registeredAt", "revokedAt", "startedAt", "until", "validUntil",
    "when",
}  # fmt: skip
_USES = {"allowed", "use", "uses"}
_PLACES = {"index", "tier"}
_AMOUNTS = {"amount", "arrived", "price"}
_ETHER = ("_NotEnoughEther", "_EtherWithAToken", "_RefundFailed")
"""The errors whose numbers are the chain's own currency."""


def _shown(error: str, values: Mapping[str, Any], key: str) -> str:
    value = values[key]
    if isinstance(value, int) and not isinstance(value, bool):
        if key in _TIMES:
            return utc(value)
        if key in _USES:
            return " and ".join(str(each.name).lower() for each in Use(value & 127)) or "nothing"
        if key in _PLACES:  # as people count, and as the command line shows them
            return f"{value + 1} (counted from 1)"
        currency = values.get("token", values.get("currency"))
        if error.endswith(_ETHER) or (key in _AMOUNTS and currency == ZERO_ADDRESS):
            return f"{in_units(value)} ether"
        if key in _AMOUNTS or error.startswith("ERC20"):
            return f"{value:,} base units"
    return one_line(to_hex(value) if isinstance(value, bytes) else str(value))


@cache
def _errors() -> Mapping[bytes, Mapping[str, Any]]:
    abis = [artifact(name).abi for name in names()]
    entries = [entry for abi in [*abis, _BUILT_IN] for entry in abi if entry["type"] == "error"]
    return {selector(entry): entry for entry in entries}
