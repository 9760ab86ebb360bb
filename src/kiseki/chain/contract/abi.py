"""Decoding logs, answers and custom errors of many contracts by their ABI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kiseki.core.checksum import checksummed
from kiseki.core.keccak import keccak256
from kiseki.errors import ChainError

__all__ = ["decode_named", "exact", "selector", "signature", "topic"]

Entry = Mapping[str, Any]


def signature(entry: Entry) -> str:
    """The canonical text of a function, event or error: ``name(type,...)``."""
    return f"{entry['name']}({','.join(map(kind, entry['inputs']))})"


def topic(entry: Entry) -> bytes:
    """First topic of an event."""
    return keccak256(signature(entry).encode())


def selector(entry: Entry) -> bytes:
    """First four bytes of a call or custom error."""
    return topic(entry)[:4]


def kind(member: Entry) -> str:
    """The type of a member, tuples spelled out."""
    if not member["type"].startswith("tuple"):
        return str(member["type"])
    inner = ",".join(map(kind, member["components"]))
    return f"({inner}){member['type'].removeprefix('tuple')}"


def exact(member: Entry, value: Any) -> None:
    """Refuses fixed bytes of another length, which encoding would silently fill up with zeros.

    Raises:
        ValueError: some are.
    """
    declared = member["type"]
    if declared.endswith("]"):
        inner = {**member, "type": declared[: declared.rindex("[")]}
        for each in value:
            exact(inner, each)
    elif declared == "tuple":
        for part, each in zip(member["components"], value, strict=True):
            exact(part, each)
    elif declared.startswith("bytes") and declared != "bytes":
        size = int(declared.removeprefix("bytes"))
        if not isinstance(value, bytes) or len(value) != size:
            raise ValueError(f"{member['name']} must be {size} bytes")


def decode_named(members: Sequence[Entry], data: bytes) -> dict[str, Any]:
    """ABI-encoded values by name; tuples as mappings, addresses checksummed.

    Raises:
        ChainError: the data is not of these types.
    """
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError

    types = [kind(member) for member in members]
    try:
        values = decode(types, data)
    except (DecodingError, UnicodeError, OverflowError) as error:
        raise ChainError(
            f"what the node or contract answered is not ({','.join(types)}); check that it is the "
            "contract you mean, or ask another node"
        ) from error
    return {m["name"]: _plain(m, v) for m, v in zip(members, values, strict=True)}


def _plain(member: Entry, value: Any) -> Any:
    declared = member["type"]
    if declared.endswith("]"):
        inner = {**member, "type": declared[: declared.rindex("[")]}
        return [_plain(inner, each) for each in value]
    if declared == "tuple":
        pairs = zip(member["components"], value, strict=True)
        return {part["name"]: _plain(part, each) for part, each in pairs}
    return checksummed(value) if declared == "address" else value
