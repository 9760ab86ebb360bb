"""Proofs of storage, as a node gives them (`eth_getProof`), for `kiseki.core.state` to check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kiseki.chain.contract.contracts import node_errors, refused
from kiseki.chain.node import Node
from kiseki.chain.refusals import Refusal
from kiseki.core import rlp
from kiseki.core.state import Header, StorageProof
from kiseki.core.values import from_hex, to_hex
from kiseki.errors import ChainError, InvalidInput, Unprovable

if TYPE_CHECKING:
    pass

__all__ = ["prove"]

_NUMBERS = {
    "difficulty", "number", "gasLimit", "gasUsed", "timestamp",
    "baseFeePerGas", "blobGasUsed", "excessBlobGas",
}  # fmt: skip
_HEADER = (
    "parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot",
    "logsBloom", "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData",
    "mixHash", "nonce",
)  # fmt: skip
_LATER = (
    "baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot",
    "requestsHash",
)  # fmt: skip
"""What forks added, each after those before it."""


def prove(node: Node, contract: str, slot: int, block: int) -> StorageProof:
    """What shows a slot of a contract as of a block. The header is hashed again; what the nodes of
    the tries say is for the caller to look at (`StorageProof.value`).

    Raises:
        Unprovable: this node gives no proof, or its block cannot be hashed again: of what there is
            to be shown that says nothing.
        NodeUnreachable: it does not answer.
    """
    at, key = hex(block), to_hex(slot.to_bytes(32, "big"))
    with node_errors():
        told, shown = node.ask(
            [("eth_getBlockByNumber", [at, False]), ("eth_getProof", [contract, [key], at])],
        )
    if isinstance(told, Refusal):
        raise Unprovable(f"it cannot be proved here: {refused(told)}")
    if isinstance(shown, Refusal):
        raise Unprovable(
            f"it cannot be proved here: the node has no proof of block {block:,} "
            f"({refused(shown)}); ask one that keeps what is older"
        )
    try:
        header = _header(told)
        account = _nodes(shown["accountProof"])
        storage = _nodes(shown["storageProof"][0]["proof"])
    except (InvalidInput, KeyError, TypeError, IndexError, ValueError):
        raise Unprovable(
            "it cannot be proved here: the node's answer is no block and proof; ask another"
        ) from None
    if header.number != block:
        raise ChainError("the node answered for another block than was asked for; ask another")
    return StorageProof(header, account, storage)


def _header(told: Mapping[str, Any]) -> Header:
    names = [*_HEADER, *(name for name in _LATER if told.get(name) is not None)]
    header = Header(rlp.encode([_field(name, told[name]) for name in names]))
    if header.hash != from_hex(told["hash"], 32, "the block's hash"):
        raise Unprovable(
            "it cannot be proved here: the header of this chain's blocks has another form, and its "
            "hash could not be computed again"
        )
    return header


def _field(name: str, text: str) -> bytes:
    if name not in _NUMBERS:
        return from_hex(text, None, name)
    number = int(text, 16)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _nodes(listed: list[str]) -> tuple[bytes, ...]:
    return tuple(from_hex(each, None, "a node of the proof") for each in listed)
