"""What a plan would cost in gas, from the gas that the contracts' tests measured."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kiseki.core.merkle import SLICE
from kiseki.core.values import ZERO_ADDRESS
from kiseki.errors import InvalidInput
from kiseki.index import Index

__all__ = ["Due", "Line", "claim_gas", "dues", "plan"]

_MOST = 10**12


@cache
def _measured() -> dict[str, int]:
    found: dict[str, int] = json.loads(Path(__file__).with_name("gas.json").read_text("utf-8"))
    return found


_CLAIM = "claim ether through a collection, again"
"""What one claim is counted as."""


@dataclass(frozen=True, slots=True)
class Line:
    """Transactions of one kind.

    Attributes:
        what: which, in words.
        times: how many.
        gas: of all of them.
    """

    what: str
    times: int
    gas: int


@dataclass(frozen=True, slots=True)
class Due:
    """What a wallet is owed in ether, and what claiming it uses.

    Attributes:
        wallet: its address.
        amount: wei.
        gas: of one claim for each place where the money lies.
    """

    wallet: str
    amount: int
    gas: int


def plan(artists: int, items: int, claims: int) -> list[Line]:
    """Registering works once, one collection an artist, and a year of claims.

    Args:
        artists: how many.
        items: of all artists together.
        claims: of each artist in a year.

    Raises:
        InvalidInput: no artists, fewer items than artists, or more than anybody has.
    """
    if not 0 < artists <= items <= _MOST or not 0 <= claims <= _MOST:
        raise InvalidInput("give at least one artist, and at least one item for each artist")
    least, more = divmod(items, artists)
    counts = [(least, artists - more), (least + 1, more)]
    transactions = sum(times * _transactions(count) for count, times in counts)
    gas = sum(times * _registering(count) for count, times in counts if times)
    yearly = artists * claims
    return [
        Line("register the works, once", transactions, gas),
        Line("claims, in a year", yearly, yearly * _measured()[_CLAIM]),
    ]


def dues(index: Index) -> list[Due]:
    """What the providers of all collections are owed in ether now, the least first."""
    wallets = {index.status(each).provider.lower() for each in index.registered("DataRegistry")}
    return sorted(_dues(index, wallets), key=lambda due: due.amount)


def claim_gas() -> int:
    """Of one claim."""
    return _measured()[_CLAIM]


def _dues(index: Index, wallets: Iterable[str]) -> Iterable[Due]:
    for wallet in wallets:
        owed = [each for each in index.owed(wallet) if each.token == ZERO_ADDRESS]
        if owed:
            amount = sum(each.amount for each in owed)
            yield Due(wallet, amount, len(owed) * _measured()[_CLAIM])


def _transactions(count: int) -> int:
    return 1 if count <= SLICE else 1 + -(-count // SLICE)


def _registering(count: int) -> int:
    gas = _measured()
    if count > SLICE:
        return gas["data commit"] + -(-count // SLICE) * gas["data publish 4000"]
    low, high = (1, 100) if count <= 100 else (100, SLICE)
    first, last = gas[f"data register {low}"], gas[f"data register {high}"]
    return first + -(-(last - first) * (count - low) // (high - low))
