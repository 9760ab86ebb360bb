"""The order of collections, receipts and documents becomes a column.

It was the number that SQLite gives each row, which PostgreSQL does not have.
"""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"

_ORDERED = ("collection", "before", "receipt", "origin")


def upgrade() -> None:
    """Adds it, with what it is."""
    number = "rowid" if op.get_bind().dialect.name == "sqlite" else "NULL"
    for table in _ORDERED:
        op.add_column(table, sa.Column("place", sa.Integer))
        op.execute(f"UPDATE {table} SET place = {number}")  # noqa: S608 - our own names
        op.create_index(f"{table}_place", table, ["place"])
    op.create_index("collection_provider", "collection", ["provider"])
