"""Known splits and subjects: who leads to whom. The same for all tokens.

A payee leads to where the subjects behind it end: at a wallet, at a split, or at a subject that
stands for nobody. Keys are numbers here (`store.keys`); those of wallets are negative.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from kiseki.index.books.order import Order
from kiseki.index.store import tables as t
from kiseki.index.store.database import Row, Store
from kiseki.index.store.figures import Figures

__all__ = ["Graph", "Leaf", "Subject", "is_wallet"]

_KNOWN = "SELECT key FROM split WHERE key"
_LEAF = "SELECT split, place, payee, shares, total, lo FROM leaf"
_WANTED = (
    "SELECT split, place, payee, shares, total, lo FROM (VALUES {}) AS wanted CROSS JOIN leaf"
    " WHERE split = column1 AND place = column2"
)
_MOST = 50_000
"""Leaves that are remembered between batches."""
_TOGETHER = 500
"""Leaves of one question."""


_in_split = attrgetter("place")


def is_wallet(account: int) -> bool:
    """Whether the number of a key is that of a wallet, which is paid out at once."""
    return account < 0


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf of a known split.

    Attributes:
        split: its number.
        place: which leaf.
        payee: the number of the payee.
        shares, total: its part of all shares.
        lo: the shares before it, by which claims name it.
    """

    split: int
    place: int
    payee: int
    shares: int
    total: int
    lo: int


@dataclass(frozen=True, slots=True)
class Subject:
    """What a subject of the suite is.

    Attributes:
        contract, id: numbers of the contract and of the ID there.
        payee: whom it stands for now; none for nobody.
        unknown: whether it is a rights token that nobody has put on record yet.
    """

    contract: int
    id: int
    payee: int | None
    unknown: bool


class Graph:
    """Who leads to whom, in the store.

    Attributes:
        figures: the tables that facts change.

    Args:
        splitter: the number of the splitter's own payee key, to which nothing is paid.
    """

    def __init__(self, store: Store, splitter: int) -> None:
        self._store, self._splitter = store, splitter
        self._subjects = Figures(store, t.subject)
        self._naming = Figures(store, t.naming)
        self._edges = Figures(store, t.edge)
        self.figures = (self._subjects, self._naming, self._edges)
        self._leaf_into, self._leaf_outof = store.converters(
            (t.leaf.c.split, t.leaf.c.place, t.leaf.c.payee, t.leaf.c.shares, t.leaf.c.total,
             t.leaf.c.lo)
        )  # fmt: skip
        self._known: dict[int, bool] = {}
        self._leaves: dict[Row, Leaf] = {}
        self._leading: dict[int, list[Leaf]] = {}
        self._below: dict[int, list[int]] = {}
        self._order = Order(self.below)
        self._paying: dict[int, list[Leaf]] = {}
        self._added: defaultdict[int, list[Leaf]] = defaultdict(list)

    def trim(self) -> None:
        """Drops what was read where it became much. What was added beside the store stays."""
        remembered = (self._leaves, self._leading, self._below, self._paying, self._known)
        if any(len(each) > _MOST for each in remembered):
            self._known = {key: True for leaves in self._added.values() for key in
                           {leaf.split for leaf in leaves}}  # fmt: skip
            self._leaves.clear()
            self._leading.clear()
            self._below.clear()
            self._order = Order(self.below)
            self._paying.clear()

    # Splits

    def knows(self, split: int) -> bool:
        """Whether the leaves of a split are known."""
        known = self._known.get(split)
        if known is None:
            self._store.flush(t.split)
            known = self._store.read("SELECT 1 FROM split WHERE key = ?", split) is not None
            self._known[split] = known
        return known

    def load_known(self, splits: Iterable[int]) -> None:
        """Reads together which of many splits are known."""
        left = [split for split in dict.fromkeys(splits) if split not in self._known]
        if left:
            self._store.flush(t.split)
        for start in range(0, len(left), _TOGETHER):
            part = left[start : start + _TOGETHER]
            self._known.update(dict.fromkeys(part, False))
            marks = ", ".join("?" * len(part))
            for (split,) in self._store.read_all(f"{_KNOWN} IN ({marks})", *part):
                self._known[split] = True

    def add(self, split: int, leaves: Sequence[tuple[int, int]], kept: bool = True) -> None:
        """Makes a split known.

        Args:
            leaves: payee and shares of each.
            kept: whether it is written; else it counts only for who asks here.
        """
        self._known[split] = True
        total = sum(shares for _, shares in leaves)
        rows, lo = [], 0
        for place, (payee, shares) in enumerate(leaves):
            leaf = Leaf(split, place, payee, shares, total, lo)
            rows.append(
                {"split": split, "place": place, "payee": payee, "shares": shares, "total": total,
                 "lo": lo}
            )  # fmt: skip
            lo += shares
            if not kept:
                self._added[payee].append(leaf)
            if payee in self._paying:
                self._paying[payee].append(leaf)
            if self._lead(leaf) or not kept:
                self._leaves[split, place] = leaf
        if kept:
            self._store.add(t.leaf, rows)

    def edges(self, split: int) -> list[Leaf]:
        """The leaves of a known split that lead to an account; not those that lead to a wallet.
        It is another list once one of them leads elsewhere."""
        leading = self._leading.get(split)
        if leading is None:
            self._load_edges([split])
            leading = [self._leaves[key] for key in self._edges.under(split)]
            self._leading[split] = leading
        return leading

    def _load_edges(self, splits: Iterable[int]) -> None:
        """Reads together the edges of many splits, and what they are."""
        listed = [split for split in splits if split not in self._leading]
        if not listed:
            return
        self._edges.load_under(listed)
        self.load_leaves(key for split in listed for key in self._edges.under(split))

    def load_leaves(self, keys: Iterable[Row]) -> None:
        """Reads together leaves that have these splits and places."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._leaves]
        for start in range(0, len(missing), _TOGETHER):
            part = missing[start : start + _TOGETHER]
            self._store.flush(t.leaf)
            marks = ", ".join(["(?, ?)"] * len(part))
            question = _WANTED.format(marks)
            for row in self._store.read_all(question, *(value for key in part for value in key)):
                leaf = self._leaf_of(row)
                self._leaves[leaf.split, leaf.place] = leaf

    def leaves(self, split: int) -> list[Leaf]:
        """All leaves of a known split, in order."""
        self._store.flush(t.leaf)
        rows = self._store.read_all(f"{_LEAF} WHERE split = ? ORDER BY place", split)
        added = (leaf for leaves in self._added.values() for leaf in leaves if leaf.split == split)
        return list(map(self._leaf_of, rows)) or sorted(added, key=_in_split)

    def some_leaves(self, split: int, after: int, most: int) -> list[Leaf]:
        """The next leaves of a known split after a place, in order."""
        self._store.flush(t.leaf)
        question = f"{_LEAF} WHERE split = ? AND place > ? ORDER BY place LIMIT ?"
        rows = self._store.read_all(question, split, after, most)
        if rows or not self._added:
            return list(map(self._leaf_of, rows))
        added = (leaf for leaves in self._added.values() for leaf in leaves if leaf.split == split)
        return sorted((leaf for leaf in added if leaf.place > after), key=_in_split)[:most]

    def leaf(self, split: int, place: int) -> Leaf:
        """A leaf of a known split."""
        leaf = self._leaves.get((split, place))
        if leaf is None:
            self._store.flush(t.leaf)
            row = self._store.read(f"{_LEAF} WHERE split = ? AND place = ?", split, place)
            if row is None:
                raise LookupError(f"the split {split} has no leaf {place}")
            leaf = self._leaves[split, place] = self._leaf_of(row)
        return leaf

    def paying(self, payee: int) -> list[Leaf]:
        """The leaves of known splits that name a payee."""
        leaves = self._paying.get(payee)
        if leaves is None:
            self._store.flush(t.leaf)
            rows = self._store.read_all(f"{_LEAF} WHERE payee = ?", payee)
            leaves = sorted(map(self._leaf_of, rows), key=lambda leaf: (leaf.split, leaf.place))
            leaves += self._added.get(payee, ())
            self._paying[payee] = leaves
        return leaves

    def load_paying(self, payees: Iterable[int]) -> None:
        """Reads together the leaves that name many payees."""
        left = [payee for payee in dict.fromkeys(payees) if payee not in self._paying]
        self._store.flush(t.leaf)
        for start in range(0, len(left), _TOGETHER):
            part = left[start : start + _TOGETHER]
            found: dict[int, list[Leaf]] = {payee: [] for payee in part}
            marks = ", ".join("?" * len(part))
            for row in self._store.read_all(f"{_LEAF} WHERE payee IN ({marks})", *part):
                found[row[2]].append(self._leaf_of(row))
            for payee, leaves in found.items():
                leaves.sort(key=lambda leaf: (leaf.split, leaf.place))
                self._paying[payee] = [*leaves, *self._added.get(payee, ())]

    def _leaf_of(self, row: Row) -> Leaf:
        split, place, payee, shares, total, lo = row
        number = self._leaf_outof[3] or int
        return Leaf(split, place, payee, number(shares), number(total), number(lo))

    def _lead(self, leaf: Leaf) -> bool:
        """Notes whether a leaf leads to an account."""
        leads = not is_wallet(self.end(leaf.payee))
        self._leading.pop(leaf.split, None)
        if self._below.pop(leaf.split, None) is not None:
            self._order = Order(self.below)
        self._edges.put((leaf.split, leaf.place), () if leads else None)
        return leads

    # Subjects

    def load(self, payees: Iterable[int]) -> None:
        """Reads together what many payees are."""
        self._subjects.load((payee,) for payee in payees if payee > 0)

    def subject(self, key: int) -> Subject | None:
        """What a subject is; nothing for what is none of the suite."""
        row = self._subjects.get(key)
        return None if row is None else Subject(row[0], row[1], row[2], bool(row[3]))

    def name(self, key: int, subject: Subject) -> None:
        """Sets what a subject is, and whom it stands for; itself and nobody are the same."""
        payee = None if subject.payee in (key, self._splitter) else subject.payee
        before = self._subjects.get(key)
        if before is not None and before[2] is not None:
            self._naming.put((before[2], key), None)
        self._subjects.put((key,),
                           (subject.contract, subject.id, payee, int(subject.unknown)))  # fmt: skip
        if payee is not None:
            self._naming.put((payee, key), ())

    def lead_anew(self, key: int) -> None:
        """Looks again where the leaves lead that name a subject or what stands for it."""
        for behind in self.behind(key):
            for leaf in self.paying(behind):
                self._lead(leaf)

    def payee(self, subject: int) -> int | None:
        """Whom a subject stands for now; none for nobody, and for what is no subject."""
        if subject < 0:
            return None
        row = self._subjects.get(subject)
        return None if row is None else row[2]

    def end(self, payee: int) -> int:
        """Where a payee leads: a wallet, a split, or a subject that stands for nobody. Subjects
        that stand for each other in a circle lead to the least of them."""
        row = None if payee < 0 else self._subjects.get(payee)
        if row is None or row[2] is None:
            return payee
        following, seen = row[2], [payee]
        while following is not None:
            payee = following
            if payee in seen:
                return min(seen[seen.index(payee) :])
            seen.append(payee)
            following = self.payee(payee)
        return payee

    def naming(self, payee: int) -> list[int]:
        """The subjects that stand for a payee."""
        return [subject for _, subject in self._naming.under(payee)]

    def load_behind(self, *payees: int) -> None:
        """Reads together which subjects lead to many payees."""
        rest, seen = list(payees), set(payees)
        while rest:
            self._naming.load_under(rest)
            rest = [each for payee in rest for each in self.naming(payee) if each not in seen]
            seen.update(rest)

    def behind(self, payee: int) -> list[int]:
        """A payee, and all subjects that lead to it."""
        found, rest = {payee: None}, [payee]
        while rest:
            for subject in sorted(self.naming(rest.pop())):
                if subject not in found:
                    found[subject] = None
                    rest.append(subject)
        return list(found)

    def below(self, account: int) -> list[int]:
        """The accounts to which the leaves of an account lead, each once."""
        ends = self._below.get(account)
        if ends is None:
            ends = self._below[account] = self._look_below(account)
        return ends

    def order(self, start: Iterable[int]) -> Order:
        """In which order accounts pay, with some and all that they lead to; until a leaf leads
        elsewhere."""
        new = [each for each in start if each not in self._order.places]
        self._load_below(new)
        self._order.reach(new)
        return self._order

    def _load_below(self, accounts: Iterable[int]) -> None:
        """Reads together what accounts lead to, a level at a time, as far as nobody asked yet."""
        rest = list(dict.fromkeys(accounts))
        seen = set(rest)
        while rest:
            unknown = [account for account in rest if account not in self._below]
            self._load_edges(unknown)
            self.load({leaf.payee for account in unknown for leaf in self.edges(account)})
            ends = dict.fromkeys(end for account in rest for end in self.below(account))
            rest = [each for each in ends if each not in seen and each not in self._order.places]
            seen.update(rest)

    def _look_below(self, account: int) -> list[int]:
        edges = self.edges(account)
        if len(edges) > 1:  # who asks goes on below
            self.load(leaf.payee for leaf in edges)
        ends = list(dict.fromkeys(self.end(leaf.payee) for leaf in edges))
        if len(ends) > 1:
            self._load_edges(ends)
        return ends
