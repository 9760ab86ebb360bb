"""What pages tell of an identity: somebody who is paid before they have a wallet."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.core import ids
from kiseki.core.checksum import checksummed
from kiseki.core.values import to_hex
from kiseki.errors import NotInIndex
from kiseki.index import Index

__all__ = ["IdentityShown", "WaitingRow", "identity"]

_TOKENS, _ROWS = 5, 50


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """What waits in one currency.

    Attributes:
        token: the currency; the zero address is ether.
        amount: base units, of the first fifty places where it lies.
        since: when the oldest of that came, Unix seconds.
        complete: whether that is all.
    """

    token: str
    amount: str
    since: int
    complete: bool


@dataclass(frozen=True, slots=True)
class IdentityShown:
    """An identity; who that is, only its issuer knows.

    Attributes:
        id: its ID.
        payee: its payee key.
        wallet: that is bound to it for good; none before that.
        waiting: what waits for it, in up to five currencies.
    """

    id: str
    payee: str
    wallet: str | None
    waiting: list[WaitingRow]


def identity(index: Index, which: bytes) -> IdentityShown:
    """An identity that somebody bound a wallet to, or put on record as a payee.

    Raises:
        NotInIndex: nobody did.
    """
    contract = next(at for name, at in index.contracts if name == "Identities")
    key = ids.subject(contract, which)
    known = index.stands_for([key]).get(key)
    if known is None:
        raise NotInIndex(f"no identity {to_hex(which)} up to this block; is it on this chain?")
    bound = None if known.payee is None else ids.wallet_address(known.payee)
    waiting = []
    for token in index.tokens_at(key, _TOKENS):
        rows = index.unclaimed(key, token, most=_ROWS + 1)
        if rows:
            some = rows[:_ROWS]
            complete = len(rows) <= _ROWS and all(each.complete for each in some)
            amount, since = sum(e.amount for e in some), min(e.since for e in some)
            waiting.append(WaitingRow(checksummed(token), str(amount), since, complete))
    wallet = None if bound is None else checksummed(bound)
    return IdentityShown(to_hex(which), to_hex(key), wallet, waiting)
