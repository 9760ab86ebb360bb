"""Withdrawals that a program posts to a URL as they come to be, for as long as it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiseki.client.documents import Documents
from kiseki.client.withdrawals.posting import Posted, Target, deliver, undelivered
from kiseki.client.withdrawals.sending import document
from kiseki.client.withdrawals.withdrawals import Withdrawals
from kiseki.index.answers.withdrawals import Of

__all__ = ["Outbox"]

_SECONDS = 10.0
_LONGEST = 10
"""Twice as many blocks after each failure, so many times at most."""


@dataclass(slots=True)
class Outbox:
    """What is posted where.

    The record says what the server took, also to `kiseki withdrawal post`: whatever ends this
    program, another goes on with the rest. Each look reads what came to be since the one before,
    and what the server did not take is tried again later.

    Attributes:
        withdrawals: that are asked.
        target: where they are posted.
        of, key: whose they are, as `Withdrawals.of` takes them.
        record: the file of what was delivered.
        documents: that are at hand.
        seconds: how long one try may take.
    """

    withdrawals: Withdrawals
    target: Target
    of: Of
    key: str | bytes
    record: Path
    documents: Documents = field(default_factory=Documents)
    seconds: float = _SECONDS
    _last: bytes = b""
    _until: int = -1
    _waiting: list[Mapping[str, Any]] = field(default_factory=list)
    _rests: int = -1
    _failures: int = 0

    def post(self, block: int) -> Posted:
        """Posts what the server did not take yet, each once.

        Args:
            block: the latest one; after a failure nothing is tried for some blocks.

        Raises:
            FilesError: the record cannot be used.
            NodeUnreachable, ChainError: the chain cannot be read.
        """
        self._read()
        if not self._waiting or block < self._rests:
            return Posted((), {}, ())
        done = deliver(self.record, self.target, self._waiting, tries=1, seconds=self.seconds)
        taken = set(done.delivered)
        self._waiting = [each for each in self._waiting if each["name"] not in taken]
        if done.failed:
            self._rests = block + 2 ** min(self._failures, _LONGEST)
            self._failures += 1
        else:
            self._failures = 0
        return done

    def _read(self) -> None:
        """Takes up what came to be since the last time."""
        until = self.withdrawals.settled
        if until < self._until:  # the chain was taken back: what is there is known by its name
            self._last, self._waiting = b"", []
        session = self.withdrawals.wallet.session
        registry, found = session["DataRegistry"].address, []
        for each in self.withdrawals.all(self.of, self.key, self.documents, until, self._last):
            found.append(document(each, session.chain_id, registry))
            self._last = each.row.cursor
        self._until = until
        if found:
            self._waiting += undelivered(self.record, self.target, found)
