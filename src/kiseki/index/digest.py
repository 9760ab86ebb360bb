"""One hash over all that an index holds, by which two are compared."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import Table, select

from kiseki.core.values import to_hex
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store

__all__ = ["digest"]


def digest(store: Store) -> bytes:
    """SHA-256 over the rows of every table, with keys as they are and not as numbers.

    Two indexes of the same blocks have the same, however they came to them: in one go or block by
    block, in SQLite or PostgreSQL, with blocks taken back and read again. It reads everything.

    Returns:
        32 bytes.
    """
    whole = hashlib.sha256()
    for table in sorted((*t.FACTS, *t.BOOKS, t.leaf, t.tx), key=lambda table: table.name):
        rows = sorted(_lines(store, table))
        whole.update(f"{table.name} {len(rows)}\n".encode())
        for row in rows:
            whole.update(row.encode() + b"\n")
    return whole.digest()


def _lines(store: Store, table: Table) -> list[str]:
    return [json.dumps(list(map(_plain, row))) for row in store.rows(select(table))]


def _plain(value: Any) -> Any:
    return to_hex(value) if isinstance(value, bytes) else str(value)
