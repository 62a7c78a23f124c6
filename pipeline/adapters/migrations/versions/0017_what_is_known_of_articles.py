"""Of an indexed article: since when it is public, and whether its entry alone has its text."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the columns, filled as far as first sights and last visits tell."""
    note = "published or first seen; none until it is indexed"
    op.add_column("articles", sa.Column("public_since", sa.DateTime(timezone=True), comment=note))
    op.execute("UPDATE articles SET public_since = first_seen_at WHERE content_hash IS NOT NULL")
    note = "its entry alone has the text"
    op.add_column(
        "articles", sa.Column("has_feed_text", sa.Boolean, nullable=False, server_default=sa.false(), comment=note)
    )
    last_visits = "SELECT article_id FROM urls WHERE detail = 'text from the feed' AND article_id IS NOT NULL"
    op.execute(f"UPDATE articles SET has_feed_text = true WHERE article_id IN ({last_visits})")  # noqa: S608 - nothing from outside
