"""What pages tell of a schedule: a rights token that moves on conditions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kiseki.core.checksum import checksummed
from kiseki.core.conditions import (
    AllOf,
    AnyOf,
    Approvals,
    Condition,
    Escrow,
    IncomeThreshold,
    Kind,
    read,
)
from kiseki.core.values import to_hex
from kiseki.index import Index
from kiseki.web.shown.values import PayeeShown, of_payee

__all__ = ["ConditionShown", "ScheduleShown", "schedule"]


@dataclass(frozen=True, slots=True)
class ConditionShown:
    """A condition. What its kind does not have is empty.

    Attributes:
        kind: ``income``, ``time``, ``escrow``, ``approvals``, ``all``, ``any``, or ``unknown`` for
            a contract that is not Kiseki's.
        payee: who must have earned `amount`.
        amount, token: base units, and the currency; the zero address is ether.
        time: from when on it is met, Unix seconds.
        needed: how many of `parties` must approve.
        parties: who may approve.
        check: the contract that is asked.
        parts: of ``all`` and ``any``.
    """

    kind: str
    payee: PayeeShown | None = None
    amount: str = ""
    token: str = ""
    time: str = ""
    needed: int = 0
    parties: list[str] = field(default_factory=list)
    check: str = ""
    parts: list[ConditionShown] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ScheduleShown:
    """A schedule.

    Attributes:
        id: its ID.
        token: the number of the rights token.
        holder: who gives it.
        beneficiary: who gets it.
        conditions: all of them must be met.
        deadline: last second before it may lapse, Unix seconds.
        state: ``open``, ``executed`` or ``lapsed``.
        scheduled_at, ended_at: when; `ended_at` is none while it is open.
        transaction: that made it.
    """

    id: str
    token: str
    holder: str
    beneficiary: str
    conditions: list[ConditionShown]
    deadline: str
    state: str
    scheduled_at: int
    ended_at: int | None
    transaction: str


def schedule(index: Index, which: bytes) -> ScheduleShown:
    """A schedule that was made.

    Raises:
        NotInIndex: there is none.
    """
    record = index.agreements.schedule(which)
    made = record.schedule
    names = {at.lower(): name for name, at in index.contracts}
    return ScheduleShown(
        to_hex(which),
        to_hex(made.token.to_bytes(32)),
        checksummed(made.holder),
        checksummed(made.beneficiary),
        [_shown(read(each, names), lambda key: of_payee(index, key)) for each in made.conditions],
        str(made.deadline),
        record.state,
        record.scheduled_at,
        record.ended_at,
        to_hex(record.transaction),
    )


def _shown(kind: Kind, payee: Callable[[bytes], PayeeShown]) -> ConditionShown:
    if isinstance(kind, IncomeThreshold):
        return ConditionShown(
            "income", payee(kind.payee), str(kind.amount), checksummed(kind.token)
        )
    if isinstance(kind, Escrow):
        return ConditionShown("escrow", None, str(kind.price), checksummed(kind.token))
    if isinstance(kind, Approvals):
        parties = [checksummed(each) for each in kind.parties]
        return ConditionShown("approvals", needed=kind.needed, parties=parties)
    if isinstance(kind, AllOf | AnyOf):
        parts = [_shown(each, payee) for each in kind.conditions]
        return ConditionShown("all" if isinstance(kind, AllOf) else "any", parts=parts)
    if isinstance(kind, Condition):
        return ConditionShown("unknown", check=checksummed(kind.check))
    return ConditionShown("time", time=str(kind.time))
