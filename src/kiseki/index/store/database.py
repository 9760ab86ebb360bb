"""The database of one index: the one module that opens connections and knows their dialects.

A question sees what the last catching-up left, however long it takes and whoever writes meanwhile:
between two changes of its own a store reads from one snapshot.
"""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    Executable,
    Table,
    create_engine,
    create_mock_engine,
    event,
    inspect,
    make_url,
)
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from kiseki.disk import database as sqlite
from kiseki.errors import IndexInconsistent, InvalidInput
from kiseki.index.store.asked import Convert, Row, asked, given_of, taken_of
from kiseki.index.store.faults import told
from kiseki.index.store.keys import Keys
from kiseki.index.store.types import Key, metadata

__all__ = ["Convert", "Row", "Store", "drop", "schemas"]

_TURN = 0.15
"""Seconds in which somebody who waits for a file looks at it."""
_MANY = 10_000
"""Rows of one sentence, and rows that are worth a look."""


class _Writer(NamedTuple):
    """How rows of a table are written: the values of a row in the order of its columns (two or
    more), and which of them the driver takes in another form."""

    values_of: Callable[[Mapping[str, Any]], Row]
    changes: list[tuple[int, Convert]]


class Store:
    """The tables in one SQLite file, in memory, or in a schema of a PostgreSQL database.

    Attributes:
        where, schema: of what follows.
        keys: the numbers of keys.
        is_postgres: whether it lies in PostgreSQL.

    Args:
        where: a file; a URL as ``postgresql://…``; nothing for memory.
        schema: of PostgreSQL.
    """

    def __init__(self, where: Path | str | None = None, schema: str = "kiseki") -> None:
        self.where, self.schema = where, schema
        with told:
            self._db = _connected(where, schema)
        self._driver: Any = self._db.connection.driver_connection
        self.is_postgres = self._db.dialect.name == "postgresql"
        self._buffers: defaultdict[Table, list[Row]] = defaultdict(list)
        self._writers: dict[Table, _Writer] = {}
        self._insertions: dict[Table, str] = {}
        self._translated: dict[str, str] = {}
        self._writing, self._pipe = False, ExitStack()
        self._seen = self._unseen = 0
        self.keys = Keys(self)
        with told:
            if not inspect(self._db).has_table("about"):
                self._make_tables()
        self.refresh()

    def _make_tables(self) -> None:
        with self.writing(), self._answered():
            if not inspect(self._db).has_table("about"):  # nobody else made them meanwhile
                for statement in _statements(self._db.dialect.name):
                    self._driver.execute(statement)

    def close(self) -> None:
        """Ends the connection."""
        self._db.close()

    def copy_to(self, other: Store) -> None:
        """Copies a database in memory into another; others are shared."""
        if self.where is None:
            self._driver.backup(other._driver)

    def size(self) -> int:
        """Bytes on the disk, or in memory."""
        if self.is_postgres:
            row = self.read(
                "SELECT coalesce(sum(pg_total_relation_size(quote_ident(schemaname) || '.' ||"
                " quote_ident(tablename))), 0)::bigint FROM pg_tables"
                " WHERE schemaname = current_schema()"
            )
            return int(row[0]) if row else 0
        pages, page = self.read("PRAGMA page_count"), self.read("PRAGMA page_size")
        return int(pages[0]) * int(page[0]) if pages and page else 0

    # Transactions

    def refresh(self) -> None:
        """Lets go of the snapshot: questions see from now on what others wrote."""
        self.keys.forget()
        self._look()

    def _look(self) -> None:
        """Takes a new snapshot."""
        self._rollback()
        if not self.is_postgres:
            self._db.exec_driver_sql("BEGIN")

    def _rollback(self) -> None:
        self._driver.rollback()  # which SQLAlchemy leaves where it asked nothing itself
        self._db.rollback()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All that is written inside is kept together, or nothing is when it raises.

        Another writer is waited for.

        Raises:
            IndexInconsistent: a block, time or position that no chain has.
        """
        with told:
            self._rollback()
            self._begin()
        try:
            self._writing = True
            self.keys.begin()
            with told, self._pipe:
                self._send_ahead()
                yield
                self.flush()
            self._commit()
            self.keys.end()
            self._look_over()
        except BaseException as error:
            self._buffers.clear()
            self.keys.forget()
            self._rollback()
            if isinstance(error, OverflowError):
                raise IndexInconsistent(
                    "a block, time or position is beyond 63 bits; the node is wrong, ask another"
                ) from error
            raise
        finally:
            self._writing = False
            self._end()
            self._look()

    def _send_ahead(self) -> None:
        """From here on PostgreSQL is waited for only where something is read: a block would be as
        long under way as it is worked on."""
        if self.is_postgres:
            self._pipe.enter_context(self._driver.pipeline())

    @contextmanager
    def _answered(self) -> Iterator[None]:
        """Each answer is waited for inside, as SQLAlchemy does."""
        self._pipe.close()
        yield
        if self._writing:
            self._send_ahead()

    def give_way(self) -> None:
        """Lets another write who waits for it: SQLite lets nobody wait in a queue, so who waits for
        a file looks ten times a second whether it is free."""
        if isinstance(self.where, Path):
            time.sleep(_TURN)

    def go_on(self) -> None:
        """Another batch begins inside a transaction: what was added before is there from now on."""
        self.flush()
        self.keys.end()
        self.keys.begin()

    def _commit(self) -> None:
        with told:
            self._driver.commit()
            self._db.commit()

    def _look_over(self) -> None:
        """Lets PostgreSQL look over what was written, where that is as much as was there: how it
        answers depends on how many rows it thinks there are. It looks by itself too, but later."""
        if self.is_postgres and self._unseen > max(self._seen, _MANY):
            with told:
                self._db.exec_driver_sql("ANALYZE")
                self._db.commit()
            self._seen, self._unseen = self._seen + self._unseen, 0

    def _begin(self) -> None:
        if self.is_postgres:
            self._turn("pg_advisory_lock")
        else:
            self._db.exec_driver_sql("BEGIN IMMEDIATE")

    def _end(self) -> None:
        if self.is_postgres:
            self._turn("pg_advisory_unlock")

    def _turn(self, take_or_give: str) -> None:
        with self._driver.pipeline():
            self._driver.execute(f"SELECT {take_or_give}(hashtext(current_schema()))")
            self._driver.commit()

    # Reading

    def rows(self, question: Executable, **values: Any) -> list[Row]:
        """Every row that a question has.

        Raises:
            IndexUnusable: the database cannot be read; so with every other method.
        """
        self.flush()
        known = asked(question, self._db.dialect)
        with told:
            if known.has_lists:
                with self._answered():
                    return [tuple(row) for row in self._db.execute(question, values).all()]
            rows: list[Row] = self._driver.execute(known.sql, known.values(values)).fetchall()
        return known.rows(rows)

    def row(self, question: Executable, **values: Any) -> Row | None:
        """The first row that a question has, if any."""
        self.flush()
        known = asked(question, self._db.dialect)
        with told:
            row: Row | None = self._driver.execute(known.sql, known.values(values)).fetchone()
        return None if row is None else known.rows([row])[0]

    def pages(self, question: Executable, page: int, **values: Any) -> Iterator[list[Row]]:
        """Every row of a long answer, a page at a time: the next is read when it is asked for."""
        self.flush()
        with told, self._answered():
            rows = self._db.execute(question, values, execution_options={"yield_per": page})
            try:
                for part in rows.partitions():
                    yield list(map(tuple, part))
            finally:
                rows.close()

    def read(self, sql: str, *values: Any) -> Row | None:
        """The first row of a question in plain SQL, as the driver gives it: keys as numbers."""
        with told:
            row: Row | None = self._driver.execute(self._sql(sql), values).fetchone()
        return row

    def read_all(self, sql: str, *values: Any) -> list[Row]:
        """Every row, likewise."""
        with told:
            rows: list[Row] = self._driver.execute(self._sql(sql), values).fetchall()
        return rows

    # Writing

    def add(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Adds rows with all columns; keys and amounts as questions give them. One that is there
        already, by a key of the table, is passed over."""
        writer = self._writers.get(table) or self._new_writer(table)
        buffer, values_of, changes = self._buffers[table], writer.values_of, writer.changes
        for row in rows:
            values = list(values_of(row))
            for place, convert in changes:
                value = values[place]
                if value is not None:
                    values[place] = convert(value)
            buffer.append(tuple(values))

    def flush(self, *tables: Table) -> None:
        """Writes what was added so far: all of it, or what is of some tables."""
        if not self._writing:
            return
        if not tables:
            self.keys.write()
        for table in tables or list(self._buffers):
            if self._buffers[table]:
                self.insert(table, self._buffers[table])
                self._buffers[table] = []

    def write(self, sql: str, *values: Any) -> None:
        """Changes rows, in plain SQL."""
        with told:
            self._driver.execute(self._sql(sql), values)

    def write_many(self, sql: str, rows: Sequence[Row]) -> None:
        """The same for many rows."""
        with told:
            cursor = self._driver.cursor()
            cursor.executemany(self._sql(sql), rows)
            cursor.close()

    def insert(
        self, table: Table, rows: Sequence[Row], on_conflict: str = "ON CONFLICT DO NOTHING"
    ) -> None:
        """Writes many rows with all columns, in the order of those and as the driver takes them.

        PostgreSQL takes a list for each column: it reads one sentence, and not one a row.
        """
        sql = f"{self._insertion(table)} {on_conflict}"
        self._unseen += len(rows)
        if not self.is_postgres:
            self.write_many(sql, rows)
            return
        for start in range(0, len(rows), _MANY):
            self.write(sql, *map(list, zip(*rows[start : start + _MANY], strict=True)))

    def _insertion(self, table: Table) -> str:
        known = self._insertions.get(table)
        if known is None:
            dialect = self._db.dialect
            values = f"VALUES ({', '.join('?' * len(table.columns))})"
            if self.is_postgres:
                kinds = [column.type.compile(dialect=dialect) for column in table.columns]
                lists = ", ".join(f"?::{kind}[]" for kind in kinds)
                values = f"SELECT * FROM unnest({lists})"  # noqa: S608
            names = ", ".join(column.name for column in table.columns)
            known = self._insertions[table] = f"INSERT INTO {table.name} ({names}) {values}"
        return known

    def converters(self, columns: Iterable[Column[Any]]) -> tuple[list[Convert | None], ...]:
        """What makes of a column's values what the driver takes, and the other way round; nothing
        where they are the same. Keys stay numbers."""
        kinds = [None if isinstance(each.type, Key) else each.type for each in columns]
        dialect = self._db.dialect
        return (
            [None if kind is None else taken_of(kind, dialect) for kind in kinds],
            [None if kind is None else given_of(kind, dialect) for kind in kinds],
        )

    def _new_writer(self, table: Table) -> _Writer:
        into, _ = self.converters(table.columns)
        names = [column.name for column in table.columns]
        converts = [
            self.keys.number if isinstance(column.type, Key) else convert
            for column, convert in zip(table.columns, into, strict=True)
        ]
        self._writers[table] = writer = _Writer(
            itemgetter(*names),
            [(place, convert) for place, convert in enumerate(converts) if convert],
        )
        return writer

    def _sql(self, sql: str) -> str:
        if not self.is_postgres:
            return sql
        if sql not in self._translated:
            self._translated[sql] = sql.replace("?", "%s")
        return self._translated[sql]


def drop(url: str, schema: str) -> None:
    """Deletes a schema of a PostgreSQL database with all that is in it.

    Raises:
        IndexUnusable: the database cannot be used.
    """
    with told:
        engine = create_engine(_psycopg(url))
        with engine.begin() as connection:
            connection.exec_driver_sql(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        engine.dispose()


def schemas(url: str) -> list[str]:
    """The schemas of a PostgreSQL database.

    Raises:
        IndexUnusable: the database cannot be used.
    """
    with told:
        engine = create_engine(_psycopg(url), poolclass=NullPool)
        with engine.connect() as connection:
            return list(connection.exec_driver_sql("SELECT nspname FROM pg_namespace").scalars())


def _psycopg(url: str) -> URL:
    """The URL with the driver that is meant: SQLAlchemy knows several."""
    try:
        import psycopg  # noqa: F401 - said here, and not as a fault of a database

        return make_url(url).set(drivername="postgresql+psycopg")
    except ArgumentError:
        raise InvalidInput("the index needs a folder or a URL as postgresql://host/name") from None
    except ImportError:
        raise InvalidInput(
            "an index in PostgreSQL needs psycopg: pip install 'kiseki[postgres]'"
        ) from None


_opening: ContextVar[Path | None] = ContextVar("opening", default=None)


@cache
def _statements(dialect: str) -> tuple[str, ...]:
    """What makes the tables, as SQL: asking SQLAlchemy takes ten times as long as making them."""
    made: list[str] = []

    def note(statement: Any, *_: Any) -> None:
        made.append(str(statement.compile(dialect=engine.dialect)))

    engine = create_mock_engine(
        "sqlite://" if dialect == "sqlite" else _psycopg(f"{dialect}://"), note
    )
    metadata.create_all(engine, checkfirst=False)
    return tuple(made)


_LOG = 64 << 20
"""Bytes of the log beside a file that stay on the disk: a long history makes it much longer."""
_PAGES = 5_000
"""Of the log, of 4 kB, that are gathered before they go into the file: figures change often."""
_CACHE = 16_000
"""Kilobytes of the file that are remembered: of the whole made-up chain, what leads to its rows."""


@cache
def _sqlite() -> Engine:
    """One for all files, so that a question is made into SQL once in a process."""

    def opened() -> sqlite3.Connection:
        path = _opening.get()
        connection = sqlite.connect(path)
        if path is not None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA journal_size_limit = {_LOG}")
            connection.execute(f"PRAGMA cache_size = -{_CACHE}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES}")
        return connection

    return create_engine("sqlite://", creator=opened, poolclass=NullPool)


def _connected(where: Path | str | None, schema: str) -> Connection:
    if isinstance(where, str):
        return _postgres(where, schema).connect()
    token = _opening.set(where)
    try:
        return _sqlite().connect()
    finally:
        _opening.reset(token)


_TEXT = 0
"""How our connections are answered, as PostgreSQL numbers it."""

_FROM_KEY_TO_KEY = {
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "jit": "off",
    "plan_cache_mode": "force_custom_plan",
}
"""Nearly all our questions go from one key to the next. PostgreSQL guesses too much of what stands
behind a recursion, and would read whole tables."""


def _give_integers(adapters: Any) -> None:
    """Lets the driver read NUMERIC as it reads BIGINT, because all of ours are whole numbers: a
    `Decimal` takes four times as long."""
    integer = adapters.types["int8"].oid
    adapters.register_loader("numeric", adapters.get_loader(integer, _TEXT))


def _postgres(url: str, schema: str) -> Engine:
    engine = create_engine(_psycopg(url), isolation_level="REPEATABLE READ", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def use_schema(connection: Any, _: Any) -> None:
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        connection.execute(f'SET search_path TO "{schema}"')
        for setting, value in _FROM_KEY_TO_KEY.items():
            connection.execute(f"SET {setting} = {value}")
        _give_integers(connection.adapters)
        connection.commit()

    return engine
