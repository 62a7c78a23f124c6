"""When the page of an article was gone that is there again."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0012"

_plain_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "past_withdrawals",
        sa.Column("article_id", _plain_text, primary_key=True),
        sa.Column("withdrawn_at", _time, primary_key=True),
        sa.Column("returned_at", _time, nullable=False, comment="the page was seen to be there again"),
    )
