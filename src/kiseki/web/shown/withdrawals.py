"""What pages tell of revocations that touch models, and of what their developers answered."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from kiseki.client.documents import Documents
from kiseki.client.withdrawals.sending import name_of
from kiseki.client.withdrawals.told import Told, tell
from kiseki.client.withdrawals.words import answer_words, happened, model_words, state_words
from kiseki.core.checksum import checksummed
from kiseki.core.values import from_hex, to_hex
from kiseki.index import Index
from kiseki.index.answers.withdrawals import Of, Withdrawal
from kiseki.web.shown.values import ROWS, Rows, page

__all__ = [
    "AnswerRow", "WithdrawalEntry", "WithdrawalFeed", "WithdrawalRow", "feed", "withdrawals",
]  # fmt: skip

_ROWS = 30
_SPACE = uuid.UUID("0d7c1c1e-6f0b-5f53-8f6e-5f2d1c7a9b44")
"""Of the names of feeds, which are the same on every site over the same chain."""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What a developer answered.

    Attributes:
        answer: ``acknowledged``, ``retrain`` or ``kept``.
        by: of ``retrain`` the last day of the promise, as ``2027-12-31``; else none.
        reason: what the developer adds; may be empty.
        time: when it was stated.
        document: keccak256 of it, which the chain has.
        said: the same in a sentence, without the reason.
    """

    answer: str
    by: str | None
    reason: str
    time: int
    document: str
    said: str


@dataclass(frozen=True, slots=True)
class WithdrawalRow:
    """That consent was revoked to something on which a model rests.

    Attributes:
        kind: what was revoked, ``collection`` or ``item``.
        id: its ID.
        collection: the collection itself, or the one that logged the item.
        provider: who revoked.
        revoked_at: when.
        ends_at: first second at which new uses are refused.
        transaction: in which it was revoked.
        model: that rests on it. It stays registered.
        developer: whose the model is.
        registered_at: when the model was registered.
        direct: whether the model itself declares the collection.
        declares: whether it declares the item, as far as published manifests say: ``yes``, ``no``
            or ``unknown``; of a collection ``yes``.
        answers: what the developer answered, earliest first; the last one counts.
        unread: how many answers about the model are not at hand.
        overdue: whether another model was promised until a day that has passed, and none came; none
            where the developer registered so many models since that not all were looked at.
        without: the first model of the developer since then that leaves the collection out, of
            those that were looked at.
        state: what was answered, and what became of it, in sentences.
    """

    kind: str
    id: str
    collection: str
    provider: str
    revoked_at: int
    ends_at: int
    transaction: str
    model: str
    developer: str
    registered_at: int
    direct: bool
    declares: str
    answers: list[AnswerRow]
    unread: int
    overdue: bool | None
    without: str | None
    state: list[str]


def withdrawals(
    index: Index,
    of: Of,
    key: str | bytes,
    language: str,
    documents: Documents,
    after: str | None = None,
    most: int = ROWS,
) -> Rows[WithdrawalRow]:
    """Revocations of something, or that touch something, a part of them, earliest first.

    Args:
        of: whose they are: a ``developer``'s, ``provider``'s, ``model``'s, ``collection``'s or
            ``item``'s.
        key: the address or the ID.
        documents: that this site was given.

    Raises:
        InvalidInput: an address or `after` has a wrong form.
    """
    last = b"" if after is None else from_hex(after, 32, "after")
    found = index.overview.withdrawals(of, key, last, most + 1)
    told = {each.row.cursor: each for each in tell(index, found[:most], documents)}

    def row(each: Withdrawal) -> WithdrawalRow:
        return _row(told[each.cursor], language)

    return page(found, most, row, lambda each: to_hex(each.cursor))


def _row(told: Told, language: str) -> WithdrawalRow:
    row = told.row
    return WithdrawalRow(
        row.kind,
        to_hex(row.id),
        to_hex(row.collection),
        checksummed(row.provider),
        row.revoked_at,
        row.ends_at,
        to_hex(row.transaction),
        to_hex(row.model),
        checksummed(row.developer),
        row.registered_at,
        row.is_direct,
        told.declares,
        [
            AnswerRow(
                each.answer.answer,
                each.answer.by.isoformat() if each.answer.by else None,
                each.answer.reason,
                each.time,
                to_hex(each.document),
                answer_words(each.answer, language),
            )
            for each in told.answers
        ],
        told.unread,
        told.overdue,
        None if row.without is None else to_hex(row.without),
        state_words(told, language),
    )


@dataclass(frozen=True, slots=True)
class WithdrawalEntry:
    """A withdrawal as a feed tells it: what does not change. Answers are on the pages.

    Attributes:
        name: of it, a URN that stays.
        time: since when all of it is so, Unix seconds.
        kind, model, provider, transaction: as a `WithdrawalRow` has them.
        sentences: all of it in words.
    """

    name: str
    time: int
    kind: str
    model: str
    provider: str
    transaction: str
    sentences: list[str]


@dataclass(frozen=True, slots=True)
class WithdrawalFeed:
    """Revocations that touch the models of a developer, the newest first.

    Attributes:
        name: of the feed, a URN that stays.
        id: the developer's address.
        entries: a page of them.
        updated: of the newest; where there are none, the time of the last block that is told.
        before: what the next page is asked for with; none where there is no next page.
    """

    name: str
    id: str
    entries: list[WithdrawalEntry]
    updated: int
    before: str | None


def feed(
    index: Index, chain_id: int, who: str, language: str, settled: int, before: str | None = None
) -> WithdrawalFeed:
    """What a developer is told of.

    Args:
        who: the developer's wallet.
        settled: the last block that is told of, as in feeds of uses.
        before: the cursor of the last entry of the page before.

    Raises:
        InvalidInput: the address or the cursor has a wrong form.
    """
    last = b"" if before is None else from_hex(before, 32, "before")
    address, registry = checksummed(who), dict(index.contracts)["DataRegistry"]
    found = index.overview.withdrawals("developer", who, last, _ROWS + 1, settled, newest=True)
    entries = [
        WithdrawalEntry(
            name_of(each, chain_id, registry), each.known_at, each.kind, to_hex(each.model),
            checksummed(each.provider), to_hex(each.transaction),
            happened(each, language) + model_words(each, language),
        )
        for each in found[:_ROWS]
    ]  # fmt: skip
    return WithdrawalFeed(
        uuid.uuid5(_SPACE, f"{chain_id} {registry} {address.lower()}").urn, address, entries,
        entries[0].time if entries else index.time,
        to_hex(found[_ROWS - 1].cursor) if len(found) > _ROWS else None,
    )  # fmt: skip
