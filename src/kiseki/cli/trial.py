"""What a trial of a command came to, for people."""

from __future__ import annotations

from typing import Any

from kiseki.chain.release.networks import Network
from kiseki.cli import show
from kiseki.core.amounts import in_units

__all__ = ["sentence"]


def sentence(told: dict[str, Any], known: Network) -> str:
    """What `kiseki.client.trial.cost` told."""
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
