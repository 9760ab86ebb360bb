"""The names of samples: a data ID, the SHA-256 of a content, or a text that stands for one."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from kiseki.errors import InvalidInput, TrainingError

__all__ = ["Key", "key", "pack", "unpack", "whole"]

Key = bytes | str
"""Of a sample: bytes (a data ID or a digest), or a text (a path, a ``__key__``)."""

_HEAD = struct.Struct(">BH")
"""Whether it is a text, and how many bytes follow."""
_LONGEST = 4_096
_OF_DIGEST = _HEAD.pack(False, 32)


def key(value: object) -> Key:
    """A value as the name of a sample.

    Raises:
        InvalidInput: it is neither bytes nor a text, or it is empty or too long.
    """
    if not isinstance(value, bytes | str):
        raise InvalidInput(
            f"a sample's ID is bytes or a text, not {type(value).__name__}: give the data ID, the "
            "SHA-256 of the content, or the path that it has in the collection"
        )
    if not value or len(value) > _LONGEST:
        raise InvalidInput(f"a sample's ID has 1 to {_LONGEST:,} bytes or letters")
    return value


def pack(keys: Iterable[object]) -> bytes:
    """Names as bytes; those of two packs are those of both, one after the other. Workers and
    training wait for it, so it is quick.

    Raises:
        InvalidInput: see `key`.
    """
    return b"".join([_packed(each) for each in keys])


def _packed(value: object) -> bytes:
    if type(value) is bytes and len(value) == 32:  # nearly all of them
        return _OF_DIGEST + value
    name = key(value)
    raw = name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")
    return _HEAD.pack(raw is not name, len(raw)) + raw


def unpack(packed: bytes) -> Iterator[Key]:
    """The names.

    Raises:
        TrainingError: these bytes are no such names.
    """
    place = 0
    while place < len(packed):
        try:
            text, size = _HEAD.unpack_from(packed, place)
        except struct.error as error:
            raise TrainingError("a row of the ledger ends in the middle of an ID") from error
        place += _HEAD.size + size
        raw = packed[place - size : place]
        if len(raw) < size:
            raise TrainingError("a row of the ledger ends in the middle of an ID")
        yield raw.decode("utf-8", "surrogateescape") if text else raw


def whole(packed: bytes) -> int:
    """How many of these bytes hold whole names."""
    place = 0
    while place + _HEAD.size <= len(packed):
        end = place + _HEAD.size + _HEAD.unpack_from(packed, place)[1]
        if end > len(packed):
            break
        place = end
    return place
