"""The objects of a vault, and what they are called."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0005", "0004"


def upgrade() -> None:
    """Makes them."""
    op.create_table(
        "object",
        sa.Column("name", sa.LargeBinary, primary_key=True),
        sa.Column("provider", sa.LargeBinary, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sealed", sa.BigInteger, nullable=False),
        sa.Column("identity", sa.LargeBinary, nullable=False),
        sa.Column("recipient", sa.LargeBinary, nullable=False),
        sa.Column("added", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("provider", "key"),
    )
    op.create_table(
        "called",
        sa.Column("object", sa.LargeBinary, sa.ForeignKey("object.name"), primary_key=True),
        sa.Column("key", sa.LargeBinary, primary_key=True),
        sa.Column("text", sa.LargeBinary, nullable=False),
    )
