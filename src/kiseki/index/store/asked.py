"""A question in the form that a driver takes, worked out once in a process.

SQLAlchemy says what a question is in SQL. Its own way from there to rows takes as long for each row
as the database does. So the driver is asked at once, and of what it gives only those values are
touched that are not yet what the question means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple, cast
from weakref import WeakKeyDictionary

from sqlalchemy import BindParameter, Executable, SelectBase
from sqlalchemy.engine import Dialect
from sqlalchemy.types import LargeBinary, TypeEngine

from kiseki.index.store.types import Key, Unsigned

__all__ = ["Asked", "Convert", "Row", "asked", "given_of", "taken_of"]

Row = tuple[Any, ...]
Convert = Callable[[Any], Any]


class _Bind(NamedTuple):
    """A value of a question: its name in the SQL and to whoever asks, and what it is where that one
    gives none."""

    written: str
    name: str
    is_required: bool
    default: Any
    taken: Convert | None


class Asked:
    """One question for one driver.

    Attributes:
        sql: as the driver takes it.

    Args:
        question: in which no list of values stands; SQL differs with the length of such a list.
    """

    def __init__(self, question: Executable, dialect: Dialect) -> None:
        compiled: Any = cast(Any, question).compile(dialect=dialect)
        self.sql = str(compiled)
        self.has_lists = any(bind.expanding for bind in compiled.bind_names)
        self._order: Sequence[str] | None = compiled.positiontup if compiled.positional else None
        self._binds = [_bind(bind, name, dialect) for bind, name in compiled.bind_names.items()]
        self._always: dict[int, Convert] = {}  # by the place of the column
        self._if_bytes: dict[int, Convert] = {}
        for place, column in enumerate(cast(SelectBase, question).selected_columns):
            convert = given_of(_shown(column.type), dialect)
            if convert is not None:
                some = self._if_bytes if isinstance(column.type, Unsigned) else self._always
                some[place] = convert
        places = list(self._if_bytes)  # the last twice: of one alone `itemgetter` gives no tuple
        self._numbers = itemgetter(*places, places[-1]) if places else None

    def values(self, given: Mapping[str, Any]) -> Sequence[Any] | Mapping[str, Any]:
        """What the driver takes with the SQL."""
        taken = {}
        for written, name, is_required, default, convert in self._binds:
            value = given[name] if is_required or name in given else default
            taken[written] = value if convert is None or value is None else convert(value)
        return taken if self._order is None else [taken[name] for name in self._order]

    def rows(self, given: list[Row]) -> list[Row]:
        """What the rows of the driver mean."""
        change = self._always
        if self._numbers and bytes in map(type, chain.from_iterable(map(self._numbers, given))):
            change = change | self._if_bytes  # which is rare: beyond the integers of SQLite
        if not change or not given:
            return given
        columns: list[Sequence[Any]] = list(zip(*given, strict=True))
        for place, convert in change.items():
            columns[place] = [None if each is None else convert(each) for each in columns[place]]
        return list(zip(*columns, strict=True))


_KNOWN: WeakKeyDictionary[Executable, dict[str, Asked]] = WeakKeyDictionary()


def asked(question: Executable, dialect: Dialect) -> Asked:
    """A question for a driver."""
    known = _KNOWN.get(question)
    if known is None:
        known = _KNOWN[question] = {}
    found = known.get(dialect.name)
    if found is None:
        found = known[dialect.name] = Asked(question, dialect)
    return found


def _bind(bind: BindParameter[Any], written: str, dialect: Dialect) -> _Bind:
    convert = taken_of(bind.type, dialect)
    return _Bind(written, bind.key, bind.required, bind.effective_value, convert)


def _shown(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """What a column is in the rows: a key is no number there."""
    return kind.shown if isinstance(kind, Key) else kind


def taken_of(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """What makes of a value of a type what the driver takes; nothing where that is the same."""
    if isinstance(kind, LargeBinary):
        return None
    if isinstance(kind, Unsigned):
        return kind.of_driver(dialect)[0]
    return kind.dialect_impl(dialect).bind_processor(dialect)


def given_of(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """What makes of what the driver gives a value of a type; nothing where that is the same."""
    if isinstance(kind, LargeBinary):
        return None
    if isinstance(kind, Unsigned):
        return kind.of_driver(dialect)[1]
    return kind.dialect_impl(dialect).result_processor(dialect, None)
