"""Questions about money: who is owed what, since when, and what is held where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import bindparam, select

from kiseki.core import ids
from kiseki.core.split import Split
from kiseki.core.splitlist import Listed
from kiseki.core.values import ZERO_ADDRESS, address, address_text, bytes32
from kiseki.index.answers.agreements import Agreements
from kiseki.index.answers.moments import block_at
from kiseki.index.answers.overview import Overview
from kiseki.index.answers.pages import ALL
from kiseki.index.answers.records import Records
from kiseki.index.books import balance, ledger
from kiseki.index.books.balance import Balance
from kiseki.index.books.glance import Glance
from kiseki.index.books.owed import Owed, Step
from kiseki.index.books.waiting import Waiting
from kiseki.index.facts.splits import KnownSplit
from kiseki.index.questions import Questions
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.types import Address, Key
from kiseki.index.view import View

__all__ = ["Money"]

_BINDING = (
    select(t.identity.c.wallet, t.identity.c.since)
    .where(
        t.identity.c.issuer == bindparam("issuer", type_=Address),
        t.identity.c.person == bindparam("person", type_=Key),
    )
    .order_by(t.identity.c.at.desc())
    .limit(1)
)


class Money(Questions):
    """The part of :class:`~kiseki.index.Index` that answers all questions and changes nothing.

    Splits and identities that are added are known to whoever asks this object, and written nowhere.

    Attributes:
        agreements: conditional transfers, offers and licences, waterfalls.
        overview: impact, earnings, histories, coverage, counts, search.

    Args:
        addresses: name -> address in lower case, of each contract that a chain has once.
    """

    def __init__(self, store: Store, addresses: Mapping[str, str]) -> None:
        self._store, self._addresses = store, addresses
        self._records = Records(store)
        self.agreements = Agreements(store)
        self.overview = Overview(store)
        self._now = 0
        self._identities: list[tuple[str, bytes]] = []
        self._splits: dict[bytes, Split] = {}
        self._seen: View | None = None

    def block_at(self, time: int) -> int:
        """The last block of which something is known here that is not later than a time; -1 before
        the first. What changed nothing is not known, so the state is that of the time.

        Args:
            time: Unix seconds.
        """
        return block_at(self._store, time)

    def size(self) -> int:
        """Bytes on the disk, or in memory."""
        return self._store.size()

    def close(self) -> None:
        """Ends the connection; the index cannot be asked afterwards."""
        self._store.close()

    def at(self, now: int) -> None:
        """Sets the time that questions are asked at, which is never before the last block's.

        Args:
            now: Unix seconds; of the latest block.
        """
        if now != self._now:
            self._now = now
            self._seen = None

    def add_identity(self, issuer: str, person: bytes) -> bytes:
        """Adds an identity that nobody has bound yet, so that what waits for it can be told.

        It is known to whoever asks this object, and written nowhere.

        Returns:
            Its subject's key, which is a hash and tells nothing by itself.
        """
        who = address_text(address(issuer, "the issuer"))
        identity = ids.identity_id(who, person)
        self._identities.append((who, person))
        self._seen = None
        return ids.subject(self._addresses["Identities"], identity)

    def identity(self, issuer: str, person: bytes) -> tuple[str, int] | None:
        """The wallet that an identity is bound to and from when on it stands; none if it is not."""
        row = self._store.row(_BINDING, issuer=issuer.lower(), person=person)
        return None if row is None or row[0] == ZERO_ADDRESS else (row[0], row[1])

    def add_split(self, split: Split) -> bytes:
        """Adds a split known from elsewhere than the events; returns its key.

        Its key is the hash of its leaves, so nothing needs to be believed. It is labelled
        ``added``, is known to whoever asks this object, and written nowhere.
        """
        if split.key not in self._splits:
            self._splits[split.key] = split
            self._seen = None
        return split.key

    def add_list(self, text: str | bytes, key: bytes | None = None) -> bytes:
        """:meth:`add_split` from a published file, of the split ``key`` when that is known.

        Raises:
            InvalidInput: the file is not a split's, or of another split.
        """
        return self.add_split(Split.from_json(text, key))

    # Money

    def owed(self, wallet: str, token: str = ZERO_ADDRESS) -> list[Owed]:
        """All money in one token that belongs to a wallet: every leaf of every known split that
        pays it, by split and leaf, and what subjects hold for it.

        Directly or through subjects that stand for it now; what is due now and what becomes due
        once the splits above are claimed. The amounts are exact when the :meth:`steps` are sent and
        nothing else happens in between; see :mod:`kiseki.index.books.accounts` for circles.

        Args:
            wallet: its address.
            token: its address; ether when left out. :meth:`tokens_owed` says in which there is
                anything.
        """
        ids.wallet(wallet)
        return self._view.sight.owed(wallet.lower(), address_text(address(token, "the token")))

    def owed_in_list(self, wallet: str, listed: Listed, token: str = ZERO_ADDRESS) -> list[Owed]:
        """What a split that is too long to be added owes a wallet whose leaves in it were read.

        Nothing for a split that the index knows: :meth:`owed` tells of that.
        """
        if self._view.splits.look_up(listed.key) is not None:
            return []
        token = address_text(address(token, "the token"))
        return self._view.sight.in_list(wallet.lower(), token, listed)

    def tokens_owed(self, wallet: str, after: str = "", limit: int = 100) -> list[str]:
        """The tokens in which a wallet is owed anything, ether (the zero address) first.

        Args:
            wallet: its address.
            after: the last token of the page before.
            limit: of tokens, at most.
        """
        ids.wallet(wallet)
        return self._view.sight.tokens(wallet.lower(), after.lower(), limit)

    def glance(self, wallet: str, tokens: int = 4, each: int = 10, most: int = 50) -> Glance:
        """What waits for a wallet in ether and the tokens that were known first on the chain.

        It costs no more than so many tokens of each split and subject that leads to the wallet, in
        however many more somebody pays; what was not looked at is told.

        Args:
            wallet: its address.
            tokens: how many are told at most, ether not counted.
            each: how many tokens of one split or subject are looked at, those that were known
                first.
            most: how many sources of a token are told, those that bring most.
        """
        ids.wallet(wallet)
        return self._view.glance(wallet.lower(), tokens, each, most)

    def unclaimed(
        self, payee: bytes, token: str = ZERO_ADDRESS, after: bytes = b"", most: int = 100
    ) -> list[Waiting]:
        """What waits for a payee in one token, row by row as :meth:`owed`, and since when.

        Of a wallet, all that is owed to it; of a split, what waits there for each of its leaves; of
        a subject, what it holds and what the splits that pay it have for it.

        Args:
            payee: its key, 32 bytes.
            token: its address; ether when left out.
            after: the `cursor` of the last row that is known. Rows keep their order.
            most: how many rows at most.
        """
        token = address_text(address(token, "the token"))
        return self._view.unclaimed(bytes32(payee, "the payee"), token, after, most)

    def steps(self, owed: Iterable[Owed], lists: Iterable[Listed] = ()) -> tuple[Step, ...]:
        """The calls that bring what is owed, in the order of one multicall, each once.

        Args:
            owed: as this index told since it last changed.
            lists: the long lists of which some of these are.
        """
        return self._view.sight.steps(owed, {listed.key: listed for listed in lists})

    def waterfalls_ahead(self, wallets: Iterable[str]) -> dict[str, tuple[int, ...]]:
        """The waterfalls through which money comes to wallets, as far as is known here.

        What lies or waits at a waterfall is no money of the ledger, so :meth:`owed` does not tell
        of it; `Waterfalls.ahead` of the client asks the waterfall itself.

        Returns:
            Address, in lower case -> the tiers that lead to the wallets, counted from 1.
        """
        return self._view.waterfalls_ahead(ids.wallet(each) for each in wallets)

    def tokens_at(self, payee: bytes, limit: int = 100) -> list[str]:
        """The tokens in which a split or subject ever had anything, ether first.

        Args:
            payee: 32 bytes.
            limit: of tokens, at most.
        """
        return self._view.tokens_at(payee)[:limit]

    def knows(self, split: bytes) -> bool:
        """Whether the leaves of a split are known."""
        return self._view.splits.look_up(split) is not None

    def tokens(self) -> list[str]:
        """Every token that ever came in; the zero address, first, is ether."""
        return balance.tokens(self._store)

    def balance(self, token: str, settled: bool = False) -> Balance:
        """What came in, went out and is held, account by account.

        Args:
            token: its address; the zero address is ether.
            settled: as it would be after every claim and resolution that can be made now.
        """
        token = address_text(address(token, "the token"))
        view = self._view
        return balance.balance_of(self._store, view.graph, view.books, token, settled)

    def splits(self, after: bytes | None = None, most: int = ALL) -> list[KnownSplit]:
        """The known splits, earliest first; those that were added here come last.

        Args:
            after: the key of the last one of the page before.
            most: how many at most.

        Raises:
            NotInIndex: `after` is no known split.
        """
        splits = self._view.splits
        return [splits.known(key) for key in splits.keys(after, most)]

    def split(self, key: bytes) -> KnownSplit:
        """The split with this payee key, with what it is.

        Raises:
            NotInIndex: its leaves are not known.
        """
        return self._view.splits.known(key)

    def opening(self, payee: bytes) -> bytes:
        """What shows what a split (76 bytes) or a subject of the suite (52) stands for.

        Raises:
            NotInIndex: it is neither, as far as the events tell.
        """
        return self._view.opening(payee)

    def deposits(self, references: Iterable[bytes]) -> dict[bytes, list[ledger.Deposit]]:
        """What was paid in with each of some references; nothing for one that nobody used."""
        return {each: ledger.deposits(self._store, each) for each in references}

    # Inside

    @property
    def _view(self) -> View:
        """What questions about money look at, as of the last change."""
        if self._seen is None:
            self._seen = View(
                self._store,
                self._addresses,
                self._splits.values(),
                self._identities,
                (self.time, max(self._now, self.time)),
            )
        return self._seen
