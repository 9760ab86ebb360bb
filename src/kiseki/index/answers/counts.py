"""How many of each kind there are."""

from __future__ import annotations

from sqlalchemy import BigInteger, bindparam, func, literal, select, union_all

from kiseki.index.answers.pages import ALL
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store

__all__ = ["counts_of"]

_KINDS = {
    "terms": t.terms,
    "collections": t.collection,
    "collections revoked": t.revocation,
    "items published": t.published,
    "items revoked": t.item_revocation,
    "models": t.model,
    "batches": t.batch,
    "statements": t.statement,
    "rights tokens": t.mint,
    "schedules": t.schedule,
    "offers": t.offer,
    "licences": t.licence,
    "identities bound": t.identity,
    "waterfalls": t.waterfall,
    "splits": t.split,
    "deposits": t.deposit,
    "claims": t.claim,
    "resolutions": t.resolution,
    "redirects": t.redirect,
}
"""What is counted -> the table with one row for each."""

_COUNTS = union_all(
    *(
        select(literal(kind).label("kind"), func.count())
        .select_from(table)
        .where(table.c.at <= bindparam("until", type_=BigInteger))
        for kind, table in _KINDS.items()
    )
)


def counts_of(store: Store, at: int | None = None) -> dict[str, int]:
    """Kind, as ``collections`` -> how many there are.

    Args:
        at: the last place of the chain that counts; all when left out.
    """
    rows = store.rows(_COUNTS, until=ALL if at is None else at)
    counts = {row[0]: row[1] for row in rows}
    return {kind: counts[kind] for kind in _KINDS}
