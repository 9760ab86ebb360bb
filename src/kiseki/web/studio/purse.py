"""What the wallet of a studio holds and what gas costs it, for pages that name a cost."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.chain.answers import quantity
from kiseki.chain.contract.contracts import node_errors
from kiseki.errors import ChainError
from kiseki.web.signing.desk import Desk

__all__ = ["Purse", "purse"]


@dataclass(frozen=True, slots=True)
class Purse:
    """A wallet that pays, as the node tells it.

    Attributes:
        wallet: its address, checksummed.
        price: what a unit of gas costs now, in wei; none where the node does not say.
        balance: what it holds, in wei; none likewise.
    """

    wallet: str
    price: int | None = None
    balance: int | None = None


def purse(desk: Desk) -> Purse:
    """What the studio's wallet holds now."""
    try:
        with desk.connected() as k, node_errors():
            price = quantity(k.session.node.one("eth_gasPrice"), 96)
            return Purse(desk.wallet, price, k.balance())
    except ChainError:
        return Purse(desk.wallet)
