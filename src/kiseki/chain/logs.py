"""What a node says of blocks and of what was logged in them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kiseki.chain.contract.contracts import node_errors

if TYPE_CHECKING:
    from web3 import Web3

__all__ = ["block_hash", "head", "logs", "timestamps"]


def head(w3: Web3) -> tuple[int, int]:
    """Number and time (Unix seconds) of the latest block."""
    with node_errors():
        block = w3.eth.get_block("latest")
        return int(block["number"]), int(block["timestamp"])


def block_hash(w3: Web3, number: int) -> bytes | None:
    """The hash of the block at a height; none where there is no such block."""
    from web3.exceptions import BlockNotFound

    with node_errors(), contextlib.suppress(BlockNotFound):
        return bytes(w3.eth.get_block(number)["hash"])
    return None


def logs(w3: Web3, first: int, last: int, addresses: Sequence[str]) -> list[Mapping[str, Any]]:
    """What these contracts logged from one block to another, both included."""
    asked: Any = {"fromBlock": first, "toBlock": last, "address": list(addresses)}
    with node_errors():
        return list(w3.eth.get_logs(asked))


def timestamps(w3: Web3, logged: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Block number -> time, of the blocks of these logs."""
    return dict(_times(w3, logged))


def _times(w3: Web3, logged: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, int]]:
    """From the logs where the node tells, which most do now; else from the blocks."""
    for number in sorted({log["blockNumber"] for log in logged}):
        told = next(log.get("blockTimestamp") for log in logged if log["blockNumber"] == number)
        if told is None:
            with node_errors():
                told = w3.eth.get_block(number)["timestamp"]
        yield number, int(told, 16) if isinstance(told, str) else int(told)
