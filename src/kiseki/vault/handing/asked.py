"""The question for what is kept of the items of a hand-out, which each range asks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, exists, select

from kiseki.vault.store import tables

__all__ = ["ONE", "SOME"]


def _asked() -> Select[Any]:
    """What is kept of the items of a hand-out. It is made once, as each range asks it."""
    out, one, said = tables.handout.c, tables.handed.c, tables.entry.c
    seen = tables.checkpoint.c
    return (
        select(
            out.use, out.begins, out.ends, one.item, said.provider, said.number, said.receipt,
            one.size, one.head, one.key,
        )
        .join_from(tables.handout, tables.handed, one.handout == out.id)
        .join(
            tables.entry,
            (said.provider == one.provider)
            & (said.number == one.number)
            & (said.item == one.item)
            & (said.caller == out.caller),
        )
        .where(
            out.id == bindparam("handout"),
            out.caller == bindparam("caller"),
            out.begins <= bindparam("begun"),
            out.ends > bindparam("now"),
            exists().where(seen.provider == one.provider, seen.size > one.number),
        )
        .order_by(one.item)
    )  # fmt: skip


SOME = _asked().where(tables.handed.c.item > bindparam("after")).limit(bindparam("most"))
ONE = _asked().where(tables.handed.c.item == bindparam("item"))
