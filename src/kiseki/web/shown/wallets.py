"""What pages tell of a wallet: what it registered, holds, earned and is owed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kiseki.core.checksum import checksummed
from kiseki.core.values import ZERO_ADDRESS, from_hex, to_hex
from kiseki.index import Index, Owed
from kiseki.index.answers.history import Entry
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
        complete: whether that is all; false below a circle of payees.
        rows: the first of them.
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
        due: what waits for it, in ether and up to four tokens.
        more_due: whether something waits in other tokens too.
        earned: what reached it, by month.
        history: money that moved, earliest first.
        statements: what was said about it, by its owner or by others.
    """

    address: str
    collections: Rows[MadeRow]
    models: Rows[MadeRow]
    batches: Rows[MadeRow]
    held: list[HeldRow]
    due: list[TotalRow]
    more_due: bool
    earned: list[EarningRow]
    history: Rows[EntryRow]
    statements: Rows[StatementRow]


def wallet(index: Index, who: str, most: int = ROWS) -> WalletShown:
    """A wallet. One that nobody knows has empty lists.

    Raises:
        InvalidInput: it is no address.
    """
    others = index.tokens_owed(who, limit=_TOKENS + 2)  # one more, and ether
    tokens = list(dict.fromkeys([ZERO_ADDRESS, *others]))[: _TOKENS + 1]
    due = [(token, owed) for token in tokens if (owed := index.owed(who, token))]
    return WalletShown(
        checksummed(who),
        made(index, "collections", who, most=most),
        made(index, "models", who, most=most),
        made(index, "batches", who, most=most),
        [HeldRow(checksummed(at), to_hex(each)) for at, each in index.agreements.held(who)],
        [_total(index, token, owed, most) for token, owed in due],
        bool(set(others) - set(tokens)),
        [
            EarningRow(each.month, checksummed(each.token), str(each.amount), each.payments)
            for each in index.overview.earnings(who, "month")
        ],
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


def _total(index: Index, token: str, owed: Sequence[Owed], most: int) -> TotalRow:
    some = [(each, each.split if any(each.split) else each.subject) for each in owed[:most]]
    payees = of_payees(index, (source for _, source in some))
    return TotalRow(
        checksummed(token),
        str(sum(each.amount for each in owed)),
        len(owed),
        all(each.complete for each in owed),
        [
            DueRow(checksummed(token), str(each.amount), payees[source], each.complete)
            for each, source in some
        ],
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
