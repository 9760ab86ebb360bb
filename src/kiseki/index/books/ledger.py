"""What was paid in with a reference."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.types import Bytes

__all__ = ["Deposit", "deposits"]

_WITH_REFERENCE = (
    select(
        t.deposit.c.payee,
        t.deposit.c.token,
        t.deposit.c.payer,
        t.deposit.c.amount,
        t.time_of(t.deposit.c.at),
        t.transaction_of(t.deposit.c.at),
    )
    .where(t.deposit.c.ref == bindparam("ref", type_=Bytes))
    .order_by(t.deposit.c.at)
)


@dataclass(frozen=True, slots=True)
class Deposit:
    """What was paid in.

    Attributes:
        payee: 32 bytes.
        token, payer: lower case.
        amount: base units that arrived.
        time: Unix seconds.
        transaction: 32 bytes.
    """

    payee: bytes
    token: str
    payer: str
    amount: int
    time: int
    transaction: bytes


def deposits(store: Store, reference: bytes) -> list[Deposit]:
    """What was paid in with a reference, earliest first."""
    return [Deposit(*row) for row in store.rows(_WITH_REFERENCE, ref=reference)]
