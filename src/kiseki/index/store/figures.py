"""Rows that facts change, as a dictionary over a table; and how such changes are undone.

A row is read when it is asked for first and written when a batch ends, so a figure that a thousand
facts change is written once. Near the head of the chain the row as it was before a block is noted
(`undo`), and a reorganisation puts it back. Keys are numbers here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Table

from kiseki.index.store.database import Convert, Row, Store
from kiseki.index.store.tables import undo
from kiseki.index.store.types import Key

__all__ = ["Figures", "note", "put_back", "undo_from"]

_MISSING: Any = object()
_MOST = 20_000
"""Rows of a table that are remembered between batches, and as many again that were not asked for
since they became so many."""
_TOGETHER = 500
"""Rows of one question."""
_WRITTEN = 10_000
"""Rows that are made ready to be written at a time."""


_CHANGED_FROM = "SELECT name, rows FROM undo WHERE block >= ? ORDER BY block DESC, place DESC"
"""What rows were before each block, from the newest block on."""


class Figures:
    """One table, whose primary key is the key of the dictionary.

    Attributes:
        name: of the table.
    """

    def __init__(self, store: Store, table: Table) -> None:
        self.name = str(table.name)  # SQLAlchemy's own kind of text takes the driver long
        self._table = table
        self._store = store
        self._keys = [column.name for column in table.primary_key.columns]
        self._values = [column.name for column in table.columns if not column.primary_key]
        self._numbered = [
            place
            for place, column in enumerate(table.primary_key.columns)
            if isinstance(column.type, Key)
        ]
        self._into, self._outof = store.converters(table.columns)
        self._sql = _Sentences(self.name, self._keys, self._values)
        self._rows: dict[Row, Row | None] = {}
        self._old: dict[Row, Row | None] = {}
        self._written: dict[Row, Row | None] = {}
        self._added: defaultdict[Any, dict[Row, None]] = defaultdict(dict)
        self._before: dict[Row, Row | None] = {}
        self._groups: dict[Any, dict[Row, None]] = {}

    def get(self, *key: Any) -> Row | None:
        """The row with a key, without its key; nothing where there is none."""
        row = self._rows.get(key, _MISSING)
        known: Row | None = self._read(key) if row is _MISSING else row
        return known

    def put(self, key: Row, row: Row | None) -> None:
        """Sets or takes away a row."""
        had = self._rows.get(key, _MISSING)
        if had is _MISSING:
            had = self._read(key)
        if had == row:
            return
        self._before.setdefault(key, had)
        self._written.setdefault(key, had)
        self._rows[key] = row
        if row is None or had is None:
            self._regroup(key, row is not None)

    def _regroup(self, key: Row, is_there: bool) -> None:
        groups = [self._added[key[0]]]
        if key[0] in self._groups:
            groups.append(self._groups[key[0]])
        for group in groups:
            if is_there:
                group[key] = None
            else:
                group.pop(key, None)

    def _read(self, key: Row) -> Row | None:
        row: Row | None
        if key in self._old:
            row = self._old.pop(key)
        elif self._is_new(key):
            row = None
        else:
            told = self._store.read(self._sql.one, *_through(self._into, key))
            row = None if told is None else _through(self._outof[len(key) :], told)
        self._rows[key] = row
        return row

    def _is_new(self, key: Row) -> bool:
        """Whether no row can be written yet, because a key in it is new."""
        is_new = self._store.keys.is_new
        return any(is_new(key[place]) for place in self._numbered if place < len(key))

    def load(self, keys: Iterable[Row]) -> None:
        """Reads the rows with many keys together, so that `get` has them."""
        asked = [key for key in dict.fromkeys(keys) if key not in self._rows]
        for key in asked if self._old else ():
            if key in self._old:
                self._rows[key] = self._old.pop(key)
        left = sorted(key for key in asked if key not in self._rows)
        width = len(self._keys)
        for start in range(0, len(left), _TOGETHER):
            part = left[start : start + _TOGETHER]
            values = [value for key in part for value in _through(self._into, key)]
            read: dict[Row, Row | None] = dict.fromkeys(part)
            for told in self._store.read_all(self._sql.many(len(part)), *values):
                row = _through(self._outof, told)
                read[row[:width]] = row[width:]
            self._rows.update(read)

    def under(self, first: Any) -> list[Row]:
        """The keys of all rows whose keys begin so."""
        if first not in self._groups:
            self.load_under([first])
        return list(self._groups[first])

    def load_under(self, firsts: Iterable[Any]) -> None:
        """Reads together all rows whose keys begin with one of many, so that `under` has them."""
        left = [first for first in dict.fromkeys(firsts) if first not in self._groups]
        width = len(self._keys)
        for start in range(0, len(left), _TOGETHER):
            part = left[start : start + _TOGETHER]
            keys: dict[Any, dict[Row, None]] = {
                first: dict(self._added.get(first, ())) for first in part
            }
            asked = [first for first in part if not self._is_new((first,))]
            values = [_through(self._into, (first,))[0] for first in asked]
            question = self._sql.groups(len(asked))
            for told in self._store.read_all(question, *values) if asked else ():
                row = _through(self._outof, told)
                if row[:width] not in self._rows:
                    self._rows[row[:width]] = self._old.pop(row[:width], row[width:])
                keys[row[0]][row[:width]] = None
            for first, listed in keys.items():
                there = (key for key in listed if self._rows[key] is not None)
                self._groups[first] = dict.fromkeys(there)

    def changes(self) -> list[tuple[Row, Row | None]]:
        """Each row that changed since this was asked last, as it was then."""
        before, self._before = self._before, {}
        return [(key, row) for key, row in before.items() if self._rows.get(key) != row]

    @property
    def is_crowded(self) -> bool:
        """Whether so many rows are remembered that it is time to write."""
        return len(self._rows) > _MOST

    def flush(self) -> None:
        """Writes what changed, and drops what was long not asked for where it became much."""
        changed = [key for key, row in self._written.items() if self._rows[key] != row]
        changed.sort()  # what lies together is written together
        self._written.clear()
        self._added.clear()
        gone = [_through(self._into, key) for key in changed if self._rows[key] is None]
        if gone:
            self._store.write_many(self._sql.delete, gone)
        for start in range(0, len(changed), _WRITTEN):
            kept = [
                (*key, *row)
                for key in changed[start : start + _WRITTEN]
                if (row := self._rows[key]) is not None
            ]
            if kept:
                kept = _all_through(self._into, kept)
                self._store.insert(self._table, kept, self._sql.on_conflict)
        if self.is_crowded:
            self._old, self._rows = self._rows, {}
            self._groups.clear()

    def forget(self) -> None:
        """Drops what was not written, and what was read."""
        for kept in (
            self._rows, self._old, self._written, self._added, self._before, self._groups,
        ):  # fmt: skip
            kept.clear()

    def restore(self, key: Row, row: Row | None) -> None:
        """Puts a row back as it was."""
        if row is None:
            self._store.write(self._sql.delete, *_through(self._into, key))
        else:
            kept = _through(self._into, (*key, *row))
            self._store.insert(self._table, [kept], self._sql.on_conflict)


class _Sentences:
    """The SQL of one table."""

    def __init__(self, name: str, keys: Sequence[str], values: Sequence[str]) -> None:
        where = " AND ".join(f"{key} = ?" for key in keys)
        every = ", ".join((*keys, *values))
        self._name, self._keys, self._every = name, keys, every
        change = ", ".join(f"{value} = excluded.{value}" for value in values)
        do = f"DO UPDATE SET {change}" if values else "DO NOTHING"
        self.on_conflict = f"ON CONFLICT ({', '.join(keys)}) {do}"
        # The names are those of `tables`.
        self.one = f"SELECT {', '.join(values) or '1'} FROM {name} WHERE {where}"  # noqa: S608
        self.delete = f"DELETE FROM {name} WHERE {where}"  # noqa: S608

    def groups(self, count: int) -> str:
        """Rows of as many beginnings of keys."""
        marks = ", ".join("?" * count)
        return f"SELECT {self._every} FROM {self._name} WHERE {self._keys[0]} IN ({marks})"  # noqa: S608

    def many(self, count: int) -> str:
        """Rows of as many keys. SQLite finds each by the key only where the list stands first."""
        row = f"({', '.join('?' * len(self._keys))})"
        same = " AND ".join(f"{key} = column{at}" for at, key in enumerate(self._keys, 1))
        return (
            f"SELECT {self._every} FROM (VALUES {', '.join([row] * count)}) AS wanted"  # noqa: S608
            f" CROSS JOIN {self._name} WHERE {same}"
        )


def _through(converters: Sequence[Convert | None], values: Sequence[Any]) -> Row:
    return tuple(
        [
            value if convert is None or value is None else convert(value)
            for convert, value in zip(converters, values, strict=False)
        ]
    )


def _all_through(converters: Sequence[Convert | None], rows: list[Row]) -> list[Row]:
    """The same for many rows, a column at a time."""
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for place, convert in enumerate(converters):
        if convert is not None:
            columns[place] = [None if each is None else convert(each) for each in columns[place]]
    return list(zip(*columns, strict=True))


def note(store: Store, block: int, figures: Iterable[Figures]) -> None:
    """Notes the rows that were changed since this was asked last, as changes of a block."""
    rows = [(table.name, changes) for table in figures if (changes := table.changes())]
    if rows:
        row = store.read("SELECT max(place) FROM undo WHERE block = ?", block)
        first = 0 if row is None or row[0] is None else row[0] + 1
        store.insert(
            undo,
            [
                (block, first + i, name, json.dumps(changes))
                for i, (name, changes) in enumerate(rows)
            ],
        )


def put_back(store: Store, block: int, figures: Iterable[Figures]) -> None:
    """Puts everything back as it was before a block in memory, for whoever asks here, and writes
    nothing. Rows of other tables are passed over."""
    tables = {table.name: table for table in figures}
    for name, key, row in _noted(store, block):
        if name in tables:
            tables[name].put(key, row)


def undo_from(store: Store, block: int, figures: Iterable[Figures]) -> None:
    """Puts everything back as it was before a block, from the newest block on."""
    tables = {table.name: table for table in figures}
    for name, key, row in _noted(store, block):
        tables[name].restore(key, row)
    store.write("DELETE FROM undo WHERE block >= ?", block)
    for table in tables.values():
        table.forget()


def _noted(store: Store, block: int) -> Iterator[tuple[str, Row, Row | None]]:
    """Each row that a block or a later one changed, as it was before; the newest change first."""
    for name, rows in store.read_all(_CHANGED_FROM, block):
        for key, row in json.loads(rows):
            yield name, tuple(key), None if row is None else tuple(row)
