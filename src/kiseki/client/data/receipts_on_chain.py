"""What the chain says of a receipt's collection."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.client.session import Session
from kiseki.core.values import ZERO_ADDRESS
from kiseki.errors import ContractReverted
from kiseki.vault.receipts import Receipt

__all__ = ["OnChain", "on_chain"]


@dataclass(frozen=True, slots=True)
class OnChain:
    """A collection on the chain; times in Unix seconds.

    Attributes:
        registered_at: when it was registered.
        revoked_at: when consent was revoked; none when it was not.
        ends_at: from when on new uses are refused; none for never.
        payee: who is paid now; a receipt says who was when it was written.
    """

    registered_at: int
    revoked_at: int | None
    ends_at: int | None
    payee: bytes


def on_chain(receipt: Receipt, session: Session) -> OnChain | None:
    """What the chain says of the collection; none when it is not registered there (yet).

    Provider, root and terms are in its ID, so they need no comparing.
    """
    registry = session["DataRegistry"]
    try:
        found = registry.read("status", receipt.kept.id)
    except ContractReverted as refusal:
        if refusal.name != "DataRegistry_UnknownCollection":
            raise
        return None
    payee = registry.read("payeeOf", receipt.kept.id, ZERO_ADDRESS)
    return OnChain(
        found["registeredAt"], found["revokedAt"] or None, found["endsAt"] or None, payee
    )
