"""What is held inside, so that in = out + held can be checked to the base unit."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.index.books.accounts import Books
from kiseki.index.books.graph import Graph, Leaf, is_wallet
from kiseki.index.books.moves import moves_to
from kiseki.index.store.database import Store

__all__ = ["Account", "Balance", "balance_of", "tokens"]

_ACCOUNTS = "SELECT key FROM account WHERE token = ?"
_TOKENS = "SELECT token FROM token"


@dataclass(frozen=True, slots=True)
class Account:
    """One split or subject.

    Attributes:
        key: its payee key.
        kind: ``split``, ``subject``, or ``unknown`` when nobody showed what the key stands for.
        received, passed, held: base units; held = received - passed.
        remainder: of a split, what no leaf can claim now because of rounding: less than one base
            unit a leaf. Zero for what is no known split.
    """

    key: bytes
    kind: str
    received: int
    passed: int
    held: int
    remainder: int


@dataclass(frozen=True, slots=True)
class Balance:
    """One token, in base units.

    Attributes:
        token: its address; the zero address is ether.
        deposited: all that came in.
        paid: all that went out to wallets; (wallet, amount) of each in ``payments``.
        held: the sum over ``accounts``; always deposited - paid.
        remainder: the sum of the splits' remainders, a part of ``held``.
        accounts: every split and subject that ever received anything, by key.
        payments: (lowercase address, amount), by address.
    """

    token: str
    deposited: int
    paid: int
    held: int
    remainder: int
    accounts: tuple[Account, ...]
    payments: tuple[tuple[str, int], ...]

    @property
    def exact(self) -> bool:
        """Whether in = out + held, which must always be."""
        return self.deposited == self.paid + self.held


def tokens(store: Store) -> list[str]:
    """Every token that ever came in, ether (the zero address) first."""
    return sorted(store.keys.address(token) for (token,) in store.read_all(_TOKENS))


def balance_of(store: Store, graph: Graph, books: Books, token: str, settled: bool) -> Balance:
    """The balance of one token, which costs as much as it has accounts.

    Args:
        settled: as it would be after every claim and resolution that can be made now.
    """
    keys = store.keys
    unit = keys.look_up(token)
    received: dict[int, int] = {}
    passed: dict[int, int] = {}
    if unit is not None:
        accounts = books.of(unit)
        for (key,) in store.read_all(_ACCOUNTS, unit):
            received[key], passed[key] = accounts.received(key), accounts.passed(key)
        if settled:
            _settle(graph, books, unit, received, passed)
    listed, payments = [], []
    for key in (key for key, amount in received.items() if amount):
        if is_wallet(key):
            payments.append((keys.address(key), received[key]))
            continue
        kind, dues = _kind(graph, key, received[key])
        held = received[key] - passed[key]
        remainder = received[key] - dues if kind == "split" else 0
        listed.append(Account(keys.raw(key), kind, received[key], passed[key], held, remainder))
    listed.sort(key=lambda account: account.key)
    return Balance(
        token=token,
        deposited=books.deposited(unit) if unit is not None else 0,
        paid=sum(amount for _, amount in payments),
        held=sum(account.held for account in listed),
        remainder=sum(account.remainder for account in listed),
        accounts=tuple(listed),
        payments=tuple(sorted(payments)),
    )


def _kind(graph: Graph, key: int, received: int) -> tuple[str, int]:
    """What an account is; and of a split, what its leaves are due of all that it received."""
    if graph.knows(key):
        leaves = graph.leaves(key)
        return "split", sum(received * leaf.shares // leaf.total for leaf in leaves)
    return ("unknown" if graph.subject(key) is None else "subject"), 0


def _settle(
    graph: Graph, books: Books, token: int, received: dict[int, int], passed: dict[int, int]
) -> None:
    """Makes every move."""
    accounts = books.of(token)
    leaves: list[Leaf] = []
    for key in sorted(received):
        if not is_wallet(key) and graph.knows(key):
            leaves += [leaf for leaf in graph.leaves(key) if accounts.due(leaf) > 0]
    waiting = [key for key in sorted(received) if accounts.held(key) and graph.payee(key)]
    for move in moves_to(accounts, graph, leaves, waiting).moves:
        source = move.leaf.split if move.leaf else move.subject
        _pay(
            received,
            passed,
            source,
            move.leaf.payee if move.leaf else _payee(graph, source),
            move.amount,
        )
        if move.leaf and move.subject:
            waits = received[move.subject] - passed[move.subject]
            _pay(received, passed, move.subject, _payee(graph, move.subject), waits)


def _pay(
    received: dict[int, int], passed: dict[int, int], source: int, target: int, amount: int
) -> None:
    passed[source] = passed.get(source, 0) + amount
    received[target] = received.get(target, 0) + amount
    passed.setdefault(target, 0)


def _payee(graph: Graph, subject: int) -> int:
    payee = graph.payee(subject)
    if payee is None:
        raise LookupError(f"the subject {subject} stands for nobody")
    return payee
