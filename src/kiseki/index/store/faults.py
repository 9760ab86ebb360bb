"""Faults of a database, as Kiseki's."""

from __future__ import annotations

import sqlite3

from kiseki.errors import IndexUnusable

__all__ = ["told"]


class _Told:
    """Errors of the database as Kiseki's, in a `with`; a generator for that would take longer than
    many questions."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        fault = None if error is None else _fault(error)
        if fault is not None:
            raise fault from error


told = _Told()


def _fault(error: BaseException) -> IndexUnusable | None:
    """A fault of the database in words; nothing for any other error."""
    names = {kind.__name__ for kind in type(error).__mro__}
    if (
        isinstance(error, sqlite3.DatabaseError)
        or "DBAPIError" in names
        or "psycopg" in str(type(error).__module__)
    ):
        said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return IndexUnusable(
            f"the index cannot be used: {said}; nothing is lost with it: put that right, or run"
            " `kiseki index drop`, after which it is read again from the chain"
        )
    return None
