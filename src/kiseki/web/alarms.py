"""From when a figure of the operator's page needs somebody, and which do now.

The page names each bound beside its figure, so that nobody need guess what is too much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kiseki.chain.release.networks import network
from kiseki.chain.sending.intents import Intent
from kiseki.web.relay.told import Figures
from kiseki.web.site import State

__all__ = ["Bounds", "Keeper", "alarms", "keeper_metrics"]

_LATE, _PENDING, _SILENT = 300, 600, 600
"""Seconds. A public chain makes a block every few seconds, a transaction is raised after half a
minute, and a keeper writes after every look at the chain."""
_LONGEST = 1 << 16


@dataclass(frozen=True, slots=True)
class Keeper:
    """What a keeper said last (`kiseki keeper --metrics`).

    Attributes:
        time: when, in Unix seconds; none where its file cannot be read.
        values: its metrics, without ``kiseki_keeper_``.
    """

    time: int | None
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Bounds:
    """From when a figure is an alarm.

    Attributes:
        age: of the last block, in seconds, when it is more; none on a chain of one machine, which
            makes a block only where somebody sends something.
        pending: of a transaction in no block, in seconds, when it is more.
        keeper: of what a keeper wrote, in seconds, when it is more.
        balance: of the wallet that pays, in wei, when it is less.
        spent: what counts for today, in wei, when it is as much.
        waiting: requests, when they are as many.
    """

    age: int | None
    pending: int = _PENDING
    keeper: int = _SILENT
    balance: int = 0
    spent: int = 0
    waiting: int = 0

    @classmethod
    def of(cls, chain_id: int, relay: Figures | None) -> Bounds:
        """Those of a site; four fifths of what is limited are too much."""
        age = _LATE if network(chain_id).is_public else None
        if relay is None:
            return cls(age)
        return cls(age, balance=relay.day, spent=_most(relay.day), waiting=_most(relay.places))


def alarms(
    read: State,
    relay: Figures | None,
    *,
    now: int,
    pending: Sequence[Intent] = (),
    keeper: Keeper | None = None,
) -> list[str]:
    """What needs somebody: ``node``, ``late``, ``trouble``, ``balance``, ``limit``, ``waiting``,
    ``pending``, ``keeper``.

    Args:
        now: Unix seconds.
        pending: transactions that are in no block.
        keeper: none where no keeper's file was named.
    """
    of = Bounds.of(read.chain_id, relay)
    found = ["node"] if read.failure else []
    if not read.failure and of.age is not None and now - read.time > of.age:
        found.append("late")
    if relay is not None:
        if relay.trouble is not None:
            found.append("trouble")
        if relay.balance is not None and relay.balance < of.balance:
            found.append("balance")
        if relay.spent >= of.spent:
            found.append("limit")
        if relay.waiting >= of.waiting:
            found.append("waiting")
    if any(now - each.since > of.pending for each in pending):
        found.append("pending")
    if keeper is not None and (keeper.time is None or now - keeper.time > of.keeper):
        found.append("keeper")
    return found


def keeper_metrics(path: Path | None) -> Keeper | None:
    """What a keeper wrote into its file; none where no file was named."""
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST).decode("utf-8", "replace")
        time = int(path.stat().st_mtime)
    except OSError:
        return Keeper(None, {})
    rows = [each.rpartition(" ") for each in text.splitlines() if not each.startswith("#")]
    return Keeper(time, {name.removeprefix("kiseki_keeper_"): said for name, _, said in rows})


def _most(limit: int) -> int:
    return -(-limit * 4 // 5)
