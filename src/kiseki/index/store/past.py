"""A store as it stood at a place of the chain: the same tables, of which facts end there.

Each question is asked as ever. On a connection of its own, views of the same names hide the tables
of facts and show what stood in the chain up to the place. So no question has to know of the past,
and none can see what came later. Nothing that others read is changed.
"""

from __future__ import annotations

from sqlalchemy.schema import CreateIndex, CreateTable

from kiseki.index.store import tables as t
from kiseki.index.store.database import Store

__all__ = ["PastStore"]


class PastStore(Store):
    """What another store held at a place.

    Books are no facts: they are those of today, until `empty_books` hides them too.

    Args:
        of: the other store; one in memory is copied first.
        place: the last one of the chain that counts.
    """

    def __init__(self, of: Store, place: int) -> None:
        super().__init__(of.where, of.schema)
        self._rollback()
        of.copy_to(self)
        schema = f'"{of.schema}"' if self.is_postgres else "main"
        for table in t.FACTS:
            self.write(
                f"CREATE TEMPORARY VIEW {table.name} AS"  # noqa: S608 - names of `tables`
                f" SELECT * FROM {schema}.{table.name} WHERE at <= {int(place)}"
            )
        self.write(  # leaves are of splits, whose view was made above
            f"CREATE TEMPORARY VIEW leaf AS SELECT * FROM {schema}.leaf AS kept"  # noqa: S608
            " WHERE EXISTS (SELECT 1 FROM split WHERE split.key = kept.split)"
        )
        self._commit()
        self.refresh()

    def empty_books(self) -> None:
        """Hides the books behind empty tables, to be filled for whoever asks here."""
        dialect = self._db.dialect
        self._rollback()
        for table in t.BOOKS:
            made = str(CreateTable(table).compile(dialect=dialect))
            self.write(made.replace("CREATE TABLE", "CREATE TEMPORARY TABLE", 1))
            for index in table.indexes:
                self.write(str(CreateIndex(index).compile(dialect=dialect)))
        self._commit()
        self.refresh()
