"""Rights that move by themselves: scheduling a token, and what becomes of it.

    deal = [IncomeThreshold(series.key, 10**20), Escrow(10**18)]
    k.rights.schedule(token, to=buyer, when=deal, deadline=…)
    ...
    k.rights.pending()                     # what is open, and which conditions are met
    k.rights.execute(schedule_id)          # by anybody, once all are

What a token earned and nobody claimed goes with it: claim first (`execute` does it in the same
transaction, where it is told to), or agree on a price that counts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kiseki.chain.contract.contracts import Call, Contract
from kiseki.chain.contract.foreign import said
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.payable import payable, receiver
from kiseki.client.revenue.allowances import approve
from kiseki.client.revenue.revenue import MOST_GAS_TRIED, Revenue
from kiseki.client.wallet import WAITING_DAYS, Signed, Wallet
from kiseki.core import typed
from kiseki.core.checksum import checksummed
from kiseki.core.conditions import (
    MOST,
    AllOf,
    AnyOf,
    Approvals,
    Escrow,
    IncomeThreshold,
    Kind,
    read,
    written,
)
from kiseki.core.payee import Payee
from kiseki.core.values import ZERO_ADDRESS, bytes32, uint
from kiseki.errors import InvalidInput, TransactionFailed
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
    """Conditional transfers; part of `Kiseki.rights`."""

    wallet: Wallet

    def schedule(
        self,
        token: int,
        to: str,
        when: Kind | Sequence[Kind],
        deadline: datetime | timedelta | int,
    ) -> Receipt:
        """Locks a token of this wallet's until it moves to `to`, or does not.

        From then on this wallet cannot take it back alone, nor can the other side.

        Args:
            token: its number.
            to: who gets it. A contract that cannot hold tokens gets it all the same.
            when: what must be met, all of it: 1 to 8 conditions.
            deadline: until when nobody may let it lapse: a time, in so long, or Unix seconds.

        Raises:
            InvalidInput: no condition, or more than eight; or it names somebody who could never get
                the token, be paid or approve.
            ContractReverted: `RightsToken_NotHolder`, `RightsToken_Locked`, …
        """
        conditions = [when] if isinstance(when, Kind) else list(when)
        if not 1 <= len(conditions) <= MOST:
            raise InvalidInput(f"name 1 to {MOST} conditions; AllOf and AnyOf hold more")
        for each in conditions:
            _must_be_possible(each)
        given = [written(each, self.wallet.session.deployment.addresses) for each in conditions]
        until = moment(deadline, self.wallet.session.now(), "the deadline")
        return self.wallet.send(
            self._rights.call(
                "schedule",
                token,
                receiver(to, "who gets it"),
                [(each.check, each.data) for each in given],
                until,
            )
        )

    def scheduled(self, receipt: Receipt) -> ScheduleRecord:
        """What a transaction of `schedule` made.

        Raises:
            InvalidInput: it scheduled nothing.
        """
        for event in self.wallet.session.events(receipt):
            if event.name == "TransferScheduled":
                return self.of(bytes(event.args["scheduleId"]))
        raise InvalidInput("this transaction scheduled nothing")

    def of(self, schedule: bytes) -> ScheduleRecord:
        """What is known of a schedule.

        Raises:
            NotInIndex: there is none with this ID.
        """
        return self.wallet.session.index.agreements.schedule(bytes32(schedule, "the schedule"))

    def execute(self, schedule: bytes, *, claim: bool = False) -> Receipt:
        """Moves the token, by anybody, once every condition is met.

        Args:
            claim: bring its holder what they are owed first, in the same transaction: what the
                token has earned and nobody claimed goes with it.

        Raises:
            ContractReverted: `RightsToken_NotMet`, with the place of the first that is not.
            TransactionFailed: somebody was quicker; what was owed was brought.
        """
        call, sender = self.call("execute", schedule), self.wallet.sender
        if not claim:
            return self.wallet.send(call)
        needed = sender.estimate(call)  # or it says why it cannot be
        made = self.of(schedule).schedule
        splitter = self.wallet.session["RevenueSplitter"]
        steps = Revenue(self.wallet).claims(made.holder)
        last = splitter.call("execute", self._rights.address, made.values).data
        whole = splitter.call("multicall", [*steps, last], False)
        receipt = sender.send(whole, min(sender.estimate(whole) + 2 * needed, MOST_GAS_TRIED))
        if sender.sends and self.of(schedule).state != "executed":
            raise TransactionFailed(
                "what the holder was owed was brought, and the token did not move; look at it with "
                "`kiseki rights pending`"
            )
        return receipt

    def lapse(self, schedule: bytes) -> Receipt:
        """Unlocks the token where it is, by anybody, once the deadline has passed."""
        return self.wallet.send(self.call("lapse", schedule))

    def cancel(self, schedule: bytes) -> Receipt:
        """Agrees to cancel it, as its holder or beneficiary; once both have, it has lapsed."""
        return self.wallet.send(self.call("cancel", schedule))

    def sign_cancel(self, schedule: bytes, days: int = WAITING_DAYS) -> Signed:
        """Signs that this wallet agrees to cancel it, for others to bring (`cancel_for`)."""
        nonce, deadline = self.wallet.fresh(days)
        message = typed.cancel(
            self.wallet.session.chain_id,
            self._rights.address,
            schedule=bytes32(schedule, "the schedule"),
            party=self.wallet.address,
            nonce=nonce,
            deadline=deadline,
        )
        return self.wallet.sign(message, nonce, deadline)

    def cancel_for(self, schedule: bytes, signed: Signed) -> Receipt:
        """Brings what the holder or beneficiary signed."""
        made = self.of(schedule).schedule.values
        call = self._rights.call("cancelFor", made, signed.signer, signed.approval)
        return self.wallet.send(call)

    def approve(self, schedule: bytes) -> Receipt:
        """Approves a schedule as one of the parties that a condition names; for good."""
        key = bytes32(schedule, "the schedule")
        return self.wallet.send(self._named(key, Approvals).call("approve", key))

    def sign_approval(self, schedule: bytes, days: int = WAITING_DAYS) -> Signed:
        """Signs the same, for somebody else to bring (`approve_for`)."""
        key = bytes32(schedule, "the schedule")
        nonce, deadline = self.wallet.fresh(days)
        message = typed.transfer_approval(
            self.wallet.session.chain_id,
            self._named(key, Approvals).address,
            party=self.wallet.address,
            schedule=key,
            nonce=nonce,
            deadline=deadline,
        )
        return self.wallet.sign(message, nonce, deadline)

    def approve_for(self, schedule: bytes, signed: Signed) -> Receipt:
        """Brings what a party signed; nothing changes when it has approved already."""
        key = bytes32(schedule, "the schedule")
        call = self._named(key, Approvals).call("approveFor", signed.signer, key, signed.approval)
        return self.wallet.send(call)

    def pay_escrow(self, schedule: bytes, price: Escrow | None = None) -> Receipt:
        """Pays the price in that a schedule asks for. It comes back if the token does not move.

        Args:
            price: which, where a schedule names several.

        Raises:
            InvalidInput: the schedule asks for none, or for several.
            ContractReverted: `Escrow_AlreadyPaid`, `Escrow_NotOpen`.
        """
        key, price = bytes32(schedule, "the schedule"), price or self._price(schedule)
        escrow = self._named(key, Escrow, price)
        approve(self.wallet, price.token, escrow.address, price.price)
        value = price.price if price.token == ZERO_ADDRESS else 0
        return self.wallet.send(escrow.call("pay", key, price.token, price.price, value=value))

    def settle(
        self, schedule: bytes, price: Escrow | None = None, to: str | None = None
    ) -> Receipt:
        """Brings an escrowed price to whom it belongs, by anybody, once the schedule has ended.

        Args:
            to: another address, which only whom it belongs to can name.
        """
        key, price = bytes32(schedule, "the schedule"), price or self._price(schedule)
        escrow = self._named(key, Escrow, price)
        if to is None:
            return self.wallet.send(escrow.call("settle", key, price.token, price.price))
        where = receiver(to, "where it goes")
        return self.wallet.send(escrow.call("settleTo", key, price.token, price.price, where))

    def escrowed(self, schedule: bytes, price: Escrow | None = None) -> str | None:
        """Who has paid the price in and was not settled with; none for nobody."""
        price = price or self._price(schedule)
        escrow = self._named(schedule, Escrow, price)
        found = escrow.read("payerOf", schedule, price.token, price.price)
        return None if found == ZERO_ADDRESS else checksummed(found)

    def pending(self, records: Sequence[ScheduleRecord] | None = None) -> list[Pending]:
        """Every token that waits to move, and which of its conditions are met now.

        Args:
            records: only these.

        Raises:
            ChainError: the node refuses a question; NodeUnreachable, if it does not answer.
        """
        session = self.wallet.session
        if records is None:
            records = session.index.agreements.schedules(open_only=True)
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

    def _price(self, schedule: bytes) -> Escrow:
        names = self.wallet.session.names
        kinds = (read(each, names) for each in self.of(schedule).schedule.conditions)
        found = [each for each in _simple(kinds) if isinstance(each, Escrow)]
        if len(found) != 1:
            none = "the schedule asks for no price"
            raise InvalidInput("the schedule names several prices; say which" if found else none)
        return found[0]

    def _condition(self, check: str) -> Contract:
        return Contract(self.wallet.session.node, "AfterTime", check)  # all have the same functions

    @property
    def _rights(self) -> Contract:
        return self.wallet.session["RightsToken"]

    def _named(self, schedule: bytes, kind: type[Kind], wanted: Kind | None = None) -> Contract:
        """The contract of a kind of condition that a schedule names, whichever release it is of."""
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


def _simple(kinds: Iterable[Kind]) -> Iterator[Kind]:
    """Conditions that hold no others, also those inside others."""
    for kind in kinds:
        if isinstance(kind, AllOf | AnyOf):
            yield from _simple(kind.conditions)
        else:
            yield kind


def _must_be_possible(kind: Kind) -> None:
    """A condition that nobody could ever meet would lock the token until the deadline."""
    if isinstance(kind, AllOf | AnyOf):
        for each in kind.conditions:
            _must_be_possible(each)
    elif isinstance(kind, Approvals):
        for party in kind.parties:
            receiver(party, "a party")
    elif isinstance(kind, IncomeThreshold):
        payable(Payee(kind.payee))
