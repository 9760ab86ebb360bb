"""What the contracts logged, decoded: the one input of the index."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kiseki.chain.contract.abi import decode_named, topic
from kiseki.chain.contract.artifacts import Artifact
from kiseki.chain.contract.slices import Reader, reader
from kiseki.core.checksum import checksummed
from kiseki.core.event import Event

__all__ = ["Decoder"]


class Decoder:
    """Decodes the logs of known contracts; what others logged is passed over."""

    def __init__(self, contracts: Iterable[tuple[str, Artifact]]) -> None:
        """`contracts`: the address of each, and what runs there."""
        self._contracts: dict[str, tuple[str, str]] = {}
        self._events: dict[tuple[str, bytes], tuple[Mapping[str, Any], Reader | None]] = {}
        for given, built in contracts:
            at = given.lower()
            self._contracts[at] = checksummed(given), built.name
            for entry in built.abi:
                if entry["type"] == "event":
                    self._events[at, topic(entry)] = entry, reader(entry)

    def decode(
        self, logs: Iterable[Mapping[str, Any]], timestamps: Mapping[int, int]
    ) -> Iterator[Event]:
        """Events among `logs`, in their order.

        Args:
            logs: as `log_of` gives them, or web3.
            timestamps: of their blocks, by number.
        """
        for log in logs:
            at, topics = log["address"].lower(), log["topics"]  # web3 writes both cases
            known = self._events.get((at, bytes(topics[0]) if topics else b""))
            if known is None:
                continue
            address, contract = self._contracts[at]
            yield Event(
                contract=contract,
                address=address,
                name=known[0]["name"],
                args=_arguments(*known, log),
                block=log["blockNumber"],
                timestamp=timestamps[log["blockNumber"]],
                transaction=bytes(log["transactionHash"]),
                position=log["logIndex"],
            )


def _arguments(
    entry: Mapping[str, Any], read: Reader | None, log: Mapping[str, Any]
) -> dict[str, Any]:
    """Indexed arguments are in the topics, the others in the data. The suite indexes words only."""
    words = b"".join(map(bytes, log["topics"][1:]))
    if read is not None:
        with contextlib.suppress(ValueError):  # eth_abi says what is wrong with it
            return read(words, bytes(log["data"]))
    indexed = [member for member in entry["inputs"] if member["indexed"]]
    plain = [member for member in entry["inputs"] if not member["indexed"]]
    return decode_named(indexed, words) | decode_named(plain, bytes(log["data"]))
