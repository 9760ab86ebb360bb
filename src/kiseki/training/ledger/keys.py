"""The names of samples: a data ID, the SHA-256 of a content, or a text that stands for one."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Iterator

from kiseki.errors import InvalidInput, TrainingError

__all__ = ["Key", "key", "pack", "unpack"]

Key = bytes | str
"""Of a sample: bytes (a data ID or a digest), or a text (a path, a ``__key__``)."""

_HEAD = struct.Struct(">IBH")
"""How often, whether it is a text, and how many bytes follow."""
_LONGEST = 4_096


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
    """Names with how often each is there, as bytes.

    Raises:
        InvalidInput: see `key`.
    """
    packed = []
    for each, count in Counter(map(key, keys)).items():
        text = isinstance(each, str)
        raw = each.encode("utf-8", "surrogateescape") if isinstance(each, str) else each
        packed.append(_HEAD.pack(count, text, len(raw)) + raw)
    return b"".join(packed)


def unpack(packed: bytes) -> Iterator[tuple[Key, int]]:
    """The names, and how often each is there.

    Raises:
        TrainingError: these bytes are no such names.
    """
    place = 0
    while place < len(packed):
        try:
            count, text, size = _HEAD.unpack_from(packed, place)
        except struct.error as error:
            raise TrainingError("a row of the ledger ends in the middle of an ID") from error
        place += _HEAD.size + size
        raw = packed[place - size : place]
        if len(raw) < size:
            raise TrainingError("a row of the ledger ends in the middle of an ID")
        yield raw.decode("utf-8", "surrogateescape") if text else raw, count
