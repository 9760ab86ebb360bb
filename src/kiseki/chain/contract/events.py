"""What the contracts logged, decoded: the one input of the index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kiseki.chain.contract.abi import decode_named, topic
from kiseki.chain.contract.artifacts import Artifact
from kiseki.core.checksum import checksummed
from kiseki.core.event import Event

__all__ = ["Decoder"]


class Decoder:
    """Decodes the logs of known contracts; what others logged is passed over."""

    def __init__(self, contracts: Iterable[tuple[str, Artifact]]) -> None:
        """`contracts`: the address of each, and what runs there."""
        self._contracts: dict[str, str] = {}
        self._events: dict[tuple[str, bytes], Mapping[str, Any]] = {}
        for given, built in contracts:
            at = checksummed(given)
            self._contracts[at] = built.name
            for entry in built.abi:
                if entry["type"] == "event":
                    self._events[at, topic(entry)] = entry

    def decode(
        self, logs: Iterable[Mapping[str, Any]], timestamps: Mapping[int, int]
    ) -> Iterator[Event]:
        """Events among `logs`, in their order.

        Args:
            logs: as web3 gives them.
            timestamps: of their blocks, by number.
        """
        for log in logs:
            address = checksummed(log["address"])
            entry = self._events.get((address, bytes(log["topics"][0]) if log["topics"] else b""))
            if entry is None:
                continue
            yield Event(
                contract=self._contracts[address],
                address=address,
                name=entry["name"],
                args=_arguments(entry, log),
                block=log["blockNumber"],
                timestamp=timestamps[log["blockNumber"]],
                transaction=bytes(log["transactionHash"]),
                position=log["logIndex"],
            )


def _arguments(entry: Mapping[str, Any], log: Mapping[str, Any]) -> dict[str, Any]:
    """Indexed arguments are in the topics, the others in the data. The suite indexes words only."""
    indexed = [member for member in entry["inputs"] if member["indexed"]]
    plain = [member for member in entry["inputs"] if not member["indexed"]]
    words = b"".join(bytes(each) for each in log["topics"][1:])
    return decode_named(indexed, words) | decode_named(plain, bytes(log["data"]))
