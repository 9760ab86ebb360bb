"""What a plan would cost in gas, from the gas that the contracts' tests measured."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kiseki.core.merkle import SLICE
from kiseki.errors import InvalidInput
from kiseki.index import Index

__all__ = ["Due", "Line", "claim_gas", "dues", "plan", "registering"]

_MOST = 10**12


@cache
def _measured() -> dict[str, int]:
    found: dict[str, int] = json.loads(Path(__file__).with_name("gas.json").read_text("utf-8"))
    return found


_FIRST, _AGAIN = (f"claim ether through a collection, {which}" for which in ("first", "again"))
"""What a claim is counted as: the first from a place writes a number where there was none."""


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
        gas: of a first claim for each place where the money lies; later ones need less.
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
        Line("claims, in the first year", yearly, _claims(artists, claims)),
    ]


def registering(counts: Iterable[int]) -> int:
    """The gas of registering collections.

    Args:
        counts: how many items each has.
    """
    return sum(map(_registering, counts))


def dues(index: Index, group: bytes | None = None) -> list[Due]:
    """What the providers of collections are owed in ether now, from everywhere; the least first.

    Args:
        group: a model or batch: only the providers of what it rests on. Default: all providers.

    Raises:
        NotRegistered: there is no such model or batch.
    """
    if group is None:
        wallets = set(index.providers(most=_MOST))
    else:
        nodes = index.lineage(group).nodes
        wallets = {node.registrant for node in nodes if node.kind == "collection"}
    return sorted(_dues(index, wallets), key=lambda due: due.amount)


def claim_gas() -> int:
    """The most that one claim of ether needs: the first."""
    return _measured()[_FIRST]


def _claims(artists: int, claims: int) -> int:
    gas = _measured()
    return artists * (gas[_FIRST] + (claims - 1) * gas[_AGAIN]) if claims else 0


def _dues(index: Index, wallets: Iterable[str]) -> Iterable[Due]:
    for wallet in wallets:
        owed = index.owed(wallet)
        if owed:
            amount = sum(each.amount for each in owed)
            yield Due(wallet, amount, len(owed) * _measured()[_FIRST])


def _transactions(count: int) -> int:
    return 1 if count <= SLICE else 1 + -(-count // SLICE)


def _registering(count: int) -> int:
    gas = _measured()
    if count > SLICE:
        return gas["data commit"] + -(-count // SLICE) * gas["data publish 4000"]
    low, high = (1, 100) if count <= 100 else (100, SLICE)
    first, last = gas[f"data register {low}"], gas[f"data register {high}"]
    return first + -(-(last - first) * (count - low) // (high - low))
