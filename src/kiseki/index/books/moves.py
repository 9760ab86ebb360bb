"""The claims and resolutions that bring what leaves and subjects are owed, in an order that works.

Only what is needed is looked at: from the splits that pay, up through the leaves that still bring
them something. Payers come before whom they pay; a circle is gone round until nothing moves, or
until it took :data:`ROUNDS` rounds, after which more is found once these moves were made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from kiseki.index.books.accounts import Accounts
from kiseki.index.books.circles import MOST
from kiseki.index.books.graph import Graph, Leaf, is_wallet
from kiseki.index.books.order import ordered

__all__ = ["ROUNDS", "Move", "Moves", "moves_to"]

ROUNDS = 256
"""How often money is sent round a circle of payees; halved each time, 2**128 units take 128."""


@dataclass(frozen=True, slots=True)
class Move:
    """A claim, or a resolution of its own.

    Attributes:
        leaf: which leaf is claimed; none of a resolution.
        subject: what is resolved; of a claim the payee, where its opening resolves it at once, and
            else zero.
        amount: base units that move.
    """

    leaf: Leaf | None
    subject: int
    amount: int


@dataclass(frozen=True, slots=True)
class Moves:
    """Moves in order.

    Attributes:
        moves: each after those that it needs.
        complete: whether everything came to rest.
    """

    moves: tuple[Move, ...]
    complete: bool


def moves_to(
    accounts: Accounts,
    graph: Graph,
    leaves: Iterable[Leaf],
    subjects: Iterable[int] = (),
    filled: Iterable[int] = (),
) -> Moves:
    """What to do so that leaves are paid all that they are owed, and subjects pass on what waits.

    Args:
        leaves: of known splits.
        subjects: that stand for somebody.
        filled: accounts that all that is due to them is brought to.
    """
    return _Way(accounts, graph, leaves, subjects, filled).go()


class _Way:
    """The part of the splitter that is needed, and what its figures are on the way."""

    def __init__(
        self,
        accounts: Accounts,
        graph: Graph,
        leaves: Iterable[Leaf],
        subjects: Iterable[int],
        filled: Iterable[int],
    ) -> None:
        self._accounts, self._graph = accounts, graph
        self._leaves: defaultdict[int, dict[Leaf, None]] = defaultdict(dict)
        self._waiting: defaultdict[int, list[int]] = defaultdict(list)
        self._last = list(subjects)
        self._received: dict[int, int] = {}
        self._claimed: dict[Leaf, int] = {}
        self._held: dict[int, int] = {}
        self._moves: list[Move] = []
        for account in filled:
            self._leaves[account] = {}
        self._look_up(leaves)

    def go(self) -> Moves:
        complete = True
        for circle in ordered(sorted(self._leaves), self._below):
            complete &= self._round(circle)
        for subject in self._last:
            self._hop(subject)
        return Moves(tuple(self._moves), complete)

    def _look_up(self, leaves: Iterable[Leaf]) -> None:
        for leaf in leaves:
            self._leaves[leaf.split][leaf] = None
        seen, rest = set(self._leaves), sorted(self._leaves)
        while rest:
            account = rest.pop()
            for payee in self._graph.behind(account):
                if payee != account and self._accounts.held(payee):
                    self._waiting[account].append(payee)
                for leaf in self._graph.paying(payee):
                    if self._accounts.due(leaf) > 0:
                        self._leaves[leaf.split][leaf] = None
                        if leaf.split not in seen:
                            seen.add(leaf.split)
                            rest.append(leaf.split)

    def _below(self, account: int) -> list[int]:
        ends = [self._graph.end(leaf.payee) for leaf in self._leaves.get(account, ())]
        return list(dict.fromkeys(end for end in ends if end in self._leaves))

    def _round(self, circle: list[int]) -> bool:
        """Claims what a circle of accounts is owed; whether it came to rest."""
        again = len(circle) > 1 or circle[0] in self._below(circle[0])
        for _ in range(ROUNDS if again else 1):
            before = len(self._moves)
            for account in circle:
                for subject in reversed(self._waiting.pop(account, [])):
                    self._hop(subject)
                for leaf in self._leaves[account]:
                    self._claim(leaf)
            if not again or len(self._moves) == before:
                return True
        return False

    # Single moves

    def _claim(self, leaf: Leaf) -> None:
        received = self._received.get(leaf.split, self._accounts.received(leaf.split))
        had = self._claimed.get(leaf, self._accounts.claimed(leaf))
        amount = received * leaf.shares // leaf.total - had
        stands = self._graph.payee(leaf.payee)
        if amount > 0 and not self._takes(leaf.payee, amount) and stands is not None:
            self._hop(leaf.payee)  # it is full, and is not once what waits there went on
        if amount <= 0 or not self._credit(leaf.payee, amount):
            return
        self._claimed[leaf] = had + amount
        self._moves.append(Move(leaf, leaf.payee if stands is not None else 0, amount))
        if stands is not None:
            self._hop(stands if self._pass_on(leaf.payee, stands) else leaf.payee)

    def _hop(self, subject: int) -> None:
        """Resolves a subject, and then those to which that leads. Where one of these is full, what
        waits at the last of them goes on first."""
        way: dict[int, int] = {}
        while subject not in way and (payee := self._graph.payee(subject)) is not None:
            way[subject] = payee
            subject = payee
        subjects = list(way)
        if not self._resolve(way, subjects):
            for first in range(len(subjects) - 1, -1, -1):
                self._resolve(way, subjects[first:])

    def _resolve(self, way: dict[int, int], subjects: list[int]) -> bool:
        """Resolves one after the other, as far as each has anything; whether none was refused."""
        for subject in subjects:
            amount = self._waits(subject)
            if not amount:
                return True
            if not self._pass_on(subject, way[subject]):
                return False
            self._moves.append(Move(None, subject, amount))
        return True

    def _pass_on(self, subject: int, payee: int) -> bool:
        if not self._credit(payee, self._waits(subject)):
            return False
        self._held[subject] = 0
        return True

    def _takes(self, payee: int, amount: int) -> bool:
        """Whether the splitter credits that."""
        return is_wallet(payee) or self._has(payee) + amount < MOST

    def _has(self, payee: int) -> int:
        if self._graph.knows(payee):
            return self._received.get(payee, self._accounts.received(payee))
        return self._waits(payee)

    def _credit(self, payee: int, amount: int) -> bool:
        """Credits that, if the splitter does."""
        if not self._takes(payee, amount):
            return False
        if not is_wallet(payee):
            had = self._has(payee)
            (self._received if self._graph.knows(payee) else self._held)[payee] = had + amount
        return True

    def _waits(self, subject: int) -> int:
        return self._held.get(subject, self._accounts.held(subject))
