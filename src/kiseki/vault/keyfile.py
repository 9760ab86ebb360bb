"""The place of a key store: one SQLite file that only its owner can read, or a PostgreSQL database.

Any number of threads and processes may use one.
"""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Executable

from kiseki.disk.private import create
from kiseki.vault.older import take_over
from kiseki.vault.store.database import Database, must_be_private, told

__all__ = ["KeyFile"]

_MAGIC = b"SQLite format 3\x00"


class KeyFile:
    """A store in a file or a database, or without a place while the process lives."""

    def __init__(self, where: Path | str | None = None) -> None:
        """
        Args:
            where: a file, made when it is not there, or ``postgresql://…``. A key file of JSON
                lines, as earlier versions kept, is taken over: its salts are in the store, and
                itself is kept beside it with ``.before`` at the end of its name. A store of an
                earlier release becomes one of this release.

        Raises:
            SecretsError: it cannot be used, others can read it, it is damaged, or it keeps
                something else.
        """
        if isinstance(where, Path):
            self._take_over(where)
        self._store = Database(where)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.place!r})"

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return self._store.place

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes it; the store cannot be asked afterwards."""
        self._store.close()

    def gather(self) -> None:
        """Puts all of it into the one file, until the store is written to again."""
        self._store.gather()

    def restore(self, path: Path) -> int:
        """Takes in what another file holds; see `KeyStore.restore`."""
        raise NotImplementedError

    def _rows(self, question: Executable, **values: Any) -> list[tuple[Any, ...]]:
        return self._store.rows(question, **values)

    def _take_over(self, path: Path) -> None:
        """Puts a store in the place of an older key file."""
        with told(str(path)):
            create(path)
            must_be_private(path)
            with path.open("r+b") as file:
                begin = file.read(len(_MAGIC))
                if begin and begin != _MAGIC:
                    fcntl.flock(file, fcntl.LOCK_EX)
                    take_over(path, file, type(self))
