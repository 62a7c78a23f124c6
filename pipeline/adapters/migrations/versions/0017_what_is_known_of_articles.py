"""Of an indexed article: whether its text is kept in its entry alone."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the column, filled as far as the last visits tell."""
    note = "its entry alone has the text"
    column = sa.Column("has_feed_text", sa.Boolean(), nullable=False, server_default=sa.false(), comment=note)
    op.add_column("articles", column)
    last_visits = "SELECT article_id FROM urls WHERE detail = 'text from the feed' AND article_id IS NOT NULL"
    op.execute(f"UPDATE articles SET has_feed_text = true WHERE article_id IN ({last_visits})")  # noqa: S608 - nothing from outside
