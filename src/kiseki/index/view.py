"""What questions about money look at: the store as of one moment, and what was added beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kiseki.core import ids
from kiseki.core.split import Split
from kiseki.index.books.accounts import Books
from kiseki.index.books.ahead import ahead
from kiseki.index.books.glance import Glance, glance_of
from kiseki.index.books.graph import Graph
from kiseki.index.books.naming import Naming
from kiseki.index.books.owed import Sight
from kiseki.index.books.waiting import Ages, Waiting
from kiseki.index.facts.splits import Splits
from kiseki.index.store.database import Store
from kiseki.index.store.figures import put_back

__all__ = ["View"]


class View:
    """The graph and the books, read when they are asked for.

    Splits and identities that only this asker knows of are put beside them in memory, as if events
    had told of them, and so are bindings whose time came since the last block.

    Args:
        addresses: name and address of each contract that a chain has once.
        added: splits.
        identities: issuer and person of each.
        times: of the last block, and of now; Unix seconds.
        before: a block that can be undone; the books are then those before it.
    """

    def __init__(
        self,
        store: Store,
        addresses: Mapping[str, str],
        added: Iterable[Split],
        identities: Iterable[tuple[str, bytes]],
        times: tuple[int, int],
        before: int | None = None,
    ) -> None:
        self._store = store
        store.keys.mark()  # nothing is fresh for who only asks
        self.splits = Splits(store)
        self.graph = Graph(store, store.keys.number(ids.wallet(addresses["RevenueSplitter"])))
        self.books = Books(store, self.graph)
        if before is not None:
            put_back(store, before, (*self.graph.figures, *self.books.figures))
        naming = Naming(store, self.graph, self.books, addresses)
        told = naming.run(*times) or before is not None
        for who in identities:
            told |= naming.know(*who)
        for split in added:
            told |= self._add(split)
        self.books.settle()
        self._is_plain = not told
        self.sight = Sight(store, self.graph, self.books, self.splits, self._is_plain)

    def _add(self, split: Split) -> bool:
        number = self._store.keys.number(split.key)
        self.splits.add(split)
        if self.graph.knows(number):
            return False
        leaves = [(self._store.keys.number(payee), shares) for payee, shares in split.leaves]
        self.graph.add(number, leaves, kept=False)
        self.books.known(number)
        return True

    def waterfalls_ahead(self, wallets: Iterable[bytes]) -> dict[str, tuple[int, ...]]:
        """Address of each waterfall that pays some wallets -> the tiers that lead there."""
        known = map(self._store.keys.look_up, wallets)
        wanted = {number for number in known if number is not None}
        found = ahead(self._store, self.graph, wanted, self._is_plain)
        return {self._store.keys.address(fall): places for fall, places in found.items()}

    def tokens_at(self, payee: bytes) -> list[str]:
        """The tokens in which an account has figures, in order."""
        number = self._store.keys.look_up(payee)
        tokens = [] if number is None else self.books.tokens_of(number)
        return sorted(map(self._store.keys.address, tokens))

    def glance(self, wallet: str, tokens: int, each: int, most: int) -> Glance:
        """What waits for a wallet in a few tokens."""
        return glance_of(
            self._store, self.graph, self.books, self.sight, wallet, tokens, each, most
        )

    def unclaimed(self, payee: bytes, token: str, after: bytes, most: int) -> list[Waiting]:
        """What waits for a wallet, or for anybody at a split or subject, and since when."""
        ages = Ages(self._store, self.graph, self.books, self.splits, token)
        wallet = ids.wallet_address(payee)
        if wallet is None:
            return ages.at(payee, after, most)
        return ages.of_wallet(self.sight.owed(wallet.lower(), token), after, most)

    def opening(self, payee: bytes) -> bytes:
        """What shows what a split or a subject stands for.

        Raises:
            NotInIndex: it is neither, as far as the events tell.
        """
        number = self._store.keys.look_up(payee)
        subject = None if number is None else self.graph.subject(number)
        if subject is None:
            return self.splits.get(payee).opening
        keys = self._store.keys
        return ids.subject_opening(keys.address(subject.contract), keys.raw(subject.id))
