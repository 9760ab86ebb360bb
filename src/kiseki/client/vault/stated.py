"""What the wallet of a vault stated on the chain, up to a block that is there for good."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.chain.logs import Head, blocks
from kiseki.chain.node import Node
from kiseki.chain.sending.fees import Finality
from kiseki.core import ids
from kiseki.core.counts import counted
from kiseki.core.keccak import keccak256
from kiseki.errors import VaultError
from kiseki.index import Index

__all__ = ["SORT", "Stated", "safe_block", "stated"]

SORT = "heads"
"""The sort of these statements."""
_KIND = keccak256(SORT.encode())


@dataclass(frozen=True, slots=True)
class Stated:
    """An anchor on the chain.

    Attributes:
        document: the keccak256 of its text.
        time: of the block, in seconds since 1970.
        block, transaction: in which it was stated.
    """

    document: bytes
    time: int
    block: int
    transaction: bytes


def stated(index: Index, wallet: str) -> list[Stated]:
    """All anchors that the wallet of a vault stated of itself, the earliest first. For each of them
    it owes the document: one without shows that it hides what it stated. What others state of the
    wallet is passed over.
    """
    about = ids.wallet(wallet)
    return [
        Stated(each.document, each.time, each.block, each.transaction)
        for each in index.said_by(wallet, _KIND)
        if each.subject == about
    ]


def safe_block(node: Node, finality: Finality) -> Head:
    """The latest block that counts.

    Args:
        finality: ``safe``, ``finalized``, or so many blocks below the latest.

    Raises:
        NodeUnreachable, ChainError: the node does not answer.
        VaultError: it has no such block.
    """
    if isinstance(finality, int):
        (found,) = blocks(node, "latest")
        if found is not None and finality > 1:
            at = found.number - finality + 1
            (found,) = blocks(node, at) if at >= 0 else (None,)
    else:
        (found,) = blocks(node, finality)
    if found is None:
        raise VaultError(
            f"the node knows no block that is {finality}; ask another node, or set "
            "KISEKI_CONFIRMATIONS to a number of blocks"
            if isinstance(finality, str)
            else f"the chain does not have {counted(finality, 'block')} yet; wait, or set "
            "KISEKI_CONFIRMATIONS to fewer"
        )
    return found
