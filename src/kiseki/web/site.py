"""One chain for many visitors: one thread follows it, and several connections read the index.

A page is read from one snapshot, so it never shows half a block. While the node does not answer,
pages stay, and say how old they are.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kiseki.chain.signing.contractwallets import has_signed
from kiseki.client.kiseki import Kiseki
from kiseki.client.transactions import Transaction, transaction
from kiseki.errors import KisekiError, NodeAway, NodeBusy
from kiseki.index import Index

__all__ = ["READERS", "Site", "State", "now"]

READERS = 8
"""Connections to the index that are kept open, and pages that are made at once. More visitors wait,
for milliseconds."""

_TOGETHER = 2
"""Visitors who wait for the node at a time."""

_AGAIN = 15.0
"""Seconds after which a node that did not answer is tried again by a connection of its own."""


@dataclass(frozen=True, slots=True)
class State:
    """How far the index goes.

    Attributes:
        chain_id: the chain.
        block, time: the last block that was read, and its time in Unix seconds.
        hash: of that block, as 0x text; empty before the first.
        failure: why the node could not be asked last time, in words; empty where it could.
        since: since when it cannot, Unix seconds by the clock of this machine; none where it can.
    """

    chain_id: int
    block: int
    time: int
    hash: str
    failure: str
    since: int | None


class Site:
    """The index of one chain, for pages.

    Args:
        connect: makes a connection; called again where the node was away when the last was made.
        every: seconds between two looks at the chain.
    """

    def __init__(self, connect: Callable[[], Kiseki], every: float = 2.0) -> None:
        self._connect, self._every = connect, every
        self._k = connect()
        self._readers: queue.LifoQueue[Index | None] = queue.LifoQueue()
        for _ in range(READERS):
            self._readers.put(None)  # opened when it is first needed
        as_of = self._k.session.as_of
        self._failure = "" if as_of is None else as_of.reason
        self._since = None if as_of is None else now()
        self._asking = threading.Semaphore(_TOGETHER)
        self._stopped = threading.Event()
        self._tried = time.monotonic()
        self._thread = threading.Thread(target=self._follow, name="follower", daemon=True)

    @property
    def k(self) -> Kiseki:
        """The connection, for what only a node or a contract tells."""
        return self._k

    def start(self) -> None:
        """Follows the chain from now on."""
        self._thread.start()

    def close(self) -> None:
        """Ends following, and closes all connections."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        while not self._readers.empty():
            reader = self._readers.get_nowait()
            if reader is not None:
                reader.close()
        self._k.close()

    @contextmanager
    def reading(self) -> Iterator[Index]:
        """A connection to the index, as it stands now, until the block ends.

        Raises:
            IndexUnusable: it cannot be opened.
        """
        reader = self._readers.get()
        try:
            if reader is None:
                reader = self._k.session.reader()
            else:
                reader.refresh()
            yield reader
        finally:
            self._readers.put(reader)

    def state(self, index: Index) -> State:
        """How far an index goes, and whether the node answers."""
        cursor = index.cursor
        chain = self._k.session.chain_id
        return State(chain, cursor.block, index.time, cursor.hash, self._failure, self._since)

    def transaction(self, which: bytes) -> Transaction | None:
        """What the node says of a transaction; none where it knows no such one. Two visitors at
        most wait for the node at a time, so that a slow one stops no page.

        Raises:
            ChainError: it does not answer, or too many ask.
        """
        if self._failure:
            raise NodeAway(self._failure)
        if not self._asking.acquire(blocking=False):
            raise NodeBusy("too many visitors ask the node just now; try again in a moment")
        try:
            return transaction(self._k.session, which)
        finally:
            self._asking.release()

    def has_signed(self, wallet: str, digest: bytes, signature: bytes) -> bool:
        """Whether a wallet that is a contract says that it signed something; as `transaction`.

        Raises:
            InvalidInput: it is no signature.
            ChainError: the node does not answer, or too many ask.
        """
        if self._failure:
            raise NodeAway(self._failure)
        if not self._asking.acquire(blocking=False):
            raise NodeBusy("too many visitors ask the node just now; try again in a moment")
        try:
            return has_signed(self._k.session.node, wallet, digest, signature)
        finally:
            self._asking.release()

    # Following

    def catch_up(self) -> None:
        """Reads what the chain has logged since. A failure is kept for `state`."""
        try:
            self._return()
            self._k.session.catch_up()
        except KisekiError as error:
            self._failure, self._since = str(error), self._since or now()
        else:
            self._failure, self._since = "", None

    def _return(self) -> None:
        """Connects again where the node was away when the connection was made."""
        if self._k.session.as_of is None:
            return
        if time.monotonic() < self._tried + _AGAIN:
            return
        self._tried = time.monotonic()
        made = self._connect()
        if made.session.as_of is None:
            self._k, old = made, self._k
            old.close()
        else:
            made.close()

    def _follow(self) -> None:
        while not self._stopped.is_set():
            self.catch_up()
            self._stopped.wait(self._every)


def now() -> int:
    """The time by the clock of this machine, in Unix seconds."""
    return int(time.time())
