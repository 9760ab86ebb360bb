"""What pages tell of a transaction: what the node says of it, and what was logged in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiseki.client.transactions import Transaction
from kiseki.core import ids
from kiseki.core.checksum import checksummed
from kiseki.core.event import Event
from kiseki.core.values import to_hex
from kiseki.index import Index
from kiseki.web.shown.values import PayeeShown, of_payees

__all__ = ["EventRow", "MovedRow", "Named", "TransactionShown", "shown"]

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
_MOVES = {
    "Deposited": ("payer", "payee"),
    "Claimed": ("split", "payee"),
    "Resolved": ("subject", "payee"),
    "Redirected": ("payee", "to"),
}
"""Event of the splitter -> the arguments that say from whom money went to whom."""
_KEYS = {*_PAYEES, *(name for between in _MOVES.values() for name in between)}


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
class MovedRow:
    """Money that moved, as an event says.

    Attributes:
        source, target: between whom.
        token: the currency; the zero address is ether.
        amount: base units.
    """

    source: Named
    target: Named
    token: str
    amount: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """What a contract logged.

    Attributes:
        contract: its name.
        event: what it logged, as the contract calls it.
        names: what of it has a page.
        moved: the money that it says moved; none of other events.
    """

    contract: str
    event: str
    names: list[Named]
    moved: MovedRow | None


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
    keys = {key for event in told.events for name in _KEYS if (key := _key(event, name))}
    payees = of_payees(index, keys)
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
        [EventRow(e.contract, e.name, _names(e, payees), _moved(e, payees)) for e in told.events],
    )


def _names(event: Event, payees: Mapping[bytes, PayeeShown]) -> list[Named]:
    found = [
        Named(kind, to_hex(bytes(event.args[name])))
        for name, kind in _KINDS.items()
        if isinstance(event.args.get(name), bytes)
    ]
    if isinstance(event.args.get("tokenId"), int):
        found.append(Named("token", to_hex(event.args["tokenId"].to_bytes(32))))
    for name in _PAYEES:
        payee = payees.get(_key(event, name))
        if payee is not None:
            found.append(Named(payee.kind, payee.id))
    return found


def _key(event: Event, name: str) -> bytes:
    """A payee that an event names, by its key or as a wallet; empty where it names none."""
    said = event.args.get(name)
    if isinstance(said, str):
        return ids.wallet(said)
    return said if isinstance(said, bytes) and len(said) == 32 else b""


def _moved(event: Event, payees: Mapping[bytes, PayeeShown]) -> MovedRow | None:
    between = _MOVES.get(event.name) if event.contract == "RevenueSplitter" else None
    if between is None:
        return None
    source, target = (payees[_key(event, name)] for name in between)
    return MovedRow(
        Named(source.kind, source.id), Named(target.kind, target.id),
        checksummed(event.args["token"]), str(event.args["amount"]),
    )  # fmt: skip
