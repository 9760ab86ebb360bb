"""Who signed in, what was handed out to whom, and the log of its receipts."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0004", "0003"

_ENDS = ("nonce", "session", "handout")


def _bytes(name: str, *, key: bool = False, none: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, primary_key=key, nullable=none)


def _number(name: str, *, key: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, primary_key=key, autoincrement=False, nullable=False)


def upgrade() -> None:
    """Adds the tables, which are empty."""
    op.create_table(
        "nonce",
        sa.Column("nonce", sa.Text, primary_key=True),
        _bytes("cookie"),
        _bytes("address"),
        sa.Column("message", sa.Text, nullable=False),
        _number("begins"),
        _number("ends"),
    )
    op.create_table(
        "session",
        _bytes("token", key=True),
        _bytes("address"),
        _number("begins"),
        _number("ends"),
    )
    op.create_table(
        "asked",
        _bytes("who", key=True),
        _number("span", key=True),
        sa.Column("times", sa.Integer, nullable=False),
    )
    op.create_index("asked_span", "asked", ["span"])
    op.create_table("opened", _bytes("collection", key=True))
    op.create_table(
        "handout",
        _bytes("id", key=True),
        _bytes("caller"),
        sa.Column("use", sa.Integer, nullable=False),
        _number("begins"),
        _number("ends"),
    )
    for table in _ENDS:
        op.create_index(f"{table}_ends", table, ["ends"])
    op.create_table(
        "handed",
        sa.Column("handout", sa.LargeBinary, sa.ForeignKey("handout.id"), primary_key=True),
        _bytes("item", key=True),
        _bytes("provider"),
        _number("number"),
        _number("size"),
        _bytes("head", none=True),
        _bytes("key", none=True),
        sqlite_with_rowid=False,
    )
    op.create_table("log", _bytes("provider", key=True), _number("size"), _number("at"))
    op.create_table(
        "log_node",
        _bytes("provider", key=True),
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        _number("number", key=True),
        _bytes("hash"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entry",
        _bytes("provider", key=True),
        _number("number", key=True),
        _bytes("salt"),
        sa.Column("receipt", sa.Text, nullable=False),
        _bytes("item"),
        _bytes("caller"),
        sqlite_with_rowid=False,
    )
    op.create_index("entry_item", "entry", ["item"])
    op.create_index("entry_caller", "entry", ["caller"])
    op.create_table(
        "checkpoint",
        _bytes("provider", key=True),
        _number("size", key=True),
        _number("at"),
        _bytes("note"),
        sqlite_with_rowid=False,
    )
