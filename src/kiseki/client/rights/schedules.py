"""Schedules: tokens that wait to move, and what they wait for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from kiseki.chain.contract.contracts import Call, Contract
from kiseki.chain.contract.foreign import said
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.payable import payable, receiver
from kiseki.client.wallet import Wallet
from kiseki.core.conditions import (
    AllOf,
    AnyOf,
    Approvals,
    Escrow,
    IncomeThreshold,
    Kind,
    read,
)
from kiseki.core.payee import Payee
from kiseki.core.values import bytes32, uint
from kiseki.errors import InvalidInput
from kiseki.index import ScheduleRecord

__all__ = ["Pending", "Schedules", "moment"]

_TRUE = (1).to_bytes(32)
"""What a condition that is met answers; one that fails is not met, as the contract has it."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A token that waits to move.

    Attributes:
        record: what was agreed.
        conditions: what each condition is.
        met: whether each is, as the chain says now.
        expired: whether the deadline has passed, so that anybody may let it lapse.
    """

    record: ScheduleRecord
    conditions: tuple[Kind, ...]
    met: tuple[bool, ...]
    expired: bool

    @property
    def due(self) -> bool:
        """Whether it can be executed now."""
        return all(self.met)


@dataclass(frozen=True, slots=True)
class Schedules:
    """What the chain has of schedules and of what they wait for."""

    wallet: Wallet

    def of(self, schedule: bytes) -> ScheduleRecord:
        """What is known of a schedule.

        Raises:
            NotInIndex: there is none with this ID.
        """
        return self.wallet.session.index.agreements.schedule(bytes32(schedule, "the schedule"))

    def made_by(self, receipt: Receipt) -> ScheduleRecord:
        """What a transaction of `schedule` made.

        Raises:
            InvalidInput: it scheduled nothing.
        """
        for event in self.wallet.session.events(receipt):
            if event.name == "TransferScheduled":
                return self.of(bytes(event.args["scheduleId"]))
        raise InvalidInput("this transaction scheduled nothing")

    def pending(self, party: str | None = None) -> list[Pending]:
        """Every token that waits to move, and which of its conditions are met now.

        Args:
            party: only those of this holder or new holder.

        Raises:
            ChainError: the node refuses a question; NodeUnreachable, if it does not answer.
        """
        session = self.wallet.session
        records = session.index.agreements.schedules(open_only=True, party=party)
        asked = [
            self._condition(each.check).call("isMet", record.id, each.data)
            for record in records
            for each in record.schedule.conditions
        ]
        answers = iter(said(session.node, asked, self._rights.address))
        now = session.now()
        return [
            Pending(
                record,
                tuple(read(each, session.names) for each in record.schedule.conditions),
                tuple(next(answers) == _TRUE for _ in record.schedule.conditions),
                now > record.schedule.deadline,
            )
            for record in records
        ]

    def call(self, function: str, schedule: bytes) -> Call:
        """`execute`, `lapse` or `cancel` of a schedule, to be sent."""
        return self._rights.call(function, self.of(schedule).schedule.values)

    def price(self, schedule: bytes) -> Escrow:
        """The price that a schedule asks for.

        Raises:
            InvalidInput: it asks for none, or for several.
        """
        names = self.wallet.session.names
        kinds = (read(each, names) for each in self.of(schedule).schedule.conditions)
        found = [each for each in _simple(kinds) if isinstance(each, Escrow)]
        if len(found) != 1:
            none = "the schedule asks for no price"
            raise InvalidInput("the schedule names several prices; say which" if found else none)
        return found[0]

    def contract(self, schedule: bytes, kind: type[Kind], wanted: Kind | None = None) -> Contract:
        """The contract of a kind of condition that a schedule names, whichever release it is of.

        Args:
            wanted: the condition, where a schedule names several of that kind.
        """
        session, name = self.wallet.session, kind.__name__
        contracts = session.all(name)
        for contract in contracts if len(contracts) > 1 else ():
            at = contract.address.lower()
            names = {a: n for a, n in session.names.items() if n != name or a == at}
            kinds = (read(each, names) for each in self.of(schedule).schedule.conditions)
            for each in _simple(kinds):
                if isinstance(each, kind) and wanted in (None, each):
                    return contract
        return session[name]

    def _condition(self, check: str) -> Contract:
        return Contract(self.wallet.session.node, "AfterTime", check)  # all have the same functions

    @property
    def _rights(self) -> Contract:
        return self.wallet.session["RightsToken"]


def moment(given: datetime | timedelta | int, now: int, what: str) -> int:
    """A time in Unix seconds.

    Args:
        given: a time with its time zone, in so long, or Unix seconds.
        now: Unix seconds.

    Raises:
        InvalidInput: a time without a zone, or one that has passed.
    """
    if isinstance(given, timedelta):
        found = now + int(given.total_seconds())
    elif isinstance(given, datetime):
        if given.tzinfo is None:
            raise InvalidInput(f"{what} needs a time zone, as datetime(…, tzinfo=UTC)")
        found = int(given.timestamp())
    else:
        found = given
    if uint(found, 64, what) < now:
        raise InvalidInput(f"{what} has passed; name a later one")
    return found


def must_be_possible(kind: Kind) -> None:
    """A condition that nobody could ever meet would lock the token until the deadline."""
    if isinstance(kind, AllOf | AnyOf):
        for each in kind.conditions:
            must_be_possible(each)
    elif isinstance(kind, Approvals):
        for party in kind.parties:
            receiver(party, "a party")
    elif isinstance(kind, IncomeThreshold):
        payable(Payee(kind.payee))


def _simple(kinds: Iterable[Kind]) -> Iterator[Kind]:
    """Conditions that hold no others, also those inside others."""
    for kind in kinds:
        if isinstance(kind, AllOf | AnyOf):
            yield from _simple(kind.conditions)
        else:
            yield kind
