"""A transaction as the node tells it: whether it succeeded, and what the suite logged in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kiseki.chain.answers import hash_of, quantity
from kiseki.chain.contract.contracts import node_errors
from kiseki.chain.node import connect
from kiseki.client.session import Session
from kiseki.core.checksum import checksummed
from kiseki.core.event import Event
from kiseki.core.values import bytes32, to_hex
from kiseki.errors import NodeContradicts

__all__ = ["Transaction", "transaction"]

_TIMEOUT = 4.0
"""Seconds that a node may take: somebody looks at a page meanwhile."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction that a node knows.

    Attributes:
        hash: 32 bytes.
        sender: who sent it, checksummed.
        to: which contract or wallet it went to; none where it made a contract.
        value: wei that went along.
        block, time: in which block, and when; none while it waits for one.
        succeeded: whether it was carried out; none while it waits.
        fee: what it cost the sender, in wei; none while it waits.
        events: what the suite logged in it, in order.
    """

    hash: bytes
    sender: str
    to: str | None
    value: int
    block: int | None = None
    time: int | None = None
    succeeded: bool | None = None
    fee: int | None = None
    events: tuple[Event, ...] = ()


def transaction(session: Session, which: bytes) -> Transaction | None:
    """Asks the node; none where it knows no such transaction, which another node may know.

    Raises:
        ChainError: the node does not answer, or says what cannot be.
    """
    text = to_hex(bytes32(which, "the transaction"))
    node = connect(session.node.urls, session.chain_id, _TIMEOUT, _TIMEOUT)
    with node_errors():
        sent = node.one("eth_getTransactionByHash", text)
        if sent is None:
            return None
        _must_be(which, sent["hash"])
        to = None if sent["to"] is None else checksummed(sent["to"])
        told = Transaction(which, checksummed(sent["from"]), to, quantity(sent["value"], 256))
        receipt = node.one("eth_getTransactionReceipt", text)
        if receipt is None:
            return told
        _must_be(which, receipt["transactionHash"])
        number, price = quantity(receipt["blockNumber"]), receipt.get("effectiveGasPrice", "0x0")
        block = node.one("eth_getBlockByHash", receipt["blockHash"], False)
        _must_be(hash_of(receipt["blockHash"]), block["hash"])
        time = quantity(block["timestamp"])
        return Transaction(
            told.hash, told.sender, told.to, told.value, number, time,
            quantity(receipt["status"]) == 1,
            quantity(receipt["gasUsed"]) * quantity(price, 128),
            _events(session, receipt, {number: time}),
        )  # fmt: skip


def _events(
    session: Session, receipt: Mapping[str, Any], times: Mapping[int, int]
) -> tuple[Event, ...]:
    logs = receipt["logs"]
    if not isinstance(logs, list):
        raise ValueError("logs that are none")
    return tuple(session.decoded(logs, times))


def _must_be(wanted: bytes, told: object) -> None:
    if hash_of(told) != wanted:
        raise NodeContradicts(
            f"the node was asked about {to_hex(wanted)} and tells of something else; ask another "
            "node"
        )
