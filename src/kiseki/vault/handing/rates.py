"""How often somebody may ask: a count for each who asks, in spans of time, kept in the store."""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import Connection, delete

from kiseki.errors import VaultError
from kiseki.vault.store import tables
from kiseki.vault.store.database import insert

__all__ = ["AskedTooOften", "count"]

_DAY = 86_400


class AskedTooOften(VaultError):  # noqa: N818 - reads as what happened
    """Somebody asked more often than they may.

    Attributes:
        wait: seconds after which they may ask again.
    """

    def __init__(self, wait: int) -> None:
        super().__init__(f"this vault was asked too often; ask again in {wait} s")
        self.wait = wait


def count(db: Connection, what: str, limit: int, span: int, now: int) -> None:
    """Counts one more, inside a transaction that writes; what is refused is not counted.

    Args:
        what: is limited, and for whom; only its hash is kept.
        limit: how often in a span.
        span: seconds, a day at most. Spans begin at whole multiples of it, so twice
            the limit can fall into one moment between two spans.

    Raises:
        AskedTooOften: it is more than the limit.
    """
    c = tables.asked.c
    who, begin = sha256(what.encode()).digest(), now - now % span
    db.execute(delete(tables.asked).where(c.span < now - _DAY))
    statement = insert(db, tables.asked).values(who=who, span=begin, times=1)
    times = db.execute(
        statement.on_conflict_do_update(
            index_elements=[c.who, c.span], set_={"times": c.times + 1}
        ).returning(c.times)
    ).scalar_one()
    if times > limit:
        raise AskedTooOften(begin + span - now)
