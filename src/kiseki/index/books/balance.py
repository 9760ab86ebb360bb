"""What is held inside, so that in = out + held can be checked to the base unit."""

from collections.abc import Callable
from dataclasses import dataclass

from kiseki.core.split import Split
from kiseki.index.books.ledger import Ledger

__all__ = ["Account", "Balance", "balance_of"]


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


def balance_of(
    ledger: Ledger,
    split_of: Callable[[bytes], Split | None],
    is_subject: Callable[[bytes], bool],
) -> Balance:
    """The balance of one token."""
    accounts = []
    for key in sorted(key for key, amount in ledger.received.items() if amount):
        split = split_of(key)
        received, held = ledger.received[key], ledger.held(key)
        kind = "split" if split else "subject" if is_subject(key) else "unknown"
        remainder = received - sum(split.dues(received)) if split else 0
        accounts.append(Account(key, kind, received, received - held, held, remainder))
    payments = sorted(("0x" + key[12:].hex(), amount) for key, amount in ledger.paid.items())
    return Balance(
        token=ledger.token,
        deposited=ledger.deposited,
        paid=sum(ledger.paid.values()),
        held=sum(each.held for each in accounts),
        remainder=sum(each.remainder for each in accounts),
        accounts=tuple(accounts),
        payments=tuple(payments),
    )
