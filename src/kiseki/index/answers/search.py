"""What somebody looks for by the beginning of an ID or address, or by a name that was stated."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from sqlalchemy import BigInteger, Executable, Table, bindparam, literal, select

from kiseki.core.keccak import keccak256
from kiseki.errors import InvalidInput
from kiseki.index.answers.items import items_between
from kiseki.index.answers.pages import ALL
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.types import Bytes, keys, number_of

__all__ = ["Hit", "search"]

_LEAST = 4
"""Hex digits that a search begins with at least: fewer would go through too many keys."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that a search found.

    Attributes:
        kind: ``item``, ``collection``, ``model``, ``batch``, ``terms``, ``offer``, ``schedule``,
            ``split``, ``address``, or ``stated`` for what a statement is about whose document is
            the name.
        key: its ID or key, 32 bytes; of an address the payee key of its wallet.
    """

    kind: str
    key: bytes


_IDS: dict[str, tuple[Table, str]] = {
    "collection": (t.collection, "id"),
    "model": (t.model, "id"),
    "batch": (t.batch, "id"),
    "terms": (t.terms, "id"),
    "offer": (t.offer, "id"),
    "schedule": (t.schedule, "id"),
    "split": (t.split, "key"),
}
"""Kind -> table and the column of its ID."""

_FROM, _TO = bindparam("first", type_=Bytes), bindparam("last", type_=Bytes)
_MOST, _UNTIL = bindparam("most", type_=BigInteger), bindparam("until", type_=BigInteger)


def _by_id(kind: str, table: Table, column: str) -> Executable:
    return (
        select(literal(kind), keys.c.raw)
        .join(table, number_of(table.c[column]) == keys.c.id)
        .where(keys.c.raw >= _FROM, keys.c.raw <= _TO)
        .where(table.c.at <= _UNTIL)
        .order_by(keys.c.raw)
        .limit(_MOST)
    )


_BY_ID = tuple(_by_id(kind, *place) for kind, place in _IDS.items())
_BY_ADDRESS = (
    select(literal("address"), keys.c.raw)
    .where(keys.c.raw >= _FROM, keys.c.raw <= _TO)
    .order_by(keys.c.raw)
    .limit(_MOST)
)
_BY_NAME = (
    select(literal("stated"), t.statement.c.subject)
    .where(t.statement.c.document == bindparam("document"))
    .where(t.statement.c.at <= _UNTIL)
    .order_by(t.statement.c.at)
    .limit(_MOST)
)


def search(store: Store, text: str, most: int = 20, at: int | None = None) -> list[Hit]:
    """What a person may mean by a text.

    The chain keeps no names, only hashes of documents that somebody stated. So a name is found
    whole, and only where a statement's document is that very text.

    Args:
        text: the beginning of an ID or address, at least 4 hex digits with ``0x`` or without; or
            a name.
        most: how many at most, of each kind.
        at: the last place of the chain that counts, which does not apply to addresses; all when
            left out.

    Raises:
        InvalidInput: there is nothing to search for, or too few digits.
    """
    wanted = unicodedata.normalize("NFC", text).strip()
    if not wanted:
        raise InvalidInput("give the beginning of an ID or address, or a name, to search for")
    until = ALL if at is None else at
    values = {"document": keccak256(wanted.encode()), "most": most, "until": until}
    rows = store.rows(_BY_NAME, **values)
    digits = re.fullmatch(r"(0[xX])?([0-9a-fA-F]{1,64})", wanted)
    if digits and digits[1] and len(digits[2]) < _LEAST:
        raise InvalidInput(f"{text} is too short; give at least {_LEAST} digits after 0x")
    if digits and len(digits[2]) >= _LEAST:
        rows += _with_digits(store, digits[2], most, until)
    return list(dict.fromkeys(Hit(kind, bytes(key)) for kind, key in rows))


def _with_digits(store: Store, digits: str, most: int, until: int) -> list[tuple[str, bytes]]:
    beginning, end = _filled(digits, "0", 32), _filled(digits, "f", 32)
    values = {"first": beginning, "last": end, "most": most}
    rows = [row for question in _BY_ID for row in store.rows(question, **values, until=until)]
    items = items_between(store, beginning, end, most, until)
    rows += [("item", each.id) for each in items]
    if len(digits) <= 40:
        first, last = (bytes(12) + _filled(digits, digit, 20) for digit in "0f")
        rows += store.rows(_BY_ADDRESS, first=first, last=last, most=most)
    return rows


def _filled(digits: str, digit: str, length: int) -> bytes:
    return bytes.fromhex(digits.ljust(2 * length, digit))
