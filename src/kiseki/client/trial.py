"""What a trial came to: transactions, gas and their cost."""

from __future__ import annotations

from typing import Any

from kiseki.chain.release.networks import Network
from kiseki.chain.sending.rehearsal import Rehearsal
from kiseki.client.kiseki import Kiseki

__all__ = ["cost"]


def cost(dry: Kiseki, known: Network) -> dict[str, Any]:
    """As JSON has it, of a session that rehearsed."""
    rehearsal = dry.sender
    if not isinstance(rehearsal, Rehearsal):
        raise TypeError("a rehearsal was asked for")
    now, most = rehearsal.cost()
    calls: dict[str, list[int]] = {}
    for each in rehearsal.trials:
        calls.setdefault(each.call.what, []).append(each.gas)
    return {
        "network": known.name,
        "wallet": dry.address,
        "transactions": len(rehearsal.trials),
        "calls": {what: {"times": len(gas), "gas": sum(gas)} for what, gas in calls.items()},
        "gas": sum(each.gas for each in rehearsal.trials),
        "value": str(sum(each.call.value for each in rehearsal.trials)),
        "now": str(now),
        "most": str(most),
        "currency": known.currency,
        "balance": str(dry.balance()),
    }
