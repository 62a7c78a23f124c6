"""The robots.txt files that all processes share."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_plain_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "robots_files",
        sa.Column("origin", _plain_text, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("expires_at", _time, nullable=False),
        sa.Column("is_closed", sa.Boolean, nullable=False, server_default=sa.false()),
    )
