"""When an indexed article is visited again, and since when its page is gone."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns and the ways to what is due."""
    op.add_column("urls", sa.Column("revisit_at", _time, comment="of a settled URL"))
    where = sa.text("revisit_at IS NOT NULL")
    op.create_index("urls_to_revisit", "urls", ["revisit_at"], sqlite_where=where, postgresql_where=where)
    op.add_column("articles", sa.Column("withdrawn_at", _time, comment="the page is gone since then"))
    op.add_column(
        "articles",
        sa.Column(
            "is_withdrawal_told",
            sa.Boolean,
            nullable=False,
            server_default=sa.true(),
            comment="the document says the same",
        ),
    )
    where = sa.text("NOT is_withdrawal_told")
    op.create_index("articles_untold", "articles", ["article_id"], sqlite_where=where, postgresql_where=where)
