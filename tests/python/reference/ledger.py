"""The ledger as DESIGN tells it, without hashes, proofs, locks or gas: names, books and fractions.

It shares no code with Kiseki, so that it can be held against the contract.
"""

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

MOST = 2**128 - 1
"""What a payee can be credited with, in one token."""


class Refused(Exception):  # noqa: N818 - what is refused is no error of the model
    """The whole call comes to nothing."""


@dataclass
class Ledger:
    """Payees are names: of a split if in `splits`, a subject if in `stands_for`, else of a wallet.

    Attributes:
        splits: payees and their shares, in order.
        stands_for: whom a subject names now; None for nobody.
        rejecting: (wallet, token) that cannot be paid.
        received: of the splits, all that ever reached them.
        held: of the subjects, what waits.
        balances: of the wallets, the ledger itself and payment addresses, by token.
    """

    splits: dict[str, list[tuple[str, int]]]
    stands_for: dict[str, str | None]
    rejecting: set[tuple[str, str]]
    received: Counter[Any] = field(default_factory=Counter)
    held: Counter[Any] = field(default_factory=Counter)
    income: Counter[Any] = field(default_factory=Counter)
    claimed: Counter[Any] = field(default_factory=Counter)
    balances: Counter[Any] = field(default_factory=Counter)
    purse: int = 0

    def due(self, split: str, leaf: int, token: str) -> int:
        leaves = self.splits[split]
        share = Fraction(leaves[leaf][1], sum(shares for _, shares in leaves))
        return int(self.received[split, token] * share) - self.claimed[split, leaf, token]

    def deposit(self, payee: str, token: str, amount: int) -> int:
        if token == "ether":
            if amount > self.purse:
                raise Refused
            self.purse -= amount
        else:
            self.move("payer", "ledger", token, amount)
        return self.enter(payee, token, amount)

    def sweep(self, payee: str, token: str) -> int:
        amount = self.balances[f"address of {payee}", token]
        self.move(f"address of {payee}", "ledger", token, amount)
        return self.enter(payee, token, amount)

    def enter(self, payee: str, token: str, amount: int) -> int:
        if amount == 0 or self.income[payee, token] + amount > MOST:
            raise Refused
        self.income[payee, token] += amount
        self.pass_on(payee, token, amount, opened=True)
        return amount

    def claim(self, split: str, leaf: int, token: str, opened: bool = False) -> int:
        amount = self.due(split, leaf, token)
        if amount == 0:
            return 0
        payee, _ = self.splits[split][leaf]
        self.claimed[split, leaf, token] += amount
        self.pass_on(payee, token, amount, opened)
        return amount

    def resolve(self, subject: str, token: str) -> int:
        amount = self.held[subject, token]
        self.held[subject, token] = 0
        self.leave(subject, token, amount)
        return amount

    def leave(self, subject: str, token: str, amount: int) -> None:
        payee = self.stands_for[subject]
        if amount and (payee is None or payee == subject):
            raise Refused
        if amount and payee is not None:
            self.pass_on(payee, token, amount)

    def pass_on(self, payee: str, token: str, amount: int, opened: bool = False) -> None:
        """Pays a wallet, credits a split; a subject lets it go with all that waits, or it waits."""
        if payee in self.splits:
            self.add(self.received, payee, token, amount)
        elif payee in self.stands_for:
            before = self.copy()
            try:
                if not opened:
                    raise Refused
                waiting, self.held[payee, token] = self.held[payee, token], 0
                self.leave(payee, token, waiting + amount)
            except Refused:
                self.become(before)
                self.add(self.held, payee, token, amount)
        elif (payee, token) in self.rejecting:
            raise Refused
        else:
            self.move("ledger", payee, token, amount)

    def add(self, book: Counter[Any], payee: str, token: str, amount: int) -> None:
        if book[payee, token] + amount > MOST:
            raise Refused
        book[payee, token] += amount

    def move(self, giver: str, taker: str, token: str, amount: int) -> None:
        if self.balances[giver, token] < amount:
            raise Refused
        self.balances[giver, token] -= amount
        self.balances[taker, token] += amount

    def call(self, name: str, *arguments: Any, value: int = 0) -> Any:
        """One transaction with ether sent along: all of it or nothing, and the rest comes back."""
        before = self.copy()
        self.purse = value
        self.balances["ledger", "ether"] += value
        try:
            result = getattr(self, name)(*arguments)
        except Refused:
            self.become(before)
            raise
        self.balances["ledger", "ether"] -= self.purse
        self.purse = 0
        return result

    def multicall(self, calls: list[tuple[Any, ...]], allow_failure: bool) -> list[Any]:
        """What each call brought; None for one that failed."""
        results: list[Any] = []
        for name, *arguments in calls:
            before = self.copy()
            try:
                if name == "multicall":
                    raise Refused
                results.append(getattr(self, name)(*arguments))
            except Refused:
                if not allow_failure:
                    raise
                self.become(before)
                results.append(None)
        return results

    def copy(self) -> dict[str, Any]:
        return deepcopy(vars(self))

    def become(self, before: dict[str, Any]) -> None:
        vars(self).update(before)
