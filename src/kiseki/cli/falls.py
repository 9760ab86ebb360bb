"""Money on its way through waterfalls, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kiseki.cli import context, show
from kiseki.core.checksum import checksummed
from kiseki.core.values import ZERO_ADDRESS
from kiseki.errors import NodeAway

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki
    from kiseki.client.revenue.waterfalls import Ahead

__all__ = ["ahead_of", "plain", "told_of_waiting"]


def ahead_of(k: Kiseki) -> list[Ahead] | None:
    """What is on its way through waterfalls; nothing where only a node tells, and none does."""
    try:
        return k.revenue.waterfall.ahead()
    except NodeAway:
        if k.session.as_of is None:
            raise
        return None


def told_of_waiting(k: Kiseki, ahead: Ahead) -> None:
    """Shows what waits for tiers of a waterfall, and how to try again."""
    fall = checksummed(ahead.waterfall)
    option = "" if ahead.token == ZERO_ADDRESS else f" --token {ahead.token}"
    for each in ahead.waiting:
        show.say(
            f"{context.money(k, ahead.token, each.amount)} wait for tier {each.tier} of the "
            f"waterfall {fall}, which could not take this money. A claim cannot pay it. Try again: "
            f"`kiseki revenue waterfall retry {fall} {each.tier}{option}`."
        )


def plain(ahead: Ahead) -> dict[str, Any]:
    """The same for JSON."""
    return {
        "waterfall": ahead.waterfall, "token": ahead.token, "lies": str(ahead.lies),
        "owed": str(ahead.owed),
        "waiting": [{"tier": e.tier, "amount": str(e.amount)} for e in ahead.waiting],
    }  # fmt: skip
