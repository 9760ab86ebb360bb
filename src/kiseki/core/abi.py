"""Solidity's ABI encoding, as far as hashes of structs need it.

Source: the Solidity documentation, "Contract ABI Specification": every member has a head; a dynamic
one's head says where its tail begins, counted from the first head.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kiseki.core.values import address, bytes32

__all__ = ["Reader", "Tail", "array", "dynamic", "encode", "text", "who", "word"]


@dataclass(frozen=True, slots=True)
class Tail:
    """A dynamic member, encoded."""

    content: bytes


def encode(*members: bytes | Tail) -> bytes:
    """A tuple of members: words (or several of them, for a static struct) and tails."""
    length = sum(32 if isinstance(each, Tail) else len(each) for each in members)
    heads, tails = b"", b""
    for each in members:
        if isinstance(each, Tail):
            heads += word(length + len(tails))
            tails += each.content
        else:
            heads += each
    return heads + tails


def word(number: int) -> bytes:
    """A number as 32 bytes.

    Raises:
        OverflowError: it is negative or has more than 256 bits.
    """
    return number.to_bytes(32, "big")


def who(account: str, what: str) -> bytes:
    """An address as a word; ``what`` names it in the error.

    Raises:
        InvalidInput: it is none.
    """
    return bytes(12) + address(account, what)


def text(content: bytes) -> Tail:
    """`bytes`: the length and the content, padded to whole words."""
    return Tail(word(len(content)) + content + bytes(-len(content) % 32))


def array(items: Sequence[bytes | Tail]) -> Tail:
    """An array of words, static structs or dynamic ones."""
    return Tail(word(len(items)) + encode(*items))


def dynamic(*members: bytes | Tail) -> Tail:
    """A struct with a dynamic member."""
    return Tail(encode(*members))


class Reader:
    """Words and tails out of an encoding, each checked; the other way round."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    def number(self, place: int, bits: int = 256) -> int:
        """The number in the word at ``place``, counted in words."""
        found = int.from_bytes(self.word(place))
        if found >> bits:
            raise ValueError("a number is too large")
        return found

    def word(self, place: int) -> bytes:
        """The word at ``place``."""
        return bytes32(self._data[32 * place : 32 * place + 32], "a word")

    def who(self, place: int) -> str:
        """The address in the word at ``place``, in lower case."""
        found = self.word(place)
        if any(found[:12]):
            raise ValueError("an address is too long")
        return "0x" + found[12:].hex()

    def tail(self, place: int) -> "Reader":
        """The tail of the member at ``place``."""
        start = self.number(place, 63)
        if start % 32 or start > len(self._data):
            raise ValueError("a tail begins nowhere")
        return Reader(self._data[start:])

    def text(self) -> bytes:
        """The content of this tail of `bytes`."""
        length = self.number(0, 31)
        found = self._data[32 : 32 + length]
        if len(found) != length:
            raise ValueError("bytes are cut off")
        return found

    def structs(self, most: int) -> list["Reader"]:
        """The items of this tail of an array of dynamic structs."""
        count = self.number(0, 31)
        if count > most:
            raise ValueError("an array is too long")
        inner = Reader(self._data[32:])
        return [inner.tail(i) for i in range(count)]

    def addresses(self, most: int) -> list[str]:
        """The items of this tail of an array of addresses, in lower case."""
        count = self.number(0, 31)
        if count > most:
            raise ValueError("an array is too long")
        return [self.who(1 + i) for i in range(count)]
