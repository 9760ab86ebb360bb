"""What a node says of blocks and of what was logged in them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from kiseki.chain.answers import Log, quantity
from kiseki.chain.batches import Asked
from kiseki.chain.contract.contracts import node_errors, results
from kiseki.chain.node import Node
from kiseki.core.values import from_hex
from kiseki.errors import ChainError, NodeBehind, NodeBusy, NodeUnreachable

__all__ = ["PAUSES", "Head", "base_fee", "blocks", "head", "logs", "scan", "timestamps"]

PAUSES = (0.1, 0.4, 1.6)
"""Seconds to wait for a node that is behind another one, before each further question."""

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
        return _head_of(node.one("eth_getBlockByNumber", "latest", False))


def blocks(node: Node, *which: int | str) -> list[Head | None]:
    """Blocks by number or tag, asked for together; none for each that the node does not have.

    Raises:
        NodeUnreachable, ChainError: the node does not answer, or answers nonsense.
    """
    asked = [
        ("eth_getBlockByNumber", [hex(each) if isinstance(each, int) else each, False])
        for each in which
    ]
    found = results(node, asked)
    with node_errors():
        return [None if each is None else _head_of(each) for each in found]


def _head_of(block: Mapping[str, Any]) -> Head:
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


def logs(
    node: Node,
    first: int,
    last: int,
    addresses: Sequence[str],
    topics: Sequence[Any] = (),
) -> list[Log]:
    """What these contracts logged from one block to another, both included.

    Many nodes answer "nothing" for blocks that they do not have yet, and behind one address there
    may be several nodes. So the last block is asked for in the same request.

    Args:
        topics: what each topic must be, as hex or a list of hex; all logs where it is empty.

    Raises:
        NodeBehind: the node that answers does not have the last block.
        NodeUnreachable, ChainError: the node does not answer, or refuses.
    """
    wanted = {"fromBlock": hex(first), "toBlock": hex(last), "address": list(addresses)}
    more = {"topics": list(topics)} if topics else {}
    asked: list[Asked] = [
        ("eth_getBlockByNumber", [hex(last), False]),
        ("eth_getLogs", [{**wanted, **more}]),
    ]
    block, found = results(node, asked)
    if block is None:
        raise NodeBehind(
            f"the node that answers does not have block {last:,} yet, which another node has; "
            "run this again, or name another node"
        )
    with node_errors():
        return [dict(each) for each in found]


def scan(
    node: Node,
    first: int,
    last: int,
    addresses: Sequence[str],
    topics: Sequence[Any] = (),
    step: int = _BLOCKS,
) -> Iterator[tuple[int, list[Log]]]:
    """The same, part by part: the last block of each part with what was logged in it.

    Args:
        step: blocks of the first part; fewer where the node finds that too much, then more again.

    Raises:
        NodeBehind: the node that answers does not have the next block, also after a while.
        ChainError: the node refuses even a single block.
        NodeUnreachable: it does not answer.
    """
    pauses = iter(PAUSES)
    while first <= last:
        end = min(first + step - 1, last)
        try:
            found = logs(node, first, end, addresses, topics)
        except (NodeUnreachable, NodeBusy):
            raise  # fewer blocks would not help
        except ChainError as error:
            if end > first:
                step = max(1, (end - first + 1) // 8)
            elif isinstance(error, NodeBehind) and (pause := next(pauses, None)) is not None:
                node.pass_over()
                time.sleep(pause)
            else:
                raise
            continue
        yield end, found
        size = sum(len(each["data"]) for each in found)
        step = max(1, step // 2) if size > _MANY_BYTES else min(2 * step, _BLOCKS)
        first = end + 1


def timestamps(node: Node, logged: Sequence[Log]) -> dict[int, int]:
    """Block number -> time, of the blocks of these logs."""
    with node_errors():
        return dict(_times(node, logged))


def _times(node: Node, logged: Sequence[Log]) -> Iterator[tuple[int, int]]:
    """From the logs where the node tells, which most do now; else from the blocks."""
    told = {quantity(log["blockNumber"], 63): log.get("blockTimestamp") for log in logged}
    for number, time_ in sorted(told.items()):
        if time_ is None:
            time_ = node.one("eth_getBlockByNumber", hex(number), False)["timestamp"]
        yield number, quantity(time_, 63)
