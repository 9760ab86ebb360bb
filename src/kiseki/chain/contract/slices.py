"""Logs of words, read by a table of where each argument begins.

Of what the suite logs, nearly all are words: IDs, addresses, numbers, lists of these; and bytes.
For each event the ABI gives one table of slices. A log that a table cannot read as it stands,
because it is of another kind or not in the form that every compiler writes, is for `eth_abi`, which
judges it.

Source of the layout: https://docs.soliditylang.org/en/latest/abi-spec.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from kiseki.core.checksum import checksummed

__all__ = ["Reader", "reader"]

Entry = Mapping[str, Any]
Reader = Callable[[bytes], dict[str, Any]]
"""Values by name, of the words of the indexed arguments with the data behind them. Raises
`ValueError` for what the table cannot read."""

Value = Callable[[bytes], Any]
"""A value, read from all the bytes of a log."""
Place = tuple[str, Callable[[bytes], Any], int, int]
"""Of a value: its name, what makes it of a word, where the word begins and ends."""

_WORD = 32
_NO_ADDRESS = bytes(12)
"""What stands before the 20 bytes of an address."""


def reader(entry: Entry) -> Reader | None:
    """What reads the logs of an event; nothing where an argument is more than words or
    bytes.

    Args:
        entry: the event in the ABI. Of its arguments the indexed ones must be single words.
    """
    indexed = [member for member in entry["inputs"] if member["indexed"]]
    plain = [member for member in entry["inputs"] if not member["indexed"]]
    if any(_converter(member["type"]) is None for member in indexed):
        return None
    members = [*indexed, *plain]
    return _of_words(members) or _of_structs(members) or _of_lists(members, len(indexed) * _WORD)


def _of_words(members: Sequence[Entry]) -> Reader | None:
    table = _places(members)
    if table is None:
        return None
    size = len(table) * _WORD

    def read(words: bytes) -> dict[str, Any]:
        if len(words) != size:
            raise ValueError("a log of another size")
        return {name: convert(words[at:end]) for name, convert, at, end in table}

    return read


def _places(members: Sequence[Entry]) -> list[Place] | None:
    """Where each of several single words is; nothing where one is more."""
    table: list[Place] = []
    for at, member in enumerate(members):
        convert = _converter(member["type"])
        if convert is None:
            return None
        table.append((member["name"], convert, at * _WORD, (at + 1) * _WORD))
    return table


def _of_structs(members: Sequence[Entry]) -> Reader | None:
    found = _all_at(members, 0)
    if found is None:
        return None
    table, size = found

    def read(words: bytes) -> dict[str, Any]:
        if len(words) != size:
            raise ValueError("a log of another size")
        return {name: value(words) for name, value in table}

    return read


def _of_lists(members: Sequence[Entry], topics: int) -> Reader | None:
    """Single words, lists of words, and bytes; what has no fixed size stands behind in order,
    without gaps."""
    table: list[tuple[str, Callable[[bytes], Any], bool, int]] = []
    for at, member in enumerate(members):
        kind = member["type"]
        convert = bytes if kind == "bytes" else _converter(kind.removesuffix("[]"))
        if convert is None:
            return None
        table.append((member["name"], convert, kind == "bytes" or kind.endswith("[]"), at * _WORD))
    are_bytes = {member["name"] for member in members if member["type"] == "bytes"}
    size = len(members) * _WORD

    def read(words: bytes) -> dict[str, Any]:
        values, behind = {}, size
        if len(words) < size:
            raise ValueError("a log cut short")
        for name, convert, is_list, at in table:
            word = words[at : at + _WORD]
            if not is_list:
                values[name] = convert(word)
                continue
            if int.from_bytes(word) != behind - topics:
                raise ValueError("a list elsewhere")
            count = int.from_bytes(words[behind : behind + _WORD])
            length = -(-count // _WORD) if name in are_bytes else count
            begin, behind = behind + _WORD, behind + (1 + length) * _WORD
            if behind > len(words):
                raise ValueError("a list cut short")
            if name in are_bytes:
                values[name] = words[begin : begin + count]
                if any(words[begin + count : behind]):
                    raise ValueError("bytes that are not filled up with zeros")
                continue
            values[name] = [convert(words[i : i + _WORD]) for i in range(begin, behind, _WORD)]
        if behind != len(words):
            raise ValueError("a log of another size")
        return values

    return read


def _all_at(members: Sequence[Entry], at: int) -> tuple[list[tuple[str, Value]], int] | None:
    """What reads each of several members that begin at a byte, and where they end; nothing where
    one differs in size from log to log."""
    table = []
    for member in members:
        found = _one_at(member, at)
        if found is None:
            return None
        table.append((member["name"], found[0]))
        at = found[1]
    return table, at


def _one_at(member: Entry, at: int) -> tuple[Value, int] | None:
    if member["type"] == "tuple":
        found = _all_at(member["components"], at)
        if found is None:
            return None
        parts, end = found
        return lambda words: {name: value(words) for name, value in parts}, end
    convert, end = _converter(member["type"]), at + _WORD
    return None if convert is None else (lambda words: convert(words[at:end]), end)


def _converter(kind: str) -> Callable[[bytes], Any] | None:
    """What makes a value of one word, which has 32 bytes; nothing for a type that is no word."""
    if kind == "bytes32":
        return bytes
    if kind == "address":
        return _to_address
    if kind == "bool":
        return _to_bool
    if kind == "uint256":
        return int.from_bytes
    if kind.startswith("uint") and not kind.endswith("]"):
        return _to_number(int(kind[4:]))
    return None


@lru_cache(maxsize=65_536)
def _to_address(word: bytes) -> str:
    """Remembered: the same addresses come again and again, and a checksum takes a hash."""
    if word[:12] != _NO_ADDRESS:
        raise ValueError("no address")
    return checksummed(word[12:])


def _to_bool(word: bytes) -> bool:
    number = int.from_bytes(word)
    if number > 1:
        raise ValueError("neither true nor false")
    return number == 1


def _to_number(bits: int) -> Callable[[bytes], int]:
    def convert(word: bytes) -> int:
        number = int.from_bytes(word)
        if number >> bits:
            raise ValueError("a number with more bits")
        return number

    return convert
