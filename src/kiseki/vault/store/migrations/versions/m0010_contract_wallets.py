"""What a wallet that is a contract signed, with its session."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0010", "0009"


def upgrade() -> None:
    """Adds the columns. Sessions of before do not say whether their wallet is a contract, so they
    end: people sign in again."""
    op.execute("DELETE FROM session")
    op.add_column("session", sa.Column("message", sa.Text))
    op.add_column("session", sa.Column("signature", sa.LargeBinary))
