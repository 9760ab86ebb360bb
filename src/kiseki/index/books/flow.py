"""Where all the money inside would go if every claim were made: the splitter, simulated.

From what each split and subject holds, virtual claims are made from the top down, with the floor
division of the contract, so that nothing is claimed before all that can reach it has. What a leaf
is owed then includes what becomes due once the splits above it are claimed.

Payees can lead back to themselves, by a hostile or mistaken payee (a collection paid to the split
of a batch that rests on it). Money in such a circle shrinks with every round and may never come
to rest, so a circle is followed for :data:`ROUNDS` rounds; what leaves it later is not counted,
and is found again once the claims were made. What hangs below a circle that did not come to rest is
marked as incomplete.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from kiseki.core.split import Split
from kiseki.index.books.ledger import Ledger, is_wallet

__all__ = ["ROUNDS", "Flow", "Move"]

ROUNDS = 16
"""How often money is sent round a circle of payees."""

_MOST = 1 << 128  # the contract refuses to credit more


@dataclass(frozen=True, slots=True)
class Move:
    """One virtual claim, or one virtual resolution.

    Attributes:
        source: the split or subject that money leaves.
        leaf: which leaf of the split is claimed; -1 for a subject.
        target: who is credited or paid.
        amount: base units; zero only where a subject had nothing left to resolve.
        inside: whether a claim with the subject's opening makes it in the same step.
    """

    source: bytes
    leaf: int
    target: bytes
    amount: int
    inside: bool = False


class Flow:
    """The outcome for one token. ``ledger`` is changed into what it would be afterwards.

    Attributes:
        held: what each subject held before the first move.
        start: what each split and subject had received before the first move.
        moves: in order.
        turns: subject -> place of its own last resolution in ``moves``; none when it failed.
        into: split or subject -> places in ``moves`` of what credits it.
        restless: members of circles that did not come to rest.
    """

    def __init__(
        self,
        ledger: Ledger,
        splits: Callable[[bytes], Split | None],
        subjects: Mapping[bytes, bytes],
        splitter: bytes,
    ) -> None:
        self.ledger = ledger
        self.moves: list[Move] = []
        self.turns: dict[bytes, int] = {}
        self.start = dict(ledger.received)
        self.into: defaultdict[bytes, list[int]] = defaultdict(list)
        self.restless: set[bytes] = set()
        self._split = splits
        self._splitter = splitter
        self._subjects = {
            subject: payee
            for subject, payee in subjects.items()
            if payee not in (subject, splitter, bytes(32))
        }
        self.held = {key: ledger.held(key) for key in ledger.received if key in self._subjects}
        for circle in _ordered(list(ledger.received), self._next):
            self._run(circle)
        self._claims: defaultdict[bytes, list[int]] = defaultdict(list)
        for place, move in enumerate(self.moves):
            if move.leaf >= 0:
                self._claims[self.end(move.target)[-1]].append(place)

    def claims(self, wallet: bytes) -> list[int]:
        """Places in ``moves`` of every claim that pays a wallet, directly or through subjects."""
        return self._claims.get(wallet, [])

    def end(self, payee: bytes) -> list[bytes]:
        """The payee and whom it stands for, subject by subject, up to a wallet, a split, or a
        subject that stands for nobody now."""
        chain = [payee]
        while (payee := self._subjects.get(payee, b"")) and payee not in chain:
            chain.append(payee)
        return chain

    def passes(self, payee: bytes) -> bool:
        """Whether what reaches a payee gets to its :meth:`end`: no account is full (2**128)."""
        return all(subject in self.turns for subject in self.end(payee)[:-1])

    def resolves(self, payee: bytes) -> bool:
        """Whether it is a subject that stands for somebody now."""
        return payee in self._subjects

    def above(self, account: bytes) -> tuple[list[int], bool]:
        """All moves that money takes to reach a split or subject, and whether that is complete."""
        found: set[int] = set()
        seen, rest = {account}, [account]
        while rest:
            for place in self.into.get(rest.pop(), ()):
                found.add(place)
                source = self.moves[place].source
                if source not in seen:
                    seen.add(source)
                    rest.append(source)
        return sorted(found), self.restless.isdisjoint(seen)

    # Who comes after whom

    def _next(self, account: bytes) -> list[bytes]:
        target = self._subjects.get(account)
        if target is not None:
            return [] if is_wallet(target) else [target]
        split = self._split(account)
        leaves = split.leaves if split else ()
        return list(dict.fromkeys(payee for payee, _ in leaves if not is_wallet(payee)))

    # Moving

    def _run(self, circle: list[bytes]) -> None:
        again = len(circle) > 1 or circle[0] in self._next(circle[0])
        for _ in range(ROUNDS if again else 1):
            moved = [self._turn(account) for account in circle]
            if not again or not any(moved):
                return
        self.restless.update(circle)

    def _turn(self, account: bytes) -> bool:
        if account in self._subjects:
            return self._resolve(account, inside=False)
        split = self._split(account)
        return split is not None and self._claim_all(account, split)

    def _claim_all(self, key: bytes, split: Split) -> bool:
        received, claimed = self.ledger.received[key], self.ledger.claimed[key]
        los = accumulate((shares for _, shares in split.leaves), initial=0)
        moved = False
        for place, ((payee, shares), lo) in enumerate(zip(split.leaves, los, strict=False)):
            # `received` may grow while a circle's money comes back; the contract reads it anew.
            due = self.ledger.received[key] * shares // split.total - claimed[lo]
            if not due or payee == self._splitter:
                continue
            if not self._move(Move(key, place, payee, due)):
                continue
            claimed[lo] += due
            moved = True
            if payee in self._subjects:
                self._resolve(payee, inside=True)
        return moved or self.ledger.received[key] != received

    def _resolve(self, subject: bytes, inside: bool) -> bool:
        amount = self.ledger.held(subject)
        if inside and not amount:
            return False
        moved = self._move(Move(subject, -1, self._subjects[subject], amount, inside))
        if moved and not inside:
            self.turns[subject] = len(self.moves) - 1
        return moved and amount != 0

    def _move(self, move: Move) -> bool:
        ledger = self.ledger
        if move.amount:
            if not is_wallet(move.target):
                if ledger.received[move.target] + move.amount >= _MOST:
                    return False
                self.into[move.target].append(len(self.moves))
            ledger.passed[move.source] += move.amount
            ledger.credit(move.target, move.amount)
        self.moves.append(move)
        return True


def _ordered(start: list[bytes], after: Callable[[bytes], list[bytes]]) -> list[list[bytes]]:
    """All accounts reachable from ``start``, payers before payees; circles stand together.

    Source: Tarjan, "Depth-first search and linear graph algorithms" (1972), without recursion.
    """
    number: dict[bytes, int] = {}
    low: dict[bytes, int] = {}
    open_: dict[bytes, None] = {}
    found: list[list[bytes]] = []
    for first in sorted(start):
        if first in number:
            continue
        work: list[tuple[bytes, Iterator[bytes]]] = []
        _enter(first, number, low, open_, work, after)
        while work:
            account, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[account])
                if low[account] == number[account]:
                    found.append(_close(account, open_))
            elif following not in number:
                _enter(following, number, low, open_, work, after)
            elif following in open_:
                low[account] = min(low[account], number[following])
    found.reverse()
    return found


def _enter(
    account: bytes,
    number: dict[bytes, int],
    low: dict[bytes, int],
    open_: dict[bytes, None],
    work: list[tuple[bytes, Iterator[bytes]]],
    after: Callable[[bytes], list[bytes]],
) -> None:
    number[account] = low[account] = len(number)
    open_[account] = None
    work.append((account, iter(after(account))))


def _close(account: bytes, open_: dict[bytes, None]) -> list[bytes]:
    circle: list[bytes] = []
    while not circle or circle[-1] != account:
        circle.append(open_.popitem()[0])
    circle.reverse()
    return circle
