"""The epochs of a vault: whom it wraps to, and the key of its columns."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    """Makes their tables."""
    op.create_table(
        "epoch",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("began", sa.BigInteger, nullable=False),
        sa.Column("column_key", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "epoch_recipient",
        sa.Column(
            "epoch",
            sa.Integer,
            sa.ForeignKey("epoch.number"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("recipient", sa.Text, primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("destroyed", sa.BigInteger),
    )
