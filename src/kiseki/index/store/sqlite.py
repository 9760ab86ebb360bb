"""The database of one index: the one module that speaks SQL's dialect and opens connections."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kiseki.errors import IndexInconsistent
from kiseki.index.store.schema import SCHEMA

__all__ = ["Row", "Store"]

Row = tuple[Any, ...]


class Store:
    """An SQLite database in memory with the schema of the index."""

    def __init__(self) -> None:
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._db.executescript(SCHEMA)
        self._inserts: dict[tuple[str, ...], str] = {}

    def close(self) -> None:
        """Forgets everything."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside is kept together, or nothing is when it raises.

        Raises:
            IndexInconsistent: a block, time or position that no chain has.
        """
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException as error:
            self._db.execute("ROLLBACK")
            if isinstance(error, OverflowError):
                raise IndexInconsistent(
                    "a block, time or position is beyond 63 bits; the node is wrong, ask another"
                ) from error
            raise
        self._db.execute("COMMIT")

    def add(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Adds rows, which all have the same columns; one whose primary key is there is skipped."""
        given = list(rows)
        if not given:
            return
        names = tuple(given[0])
        sql = self._inserts.get((table, *names))
        if sql is None:
            marks = ", ".join("?" * len(names))
            sql = (
                f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608
            )
            self._inserts[(table, *names)] = sql
        self._db.executemany(sql, [tuple(row.values()) for row in given])

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """Every row that a question has."""
        return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        """The first row that a question has, if any."""
        found: Row | None = self._db.execute(sql, values).fetchone()
        return found
