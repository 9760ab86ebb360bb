"""One call on its way, as a flight knows it."""

from __future__ import annotations

from kiseki.chain.contract.contracts import Call
from kiseki.chain.sending.intents import Attempt, Intent
from kiseki.chain.sending.outcome import Outcome
from kiseki.chain.sending.wire import Mined
from kiseki.errors import (
    KisekiError,
)

__all__ = ["Entry"]


class Entry:
    """One call on its way.

    Attributes:
        call: which.
        limit: its gas limit, once that is known.
        intent, attempts: what the journal has of it, once it was written down.
        found: it in a block.
        outcome: the end of it.
        unknown: although that is an error, it may still be carried out.
        resumed: an earlier run had sent it.
        displaced: since when something else seems to have its nonce.
        said: what a node said against it.
    """

    __slots__ = ("attempts", "call", "displaced", "found", "intent", "limit", "outcome",
                 "resumed", "said", "unknown")  # fmt: skip

    def __init__(self, call: Call) -> None:
        self.call = call
        self.limit: int | None = None
        self.intent: Intent | None = None
        self.attempts: list[Attempt] = []
        self.found: Mined | None = None
        self.outcome: Outcome | None = None
        self.unknown = self.resumed = False
        self.displaced: float | None = None
        self.said = ""

    def fails(self, error: KisekiError) -> None:
        self.outcome = Outcome(self.call, error=error)
