"""What the contracts logged, decoded: the one input of the index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from kiseki.chain.answers import NONSENSE, Log, hash_of, quantity
from kiseki.chain.contract.abi import decode_named, topic
from kiseki.chain.contract.artifacts import Artifact
from kiseki.chain.contract.slices import Reader, reader
from kiseki.core.checksum import checksummed
from kiseki.core.event import Event
from kiseki.core.values import address, from_hex, to_hex
from kiseki.errors import ChainError

__all__ = ["Decoder"]

_TOPIC = 66
"""Characters of a topic: 0x and 32 bytes."""


@lru_cache(4_096)
def _number(text: str) -> int:
    """Remembered: a block holds several logs, and each block begins with the same positions."""
    return quantity(text, 63)


@lru_cache(64)
def _hash(text: str) -> bytes:
    """Remembered: the logs of a transaction follow each other."""
    return hash_of(text)


class _Known(NamedTuple):
    """An event that a contract can log, and how its logs are read."""

    contract: str
    address: str
    name: str
    indexed: Sequence[Mapping[str, Any]]
    plain: Sequence[Mapping[str, Any]]
    table: Reader | None

    @classmethod
    def of(cls, contract: str, at: str, entry: Mapping[str, Any]) -> _Known:
        inputs = entry["inputs"]
        return cls(
            contract, checksummed(at), entry["name"],
            [member for member in inputs if member["indexed"]],
            [member for member in inputs if not member["indexed"]],
            reader(entry),
        )  # fmt: skip

    def arguments(self, topics: Sequence[str], data: str) -> dict[str, Any]:
        """Indexed arguments are in the topics, the others in the data. The suite indexes words
        only.

        Raises:
            ValueError: the topics or the data are no hex.
            ChainError: they are not the arguments of this event.
        """
        indexed = topics[1:]
        for each in indexed:
            if len(each) != _TOPIC or each[:2] != "0x":
                raise ValueError("a topic that is none")
        text = "".join([each[2:] for each in indexed]) + data[2:]
        words = bytes.fromhex(text)
        if data[:2] != "0x" or 2 * len(words) != len(text):  # fromhex passes over blanks
            raise ValueError("data that is none")
        end = 32 * len(indexed)
        if self.table is None or len(indexed) != len(self.indexed):
            return self._judged(words, end)
        try:
            return self.table(words)
        except ValueError:
            return self._judged(words, end)

    def _judged(self, words: bytes, end: int) -> dict[str, Any]:
        """What `eth_abi` reads, where the words of the topics end there; it says what is wrong."""
        return decode_named(self.indexed, words[:end]) | decode_named(self.plain, words[end:])


class Decoder:
    """Decodes the logs of known contracts; what others logged is passed over."""

    def __init__(self, contracts: Iterable[tuple[str, Artifact]]) -> None:
        """`contracts`: the address of each, and what runs there."""
        self._events = {
            (at.lower(), to_hex(topic(entry))): _Known.of(built.name, at, entry)
            for at, built in contracts
            for entry in built.abi
            if entry["type"] == "event"
        }

    def decode(self, logs: Iterable[Log], times: Mapping[int, int]) -> Iterator[Event]:
        """Events among `logs`, in their order.

        Args:
            logs: in JSON, as a node gives them.
            times: of their blocks, by number, in seconds.

        Raises:
            ChainError: one is no log, or not as its contract logs.
        """
        for log in logs:
            try:
                topics = log["topics"]
                known = self._events.get((log["address"], topics[0] if topics else ""))
                if known is None:
                    known = self._written_otherwise(log)
                    if known is None:
                        continue
                arguments = known.arguments(topics, log["data"])
                block, position = _number(log["blockNumber"]), _number(log["logIndex"])
                transaction = _hash(log["transactionHash"])
            except NONSENSE as error:
                # Without the cause, which may repeat what a server wrote.
                raise ChainError(
                    "the node's answer makes no sense: it tells of a log that is none "
                    f"({type(error).__name__}); ask another node"
                ) from None
            yield Event(
                known.contract, known.address, known.name, arguments,
                block, times[block], transaction, position,
            )  # fmt: skip

    def _written_otherwise(self, log: Log) -> _Known | None:
        """The event, where a node writes addresses or topics with capitals."""
        if not isinstance(log["topics"], list):
            raise TypeError("topics that are none")
        topics = [to_hex(from_hex(each, 32, "a topic")) for each in log["topics"]]
        at = to_hex(address(log["address"], "the address of a log"))
        return self._events.get((at, topics[0] if topics else ""))
