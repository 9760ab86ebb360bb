"""Every running figure, as the splitter's views tell them: to compare both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import select

from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.types import number_of

__all__ = ["Claimed", "Held", "claimed", "held"]

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Held:
    """What a split or subject has in one token.

    Attributes:
        key: its payee key.
        token: lower case.
        is_subject: whether it is a subject of the suite; else a split, or nobody showed what.
        received, passed: base units.
    """

    key: bytes
    token: str
    is_subject: bool
    received: int
    passed: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a leaf of a split was passed.

    Attributes:
        split: its payee key.
        lo: the shares before the leaf.
        token: lower case.
        amount: base units.
    """

    split: bytes
    lo: int
    token: str
    amount: int


_HELD = (
    select(
        t.account.c.key,
        t.account.c.token,
        t.subject.c.key.is_not(None),
        t.account.c.received,
        t.account.c.passed,
    )
    .join(t.subject, t.subject.c.key == t.account.c.key, isouter=True)
    .where(number_of(t.account.c.key) > 0)
    .order_by(number_of(t.account.c.key), number_of(t.account.c.token))
)
_CLAIMED = select(
    t.claimed.c.split, t.claimed.c.lo, t.claimed.c.token, t.claimed.c.amount
).order_by(
    number_of(t.claimed.c.payee),
    number_of(t.claimed.c.split),
    t.claimed.c.lo,
    number_of(t.claimed.c.token),
)


def held(store: Store) -> Iterator[Held]:
    """Every split and subject that ever had anything, page by page."""
    rows = chain.from_iterable(store.pages(_HELD, _PAGE))
    for key, token, is_subject, received, passed in rows:
        yield Held(key, token, bool(is_subject), received, passed)


def claimed(store: Store) -> Iterator[Claimed]:
    """Every leaf that was ever claimed, page by page."""
    for row in chain.from_iterable(store.pages(_CLAIMED, _PAGE)):
        yield Claimed(*row)
