"""Stories, the articles in them, and by what they are found."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_plain = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "stories",
        sa.Column("id", _plain, primary_key=True),
        sa.Column("first_at", _time, nullable=False, comment="as in state"),
        sa.Column("last_at", _time, nullable=False, comment="as in state"),
        sa.Column("articles", sa.Integer, nullable=False, comment="as in state"),
        sa.Column("merged_into", _plain, comment="as in state"),
        sa.Column("state", sa.Text, nullable=False, comment="JSON of model.story.StoryState without the next"),
        sa.Column("centre", sa.LargeBinary, comment="MessagePack; none once it is forgotten"),
        sa.Column("written_at", _time, nullable=False),
    )
    op.create_index("stories_by_time", "stories", ["last_at"])
    where = sa.text("centre IS NOT NULL")
    op.create_index("stories_to_forget", "stories", ["written_at"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "story_articles",
        sa.Column("article_id", _plain, primary_key=True),
        sa.Column("story", _plain, nullable=False),
        sa.Column("at", _time, nullable=False),
        sa.Column("member", sa.Text, nullable=False, comment="JSON of model.story.Member"),
        sa.Column("told", _plain, comment="the story that its document names; none until it is written"),
    )
    op.create_index("story_articles_by_story", "story_articles", ["story", "at"])
    where = sa.text("told <> story")
    op.create_index(
        "story_articles_moved", "story_articles", ["article_id"], sqlite_where=where, postgresql_where=where
    )
    op.create_table(
        "story_postings",
        # First, so that what is written now lies together, however much there was before.
        sa.Column("bucket", sa.Integer, primary_key=True, autoincrement=False, comment="of time"),
        sa.Column("trait", _plain, primary_key=True),
        sa.Column("stories", sa.Text, nullable=False, comment="ids, the newest first"),
        sa.Column("written_at", _time, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("story_postings_by_time", "story_postings", ["written_at"])
    changes = op.create_table(
        "story_changes",
        sa.Column(
            "number", sa.BigInteger, primary_key=True, autoincrement=False, comment="of writes to these tables; one row"
        ),
    )
    op.bulk_insert(changes, [{"number": 0}])
