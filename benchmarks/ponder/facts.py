"""What both must have read: the rows of each table in one form, whoever kept them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["EVENTS", "TABLES", "Facts", "Reading", "difference", "facts"]

_TERMS = (
    "dataMining", "aiInference", "aiTraining", "aiGenerativeTraining", "commercialOutput",
    "redistribution", "royaltyBps", "floorBps", "validUntil", "noticeSeconds", "gate", "document",
)  # fmt: skip

TABLES: dict[str, tuple[str, ...]] = {
    "terms": ("id", *_TERMS),
    "collection": ("id", "provider", "terms", "root", "count", "payee", "origin"),
    "published": ("group", "commitment"),
    "payee_change": ("collection", "payee"),
    "revocation": ("collection",),
    "item_revocation": ("provider", "commitment"),
    "model": (
        "id", "developer", "weights", "terms", "run", "payee", "split", "manifest", "weight",
        "submitter", "judged_at",
    ),
    "model_source": ("model", "collection", "items", "weight", "submitter", "judged_at"),
    "base": ("group", "model"),
    "batch": ("id", "creator", "root", "count", "record", "payee", "split", "endorsed"),
    "rights": ("token", "registry", "id"),
    "mint": ("token", "document", "royalty_bps"),
    "transfer": ("token", "holder"),
    "deposit": ("payee", "token", "payer", "amount", "ref"),
    "claim": ("split", "token", "payee", "lo", "shares", "amount"),
    "resolution": ("subject", "token", "payee", "amount"),
    "statement": ("speaker", "subject", "kind", "document"),
}  # fmt: skip
"""Table -> its columns, beside where the event stands (block, log), when, in which transaction."""

EVENTS = {
    "DataRegistry": (
        "TermsDefined", "CollectionRegistered", "CollectionPublished", "PayeeChanged",
        "CollectionRevoked", "ItemRevoked",
    ),
    "ModelRegistry": ("ModelRegistered", "ModelSource", "ModelParent"),
    "OutputRegistry": ("BatchRegistered", "BatchModel", "BatchPublished"),
    "RightsToken": ("Revealed", "RightsMinted", "Transfer"),
    "RevenueSplitter": ("Deposited", "Claimed", "Resolved"),
    "Statements": ("Stated",),
}  # fmt: skip
"""Contract -> the events that become those rows."""

Facts = dict[str, list[str]]
"""Table -> its rows as lines of text, sorted."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reading of the chain took.

    Attributes:
        seconds: of reading alone.
        whole: seconds from the start of the process until everything was there.
        facts: the rows, if they were asked for.
    """

    seconds: float
    whole: float
    facts: Facts | None


def facts(rows: Iterable[tuple[str, int, int, str, Iterable[Any]]]) -> Facts:
    """From (table, at, time, transaction, values), in the order of `TABLES`.

    Values are numbers, truths, and hexadecimal text with 0x; `at` is block << 20 | log.
    """
    kept: Facts = {table: [] for table in TABLES}
    for table, at, time, tx, values in rows:
        line = [at, time, tx, *values]
        kept[table].append(" ".join(str(each).lower() for each in line))
    for lines in kept.values():
        lines.sort()
    return kept


def difference(ours: Facts, theirs: Facts) -> str | None:
    """The first difference in words, or none."""
    for table in TABLES:
        mine, other = ours[table], theirs[table]
        if mine == other:
            continue
        ours_only, theirs_only = set(mine) - set(other), set(other) - set(mine)
        return (
            f"{table}: ours has {len(mine):,} rows and theirs {len(other):,}; only ours: "
            f"{next(iter(ours_only), None)}; only theirs: {next(iter(theirs_only), None)}"
        )
    return None
