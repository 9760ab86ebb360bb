"""One round of a relay: what is handed over, and waits for its block."""

from __future__ import annotations

import threading
from collections import deque

from kiseki.chain.sending.fees import SPARE_GAS, Fees
from kiseki.web.relay.rows import Row, Sending

__all__ = ["Round", "most"]


class Round:
    """One round.

    Attributes:
        fees: what a transaction offers now.
        left: of what the wallet holds, what is not kept for a transaction yet, in wei.
        flying: what was handed over, in order, and has no outcome yet.
        about: what is on its way.
        count: how many were handed over.
    """

    def __init__(self, fees: Fees, left: int) -> None:
        self.fees, self.left = fees, left
        self.flying: deque[tuple[Row, Sending]] = deque()
        self.about: set[bytes] = set()
        self.count = 0

    def landed(self, stopped: threading.Event) -> bool:
        """Whether there may be more to do at once."""
        return self.count > len(self.flying) and not stopped.is_set()


def most(gas: int, fees: Fees) -> int:
    """What a transaction can cost at most, in wei."""
    return int(gas * SPARE_GAS) * fees.most
