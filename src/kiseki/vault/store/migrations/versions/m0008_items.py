"""Items by data ID, and the epoch in which an object's identity is wrapped."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0008", "0007"


def upgrade() -> None:
    """Makes them. No release had commands that make a vault, so there is nothing to fill in."""
    op.create_table(
        "item",
        sa.Column("id", sa.LargeBinary, primary_key=True),
        sa.Column("collection", sa.LargeBinary, primary_key=True),
        sa.Column("provider", sa.LargeBinary, nullable=False),
        sa.Column("commitment", sa.LargeBinary, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("item_key", "item", ["provider", "key"])
    op.create_index("item_collection", "item", ["collection"])
    op.add_column(
        "object", sa.Column("epoch", sa.Integer, nullable=False, server_default=sa.text("0"))
    )
    op.create_index("object_epoch", "object", ["epoch", "name"])
