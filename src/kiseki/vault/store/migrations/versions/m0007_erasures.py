"""What was erased, and what is being erased."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0007", "0006"


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "erasure",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("provider", sa.LargeBinary, nullable=False),
        sa.Column("everything", sa.Boolean, nullable=False),
        sa.Column("asked", sa.BigInteger, nullable=False),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("copies", sa.Text, nullable=False),
        sa.Column("gone", sa.BigInteger),
    )
    op.create_index("erasure_provider", "erasure", ["provider"])
    op.create_table(
        "erased",
        sa.Column("item", sa.LargeBinary, primary_key=True),
        sa.Column("erasure", sa.Integer, sa.ForeignKey("erasure.number"), nullable=False),
    )
    op.create_index("erased_erasure", "erased", ["erasure"])
    op.create_table(
        "erasing",
        sa.Column("object", sa.LargeBinary, primary_key=True),
        sa.Column("erasure", sa.Integer, sa.ForeignKey("erasure.number"), nullable=False),
    )
