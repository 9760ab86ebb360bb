"""What a node says of blocks and of what was logged in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from kiseki.chain.answers import log_of, quantity
from kiseki.chain.contract.contracts import node_errors
from kiseki.chain.node import Node
from kiseki.core.values import from_hex
from kiseki.errors import ChainError, NodeUnreachable

__all__ = ["Head", "base_fee", "block_hash", "head", "logs", "scan", "timestamps"]

_BLOCKS = 10_000
"""Blocks asked for at once at most."""

_MANY_BYTES = 4_000_000
"""Of logs in one answer: of more, fewer blocks are asked for at once."""


class Head(NamedTuple):
    """The latest block: number, time (Unix seconds) and hash."""

    number: int
    time: int
    hash: bytes


def head(node: Node) -> Head:
    """The latest block.

    Raises:
        NodeUnreachable, ChainError: the node does not answer, or answers nonsense.
    """
    with node_errors():
        block = node.one("eth_getBlockByNumber", "latest", False)
        return Head(
            quantity(block["number"], 63),
            quantity(block["timestamp"], 63),
            from_hex(block["hash"], 32, "the hash of a block"),
        )


def base_fee(node: Node) -> int:
    """What the latest block charges for a unit of gas, in wei; 0 before EIP-1559."""
    with node_errors():
        block = node.one("eth_getBlockByNumber", "latest", False)
        return quantity(block.get("baseFeePerGas") or "0x0", 256)


def block_hash(node: Node, number: int) -> bytes | None:
    """The hash of the block at a height; none where there is no such block."""
    with node_errors():
        block = node.one("eth_getBlockByNumber", hex(number), False)
        return None if block is None else from_hex(block["hash"], 32, "the hash of a block")


def logs(
    node: Node,
    first: int,
    last: int,
    addresses: Sequence[str],
    topics: Sequence[Any] = (),
) -> list[Mapping[str, Any]]:
    """What these contracts logged from one block to another, both included.

    Args:
        topics: what each topic must be, as hex or a list of hex; all logs where it is empty.
    """
    wanted = {"fromBlock": hex(first), "toBlock": hex(last), "address": list(addresses)}
    more = {"topics": list(topics)} if topics else {}
    with node_errors():
        return [log_of(each) for each in node.one("eth_getLogs", {**wanted, **more})]


def scan(
    node: Node,
    first: int,
    last: int,
    addresses: Sequence[str],
    topics: Sequence[Any] = (),
    step: int = _BLOCKS,
) -> Iterator[tuple[int, list[Mapping[str, Any]]]]:
    """The same, part by part: the last block of each part with what was logged in it.

    Args:
        step: blocks of the first part; fewer where the node finds that too much, then more again.

    Raises:
        ChainError: the node refuses even a single block.
        NodeUnreachable: it does not answer.
    """
    while first <= last:
        end = min(first + step - 1, last)
        try:
            found = logs(node, first, end, addresses, topics)
        except NodeUnreachable:
            raise
        except ChainError:
            if end == first:
                raise
            step = max(1, (end - first + 1) // 8)
            continue
        yield end, found
        size = sum(len(each["data"]) for each in found)
        step = max(1, step // 2) if size > _MANY_BYTES else min(2 * step, _BLOCKS)
        first = end + 1


def timestamps(node: Node, logged: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Block number -> time, of the blocks of these logs."""
    return dict(_times(node, logged))


def _times(node: Node, logged: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, int]]:
    """From the logs where the node tells, which most do now; else from the blocks."""
    for number in sorted({log["blockNumber"] for log in logged}):
        time = next(log["blockTimestamp"] for log in logged if log["blockNumber"] == number)
        if time is None:
            with node_errors():
                block = node.one("eth_getBlockByNumber", hex(number), False)
                time = quantity(block["timestamp"], 63)
        yield number, time
