"""Which hand-outs are open, for those who were given them, and for the keeper."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from kiseki.core.terms import Use
from kiseki.core.values import address, address_text
from kiseki.vault.age.files import Sealing
from kiseki.vault.handing.clocks import SKEW
from kiseki.vault.store.database import Database
from kiseki.vault.store.tables import handed, handout

__all__ = ["Lies", "Living", "lies", "living"]


@dataclass(frozen=True, slots=True)
class Living:
    """A hand-out that is not over.

    Attributes:
        id: its ID.
        use: what for.
        begins: when it began, in seconds since 1970.
        ends: the first second at which it is over.
        items: how many it has.
    """

    id: bytes
    use: Use
    begins: int
    ends: int
    items: int


@dataclass(frozen=True, slots=True)
class Lies:
    """An item of a hand-out.

    Attributes:
        item: its data ID.
        provider: whose it is.
        number: of the receipt in the provider's log.
        size: bytes of what is fetched.
        sealed: whether that is encrypted to an age key of the receiver.
    """

    item: bytes
    provider: str
    number: int
    size: int
    sealed: bool


def living(database: Database, now: int, caller: str | None = None) -> list[Living]:
    """The hand-outs that are not over, the last first; of one caller, or of all.

    Args:
        now: in seconds since 1970.
    """
    out = handout.c
    question = (
        select(out.id, out.use, out.begins, out.ends, func.count())
        .join_from(handout, handed, handed.c.handout == out.id)
        .where(out.ends > now, out.begins <= now + SKEW)
        .group_by(out.id, out.use, out.begins, out.ends)
        .order_by(out.begins.desc(), out.id)
    )
    if caller is not None:
        question = question.where(out.caller == address(caller, "the caller"))
    return [Living(each[0], Use(each[1]), *each[2:]) for each in database.rows(question)]


def lies(
    database: Database, now: int, made: bytes, caller: str, most: int, after: bytes = b""
) -> list[Lies]:
    """The items of a caller's hand-out that is not over, by data ID.

    Args:
        now: in seconds since 1970.
        made: the hand-out's ID.
        most: so many at most.
        after: only those behind this data ID.
    """
    out, one = handout.c, handed.c
    question = (
        select(one.item, one.provider, one.number, one.size, one.head)
        .join_from(handout, handed, one.handout == out.id)
        .where(
            out.id == made, out.caller == address(caller, "the caller"),
            out.ends > now, out.begins <= now + SKEW, one.item > after,
        )
        .order_by(one.item)
        .limit(most)
    )  # fmt: skip
    return [
        Lies(
            item, address_text(provider), number,
            size if head is None else Sealing(head, b"", size).size, head is not None,
        )
        for item, provider, number, size, head in database.rows(question)
    ]  # fmt: skip
