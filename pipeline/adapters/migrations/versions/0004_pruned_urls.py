"""When a settled URL lost what is heavy, and the way to those that have not yet."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column and the index."""
    op.add_column(
        "urls", sa.Column("pruned_at", sa.DateTime(timezone=True), comment="none while nothing was taken away")
    )
    where = sa.text("pruned_at IS NULL")
    op.create_index("urls_to_prune", "urls", ["fate", "settled_at"], sqlite_where=where, postgresql_where=where)
