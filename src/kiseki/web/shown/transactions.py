"""What pages tell of a transaction: what the node says of it, and what was logged in it."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.client.transactions import Transaction
from kiseki.core.event import Event
from kiseki.core.values import to_hex
from kiseki.index import Index
from kiseki.web.shown.values import PayeeShown, of_payees

__all__ = ["EventRow", "Named", "TransactionShown", "shown"]

_KINDS = {
    "collection": "collection",
    "model": "model",
    "parent": "model",
    "batch": "batch",
    "termsId": "terms",
    "offerId": "offer",
    "scheduleId": "schedule",
    "split": "split",
}
_PAYEES = ("payee", "subject")


@dataclass(frozen=True, slots=True)
class Named:
    """Something that an event names and that has a page.

    Attributes:
        kind: as of a payee, or ``terms``, ``offer`` or ``schedule``.
        id: its ID, number or address.
    """

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """What a contract logged.

    Attributes:
        contract: its name.
        event: what it logged, as the contract calls it.
        names: what of it has a page.
    """

    contract: str
    event: str
    names: list[Named]


@dataclass(frozen=True, slots=True)
class TransactionShown:
    """A transaction, as the node of this site tells it.

    Attributes:
        hash: of it.
        sender, to: between whom; `to` is none where it made a contract.
        contract: the name of the contract at `to`, where it is one of Kiseki's; else empty.
        value: wei that went along.
        block, time: in which block, and when; none while it waits for one.
        succeeded: whether it was carried out; none while it waits.
        fee: what it cost the sender, in wei; none while it waits.
        events: what Kiseki's contracts logged in it, in order.
    """

    hash: str
    sender: str
    to: str | None
    contract: str
    value: str
    block: int | None
    time: int | None
    succeeded: bool | None
    fee: str | None
    events: list[EventRow]


def shown(index: Index, told: Transaction) -> TransactionShown:
    """What a node told of a transaction."""
    names = {at.lower(): name for name, at in index.contracts}
    keys = [
        bytes(event.args[each]) for event in told.events for each in _PAYEES if each in event.args
    ]
    payees = of_payees(index, (key for key in keys if len(key) == 32))
    return TransactionShown(
        to_hex(told.hash),
        told.sender,
        told.to,
        names.get((told.to or "").lower(), ""),
        str(told.value),
        told.block,
        told.time,
        told.succeeded,
        None if told.fee is None else str(told.fee),
        [EventRow(e.contract, e.name, _names(e, payees)) for e in told.events],
    )


def _names(event: Event, payees: dict[bytes, PayeeShown]) -> list[Named]:
    found = [
        Named(kind, to_hex(bytes(event.args[name])))
        for name, kind in _KINDS.items()
        if isinstance(event.args.get(name), bytes)
    ]
    if isinstance(event.args.get("tokenId"), int):
        found.append(Named("token", to_hex(event.args["tokenId"].to_bytes(32))))
    for name in _PAYEES:
        payee = payees.get(event.args[name]) if isinstance(event.args.get(name), bytes) else None
        if payee is not None:
            found.append(Named(payee.kind, payee.id))
    return found
