"""The index as the measurements see it: the one place to change when its interface does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.world.suite import ADDRESSES
from kiseki.chain.answers import Log, quantity
from kiseki.chain.contract.artifacts import artifact
from kiseki.chain.contract.events import Decoder
from kiseki.core.event import Event
from kiseki.index import Index

__all__ = ["Reader"]

Logs = Sequence[Log]
"""As a node answers them, in JSON."""


class Reader:
    """An index, and what reads logs into it.

    Attributes:
        index: all of it.
        questions: by name: asks something about an argument, and says how many rows came back.
    """

    def __init__(self) -> None:
        self.index = Index(ADDRESSES.items())
        self._decoder = Decoder((at, artifact(name)) for name, at in ADDRESSES.items())
        self.questions: dict[str, Callable[[str], int]] = {
            "owed": self._owed,
            "lineage": self._lineage,
            "usage": self._usage,
            "status": self._status,
        }

    def decode(self, logs: Logs) -> list[Event]:
        """Logs as events."""
        written = {each["blockNumber"]: each["blockTimestamp"] for each in logs}
        times = {quantity(block): quantity(time) for block, time in written.items()}
        return list(self._decoder.decode(logs, times))

    def apply(self, events: Sequence[Event]) -> None:
        """Adds events, and is asked as of the last one from then on."""
        self.index.apply(events)
        self.index.at(events[-1].timestamp)

    def size(self) -> int:
        """Bytes of the database."""
        store: Any = self.index._store
        (pages,), (page,) = store.row("PRAGMA page_count"), store.row("PRAGMA page_size")
        found: int = pages * page
        return found

    def close(self) -> None:
        self.index.close()

    def _owed(self, wallet: str) -> int:
        return len(self.index.owed(wallet))

    def _lineage(self, group: str) -> int:
        found = self.index.lineage(bytes.fromhex(group))
        return len(found.edges)

    def _usage(self, provider: str) -> int:
        return len(self.index.usage(provider))

    def _status(self, item: str) -> int:
        found = [each for each in self.index.find(bytes.fromhex(item)) if each.kind == "collection"]
        return len([self.index.status(each.id) for each in found])
