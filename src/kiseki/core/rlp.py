"""Ethereum's encoding of headers and tries: bytes and lists (Yellow Paper, appendix B)."""

from __future__ import annotations

from typing import TypeAlias

from kiseki.errors import InvalidInput

__all__ = ["Item", "decode", "encode"]

Item: TypeAlias = "bytes | list[Item]"
_DEEP = 16


def encode(item: Item) -> bytes:
    """The one encoding of an item."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _head(0x80, len(item)) + item
    inside = b"".join(map(encode, item))
    return _head(0xC0, len(inside)) + inside


def decode(data: bytes) -> Item:
    """What `data` encodes.

    Raises:
        InvalidInput: it is not what :func:`encode` gives of anything, or nested too deeply.
    """
    item, end = _decode(data, 0, 0)
    if end != len(data) or encode(item) != data:
        raise InvalidInput("this is not the encoding (RLP) of anything")
    return item


def _head(kind: int, length: int) -> bytes:
    if length < 56:
        return bytes([kind + length])
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([kind + 55 + len(size)]) + size


def _decode(data: bytes, start: int, depth: int) -> tuple[Item, int]:
    if start >= len(data) or depth > _DEEP:
        raise InvalidInput("this encoding (RLP) ends early or is nested too deeply")
    first = data[start]
    if first < 0x80:
        return data[start : start + 1], start + 1
    kind = 0x80 if first < 0xC0 else 0xC0
    begin, length = start + 1, first - kind
    if length > 55:
        begin += length - 55
        length = int.from_bytes(data[start + 1 : begin], "big")
    end = begin + length
    if end > len(data):
        raise InvalidInput("this encoding (RLP) ends early")
    if kind == 0x80:
        return data[begin:end], end
    inside: list[Item] = []
    while begin < end:
        item, begin = _decode(data[:end], begin, depth + 1)
        inside.append(item)
    return inside, end
