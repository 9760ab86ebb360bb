"""Connections and transactions of a store: one SQLite file that only its owner can read, memory, or
a PostgreSQL database.

Of a file, the two that SQLite puts beside it (``-wal``, ``-shm``) have mode 0600 too, and a wider
one is refused. Any number of threads and processes may use one store. What was written is on the
disk when its transaction ends.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Executable,
    Table,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import StaticPool

from kiseki.disk.private import create, open_to_others
from kiseki.errors import InvalidInput, KisekiError, SecretsError
from kiseki.vault.store.migrations import ready
from kiseki.vault.store.sealed import Columns, Plain
from kiseki.vault.store.tables import APPLICATION, metadata

__all__ = ["Database", "add_many", "insert", "must_be_private", "told"]

_SECONDS = 60.0
"""How long one process waits for another's transaction."""
_FILES = ("", "-wal", "-shm")
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",  # what is deleted is overwritten
    "PRAGMA journal_size_limit = 67108864",  # bytes left to -wal afterwards
    "PRAGMA cache_size = -16000",  # kilobytes
)
_BEGIN = "kiseki_begin"
_ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('kiseki vault ' || current_schema()))"


class Database:
    """A store that is open.

    Attributes:
        place: where it is, for people; without a password.
        begun: called with each transaction that begins; tells how its columns are read and written,
            where it knows the keys of a vault.
    """

    def __init__(self, where: Path | str | None, schema: str = "kiseki_vault") -> None:
        """
        Args:
            where: a file, made when it is not there; ``postgresql://…``; none for memory.
            schema: of PostgreSQL.

        Raises:
            SecretsError: it cannot be used, others can read it, it is damaged, or it keeps
                something else, or a later release wrote it.
            InvalidInput: the URL is none.
        """
        self.path = where if isinstance(where, Path) else None
        self._alone: Any = threading.RLock() if where is None else contextlib.nullcontext()
        self._mine = threading.local()
        self._closed = False
        self.begun: Callable[[Connection], Columns | None] = lambda _: None
        if isinstance(where, str):
            url = _url(where)
            self.place: str = url.render_as_string(hide_password=True)
            self._engine = _postgres(url, schema)
        else:
            self.place = "in memory" if where is None else str(where)
            self._engine = _sqlite(where)
        with told(self.place):
            if self.path is not None:
                create(self.path)
                self._must_be_a_store(self.path)
        try:
            with self.writing() as db:
                if self.is_postgres:
                    db.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
                else:
                    db.execute(text(f"PRAGMA application_id = {APPLICATION}"))
                ready(db)
        except BaseException:
            self.close()
            raise

    @property
    def is_postgres(self) -> bool:
        """Whether it lies in PostgreSQL."""
        return self._engine.dialect.name == "postgresql"

    @property
    def is_writing(self) -> bool:
        """Whether this thread is inside a transaction that writes."""
        current = getattr(self._mine, "current", None)
        return current is not None and current[1] != "BEGIN"

    def close(self) -> None:
        """Ends all connections; it cannot be asked afterwards."""
        self._closed = True
        self._engine.dispose()

    # Transactions

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """All that is asked inside is of one moment.

        Raises:
            SecretsError: it cannot be read.
        """
        with self._connected("BEGIN") as db:
            yield db

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """All that is written inside or none of it, and on the disk when it is left. Others who
        write are waited for.

        Raises:
            SecretsError: it cannot be written, or others can read it.
        """
        if self.path is not None:
            with told(self.place):
                must_be_private(self.path)
        with self._connected("BEGIN IMMEDIATE") as db:
            yield db

    def rows(self, question: Executable, **values: Any) -> list[tuple[Any, ...]]:
        """Every row that a question has.

        Raises:
            SecretsError: it cannot be read.
        """
        with self.reading() as db:
            return [tuple(row) for row in db.execute(question, values)]

    @contextlib.contextmanager
    def _connected(self, begin: str) -> Iterator[Connection]:
        """This thread's transaction: the one that is open, or a new one."""
        current: tuple[Connection, str] | None = getattr(self._mine, "current", None)
        if current is not None:
            if begin != "BEGIN" and current[1] == "BEGIN":
                raise RuntimeError("a transaction that reads cannot begin to write")
            yield current[0]
            return
        if self._closed:  # SQLAlchemy would open it again
            raise RuntimeError(f"the store {self.place} is closed")
        with self._alone, told(self.place), self._engine.connect() as db:
            db = db.execution_options(**{_BEGIN: begin})
            with db.begin():
                if self.is_postgres:
                    db.execute(text(_ONE_MOMENT if begin == "BEGIN" else _LOCK))
                self._mine.current = (db, begin)
                try:
                    self._mine.columns = self.begun(db)
                    yield db
                finally:
                    self._mine.current = self._mine.columns = None

    @property
    def columns(self) -> Columns:
        """How values are read and written in the transaction that is open.

        Raises:
            SecretsError: it is a vault, and whoever opened it knows no key of it.
        """
        db, _ = self._mine.current
        columns: Columns | None = self._mine.columns
        if columns is not None:
            return columns
        if db.exec_driver_sql("SELECT number FROM epoch LIMIT 1").first() is not None:
            raise SecretsError(
                f"{self.place} is a vault, and it was opened without its key; open it as a vault"
            )
        return Plain()

    # The file

    def gather(self) -> None:
        """Puts all of it into the one file, until it is written to again."""
        with self._raw() as db:
            db.execute("PRAGMA journal_mode = DELETE")

    def scrub(self) -> bool:
        """Takes what was deleted off the disk. Whether it is gone: not while others read a state in
        which it was still there.

        PostgreSQL writes the tables anew, because else it leaves in its pages what was there. Its
        log (WAL) keeps it until that is written over, and its replicas do likewise.
        """
        if self.is_postgres:
            names = ", ".join(table.name for table in metadata.sorted_tables)
            with told(self.place), self._engine.connect() as db:
                alone = db.execution_options(isolation_level="AUTOCOMMIT")
                alone.execute(text(f"VACUUM (FULL) {names}"))
            return True
        with self._raw() as db:
            (busy, *_) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    @contextlib.contextmanager
    def _raw(self) -> Iterator[Any]:
        """A connection of SQLite's own, outside of transactions."""
        with self._alone, told(self.place):
            connection = self._engine.raw_connection()
            try:
                yield connection.driver_connection
            finally:
                connection.close()

    def _must_be_a_store(self, path: Path) -> None:
        must_be_private(path)
        db = sqlite3.connect(path, timeout=_SECONDS, isolation_level=None)
        try:
            (given,) = db.execute("PRAGMA application_id").fetchone()
            (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        finally:
            db.close()
        if given != APPLICATION and (given or tables):
            raise SecretsError(f"{path} is a database that keeps something else; name another file")


def must_be_private(path: Path) -> None:
    """Refuses a file that others can read.

    Raises:
        SecretsError: they can.
    """
    for end in _FILES:
        file = path.with_name(path.name + end)
        try:
            mode = open_to_others(file)
        except FileNotFoundError:
            continue
        if mode:
            raise SecretsError(
                f"others can read the key store {file} (mode {mode}); "
                f"run `chmod 600 {file}` and think about who has seen it"
            )


@contextlib.contextmanager
def told(place: str) -> Iterator[None]:
    """Turns what the database and the system raise into an error that tells nothing kept here."""
    try:
        yield
    except KisekiError:
        raise
    except OSError as error:
        raise SecretsError(
            f"the key store {place} cannot be used ({error.strerror}); "
            "check the path and its permissions; nothing was sent"
        ) from error
    except (DBAPIError, sqlite3.Error) as error:
        inside = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(inside, sqlite3.ProgrammingError):
            raise
        raise _unusable(place, inside) from None


def _unusable(place: str, error: BaseException | None) -> SecretsError:
    if isinstance(error, sqlite3.OperationalError):
        return SecretsError(
            f"the key store {place} cannot be used ({error}); check that its folder "
            "can be written to and has room, and run this again; nothing was sent"
        )
    if isinstance(error, sqlite3.Error):
        return SecretsError(
            f"the key store {place} is damaged; restore a backup into a new one; nothing was sent"
        )
    # What PostgreSQL says of a row holds the row; of a connection it says why there is none.
    import psycopg

    why = type(error).__name__
    if isinstance(error, psycopg.OperationalError):
        why = str(error).strip().partition("\n")[0]
    return SecretsError(
        f"the database {place} cannot be used now ({why}); check that it runs and lets this user "
        "in, and run this again; nothing was sent"
    )


def insert(db: Connection, table: Table) -> Any:
    """An insertion that can say what is to be done with rows that are there already."""
    return (postgresql if db.dialect.name == "postgresql" else sqlite).insert(table)


def add_many(db: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Adds rows with the first columns of a table, straight to the driver: SQLAlchemy takes three
    times as long for a hundred thousand small ones."""
    if not rows:
        return
    names = ", ".join(column.name for column in list(table.columns)[: len(rows[0])])
    mark = "?" if db.dialect.paramstyle == "qmark" else "%s"
    marks = ", ".join([mark] * len(rows[0]))
    db.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(rows))  # noqa: S608


def _sqlite(path: Path | None) -> Engine:
    engine = create_engine(
        # Not as a text: what a path holds could be read as a part of a URL.
        URL.create("sqlite", database=None if path is None else str(path)),
        # One connection for all threads, because each would have a memory of its own.
        **({"poolclass": StaticPool} if path is None else {"max_overflow": -1}),
        connect_args={
            "check_same_thread": False, "isolation_level": None, "timeout": _SECONDS
        },
        hide_parameters=True,
    )  # fmt: skip

    @event.listens_for(engine, "connect")
    def opened(driver: Any, _: Any) -> None:
        for each in _PRAGMAS:
            driver.execute(each)

    @event.listens_for(engine, "begin")
    def begun(db: Connection) -> None:
        db.exec_driver_sql(db.get_execution_options().get(_BEGIN, "BEGIN"))

    return engine


def _postgres(url: Any, schema: str) -> Engine:
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=True, max_overflow=-1)

    @event.listens_for(engine, "connect")
    def opened(driver: Any, _: Any) -> None:
        driver.execute(f'SET search_path TO "{schema}"')
        driver.commit()

    return engine


def _url(text: str) -> Any:
    try:
        return make_url(text).set(drivername="postgresql+psycopg")
    except ArgumentError:
        raise InvalidInput(
            "the vault's database is a file or a URL as postgresql://host/name"
        ) from None
