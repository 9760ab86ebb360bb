"""Clocks that are set back, or differ from each other."""

from __future__ import annotations

from kiseki.errors import VaultError

__all__ = ["SKEW", "after"]

SKEW = 5
"""Seconds by which the clocks of two servers of one store may differ."""


def after(last: int, now: int) -> int:
    """The time of what comes after something else: `now`, or that of the other where the clock
    stands a little behind it.

    Raises:
        VaultError: it stands further behind, so it was set back.
    """
    if now < last - SKEW:
        raise VaultError(
            f"the clock of this computer stands {last - now} seconds before the last receipt of "
            "this provider, so it was set back; set it right; nothing is handed out until then"
        )
    return max(last, now)
