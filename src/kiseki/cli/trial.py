"""What a trial of a command came to: transactions, gas and their cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kiseki.chain.release.networks import Network
from kiseki.cli import show
from kiseki.core.amounts import in_units

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki

__all__ = ["cost", "sentence"]


def cost(dry: Kiseki, known: Network) -> dict[str, Any]:
    """As JSON has it, of a session that rehearsed."""
    from kiseki.chain.sending.rehearsal import Rehearsal

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


def sentence(told: dict[str, Any], known: Network) -> str:
    """The same for people."""
    value = int(told["value"])
    now, most = (in_units(int(told[each]) - value) for each in ("now", "most"))
    sent = f"It sends {in_units(value)} {known.currency}. " if value else ""
    return (
        f"{show.count(told['transactions'], 'transaction')} on {known.name} from {told['wallet']}. "
        f"{sent}The gas ({told['gas']:,}) costs about {now} and at most {most} {known.currency}"
        f"{_BELOW[known.fee_below]}; the wallet holds "
        f"{in_units(int(told['balance']))} {known.currency}."
    )


_BELOW = {
    "": "",
    "gas": ", with the fee of the chain below as it is now",
    "beside": ", and beside that the fee of the chain below, which no node tells beforehand",
}
