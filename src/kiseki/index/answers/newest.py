"""What used something last: walked backwards from the end of the chain, so that a page costs what
it holds, however many uses there were before."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, Select, Table, bindparam, func, select, union

from kiseki.core.values import bytes32
from kiseki.index.answers.pages import ALL
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.types import Key

__all__ = ["NewUse", "newest_uses"]


@dataclass(frozen=True, slots=True)
class NewUse:
    """A model or batch that declares something itself.

    Attributes:
        place: of its registration in the chain, the cursor for the next page.
        kind: ``model`` or ``batch``.
        id: its ID.
        registrant: its developer or creator, lowercase address.
        time: when it was registered, Unix seconds.
        transaction: in which, 32 bytes.
    """

    place: int
    kind: str
    id: bytes
    registrant: str
    time: int
    transaction: bytes


_KEY = bindparam("key", type_=Key())
_LAST, _MOST = bindparam("last", type_=BigInteger), bindparam("most", type_=BigInteger)


def _newest(table: Table, column: ColumnElement[bytes]) -> Select[int]:
    """The last places of one table, each read from the end of its index."""
    found = select(table.c.at).where(column == _KEY, table.c.at <= _LAST)
    return select(found.order_by(table.c.at.desc()).limit(_MOST).subquery().c.at)


_PLACES = union(_newest(t.source, t.source.c.collection), _newest(t.used, t.used.c.key))
_PAGE = (
    select(
        t.composed.c.at,
        t.composed.c.kind,
        t.composed.c.id,
        func.coalesce(t.model.c.developer, t.batch.c.creator),
        t.time_of(t.composed.c.at),
        t.transaction_of(t.composed.c.at),
    )
    .outerjoin(t.model, t.model.c.at == t.composed.c.at)
    .outerjoin(t.batch, t.batch.c.at == t.composed.c.at)
    .where(t.composed.c.at.in_(_PLACES))
    .order_by(t.composed.c.at.desc())
    .limit(_MOST)
)


def newest_uses(
    store: Store, key: bytes, before: int | None = None, most: int = 100, at: int | None = None
) -> list[NewUse]:
    """Models and batches that declare something themselves, the newest first.

    Args:
        key: the ID of a collection or model; of all of a wallet's, its payee key.
        before: the place of the last one that is known.
        most: how many at most.
        at: the last place of the chain that counts; all when left out.
    """
    last = min(ALL if before is None else before - 1, ALL if at is None else at)
    rows = store.rows(_PAGE, key=bytes32(key, "the ID"), last=last, most=most)
    return [NewUse(*row) for row in rows]
