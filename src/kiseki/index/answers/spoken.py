"""What one wallet stated of one sort, and who may speak for a collection beside its provider.

Anybody can state anything about everything. These questions name who speaks, so what strangers say
costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from kiseki.index.answers.pages import ALL, paged
from kiseki.index.answers.values import Statement
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.types import Address, Bytes, Key

__all__ = ["Spoken", "collector_of", "said_about", "said_by", "under"]


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a wallet stated, of one sort.

    Attributes:
        subject: about what, as a subject's key: a hash, which tells nothing by itself.
        document: keccak256 of what is said.
        time: Unix seconds.
        place: of it in the chain, the cursor for the next page.
        block, transaction: in which it was stated.
    """

    subject: bytes
    document: bytes
    time: int
    place: int
    block: int
    transaction: bytes


_SPEAKER = bindparam("speaker", type_=Address), bindparam("kind", type_=Bytes)
_BY = paged(
    select(
        t.statement.c.subject,
        t.statement.c.document,
        t.time_of(t.statement.c.at),
        t.statement.c.at,
        t.block_of(t.statement.c.at),
        t.transaction_of(t.statement.c.at),
    )
    .where(t.statement.c.speaker == _SPEAKER[0])
    .where(t.statement.c.kind == _SPEAKER[1])
    .order_by(t.statement.c.at),
    t.statement,
)
_ABOUT = paged(
    select(
        t.statement.c.speaker,
        t.statement.c.kind,
        t.statement.c.document,
        t.time_of(t.statement.c.at),
        t.statement.c.at,
    )
    .where(t.statement.c.speaker == _SPEAKER[0])
    .where(t.statement.c.kind == _SPEAKER[1])
    .where(t.statement.c.subject == bindparam("subject", type_=Key))
    .order_by(t.statement.c.at),
    t.statement,
)
_COLLECTOR = select(t.standing_use.c.collector).where(
    t.standing_use.c.collection == bindparam("collection", type_=Key)
)
_UNDER = paged(
    select(t.standing_use.c.collection)
    .where(t.standing_use.c.consent == bindparam("consent", type_=Key))
    .order_by(t.standing_use.c.at),
    t.standing_use,
)


def said_by(
    store: Store, speaker: str, kind: bytes, after: int = -1, most: int = ALL
) -> list[Spoken]:
    """Everything that a wallet stated as one sort, earliest first; in pages."""
    rows = store.rows(_BY, speaker=speaker, kind=kind, after=after, most=most)
    return [Spoken(*row) for row in rows]


def said_about(
    store: Store, subject: bytes, speaker: str, kind: bytes, after: int = -1, most: int = ALL
) -> list[Statement]:
    """The same about one subject."""
    rows = store.rows(
        _ABOUT, subject=subject, speaker=speaker, kind=kind, after=after, most=most
    )  # fmt: skip
    return [Statement(*row) for row in rows]


def collector_of(store: Store, collection: bytes) -> str | None:
    """Who registered a collection under a standing consent; none where nobody did."""
    row = store.row(_COLLECTOR, collection=collection)
    return None if row is None else str(row[0])


def under(store: Store, consent: bytes, after: int = -1, most: int = ALL) -> list[bytes]:
    """The collections that were registered under a standing consent, earliest first."""
    rows = store.rows(_UNDER, consent=consent, after=after, most=most)
    return [bytes(collection) for (collection,) in rows]
