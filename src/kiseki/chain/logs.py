"""What a node says of blocks and of what was logged in them."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from kiseki.chain.answers import Log, hash_of, quantity
from kiseki.chain.batches import Asked
from kiseki.chain.contract.contracts import node_errors, refused, results
from kiseki.chain.node import Node
from kiseki.chain.refusals import Kind, Refusal
from kiseki.core.values import to_hex
from kiseki.errors import ChainError, NodeBehind, NodeBusy, NodeContradicts

__all__ = [
    "PAUSES",
    "Block",
    "Head",
    "base_fee",
    "block_question",
    "blocks",
    "by_hash",
    "checked",
    "head",
    "head_of",
    "reason",
    "timestamps",
]

PAUSES = (0.1, 0.4, 1.6)
"""Seconds to wait for a node that is behind another one, before each further question."""

_TOGETHER = 50
"""Blocks of which the logs are asked for in one request."""


class Head(NamedTuple):
    """A block: number, time (Unix seconds), hash, and the hash of the block before it."""

    number: int
    time: int
    hash: bytes
    parent: bytes


class Block(NamedTuple):
    """A block with what contracts logged in it."""

    head: Head
    logs: list[Log]


def head(node: Node) -> Head:
    """The latest block.

    Raises:
        NodeUnreachable, ChainError: the node does not answer, or answers nonsense.
    """
    with node_errors():
        return head_of(node.one("eth_getBlockByNumber", "latest", False))


def blocks(node: Node, *which: int | str) -> list[Head | None]:
    """Blocks by number or tag, asked for together; none for each that the node does not have.

    Raises:
        NodeUnreachable, ChainError: the node does not answer, or answers nonsense.
        NodeContradicts: it answers with another block.
    """
    answers = results(node, [block_question(each) for each in which])
    with node_errors():
        return [
            None if answer is None else head_of(answer, each if isinstance(each, int) else None)
            for each, answer in zip(which, answers, strict=True)
        ]


def block_question(which: int | str) -> Asked:
    """The question for a block by number or tag."""
    return "eth_getBlockByNumber", [hex(which) if isinstance(which, int) else which, False]


def head_of(block: Mapping[str, Any], number: int | None = None) -> Head:
    """The block that a node answered with.

    Args:
        number: of the block that it was asked for, where that is known.

    Raises:
        NodeContradicts: it is another block.
        LookupError, TypeError, ValueError: it is none.
    """
    answered = Head(
        quantity(block["number"], 63),
        quantity(block["timestamp"], 63),
        hash_of(block["hash"]),
        hash_of(block["parentHash"]),
    )
    if number is not None and answered.number != number:
        raise contradiction(f"answers with block {answered.number:,} for block {number:,}")
    return answered


def base_fee(node: Node) -> int:
    """What the latest block charges for a unit of gas, in wei; 0 before EIP-1559."""
    with node_errors():
        block = node.one("eth_getBlockByNumber", "latest", False)
        return quantity(block.get("baseFeePerGas") or "0x0", 256)


def by_hash(
    node: Node, numbers: Sequence[int], addresses: Sequence[str], before: Head | None = None
) -> Iterator[Block]:
    """Blocks near the head with what these contracts logged in each, which is asked for by the
    block's hash. So a reorganisation between two questions mixes nothing, and a node that lacks the
    block says so. For 50 blocks it takes two requests.

    Args:
        numbers: of the blocks, ascending.
        before: the block that the first of them must follow, where one was read before.

    Raises:
        NodeBehind: the node that answers does not have the next block, also after a while. What it
            has was given before.
        NodeContradicts: a block does not follow the one before it, as when a reorganisation comes
            between; or the logs are not those of the block; also when asked again.
        NodeUnreachable, ChainError: the node does not answer, or refuses.
    """
    for start in range(0, len(numbers), _TOGETHER):
        there, lack = _patiently(node, numbers[start : start + _TOGETHER], addresses, before)
        for block in there:
            yield block
            before = block.head
        if lack is not None:
            raise lack


def _patiently(
    node: Node, numbers: Sequence[int], addresses: Sequence[str], before: Head | None
) -> tuple[list[Block], NodeBehind | None]:
    for pause in (*PAUSES, None):
        try:
            there, lack = _by_hash(node, numbers, addresses, before)
        except NodeContradicts:
            if pause is None:
                raise
        else:
            if lack is None or pause is None:
                return there, lack
        node.pass_over()
        time.sleep(pause)
    raise AssertionError("unreachable: the last try returns or raises")


def _by_hash(
    node: Node, numbers: Sequence[int], addresses: Sequence[str], before: Head | None
) -> tuple[list[Block], NodeBehind | None]:
    """The blocks that the node has, and what it lacks."""
    heads, lack = list[Head](), None
    for number, block in zip(numbers, blocks(node, *numbers), strict=True):
        if block is None:
            lack = behind(number)
            break
        _follows(before, block)
        heads.append(block)
        before = block
    asked: list[Asked] = [
        ("eth_getLogs", [{"blockHash": to_hex(each.hash), "address": list(addresses)}])
        for each in heads
    ]
    with node_errors():
        answers = node.ask(asked)
        known = frozenset(each.lower() for each in addresses)
        whole = list[Block]()
        for block, question, answer in zip(heads, asked, answers, strict=True):
            if isinstance(answer, Refusal) and answer.kind is Kind.LIMIT:
                (answer,) = node.ask([question])  # perhaps it was only too much together
            if isinstance(answer, Refusal) and answer.kind is Kind.LAG:
                return whole, behind(block.number)
            if isinstance(answer, Refusal):
                raise reason(answer)
            logs = checked(answer, (block.number, block.number), known, {block.number: block})
            whole.append(Block(block, logs))
        return whole, lack


def _follows(before: Head | None, block: Head) -> None:
    if before is None:
        return
    if block.time < before.time:
        raise contradiction(f"says that block {block.number:,} came earlier than one before it")
    if block.number == before.number + 1 and block.parent != before.hash:
        raise contradiction(
            f"has a block {block.number:,} with another parent than the block {before.number:,} "
            "that it told of (a reorganisation, perhaps)"
        )


def checked(
    answer: Any,
    span: tuple[int, int],
    addresses: Collection[str],
    heads: Mapping[int, Head],
) -> list[Log]:
    """An answer about logs, if it can be true.

    Args:
        span: the first and the last block that were asked about.
        addresses: the contracts that were asked about, in lower case.
        heads: blocks that the node told of in the same request, by number.

    Raises:
        NodeContradicts: a log is of no block or contract that was asked about, twice there, out of
            order, taken out by a reorganisation, or of another block or time than the node says.
        LookupError, TypeError, ValueError: they are no logs.
    """
    if not isinstance(answer, list):
        raise TypeError("logs that are none")
    at, number, position, said, told = "", span[0] - 1, -1, "", None
    latest = 0
    for log in answer:
        if log["address"] not in addresses and log["address"].lower() not in addresses:
            raise contradiction("tells of logs of a contract that it was not asked about")
        if log.get("removed"):
            raise contradiction("tells of a log that a reorganisation has taken out")
        if log["blockNumber"] != at:
            at, position = log["blockNumber"], -1
            before, number = number, quantity(at, 63)
            if not span[0] <= number <= span[1]:
                raise contradiction(
                    f"tells of block {number:,} when asked about {span[0]:,} to {span[1]:,}"
                )
            if number <= before:
                raise contradiction(f"tells of block {number:,} twice, or out of order")
            said, told = log["blockHash"], log.get("blockTimestamp")
            latest = _told_time(number, said, told, latest, heads.get(number))
        elif log["blockHash"] != said or log.get("blockTimestamp") != told:
            raise contradiction(f"gives two hashes or times for block {number:,}")
        before, position = position, quantity(log["logIndex"], 63)
        if position <= before:
            raise contradiction(f"tells of a log of block {number:,} twice, or out of order")
    if any(block.number >= number and block.time < latest for block in heads.values()):
        raise contradiction(f"says that block {number:,} came later than one after it")
    return answer


def _told_time(number: int, said: str, told: Any, latest: int, block: Head | None) -> int:
    """The time of the last block so far, after this one.

    Raises:
        NodeContradicts: hash or time are not those of the block.
    """
    if block is not None and hash_of(said) != block.hash:
        raise contradiction(f"tells of logs of another block {number:,} than it has")
    if told is None:
        return latest
    when = quantity(told, 63)
    if when < latest or (block is not None and when != block.time):
        raise contradiction(f"contradicts itself about the time of block {number:,}")
    return when


def contradiction(what: str) -> NodeContradicts:
    """The error of a node whose answer cannot be true."""
    return NodeContradicts(f"the node {what}; run this again, or name another node")


def behind(number: int) -> NodeBehind:
    """The error of a node that lacks a block."""
    return NodeBehind(
        f"the node that answers does not have block {number:,} yet, which another node has; "
        "run this again, or name another node"
    )


def reason(refusal: Refusal) -> ChainError:
    """Why a question about logs was refused."""
    if refusal.kind is Kind.RATE:
        return NodeBusy(
            f"the node says that it is asked too much ({refusal.words()}); run this again later, "
            "or name another node"
        )
    return refused(refusal)


def timestamps(node: Node, logs: Sequence[Log]) -> dict[int, int]:
    """Block number -> time, of the blocks of these logs: from the logs where the node tells, which
    most do now; else from the blocks, which are asked for together.

    Raises:
        NodeBehind: the node does not have one of the blocks.
        NodeContradicts: a block is another one than that of the logs.
        NodeUnreachable, ChainError: the node does not answer, or answers nonsense.
    """
    with node_errors():
        times, unknown = told_times(logs)
        return times | times_of(unknown, blocks(node, *unknown))


def told_times(logs: Sequence[Log]) -> tuple[dict[int, int], dict[int, bytes]]:
    """The times that logs tell, by the number of the block; of blocks whose time they do not tell,
    the hashes."""
    times, unknown, at = dict[int, int](), dict[int, bytes](), ""
    for log in logs:
        if log["blockNumber"] == at:
            continue
        at = log["blockNumber"]
        told, number = log.get("blockTimestamp"), quantity(at, 63)
        if told is not None:
            times[number] = quantity(told, 63)
        else:
            unknown[number] = hash_of(log["blockHash"])
    return times, unknown


def times_of(hashes: Mapping[int, bytes], heads: Sequence[Head | None]) -> dict[int, int]:
    """The times of blocks that were asked for because of logs in them.

    Raises:
        NodeBehind: the node does not have one.
        NodeContradicts: one is another block than that of the logs.
    """
    times = dict[int, int]()
    for (number, said), block in zip(hashes.items(), heads, strict=True):
        if block is None:
            raise behind(number)
        if block.hash != said:
            raise contradiction(f"tells of logs of another block {number:,} than it has")
        times[number] = block.time
    return times
