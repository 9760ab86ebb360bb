"""Pages of the last block, for those who ask for the same one again.

Many follow one link, or look where a list begins. A page is made once for all of them, until the
next block: then all are thrown away. So nothing here is ever old, and nobody has to say when to
make a page again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

__all__ = ["ROOM", "Address", "Shelf"]

ROOM = 32 << 20
"""Bytes of all pages together. A page of fifty rows is some fifty thousand."""

_BESIDE = 500
"""Bytes that a page takes beside its own and those of its address, rounded up."""

Address = tuple[str, ...]
"""All that a page depends on beside the block."""


class Shelf:
    """Pages that were made, of one block.

    Args:
        room: how many bytes they take together at most. Where they would take more, the page that
            was not asked for longest makes room.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room, self._taken, self._block = room, 0, ""
        self._pages: OrderedDict[Address, bytes] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        """Bytes that all pages take now."""
        return self._taken

    @property
    def addresses(self) -> list[Address]:
        """Of which pages there are, the one that was not asked for longest first."""
        with self._lock:
            return list(self._pages)

    def page(self, block: str, address: Address) -> bytes | None:
        """A page as of a block; none where it has to be made. Pages of any other block are thrown
        away."""
        with self._lock:
            if block != self._block:
                self._pages.clear()
                self._block, self._taken = block, 0
            found = self._pages.get(address)
            if found is not None:
                self._pages.move_to_end(address)
            return found

    def keep(self, block: str, address: Address, page: bytes) -> None:
        """Keeps a page, unless another block came while it was made."""
        with self._lock:
            if block != self._block or address in self._pages:
                return
            self._pages[address] = page
            self._taken += _takes(address, page)
            while self._taken > self._room:
                self._taken -= _takes(*self._pages.popitem(last=False))


def _takes(address: Address, page: bytes) -> int:
    return len(page) + sum(4 * len(each) for each in address) + _BESIDE
