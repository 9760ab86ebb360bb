"""How long money has been waiting.

Money leaves an account in the order in which it came. What a leaf of a split is owed and lies at
that split came in with the first credit after which the leaf's part was more than it was passed;
what lies at a subject, with the first credit after which it had received more than it passed on.
What still lies further up, at the splits and subjects that pay the split, is as old as the oldest
of it there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count
from operator import itemgetter

from sqlalchemy import bindparam, select

from kiseki.core.values import ZERO32
from kiseki.index.books.accounts import Books
from kiseki.index.books.graph import Graph, Leaf
from kiseki.index.books.owed import Owed
from kiseki.index.facts.splits import Label, Splits
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.types import Long, number_of, numbered

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
_UNIT = bindparam("token", type_=Long)
_FIRST = select(
    number_of(t.account.c.key),
    *(
        select(table.c.at)
        .where(number_of(table.c.payee) == number_of(t.account.c.key))
        .where(number_of(table.c.token) == _UNIT)
        .order_by(table.c.at)
        .limit(1)
        .scalar_subquery()
        for table in (t.deposit, t.claim, t.resolution)
    ),
).where(numbered(t.account.c.key, "accounts"), number_of(t.account.c.token) == _UNIT)


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

    def of_wallet(self, owed: Iterable[Owed], after: bytes, most: int) -> list[Waiting]:
        """What a wallet is owed, as `Sight.owed` tells, in whose order the rows are."""
        page = [row for row in owed if row.amount > 0 and _place_of(row) > after][:most]
        number = self._store.keys.number
        self._store.keys.find(row.split if row.leaf >= 0 else row.subject for row in page)
        self._graph.load_leaves((number(row.split), row.leaf) for row in page if row.leaf >= 0)
        rows: list[_Row] = []
        for row in page:
            if row.leaf < 0:
                rows.append(_Row(number(row.subject), None, row.amount, row.now, True))
            else:
                leaf = self._graph.leaf(number(row.split), row.leaf)
                rows.append(_Row(leaf.payee, leaf, row.amount, row.now, row.complete))
        return self._told(rows)

    def at(self, payee: bytes, after: bytes, most: int) -> list[Waiting]:
        """What waits for anybody at a split, or at a subject and in the splits that pay it."""
        account = self._store.keys.look_up(payee)
        if account is None or self._unit is None or most < 1:
            return []
        if self._graph.knows(account):
            parts = self._of_split(account, payee, after, most)
        else:
            parts = self._of_subject(account, after, most)
        rows: list[_Row] = []
        for part in parts:  # of which some may bring nothing
            rows += part
            if len(rows) >= most:
                break
        return self._told(rows[:most])

    def _of_split(
        self, split: int, key: bytes, after: bytes, most: int
    ) -> Iterator[Iterable[_Row]]:
        """What the leaves of a split bring, as many leaves at a time as a page has rows."""
        begin, place = _cursor_of(key, 0)[:-4], -1
        if after[: len(begin)] > begin:
            return
        if after[: len(begin)] == begin:
            place = int.from_bytes(after[len(begin) :][:4])
        while leaves := self._graph.some_leaves(split, place, most):
            yield self._due(leaves)
            place = leaves[-1].place

    def _of_subject(self, subject: int, after: bytes, most: int) -> Iterator[Iterable[_Row]]:
        """What the splits that pay a subject or what stands for it bring, then what these hold; as
        many at a time as a page has rows."""
        self._graph.load_behind(subject)
        behind, keys = self._graph.behind(subject), self._store.keys
        self._graph.load_paying(behind)
        leaves = [leaf for each in behind for leaf in self._graph.paying(each)]
        keys.load({*behind, *(leaf.split for leaf in leaves)})
        listed = sorted(
            [(_cursor_of(keys.raw(leaf.split), leaf.place), leaf) for leaf in leaves],
            key=itemgetter(0),
        )
        paying = [leaf for cursor, leaf in listed if cursor > after]
        for start in range(0, len(paying), most):
            yield self._due(paying[start : start + most])
        held = sorted((_cursor_of(keys.raw(each), None), each) for each in behind)
        holding = [each for cursor, each in held if cursor > after]
        for start in range(0, len(holding), most):
            part = holding[start : start + most]
            self._accounts.load((), part)
            amounts = [(each, self._accounts.held(each)) for each in part]
            yield [_Row(each, None, amount, amount, True) for each, amount in amounts if amount > 0]

    def _due(self, leaves: Sequence[Leaf]) -> Iterable[_Row]:
        self._accounts.load(leaves)
        for leaf in leaves:
            if self._brings(leaf):
                complete = not self._accounts.restless(leaf.split)
                due, here = self._accounts.due(leaf), self._here(leaf)
                yield _Row(leaf.payee, leaf, due, here, complete)

    def _brings(self, leaf: Leaf) -> bool:
        return self._accounts.virtual(leaf.split) > 0 and self._accounts.due(leaf) > 0

    def _here(self, leaf: Leaf) -> int:
        part = self._accounts.received(leaf.split) * leaf.shares // leaf.total
        return max(part - self._accounts.claimed(leaf), 0)

    def _told(self, page: list[_Row]) -> list[Waiting]:
        keys = self._store.keys
        keys.load({key for row in page for key in (row.account, row.payee)})
        above = self._above({row.account for row in page if row.amount > row.here})
        leaves = [row.leaf for row in page if row.leaf is not None]
        labels = self._splits.labels({leaf.split for leaf in leaves})
        times: dict[int, int] = {}
        found = []
        for row in page:
            ages = [self._came(row.account, row.leaf)] if row.here else []
            if row.amount > row.here:
                ages.append(above[row.account])
            block = min(ages) // t.place_of(1)
            if block not in times:
                (times[block],) = self._store.read(_TIME, block) or (0,)
            leaf, account = row.leaf, keys.raw(row.account)
            found.append(
                Waiting(
                    payee=keys.raw(row.payee),
                    token=self._token,
                    amount=row.amount,
                    here=row.here,
                    split=ZERO32 if leaf is None else account,
                    leaf=-1 if leaf is None else leaf.place,
                    labels=() if leaf is None else labels[leaf.split],
                    since=times[block],
                    block=block,
                    complete=row.complete,
                    cursor=_cursor_of(account, None if leaf is None else leaf.place),
                )
            )
        return found

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

    def _above(self, accounts: Collection[int]) -> dict[int, int]:
        """Account -> the place since which the oldest waits of what is on its way there.

        All that pays an account is looked at, a level at a time. How old it is, is worked out only
        of what can be the oldest: nothing is older than the first credit of where it lies."""
        below: defaultdict[int, list[int]] = defaultdict(list)
        lying: dict[tuple[int, Leaf | None], int] = {}
        level, seen = list(accounts), set(accounts)
        while level:
            above: dict[int, None] = {}
            for account, behind, leaves in self._paid_by(level):
                for each in behind:
                    lying[each, None] = account
                for leaf in leaves:
                    if self._here(leaf):
                        lying[leaf.split, leaf] = account
                    below[leaf.split].append(account)
                    above[leaf.split] = None
            level = [split for split in above if split not in seen]
            seen.update(level)
        return self._oldest(lying, below, set(accounts))

    def _paid_by(self, accounts: list[int]) -> Iterator[tuple[int, list[int], list[Leaf]]]:
        """The subjects that hold something for each of some accounts, and the leaves that bring it
        something; all read together."""
        self._graph.load_behind(*accounts)
        behind = {account: self._graph.behind(account) for account in accounts}
        subjects = [each for some in behind.values() for each in some]
        self._graph.load_paying(subjects)
        leaves = {each: self._graph.paying(each) for each in subjects}
        self._accounts.load([leaf for some in leaves.values() for leaf in some], subjects)
        for account, some in behind.items():
            holding = [each for each in some if each != account and self._accounts.held(each)]
            paying = [leaf for each in some for leaf in leaves[each] if self._brings(leaf)]
            yield account, holding, paying

    def _oldest(
        self,
        lying: Mapping[tuple[int, Leaf | None], int],
        below: Mapping[int, list[int]],
        wanted: set[int],
    ) -> dict[int, int]:
        """
        Args:
            lying: where money waits, and for which leaf -> the account that it is on its way to.
            below: an account -> those that it pays.
            wanted: of which accounts it is asked.
        """
        firsts = self._firsts({where for where, _ in lying}) if lying else {}
        order = count()  # so that nothing else is compared
        rest = [(firsts.get(where, 0), next(order), where, leaf, account, False)
                for (where, leaf), account in lying.items()]  # fmt: skip
        heapify(rest)
        found: dict[int, int] = {}
        while rest and wanted:
            place, _, where, leaf, account, is_exact = heappop(rest)
            if account in found:
                continue
            if not is_exact:
                came = self._came(where, leaf)
                heappush(rest, (came, next(order), where, leaf, account, True))
                continue
            reached = [account]
            while reached:
                account = reached.pop()
                if account not in found:
                    found[account] = place
                    wanted.discard(account)
                    reached += below.get(account, ())
        return found

    def _firsts(self, accounts: Collection[int]) -> dict[int, int]:
        """The place of the first credit of each of some accounts."""
        rows = self._store.rows(_FIRST, accounts=list(accounts), token=self._unit)
        return {account: min(at for at in places if at is not None) for account, *places in rows}


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


def _place_of(row: Owed) -> bytes:
    """The cursor of what is owed."""
    return _cursor_of(row.subject, None) if row.leaf < 0 else _cursor_of(row.split, row.leaf)


def _cursor_of(account: bytes, place: int | None) -> bytes:
    """Splits before subjects, in an order that new events do not change."""
    return (b"\1" if place is None else b"\0") + account + (place or 0).to_bytes(4)


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
