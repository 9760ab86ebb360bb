"""What payee keys stand for: a split, or something in a registry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from kiseki.index.answers.records import chunks
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.types import among

__all__ = ["StandsFor", "standing_for"]


@dataclass(frozen=True, slots=True)
class StandsFor:
    """What a payee key stands for.

    Attributes:
        contract: the contract that says who is paid, in lower case; empty for a split.
        id: of whatever the contract says it for, 32 bytes; the key of a split.
        payee: whom the contract names by now, 32 bytes; none where it names nobody yet, and for
            splits.
    """

    contract: str
    id: bytes
    payee: bytes | None = None


_SUBJECTS = select(t.subject.c.key, t.subject.c.contract, t.subject.c.id, t.subject.c.payee).where(
    among(t.subject.c.key, "keys")
)
_SPLITS = select(t.split.c.key).where(among(t.split.c.key, "keys"))


def standing_for(store: Store, keys: Iterable[bytes]) -> dict[bytes, StandsFor]:
    """Payee key -> what it stands for, of those among some keys that are no wallets and are on
    record. It costs the same however large a split is."""
    found = {}
    for some in chunks(dict.fromkeys(keys)):
        for key, contract, which, payee in store.rows(_SUBJECTS, keys=some):
            named = None if payee is None else bytes(payee)
            found[bytes(key)] = StandsFor(contract, bytes(which), named)
        for (key,) in store.rows(_SPLITS, keys=some):
            found[bytes(key)] = StandsFor("", bytes(key))
    return found
