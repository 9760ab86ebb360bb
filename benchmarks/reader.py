"""The index as the measurements see it: the one place to change when its interface does."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.world.suite import ADDRESSES
from kiseki.chain.answers import Log, quantity
from kiseki.chain.contract.artifacts import artifact
from kiseki.chain.contract.events import Decoder
from kiseki.core.event import Event
from kiseki.index import DEPTH, Head, Index

__all__ = ["Logs", "Part", "Reader"]

Logs = Sequence[Log]
"""As a node answers them, in JSON."""


class Part(NamedTuple):
    """What some blocks logged, with the number, time and hash of the last."""

    events: list[Event]
    block: int
    time: int
    hash: bytes


class Reader:
    """An index, and what reads logs into it.

    Args:
        url: of a PostgreSQL database; a file of its own without one.

    Attributes:
        clock: what times are told by: the processor's of this process, where the database is in it;
            else that on the wall.
        file: of its own, where no URL is given.
        index: all of it.
        questions: by name: asks something about an argument, and says how many rows came back.
    """

    def __init__(self, url: str | None = None) -> None:
        self._folder = TemporaryDirectory(prefix="kiseki-bench-")
        self.file = Path(self._folder.name, "index.sqlite")
        self.clock = time.process_time if url is None else time.perf_counter
        self.index = Index(ADDRESSES.items(), url or self.file)
        self._decoder = Decoder((at, artifact(name)) for name, at in ADDRESSES.items())
        self.questions: dict[str, Callable[[str], int]] = {
            "owed": self._owed,
            "lineage": self._lineage,
            "usage": self._usage,
            "status": self._status,
        }

    def decode(self, logs: Logs) -> Part:
        """Logs of whole blocks, in order."""
        written = {each["blockNumber"]: each["blockTimestamp"] for each in logs}
        times = {quantity(block): quantity(time) for block, time in written.items()}
        last = max(times)
        hashed = bytes.fromhex(logs[-1]["blockHash"][2:])
        return Part(list(self._decoder.decode(logs, times)), last, times[last], hashed)

    def apply(self, part: Part, newest: bool = False) -> None:
        """Adds events, and is asked as of the last one from then on.

        Args:
            newest: whether these blocks are the chain's latest, so that they may be undone yet.
        """
        head = Head(part.block, part.time, part.hash)
        self.index.apply(part.events, [head], None if newest else part.block + 2 * DEPTH)
        self.index.at(part.time)

    def together(self) -> AbstractContextManager[object]:
        """Parts of a long history are added inside, as one who catches up adds them."""
        return self.index.together()

    def size(self) -> int:
        """Bytes of the database, without the log that a file has while somebody writes."""
        return self.index.size()

    def close(self) -> None:
        self.index.close()
        self._folder.cleanup()

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
