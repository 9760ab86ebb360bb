"""Columns that SQLite and PostgreSQL keep in different ways, and keys that stand as numbers.

A key of 32 bytes (an ID, a payee key, an address as a wallet's payee key) stands in many rows, so
`keys` gives each a number, and the other tables hold numbers. A question does not see this: what is
selected from a column of type :class:`Key` comes out as 32 bytes, and what it is compared with goes
in as 32 bytes. Two columns are compared by their numbers. The number of a wallet is negative.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    bindparam,
    select,
    type_coerce,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from kiseki.core.values import address_text, from_hex

__all__ = [
    "Address",
    "Amount",
    "Bytes",
    "Key",
    "Long",
    "Unsigned",
    "Word",
    "among",
    "keys",
    "metadata",
    "number_of",
    "numbered",
    "raw_of",
    "raws",
    "unpacked",
]

metadata = MetaData()

Bytes = LargeBinary

Long = BigInteger().with_variant(Integer, "sqlite")
"""63 bits. SQLite takes only `INTEGER` for the number of a row."""

_INTEGERS = 1 << 63
"""The numbers below are integers of SQLite."""

keys = Table(
    "keys",
    metadata,
    Column("id", Long, primary_key=True, autoincrement=False),
    Column("raw", Bytes, nullable=False, unique=True),
)
"""The number of each key; negative for wallets."""


def raw_of(key: str | bytes) -> bytes:
    """The 32 bytes of a key; of an address, those of its wallet. The zero address is all zero."""
    return bytes(12) + from_hex(key, 20, "an address") if isinstance(key, str) else key


class _Text(TypeDecorator[str]):
    """An address in lower case, kept as a wallet's payee key."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else raw_of(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else address_text(bytes(value)[12:])


class Key(UserDefinedType[Any]):
    """32 bytes, as a number of `keys`."""

    cache_ok = True
    shown: TypeEngine[Any] = LargeBinary()

    def get_col_spec(self, **_: Any) -> str:
        return "BIGINT"

    def bind_expression(self, bindvalue: Any) -> ColumnElement[Any]:
        raw = type_coerce(bindvalue, self.shown)
        return select(keys.c.id).where(keys.c.raw == raw).scalar_subquery()

    def column_expression(self, column: Any) -> ColumnElement[Any]:
        number = type_coerce(column, Long)
        raw = select(keys.c.raw).where(keys.c.id == number).scalar_subquery()
        return type_coerce(raw, self.shown)


class Address(Key):
    """An address in lower case, as a number of `keys`."""

    cache_ok = True
    shown = _Text()


def number_of(column: Any) -> ColumnElement[int]:
    """The number that stands for a key in a column, for rows that are put together in memory."""
    return type_coerce(column, Long)


def among(column: Any, name: str) -> ColumnElement[bool]:
    """Whether a column of keys holds one of a list, which is given as `raws`; `in_` cannot ask
    that.

    Args:
        name: of the list, to whoever asks.
    """
    given = bindparam(name, type_=Bytes, expanding=True)
    return number_of(column).in_(select(keys.c.id).where(keys.c.raw.in_(given)))


def raws(given: Iterable[str | bytes]) -> list[bytes]:
    """Keys for a question with `among`."""
    return [raw_of(key) for key in given]


class _Numbers(TypeDecorator[Any]):
    """A list of numbers as one value: SQLite takes it in JSON."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        postgres = dialect.name == "postgresql"
        return dialect.type_descriptor(ARRAY(BigInteger) if postgres else String())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return list(value) if dialect.name == "postgresql" else json.dumps(list(value))


class _Numbered(FunctionElement[Any]):
    """Without a type: SQLAlchemy compares what is a Boolean with 1, and SQLite then finds no row by
    its key."""

    inherit_cache = True


@compiles(_Numbered, "sqlite")
def _in_sqlite(element: _Numbered, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - by SQLAlchemy


@compiles(_Numbered, "postgresql")
def _in_postgres(element: _Numbered, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = ANY ({values})"


def numbered(column: Any, name: str) -> ColumnElement[bool]:
    """Whether a column of numbers, or of keys by their numbers, holds one of a list. The list is
    one value, so the SQL is the same however long it is.

    Args:
        name: of the list, to whoever asks.
    """
    return _Numbered(number_of(column), bindparam(name, type_=_Numbers))


class _AsItIs(UserDefinedType[Any]):
    """A column of SQLite that leaves integers and bytes what they are."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "BLOB"


class Unsigned(TypeDecorator[int]):
    """A whole number of so many bytes at most: NUMERIC in PostgreSQL. In SQLite an INTEGER as far
    as that goes. From 2**63 on it is how many bytes it has, and these, big-endian: SQLite takes
    bytes for greater than any INTEGER, so all compare as numbers do, and most take a few bytes."""

    impl = LargeBinary
    cache_ok = True
    width: int
    digits: int

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        numeric = dialect.name == "postgresql"
        return dialect.type_descriptor(Numeric(self.digits, 0) if numeric else _AsItIs())

    def of_driver(
        self, dialect: Dialect
    ) -> tuple[Callable[[int], Any], Callable[[Any], int] | None]:
        """What the driver takes of a number, and a number of what the driver gives; nothing where
        it gives numbers."""
        if dialect.name == "postgresql":
            return Decimal, None
        return self._packed, unpacked

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        packed = self._packed(value)
        return Decimal(value) if dialect.name == "postgresql" else packed

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        if value is None:
            return None
        return int(value) if dialect.name == "postgresql" else unpacked(value)

    def _packed(self, value: int) -> int | bytes:
        """Refuses what does not fit."""
        if 0 <= value < _INTEGERS:
            return value
        count = (value.bit_length() + 7) // 8
        if value < 0 or count > self.width:
            raise OverflowError(f"int too big or negative for {self.width} bytes")
        return bytes((count,)) + value.to_bytes(count)


def unpacked(value: int | bytes) -> int:
    """A number of :class:`Unsigned` as a driver gives it."""
    return value if isinstance(value, int) else int.from_bytes(value[1:])


class Amount(Unsigned):
    """What the splitter bounds by 2**128, in base units; shares, weights and counts."""

    cache_ok = True
    width, digits = 16, 39


class Word(Unsigned):
    """Any uint256."""

    cache_ok = True
    width, digits = 32, 78
