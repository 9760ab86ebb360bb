"""What the splitter holds, to the base unit, and what it logs when it moves money.

The rules are those of `contracts/RevenueSplitter.sol`: an account of a split counts all that it
received, that of a subject what waits there, and a claim is `received × shares // total` less what
the leaf was paid before.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate
from random import Random

from benchmarks.world.wire import Wire
from kiseki.core.split import Split

__all__ = ["Ledger", "Pot"]

_WALLET = bytes(12)


class Pot:
    """A split without its tree.

    Attributes:
        key: its payee key.
        payees, shares, total: of its leaves.
        los: where each leaf begins.
        deep: whether it is of data or of what a model asks, which other splits pay.
        claimed: token -> what each leaf was paid.
    """

    __slots__ = ("_los", "claimed", "deep", "key", "payees", "shares", "total")

    def __init__(self, split: Split, deep: bool) -> None:
        self.key, self.total, self.deep = split.key, split.total, deep
        self.payees = tuple(payee for payee, _ in split.leaves)
        self.shares = tuple(shares for _, shares in split.leaves)
        self.claimed: dict[str, list[int]] = {}
        self._los: tuple[int, ...] = ()

    @property
    def los(self) -> tuple[int, ...]:
        if not self._los:
            self._los = tuple(accumulate(self.shares[:-1], initial=0))
        return self._los


class Ledger:
    """All accounts.

    Attributes:
        pots: the splits whose leaves somebody knows, by key.
        stands: subject -> the payee it stands for now.
        deposited, paid: by token.
        claims: how many there were.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.pots: dict[bytes, Pot] = {}
        self.stands: dict[bytes, bytes] = {}
        self.deposited: defaultdict[str, int] = defaultdict(int)
        self.paid: defaultdict[str, int] = defaultdict(int)
        self.claims = 0
        self._later: dict[bytes, tuple[bytes, int]] = {}
        self._credits: defaultdict[str, dict[bytes, int]] = defaultdict(dict)
        self._income: set[tuple[bytes, str]] = set()
        self._paid_in: tuple[list[tuple[Pot, str]], list[tuple[Pot, str]]] = ([], [])
        self._waiting: list[tuple[bytes, str]] = []

    def know(self, split: Split | None, deep: bool = False) -> None:
        """A split whose leaves can be claimed from now on."""
        if split is not None and split.key not in self.pots:
            self.pots[split.key] = Pot(split, deep)

    def stand_later(self, subject: bytes, payee: bytes, since: int) -> None:
        """An identity: it stands for a wallet from a time on."""
        self._later[subject] = payee, since

    def payee_of(self, subject: bytes) -> bytes | None:
        """Whom a subject stands for; nothing while it does for nobody."""
        payee = self.stands.get(subject)
        if payee is None and subject in self._later:
            later, since = self._later[subject]
            return later if since <= self._wire.time else None
        return None if payee == subject else payee

    # Moving

    def deposit(
        self, payee: bytes, token: str, payer: str, amount: int, opened: bool, ref: bytes
    ) -> None:
        """Money comes in. A subject that is `opened` passes it on at once."""
        self._wire.next_transaction()
        self._wire.log("RevenueSplitter", "Deposited", payee, token, payer, amount, ref)
        self.deposited[token] += amount
        first = (payee, token) not in self._income
        self._income.add((payee, token))
        if payee[:12] == _WALLET:
            self.paid[token] += amount
        elif payee not in self.pots and (opened or first):
            self._to_subject(payee, token, amount)
        else:
            self._credit(payee, token, amount)

    def claim(self, pot: Pot, leaf: int, token: str, opened: bool) -> bool:
        """Pays a leaf what it is due; false where that is nothing."""
        claimed = pot.claimed.get(token)
        if claimed is None:
            claimed = pot.claimed[token] = [0] * len(pot.shares)
        shares, payee = pot.shares[leaf], pot.payees[leaf]
        amount = self._credits[token][pot.key] * shares // pot.total - claimed[leaf]
        if not amount:
            return False
        claimed[leaf] += amount
        self.claims += 1
        self._wire.next_transaction()
        lo = pot.los[leaf]
        self._wire.log("RevenueSplitter", "Claimed", pot.key, token, payee, lo, shares, amount)
        if payee[:12] == _WALLET:
            self.paid[token] += amount
        elif opened and payee not in self.pots:
            self._to_subject(payee, token, amount)
        else:
            self._credit(payee, token, amount)
        return True

    def resolve(self, rng: Random) -> None:
        """Passes on what waits at some subject, where it stands for somebody."""
        if not self._waiting:
            return
        at = int(len(self._waiting) * rng.random())
        self._waiting[at], self._waiting[-1] = self._waiting[-1], self._waiting[at]
        subject, token = self._waiting[-1]
        if self.payee_of(subject) is None:
            return
        self._waiting.pop()
        if self._credits[token][subject]:
            self._wire.next_transaction()
            self._to_subject(subject, token, 0)

    def paid_in(self, rng: Random, deep: bool) -> tuple[Pot, str] | None:
        """Some split that was ever paid, with a token; of data and models where `deep`."""
        found = self._paid_in[deep]
        return found[int(len(found) * rng.random())] if found else None

    def _to_subject(self, subject: bytes, token: str, amount: int) -> None:
        payee = self.payee_of(subject)
        if payee is None:
            self._credit(subject, token, amount)
            return
        held = self._credits[token]
        amount += held.get(subject, 0)
        held[subject] = 0
        if payee[:12] == _WALLET:
            self.paid[token] += amount
        else:
            self._credit(payee, token, amount)
        self._wire.log("RevenueSplitter", "Resolved", subject, token, payee, amount)

    def _credit(self, account: bytes, token: str, amount: int) -> None:
        held = self._credits[token]
        before = held.get(account, 0)
        held[account] = before + amount
        if before:
            return
        pot = self.pots.get(account)
        if pot is None:
            self._waiting.append((account, token))
        else:
            self._paid_in[pot.deep].append((pot, token))

    def held(self) -> dict[str, dict[bytes, int]]:
        """What is in each account that ever received anything, by token."""
        return {
            token: {key: credit - self._claimed(key, token) for key, credit in accounts.items()}
            for token, accounts in self._credits.items()
        }

    def _claimed(self, key: bytes, token: str) -> int:
        pot = self.pots.get(key)
        return sum(pot.claimed.get(token, ())) if pot else 0
