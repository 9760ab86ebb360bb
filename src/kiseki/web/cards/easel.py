"""Which pictures are kept, and how much drawing is too much.

Anybody can ask for pictures of as many pages as there are wallets. So they together get a part of
one processor, whatever they ask; who comes when it is used up is told to come again.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from kiseki.web.cards.drawn import Card, draw

__all__ = ["Easel", "Kept"]

_KEPT = 256
"""Pictures; each is some ten thousand bytes."""
_PART = 0.25
"""Of one processor."""
_SAVED = 2.0
"""Seconds of drawing that are saved up at most while nobody asks."""

Kept = tuple[str, Card, bytes]
"""As of which block, what is on it, and the PNG."""


class Easel:
    """Draws cards one at a time.

    Args:
        clock: seconds that pass; told by tests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._then = clock, clock()
        self._left = _SAVED
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._one, self._lock = threading.Lock(), threading.Lock()

    def kept(self, address: str, tag: str) -> bytes | None:
        """The picture of a page as of a block, where it is kept."""
        with self._lock:
            found = self._kept.get(address)
            return found[2] if found is not None and found[0] == tag else None

    def may_draw(self) -> bool:
        """Whether there is time for another picture now."""
        with self._lock:
            now = self._clock()
            self._left = min(_SAVED, self._left + (now - self._then) * _PART)
            self._then = now
            return self._left > 0

    def drawn(self, address: str, tag: str, card: Card) -> bytes | None:
        """The picture of a page, drawn where another is kept or none; nothing while somebody else's
        is drawn, for which no visitor of a page should wait."""
        with self._lock:
            before = self._kept.get(address)
        if before is not None and before[1] == card:
            return self._keep(address, (tag, card, before[2]))
        if not self._one.acquire(timeout=0.05):
            return None
        try:
            began = time.thread_time()
            png = draw(card)
            with self._lock:
                self._left -= time.thread_time() - began
        finally:
            self._one.release()
        return self._keep(address, (tag, card, png))

    def _keep(self, address: str, kept: Kept) -> bytes:
        with self._lock:
            self._kept[address] = kept
            self._kept.move_to_end(address)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return kept[2]
