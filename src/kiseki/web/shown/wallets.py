"""What pages tell of a wallet: what it registered, holds, earned and is owed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiseki.core.checksum import checksummed
from kiseki.core.values import from_hex, to_hex
from kiseki.index import Index
from kiseki.index.answers.agreements import HeldRecord
from kiseki.index.answers.history import Entry
from kiseki.index.answers.months import Month
from kiseki.index.books.glance import Total
from kiseki.web.shown.statements import StatementRow, of_wallet
from kiseki.web.shown.values import ROWS, PayeeShown, Rows, of_payees, page

__all__ = [
    "DueRow",
    "EarningRow",
    "EntryRow",
    "HeldRow",
    "MadeRow",
    "TotalRow",
    "WalletShown",
    "wallet",
]

_TOKENS = 4
"""Currencies beside ether of which a page tells what waits: anybody can pay a worthless one."""
_EACH = 10
"""Currencies of each source that are looked at, those that were known first on the chain."""


@dataclass(frozen=True, slots=True)
class MadeRow:
    """Something that the wallet registered.

    Attributes:
        kind: ``collection``, ``model`` or ``batch``.
        id: its ID.
        count: items of a collection or batch; zero for a model.
        time: when.
        revoked_at: when consent was revoked; none where it was not, or cannot be.
        ends_at: first second at which new uses are refused; none where there is no end, and of
            models and batches.
        lapsed: whether that time has come.
    """

    kind: str
    id: str
    count: int
    time: int
    revoked_at: int | None
    ends_at: int | None
    lapsed: bool


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A rights token that the wallet holds.

    Attributes:
        registry: the contract that registered what it stands for.
        id: of that.
    """

    registry: str
    id: str


@dataclass(frozen=True, slots=True)
class EarningRow:
    """What reached the wallet.

    Attributes:
        month: in which, in UTC, as ``2027-12``.
        token: the currency; the zero address is ether.
        amount: base units.
        payments: how many brought it.
    """

    month: str
    token: str
    amount: str
    payments: int


@dataclass(frozen=True, slots=True)
class DueRow:
    """What waits for the wallet inside the splitter.

    Attributes:
        token: the currency.
        amount: base units, after all steps.
        source: what pays it: a split, or a subject that holds it.
        complete: whether that is all; false below a circle of payees.
    """

    token: str
    amount: str
    source: PayeeShown
    complete: bool


@dataclass(frozen=True, slots=True)
class TotalRow:
    """What waits in one currency.

    Attributes:
        token: the currency.
        amount: base units, together.
        sources: how many splits and subjects hold it.
        complete: whether that is all; false below a circle of payees, and where a source was paid
            in so many tokens that were known before that nobody looked.
        rows: those that hold most.
    """

    token: str
    amount: str
    sources: int
    complete: bool
    rows: list[DueRow]


@dataclass(frozen=True, slots=True)
class EntryRow:
    """Money that moved from or to the wallet.

    Attributes:
        time: when.
        kind: ``deposit``, ``claim``, ``resolution`` or ``redirect``.
        source, target: between whom.
        token, amount: how much, in base units.
        transaction: in which.
    """

    time: int
    kind: str
    source: PayeeShown
    target: PayeeShown
    token: str
    amount: str
    transaction: str


@dataclass(frozen=True, slots=True)
class WalletShown:
    """A wallet, as far as the chain tells; whose it is nobody says here.

    Attributes:
        address: its address.
        collections, models, batches: what it registered, earliest first.
        held: the rights tokens that it holds, those it got last at the end.
        due: what waits for it, in ether and up to four tokens, those that were known first on the
            chain.
        more_due: whether something waits in other tokens too.
        more_may_wait: whether some source was paid in more than ten tokens. Only the ten that were
            known first are looked at here, so more may wait.
        earned: what reached it, by month.
        history: money that moved, earliest first.
        statements: what was said about it, by its owner or by others.
    """

    address: str
    collections: Rows[MadeRow]
    models: Rows[MadeRow]
    batches: Rows[MadeRow]
    held: Rows[HeldRow]
    due: list[TotalRow]
    more_due: bool
    more_may_wait: bool
    earned: Rows[EarningRow]
    history: Rows[EntryRow]
    statements: Rows[StatementRow]


def wallet(index: Index, who: str, most: int = ROWS) -> WalletShown:
    """A wallet. One that nobody knows has empty lists.

    Raises:
        InvalidInput: it is no address.
    """
    waits = index.glance(who, _TOKENS, _EACH, most)
    return WalletShown(
        checksummed(who),
        made(index, "collections", who, most=most),
        made(index, "models", who, most=most),
        made(index, "batches", who, most=most),
        held(index, who, most=most),
        [_total(index, each) for each in waits.totals],
        waits.more,
        not waits.is_all,
        earned(index, who, most=most),
        history(index, who, most=most),
        of_wallet(index, who, most=most),
    )


_REGISTRIES = {
    "collections": "DataRegistry",
    "models": "ModelRegistry",
    "batches": "OutputRegistry",
}


def made(
    index: Index, what: str, who: str, after: str | None = None, most: int = ROWS
) -> Rows[MadeRow]:
    """What a wallet registered, earliest first, a part of it.

    Args:
        what: ``collections``, ``models`` or ``batches``.

    Raises:
        InvalidInput: `after` is no ID.
        NotInIndex: nothing has the ID `after`.
    """
    registry = _REGISTRIES[what]
    last = None if after is None else from_hex(after, 32, "after")
    listed = index.registered(registry, who, last, most + 1)
    return page(listed, most, lambda each: _made(index, registry, each), to_hex)


def held(index: Index, who: str, after: int = -1, most: int = ROWS) -> Rows[HeldRow]:
    """The rights tokens that a wallet holds, a part of them."""
    listed = index.agreements.held(who, after, most + 1)
    return page(listed, most, _held, lambda each: str(each.place))


def earned(index: Index, who: str, after: int = -1, most: int = ROWS) -> Rows[EarningRow]:
    """What reached a wallet by month, a part of it."""
    listed = index.overview.months(who, after, most + 1)
    return page(listed, most, _earned, lambda each: str(each.place))


def history(index: Index, who: str, after: int = -1, most: int = ROWS) -> Rows[EntryRow]:
    """Money that moved from or to a wallet, a part of it."""
    listed = index.overview.history(who, after, most + 1)
    payees = of_payees(index, (key for each in listed for key in (each.source, each.target)))
    return page(listed, most, lambda each: _entry(payees, each), lambda each: str(each.place))


def _made(index: Index, registry: str, which: bytes) -> MadeRow:
    if registry == "OutputRegistry":
        batch = index.batch_head(which)
        return MadeRow("batch", to_hex(which), batch.count, batch.registered_at, None, None, False)
    if registry == "ModelRegistry":
        time = index.model(which).registered_at
        return MadeRow("model", to_hex(which), 0, time, None, None, False)
    head = index.collection_head(which)
    return MadeRow(
        "collection", to_hex(which), head.count, head.registered_at, head.revoked_at, head.ends_at,
        head.ends_at is not None and head.ends_at <= index.time,
    )  # fmt: skip


def _held(each: HeldRecord) -> HeldRow:
    return HeldRow(checksummed(each.registry), to_hex(each.id))


def _earned(each: Month) -> EarningRow:
    return EarningRow(each.month, checksummed(each.token), str(each.amount), each.payments)


def _total(index: Index, total: Total) -> TotalRow:
    payees = of_payees(index, (each.key for each in total.most))
    token = checksummed(total.token)
    return TotalRow(
        token,
        str(total.amount),
        total.sources,
        total.complete,
        [DueRow(token, str(each.amount), payees[each.key], each.complete) for each in total.most],
    )


def _entry(payees: Mapping[bytes, PayeeShown], each: Entry) -> EntryRow:
    return EntryRow(
        each.time,
        each.kind,
        payees[each.source],
        payees[each.target],
        checksummed(each.token),
        str(each.amount),
        to_hex(each.transaction),
    )
