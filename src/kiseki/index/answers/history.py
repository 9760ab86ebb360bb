"""What came to a wallet and what it paid, as entries of double-entry bookkeeping."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Executable,
    Table,
    bindparam,
    literal,
    select,
    type_coerce,
)

from kiseki.core import ids
from kiseki.core.values import ZERO32
from kiseki.index.answers.pages import ALL
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.types import Bytes, Key

__all__ = ["Entry", "history_of"]


@dataclass(frozen=True, slots=True)
class Entry:
    """Money that moved from one account to another.

    Accounts are payee keys: wallets, splits, and subjects such as a collection. One of the two is
    the wallet that was asked for; what goes from it is its debit.

    Attributes:
        place: of the event in the chain, the cursor for the next page.
        time: Unix seconds.
        transaction: 32 bytes.
        kind: ``deposit`` (somebody paid in; for a wallet it arrives at once), ``claim`` (a split's
            leaf was paid out), ``resolution`` (what waited for a subject went to whom it stands
            for) or ``redirect`` (what was due to the wallet went on where its owner signed).
        source: the account that it left, 32 bytes.
        target: the account that it reached, 32 bytes.
        token: lowercase address; the zero address is ether.
        amount: in base units.
        reference: of a deposit, 32 bytes; else zero.
    """

    place: int
    time: int
    transaction: bytes
    kind: str
    source: bytes
    target: bytes
    token: str
    amount: int
    reference: bytes


_WALLET = bindparam("wallet", type_=Key())
_DEPOSIT, _REDIRECT = t.deposit.c, t.redirect.c


def _moves(table: Table, source: str, target: str, *where: ColumnElement[bool]) -> Executable:
    """Facts of one sort after a place, in the order of the chain."""
    reference = table.c.ref if "ref" in table.c else literal(ZERO32, Bytes)
    return (
        select(
            table.c.at,
            t.time_of(table.c.at),
            t.transaction_of(table.c.at),
            literal(table.name),
            type_coerce(table.c[source], Key()),
            type_coerce(table.c[target], Key()),
            table.c.token,
            table.c.amount,
            reference,
        )
        .where(*where)
        .where(table.c.at > bindparam("after", type_=BigInteger))
        .where(table.c.at <= bindparam("until", type_=BigInteger))
        .order_by(table.c.at)
        .limit(bindparam("most", type_=BigInteger))
    )


_MOVES = (
    _moves(t.deposit, "payer", "payee", _DEPOSIT.payee == _WALLET),
    _moves(t.deposit, "payer", "payee", _DEPOSIT.payer == _WALLET, _DEPOSIT.payee != _WALLET),
    _moves(t.claim, "split", "payee", t.claim.c.payee == _WALLET),
    _moves(t.resolution, "subject", "payee", t.resolution.c.payee == _WALLET),
    _moves(t.redirect, "payee", "receiver", _REDIRECT.payee == _WALLET),
    _moves(
        t.redirect, "payee", "receiver", _REDIRECT.receiver == _WALLET, _REDIRECT.payee != _WALLET
    ),
)


def history_of(
    store: Store, wallet: str, after: int = -1, most: int = 100, at: int | None = None
) -> list[Entry]:
    """What a wallet paid and what reached it, earliest first.

    What lies at a payment address is told by no event before it is swept; then the sweep is a
    deposit that the payment address paid, so its own history tells what was swept.

    Args:
        wallet: its address.
        after: the place of the last entry that is known.
        most: how many entries at most.
        at: the last place of the chain that counts; all when left out.

    Raises:
        InvalidInput: that is no address.
    """
    until = ALL if at is None else at
    values = {"wallet": ids.wallet(wallet), "after": after, "until": until, "most": most}
    rows = [row for moves in _MOVES for row in store.rows(moves, **values)]
    return [Entry(*row) for row in sorted(rows, key=itemgetter(0))[:most]]
