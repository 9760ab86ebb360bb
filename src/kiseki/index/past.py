"""The index as it stood at the end of an earlier block."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

from kiseki.core import ids, registrations
from kiseki.index.answers.overview import Overview
from kiseki.index.books import anew
from kiseki.index.books.accounts import Books
from kiseki.index.books.graph import Graph
from kiseki.index.books.naming import Naming
from kiseki.index.cursor import read_cursor
from kiseki.index.money import Money
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.past import PastStore
from kiseki.index.view import View

__all__ = ["Past"]

_LAST = "SELECT time FROM block WHERE number <= ? ORDER BY number DESC LIMIT 1"


class Past(Money):
    """All questions, asked of what stood in the chain at the end of a block; see `Index.as_of`.

    Attributes:
        block: which.
        is_folded: whether the books of that block cannot be had by taking blocks back. Then the
            first question about money works them out from all that moved before, which takes as
            long as there is of it.

    Args:
        of: the store of today.
        now: the time that it is asked for, Unix seconds.
    """

    def __init__(
        self, of: Store, addresses: Mapping[str, str], block: int, now: int | None
    ) -> None:
        self._past = store = PastStore(of, t.place_of(block + 1) - 1)
        super().__init__(store, addresses)
        self.block = block
        self.overview = Overview(store, block)
        row = store.read(_LAST, block)
        self._time = 0 if row is None else int(row[0])
        self._now = self._time if now is None else now
        self._cursor = read_cursor(store)
        self.is_folded = block + 1 < self._cursor.floor
        self._has_books = not self.is_folded

    def __enter__(self) -> Past:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def time(self) -> int:
        """The time that it is asked for; of the last block of which something is known here where
        nobody named one."""
        return max(self._now, self._time)

    def log(self, registry: str) -> bytes:
        """As of the index; it takes as long as there are registrations."""
        return registrations.fold(self.registered(registry))

    def count(self, registry: str) -> int:
        """As of the index, likewise."""
        return len(self.registered(registry))

    def tokens(self) -> list[str]:
        """As of the index."""
        books, keys = self._view.books, self._store.keys
        return [each for each in super().tokens() if books.deposited(keys.number(each))]

    @property
    def _view(self) -> View:
        if not self._has_books:
            self._fold()
        if self._seen is None:
            taken_back = not self.is_folded and self.block < self._cursor.block
            self._seen = View(
                self._store,
                self._addresses,
                self._splits.values(),
                self._identities,
                (self._time, self.time),
                self.block + 1 if taken_back else None,
            )
        return self._seen

    def _fold(self) -> None:
        store = self._past
        store.empty_books()
        graph = Graph(store, store.keys.number(ids.wallet(self._addresses["RevenueSplitter"])))
        books = Books(store, graph)
        anew.fold(store, graph, books, Naming(store, graph, books, self._addresses), self._time)
        self._has_books = True
