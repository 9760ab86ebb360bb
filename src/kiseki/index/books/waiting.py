"""How long money has been waiting.

Money leaves an account in the order in which it came. What a leaf of a split is owed and lies at
that split came in with the first credit after which the leaf's part was more than it was passed;
what lies at a subject, with the first credit after which it had received more than it passed on.
What still lies further up, at the splits and subjects that pay the split, is as old as the oldest
of it there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from kiseki.core.values import ZERO32
from kiseki.index.books.accounts import Books
from kiseki.index.books.graph import Graph, Leaf
from kiseki.index.books.owed import Owed
from kiseki.index.facts.splits import Label, Splits
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store

__all__ = ["Ages", "Waiting"]

_PAGE = 8
"""Credits that are read at once to begin with."""

_LAST = 1 << 62
"""Above every place."""

_TIME = "SELECT time FROM block WHERE number = ?"
_TABLES = ("deposit", "claim", "resolution")
_CAME = " UNION ALL ".join(
    f"SELECT at, amount FROM (SELECT at, amount FROM {table} WHERE payee = ? AND token = ?"  # noqa: S608
    f" AND at < ? ORDER BY at DESC LIMIT ?) AS {table}s"
    for table in _TABLES
)
"""The newest of each sort before a place, in one question."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Money inside that nobody claimed yet: of one leaf of a split, or held at a subject.

    Attributes:
        payee: whom the leaf pays, or the subject that holds it; 32 bytes.
        token: lowercase address; the zero address is ether.
        amount: base units, after everything above is claimed.
        here: how much of it lies at the split or subject itself. The rest lies further up.
        split: key of the split that pays; zero when a subject holds it.
        leaf: which leaf; -1 when a subject holds it.
        labels: what that split is.
        since: when the oldest of it came to where it lies, Unix seconds. What came in before was
            passed on, because money leaves an account in the order in which it came. Where all of
            it lies `here`, that is exact; where some lies further up, none of it is older.
        block: in which that was.
        complete: as in :class:`~kiseki.index.books.owed.Owed`.
        cursor: of this row, for the page after it.
    """

    payee: bytes
    token: str
    amount: int
    here: int
    split: bytes
    leaf: int
    labels: tuple[Label, ...]
    since: int
    block: int
    complete: bool
    cursor: bytes


class Ages:
    """What waits in one token, and since when."""

    def __init__(
        self, store: Store, graph: Graph, books: Books, splits: Splits, token: str
    ) -> None:
        self._store, self._graph, self._splits, self._token = store, graph, splits, token
        self._unit = store.keys.look_up(token)
        self._accounts = books.of(self._unit or 0)
        self._credits: dict[int, _Credits] = {}

    def of_wallet(self, owed: Sequence[Owed], after: bytes, most: int) -> list[Waiting]:
        """What a wallet is owed, as `Sight.owed` tells."""
        number = self._store.keys.number
        self._store.keys.find(row.split if row.leaf >= 0 else row.subject for row in owed)
        rows: list[_Row] = []
        for row in owed:
            if row.leaf < 0:
                rows.append(_Row(number(row.subject), None, row.amount, row.now, True))
            else:
                leaf = self._graph.leaf(number(row.split), row.leaf)
                rows.append(_Row(leaf.payee, leaf, row.amount, row.now, row.complete))
        return self._page(rows, after, most)

    def at(self, payee: bytes, after: bytes, most: int) -> list[Waiting]:
        """What waits for anybody at a split, or at a subject and in the splits that pay it."""
        account = self._store.keys.look_up(payee)
        rows: list[_Row] = []
        if account is None or self._unit is None:
            return []
        if self._graph.knows(account):
            return self._page(self._due(self._graph.leaves(account)), after, most)
        for behind in self._graph.behind(account):
            rows += self._due(self._graph.paying(behind))
            held = self._accounts.held(behind)
            rows.append(_Row(behind, None, held, held, True))
        return self._page(rows, after, most)

    def _due(self, leaves: Iterable[Leaf]) -> Iterator[_Row]:
        for leaf in leaves:
            amount = self._accounts.due(leaf)
            complete = not self._accounts.restless(leaf.split)
            yield _Row(leaf.payee, leaf, amount, self._here(leaf), complete)

    def _here(self, leaf: Leaf) -> int:
        part = self._accounts.received(leaf.split) * leaf.shares // leaf.total
        return max(part - self._accounts.claimed(leaf), 0)

    def _page(self, rows: Iterable[_Row], after: bytes, most: int) -> list[Waiting]:
        waiting = [row for row in rows if row.amount > 0]
        self._store.keys.load({key for row in waiting for key in (row.account, row.payee)})
        listed = sorted(((self._cursor(row), row) for row in waiting), key=itemgetter(0))
        page = [(cursor, row) for cursor, row in listed if cursor > after][:most]
        above = self._above({row.account for _, row in page if row.amount > row.here})
        leaves = [row.leaf for _, row in page if row.leaf is not None]
        labels = self._splits.labels({leaf.split for leaf in leaves})
        times: dict[int, int] = {}
        found = []
        for cursor, row in page:
            ages = [self._came(row.account, row.leaf)] if row.here else []
            if row.amount > row.here:
                ages.append(above[row.account])
            block = min(ages) // t.place_of(1)
            if block not in times:
                (times[block],) = self._store.read(_TIME, block) or (0,)
            split = ZERO32 if row.leaf is None else self._store.keys.raw(row.leaf.split)
            found.append(
                Waiting(
                    payee=self._store.keys.raw(row.payee),
                    token=self._token,
                    amount=row.amount,
                    here=row.here,
                    split=split,
                    leaf=-1 if row.leaf is None else row.leaf.place,
                    labels=() if row.leaf is None else labels[row.leaf.split],
                    since=times[block],
                    block=block,
                    complete=row.complete,
                    cursor=cursor,
                )
            )
        return found

    def _cursor(self, row: _Row) -> bytes:
        """Splits before subjects, in an order that new events do not change."""
        place = 0 if row.leaf is None else row.leaf.place
        kind = b"\1" if row.leaf is None else b"\0"
        return kind + self._store.keys.raw(row.account) + place.to_bytes(4)

    # Ages

    def _came(self, account: int, leaf: Leaf | None) -> int:
        """The place of the first credit of an account that a leaf was not passed in full; of a
        subject, where there is no leaf, that it did not pass on in full."""
        left, passed = self._accounts.received(account), self._accounts.passed(account)
        shares, total = 1, 1
        if leaf is not None:
            shares, total, passed = leaf.shares, leaf.total, self._accounts.claimed(leaf)
        first = 0
        for at, amount in self._credits_of(account):
            first, left = at, left - amount
            if left * shares // total <= passed:
                break
        return first

    def _credits_of(self, account: int) -> Iterable[tuple[int, int]]:
        if account not in self._credits:
            self._credits[account] = _Credits(self._store, account, self._unit or 0)
        return self._credits[account]

    def _above(self, accounts: Iterable[int]) -> dict[int, int]:
        """Account -> the place since which the oldest waits of what is on its way there."""
        oldest: dict[int, int] = {}
        below: defaultdict[int, list[int]] = defaultdict(list)
        rest, seen = list(accounts), set(accounts)
        while rest:
            account = rest.pop()
            ages = []
            for behind in self._graph.behind(account):
                if behind != account and self._accounts.held(behind):
                    ages.append(self._came(behind, None))
                for leaf in self._graph.paying(behind):
                    if self._accounts.due(leaf) <= 0:
                        continue
                    if self._here(leaf):
                        ages.append(self._came(leaf.split, leaf))
                    below[leaf.split].append(account)
                    if leaf.split not in seen:
                        seen.add(leaf.split)
                        rest.append(leaf.split)
            if ages:
                oldest[account] = min(ages)
        found: dict[int, int] = {}
        for start, place in sorted(oldest.items(), key=itemgetter(1)):
            rest = [start]
            while rest:
                account = rest.pop()
                if account not in found:
                    found[account] = place
                    rest += below[account]
        return found


@dataclass(frozen=True, slots=True)
class _Row:
    """Money of a leaf, or held at a subject, before its age is known; by numbers."""

    payee: int
    leaf: Leaf | None
    amount: int
    here: int
    complete: bool

    @property
    def account(self) -> int:
        """Where it lies, or comes to."""
        return self.payee if self.leaf is None else self.leaf.split


class _Credits:
    """What came in for an account, the newest first, read as far as somebody looks."""

    def __init__(self, store: Store, account: int, token: int) -> None:
        self._store, self._account, self._token = store, account, token
        self._amount = store.converters([t.deposit.c.amount])[1][0] or int
        self._known: list[tuple[int, int]] = []
        self._page, self._is_whole = _PAGE, False

    def __iter__(self) -> Iterator[tuple[int, int]]:
        place = 0
        while place < len(self._known) or self._read():
            yield self._known[place]
            place += 1

    def _read(self) -> bool:
        """Reads further back; whether there was anything."""
        if self._is_whole:
            return False
        before = self._known[-1][0] if self._known else _LAST
        values = self._account, self._token, before, self._page
        rows = self._store.read_all(_CAME, *values * len(_TABLES))
        rows.sort(key=itemgetter(0), reverse=True)
        self._is_whole = len(rows) < self._page
        rows = rows[: self._page]
        self._known += [(at, self._amount(amount)) for at, amount in rows]
        self._page *= 4
        return bool(rows)
