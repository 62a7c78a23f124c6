"""Pending URLs by publisher, the live ones together, so that finding the publishers whose turn it is passes no past ones."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Make the index anew."""
    where = sa.text("fate IS NULL")
    op.drop_index("urls_pending_by_publisher", "urls")
    op.create_index(
        "urls_pending_by_publisher",
        "urls",
        ["is_past", "publisher", "due_at", "url"],
        sqlite_where=where,
        postgresql_where=where,
    )
