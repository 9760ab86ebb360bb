"""The key store as it was before there were migrations.

An SQLite file of that time has these tables, or some of them: the last ones came later.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0001", None


def _bytes(name: str) -> "sa.Column[Any]":
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _collection() -> "list[sa.Column[Any]]":
    return [
        sa.Column("id", sa.LargeBinary, primary_key=True),
        _bytes("provider"),
        sa.Column("terms", sa.Text, nullable=False),
        _bytes("root"),
        sa.Column("count", sa.Integer, nullable=False),
        _bytes("payee"),
        _bytes("opening"),
        _bytes("origin"),
    ]


def _make(name: str, *columns: Any, **more: Any) -> None:
    op.create_table(name, *columns, if_not_exists=True, **more)


def upgrade() -> None:
    """Makes them."""
    _make(
        "salt",
        sa.Column("provider", sa.LargeBinary, primary_key=True),
        sa.Column("sha256", sa.LargeBinary, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        _bytes("salt"),
        sqlite_with_rowid=False,
    )
    _make("collection", *_collection())
    _make(
        "slice",
        sa.Column("collection", sa.LargeBinary, sa.ForeignKey("collection.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        _bytes("root"),
        _bytes("commitments"),
        _bytes("digests"),
        _bytes("names"),
        sa.UniqueConstraint("collection", "number"),
    )
    _make(
        "before",
        sa.Column("collection", sa.LargeBinary, sa.ForeignKey("collection.id"), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        _bytes("payee"),
        _bytes("opening"),
        _bytes("origin"),
        sa.UniqueConstraint("collection", "count", "payee", "origin"),
    )
    _make(
        "split",
        sa.Column("payee", sa.LargeBinary, primary_key=True),
        sa.Column("file", sa.Text, nullable=False),
    )
    _make("receipt", *_collection())
    _make(
        "received",
        sa.Column("collection", sa.LargeBinary, sa.ForeignKey("receipt.id"), primary_key=True),
        sa.Column("commitment", sa.LargeBinary, primary_key=True),
        _bytes("sha256"),
        _bytes("names"),
        sqlite_with_rowid=False,
    )
    _make(
        "origin",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("file", sa.Text, nullable=False),
    )
    _make("given_up", sa.Column("id", sa.LargeBinary, primary_key=True))
