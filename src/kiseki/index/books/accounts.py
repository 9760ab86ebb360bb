"""What every account received, and what it would have received if all above it were claimed.

The splitter counts what an account (a split or subject) ``received`` and what it ``passed`` on.
What the leaves of a split bring follows from what it would have received, its *virtual* figure::

    V(y) = received(y)
         + Σ over leaves of known splits that lead to y:  ⌊V(P) × shares / total⌋ − claimed(P, lo)
         + Σ over subjects that lead to y:                received − passed

A payee leads to where the subjects behind it end: at a wallet, at a split, or at a subject that
stands for nobody. Only accounts where something ends have a V; what ends at a wallet is summed when
somebody asks, so a split of a thousand artists costs a deposit nothing.

A fact changes V in few places. The differences are kept, and passed down together when a block or a
batch of blocks ends (`settle`): a claim or resolution moves money that V counted already; a deposit
raises V where it ends; a split that becomes known after money, or a subject that stands for
somebody else, moves what was counted from one place to another.

Payees can lead back to themselves, by a hostile or mistaken payee. V is then the least figure that
fits the formula. A circle is worked out again from below whenever it is touched; what does not come
to rest within a budget is *restless*: the figures below it are at least so much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from itertools import chain
from operator import is_

from kiseki.index.books.circles import MOST, Outward, Shape, raise_to_rest
from kiseki.index.books.graph import Graph, Leaf, is_wallet
from kiseki.index.books.order import Order, ordered, reached
from kiseki.index.store import tables as t
from kiseki.index.store.database import Row, Store
from kiseki.index.store.figures import Figures

__all__ = ["Accounts", "Books"]

_NOTHING = (0, 0, 0, 0)

_MOST_SHAPES = 10_000
"""Accounts and circles whose leaves are remembered from one block to the next."""


class Books:
    """The accounts of all tokens, in base units, in the store.

    Attributes:
        figures: the tables that facts change.
    """

    def __init__(self, store: Store, graph: Graph) -> None:
        self._accounts = Figures(store, t.account)
        self._claimed = Figures(store, t.claimed)
        self._tokens = Figures(store, t.token)
        self.figures = (self._accounts, self._claimed, self._tokens)
        self._graph = graph
        self._deposited: defaultdict[int, int] = defaultdict(int)
        self._moved: defaultdict[int, dict[int, int]] = defaultdict(dict)
        self._doubtful: defaultdict[int, set[int]] = defaultdict(set)
        self._shapes: dict[int, tuple[list[list[Leaf]], Shape]] = {}
        self._order: Order | None = None
        self._placed: dict[int, Shape] = {}

    def of(self, token: int) -> Accounts:
        """The accounts of one token."""
        return Accounts(self._accounts, self._claimed, token)

    def deposited(self, token: int) -> int:
        """All that came in of a token."""
        row = self._tokens.get(token)
        return 0 if row is None else int(row[0])

    def tokens_of(self, account: int) -> list[int]:
        """The tokens in which an account has figures."""
        return [token for _, token in self._accounts.under(account)]

    # Facts

    def load(self, accounts: Iterable[Row], leaves: Iterable[Row]) -> None:
        """Reads together what many facts change.

        Args:
            accounts: account and token of each.
            leaves: payee, split, the shares before the leaf, and token of each.
        """
        self._accounts.load(accounts)
        self._claimed.load(leaves)

    def deposit(self, token: int, payee: int, amount: int) -> None:
        """Money came in for a payee."""
        self._deposited[token] += amount
        self._credit(token, payee, amount)

    def claim(self, token: int, split: int, lo: int, payee: int, amount: int) -> None:
        """A leaf was paid."""
        leaf = payee, split, lo, token
        claimed = self._claimed.get(*leaf) or (0,)
        self._claimed.put(leaf, (claimed[0] + amount,))
        self._change(token, split, passed=amount)
        if self._graph.knows(split):  # V counted it where the leaf leads
            self._move(token, payee, -amount)
        self._credit(token, payee, amount)

    def resolve(self, token: int, subject: int, payee: int, amount: int) -> None:
        """What waited at a subject went on."""
        if self._graph.end(subject) != subject:
            self._move(token, subject, -amount)
        self._change(token, subject, passed=amount)
        self._credit(token, payee, amount)

    def known(self, split: int) -> None:
        """A split became known: its leaves count from now on. Call it after `Graph.add`."""
        for token in self.tokens_of(split):
            accounts = self.of(token)
            for leaf in self._graph.edges(split):
                self._move(token, leaf.payee, accounts.due(leaf))
            if accounts.restless(split):
                self._doubtful[token].update(self._graph.below(split))

    def naming(self, subject: int) -> list[Callable[[], None]]:
        """How things are before a subject stands for somebody else. What it gives is done after
        `Graph.name` and `Graph.lead_anew`."""
        end = self._graph.end(subject)
        afterwards: list[Callable[[], None]] = []
        for token in self._tokens_through(subject):
            accounts = self.of(token)
            amount = self._through(accounts, subject, end)
            circle = self._circle(end) if accounts.restless(end) else []
            afterwards.append(partial(self._named, token, subject, end, amount, circle))
        return afterwards

    def _named(self, token: int, subject: int, before: int, amount: int, circle: list[int]) -> None:
        self._move_to(token, before, -amount)
        end = self._graph.end(subject)
        self._move_to(token, end, self._through(self.of(token), subject, end))
        if circle:  # its figures did not fit the formula
            shape = self._shape(circle)
            rows = self._rows(token, shape.members)
            self._solve(token, shape, rows, self._moved[token], True, [])
        accounts = (before, end, *circle)  # whose figures may be complete now, or not any more
        self._doubtful[token].update(each for each in accounts if not is_wallet(each))

    def _tokens_through(self, subject: int) -> list[int]:
        tokens: dict[int, None] = {}
        for behind in self._graph.behind(subject):
            tokens.update(dict.fromkeys(self.tokens_of(behind)))
            for leaf in self._graph.paying(behind):
                tokens.update(dict.fromkeys(self.tokens_of(leaf.split)))
        return list(tokens)

    def _through(self, accounts: Accounts, subject: int, end: int) -> int:
        """What leads to the end of a subject through it, or to itself where it is the end."""
        found = 0
        for behind in self._graph.behind(subject):
            found += accounts.received(behind) if behind == end else accounts.held(behind)
            found += accounts.all_due(self._graph.paying(behind))
        return found

    def _credit(self, token: int, payee: int, amount: int) -> None:
        self._change(token, payee, received=amount)
        self._move(token, payee, amount)

    def _change(self, token: int, account: int, received: int = 0, passed: int = 0) -> None:
        row = self._accounts.get(account, token) or _NOTHING
        self._put(account, token, (row[0] + received, row[1] + passed, *row[2:]))

    def _put(self, account: int, token: int, row: Row) -> None:
        """An account without figures has no row, whatever it had in between."""
        self._accounts.put((account, token), row if any(row) else None)

    def _move(self, token: int, payee: int, amount: int) -> None:
        self._move_to(token, self._graph.end(payee), amount)

    def _move_to(self, token: int, end: int, amount: int) -> None:
        if amount and not is_wallet(end):
            moved = self._moved[token]
            moved[end] = moved.get(end, 0) + amount

    # Passing differences down

    def settle(self, between: Callable[[], None] = lambda: None) -> None:
        """Adds the differences to V, and passes down what follows from them.

        Args:
            between: what is done after each token: writing what changed, where that is much.
        """
        for token, amount in self._deposited.items():
            deposited, restless = self._tokens.get(token) or (0, 0)
            self._tokens.put((token,), (deposited + amount, restless))
        self._deposited.clear()
        below = self._graph.below
        order = self._graph.order(chain(*self._moved.values(), *self._doubtful.values()))
        if order is not self._order:
            self._order, self._placed = order, {}
        places, placed = order.places, self._placed
        for token in {**self._moved, **self._doubtful}:
            moved, doubtful = self._moved[token], self._doubtful[token]
            self._accounts.load((account, token) for account in reached({*moved, *doubtful}, below))
            waiting = {places[account] for account in chain(moved, doubtful)}
            rest = sorted(waiting)
            while rest:  # payers first: what follows stands behind
                place = heappop(rest)
                shape = placed.get(place)
                if shape is None:
                    shape = placed[place] = self._shape(order.circle(place))
                for account in self._settle(token, shape, moved, doubtful):
                    if (behind := places[account]) not in waiting:
                        waiting.add(behind)
                        heappush(rest, behind)
            between()
        self._moved.clear()
        self._doubtful.clear()

    def _shape(self, circle: list[int]) -> Shape:
        """How an account, or a circle of them, pays. It is looked at again where a leaf leads
        elsewhere."""
        members = sorted(circle)
        edges = [self._graph.edges(member) for member in members]
        known_edges, known = self._shapes.get(members[0], (edges, None))
        is_same = known is not None and known.members == members
        if known is None or not is_same or not all(map(is_, known_edges, edges)):
            if len(self._shapes) > _MOST_SHAPES:
                self._shapes.clear()
                self._placed.clear()
            known = Shape.of(self._graph, members, self._graph.below)
            self._shapes[members[0]] = edges, known
        return known

    def _settle(
        self, token: int, shape: Shape, moved: dict[int, int], doubtful: set[int]
    ) -> list[int]:
        """
        Args:
            doubtful: accounts that may be restless now, or may not be any more.

        Returns:
            The accounts below of which one of both is changed.
        """
        account, changed = shape.members[0], list[int]()
        if not shape.goes_round and account not in doubtful:
            row = self._accounts.get(account, token) or _NOTHING
            virtual = row[2] + moved.pop(account, 0)
            self._set(token, account, row, virtual, shape.outward[0], moved, changed)
            if virtual >= MOST and not row[3]:
                changed += self._marked(token, [account], True, doubtful)
            return changed
        circle, members = shape.circle, shape.members
        is_doubtful = not doubtful.isdisjoint(circle)
        if not is_doubtful and not any(moved.get(member) for member in members):
            return []
        rows = self._rows(token, members)
        was_restless = any(row[3] for row in rows)
        if shape.goes_round:
            restless = not self._solve(token, shape, rows, moved, was_restless, changed)
            look_above = was_restless or is_doubtful
        else:
            virtual = rows[0][2] + moved.pop(account, 0)
            self._set(token, account, rows[0], virtual, shape.outward[0], moved, changed)
            restless = virtual >= MOST
            look_above = True
        restless |= look_above and self._is_restless_above(token, circle)
        new = [member for member, row in zip(members, rows, strict=True) if row[3] != restless]
        return changed + self._marked(token, new, restless, doubtful)

    def _rows(self, token: int, members: Iterable[int]) -> list[Row]:
        return [self._accounts.get(member, token) or _NOTHING for member in members]

    def _marked(
        self, token: int, members: list[int], restless: bool, doubtful: set[int]
    ) -> list[int]:
        """Marks accounts for which that is new; gives those below, which are in doubt then."""
        changed: list[int] = []
        for member in members:
            self._mark(token, member, restless)
            below = self._graph.below(member)
            doubtful.update(below)
            changed += below
        return changed

    def _is_restless_above(self, token: int, circle: frozenset[int]) -> bool:
        """Whether one of those that pay into a circle, or into an account, is restless."""
        known = self._tokens.get(token)
        if known is None or not known[1]:
            return False
        accounts = self.of(token)
        above = {
            leaf.split
            for member in circle
            for behind in self._graph.behind(member)
            for leaf in self._graph.paying(behind)
        }
        return any(accounts.restless(account) for account in above - circle)

    def _mark(self, token: int, account: int, restless: bool) -> None:
        """Notes that an account is restless now, or is not any more."""
        row = self._accounts.get(account, token) or _NOTHING
        self._put(account, token, (*row[:3], int(restless)))
        deposited, many = self._tokens.get(token) or (0, 0)
        self._tokens.put((token,), (deposited, many + (1 if restless else -1)))

    def _solve(
        self,
        token: int,
        shape: Shape,
        rows: list[Row],
        moved: dict[int, int],
        was_restless: bool,
        changed: list[int],
    ) -> bool:
        """Works a circle out again, in which is what was to be added to its accounts; whether it
        came to rest."""
        added = [moved.pop(member, 0) for member in shape.members]
        solved, at_rest = self._solved(token, shape, rows, None if was_restless else added)
        for place, member in enumerate(shape.members):
            outward = shape.outward[place]
            self._set(token, member, rows[place], solved[place], outward, moved, changed)
        return at_rest

    def _set(
        self,
        token: int,
        account: int,
        row: Row,
        virtual: int,
        outward: Sequence[Outward],
        moved: dict[int, int],
        changed: list[int],
    ) -> None:
        """Sets V in a row, and moves what its leaves bring to others than its circle."""
        before = row[2]
        if virtual == before:
            return
        self._put(account, token, (row[0], row[1], virtual, row[3]))
        for end, shares, total in outward:
            more = virtual * shares // total - before * shares // total
            if more:
                if end in moved:
                    moved[end] += more
                else:
                    moved[end] = more
                    changed.append(end)

    def _solved(
        self, token: int, shape: Shape, rows: list[Row], added: list[int] | None
    ) -> tuple[list[int], bool]:
        """V of the accounts of a circle, from below: the least figures that fit the formula.

        Args:
            added: what is to be added to figures that fitted before; nothing where they did not.
        """
        accounts, members = self.of(token), shape.members
        brought = [0] * len(shape.ways)
        if added is None:
            virtual = [self._from_outside(accounts, each, shape.circle) for each in members]
            for way in shape.ways:
                virtual[way.end] -= accounts.claimed(way.leaf)
        else:
            before = [row[2] for row in rows]
            virtual = [v + more for v, more in zip(before, added, strict=True)]
            only_grows = min(added) >= 0
            for number, way in enumerate(shape.ways):
                came = before[way.start] * way.shares // way.total
                if only_grows:  # so it is looked for from there on
                    brought[number] = came
                else:
                    virtual[way.end] -= came
        at_rest = raise_to_rest(virtual, shape, brought)
        if not at_rest:
            virtual = [max(v, row[0]) for v, row in zip(virtual, rows, strict=True)]
        return virtual, at_rest

    def _from_outside(self, accounts: Accounts, account: int, circle: frozenset[int]) -> int:
        """The part of V that does not come from the circle."""
        found = 0
        for behind in self._graph.behind(account):
            found += accounts.received(behind) if behind == account else accounts.held(behind)
            leaves = [leaf for leaf in self._graph.paying(behind) if leaf.split not in circle]
            found += accounts.all_due(leaves)
        return found

    def _circle(self, account: int) -> list[int]:
        for circle in ordered([account], self._graph.below):
            if account in circle:
                return circle
        return [account]


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of one token."""

    _accounts: Figures
    _claimed: Figures
    token: int

    def received(self, account: int) -> int:
        """What an account was credited with; a wallet, what it was paid."""
        return self._row(account)[0]

    def passed(self, account: int) -> int:
        """What it passed on."""
        return self._row(account)[1]

    def held(self, account: int) -> int:
        """What waits at it."""
        row = self._row(account)
        return row[0] - row[1]

    def virtual(self, account: int) -> int:
        """V."""
        return self._row(account)[2]

    def restless(self, account: int) -> bool:
        """Whether V is only a least figure: in and below a circle that did not come to rest."""
        return bool(self._row(account)[3])

    def claimed(self, leaf: Leaf) -> int:
        """What a leaf was passed."""
        row = self._claimed.get(leaf.payee, leaf.split, leaf.lo, self.token)
        return 0 if row is None else int(row[0])

    def due(self, leaf: Leaf) -> int:
        """What a leaf brings once everything above is claimed, less what it was passed."""
        brought = self.virtual(leaf.split) * leaf.shares // leaf.total
        return brought - self.claimed(leaf)

    def load(self, leaves: Sequence[Leaf], accounts: Iterable[int] = ()) -> list[Leaf]:
        """Reads together what is asked of many leaves and accounts.

        Returns:
            The leaves of splits that have figures.
        """
        read = chain((leaf.split for leaf in leaves), accounts)
        self._accounts.load((account, self.token) for account in read)
        paying = [leaf for leaf in leaves if self._accounts.get(leaf.split, self.token)]
        self._claimed.load((leaf.payee, leaf.split, leaf.lo, self.token) for leaf in paying)
        return paying

    def all_due(self, leaves: Sequence[Leaf]) -> int:
        """What many leaves bring together."""
        return sum(map(self.due, self.load(leaves)))

    def _row(self, account: int) -> tuple[int, int, int, int]:
        row = self._accounts.get(account, self.token)
        return _NOTHING if row is None else (row[0], row[1], row[2], row[3])
