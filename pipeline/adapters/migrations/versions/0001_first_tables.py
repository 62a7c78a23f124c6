"""Feeds, URLs and articles."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_plain_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    _make_feeds()
    _make_urls()
    _make_articles()


def _make_feeds() -> None:
    op.create_table(
        "feeds",
        sa.Column("url", _plain_text, primary_key=True),
        sa.Column("feed", sa.Text, nullable=False, comment="JSON of model.feed.Feed"),
        sa.Column("state", sa.Text, nullable=False, comment="JSON of model.feed.FeedState"),
        sa.Column("status", sa.Text, nullable=False, comment="as in state"),
        sa.Column("due_at", _time, nullable=False, comment="as in state"),
        sa.Column("lease_until", _time),
    )
    op.create_index("feeds_by_due", "feeds", ["status", "due_at"])


def _make_urls() -> None:
    op.create_table(
        "urls",
        sa.Column("url", _plain_text, primary_key=True),
        sa.Column("publisher", _plain_text, nullable=False, comment="as in entry"),
        sa.Column("entry", sa.Text, nullable=False, comment="JSON of model.feed.Entry"),
        sa.Column("revision", sa.Integer, nullable=False, comment="raised with each change that a feed announces"),
        sa.Column("first_seen_at", _time, nullable=False),
        sa.Column("due_at", _time, nullable=False, comment="not visited before"),
        sa.Column("attempts", sa.Integer, nullable=False, comment="failed visits for this revision"),
        sa.Column("claimed_by", sa.Text, comment="id of the batch"),
        sa.Column("lease_until", _time),
        sa.Column("fate", sa.Text, comment="none while pending"),
        sa.Column("reason", sa.Text),
        sa.Column("settled_at", _time),
        sa.Column("detail", sa.Text, comment="what went wrong, while pending too"),
        sa.Column("document", sa.Text, comment="JSON, of a dead letter that the search store refused"),
        sa.Column("article_id", sa.Text),
        sa.Column("capture", sa.Text, comment="JSON of model.capture.CaptureRef"),
        sa.CheckConstraint(
            "(fate IS NULL) = (reason IS NULL) AND (fate IS NULL) = (settled_at IS NULL)", name="one_fate"
        ),
        sa.CheckConstraint("(claimed_by IS NULL) = (lease_until IS NULL)", name="claims_have_leases"),
        sa.CheckConstraint("fate IS NULL OR claimed_by IS NULL", name="only_pending_is_claimed"),
    )
    for name, columns, condition in (
        ("urls_pending", ["due_at", "url"], "fate IS NULL"),
        ("urls_pending_by_publisher", ["publisher", "due_at", "url"], "fate IS NULL"),
        ("urls_claimed", ["claimed_by"], "claimed_by IS NOT NULL"),
        ("urls_by_fate", ["fate", "reason"], "fate IS NOT NULL"),
    ):
        where = sa.text(condition)
        op.create_index(name, "urls", columns, sqlite_where=where, postgresql_where=where)


def _make_articles() -> None:
    op.create_table(
        "articles",
        sa.Column("article_id", sa.Text, primary_key=True),
        sa.Column("url", sa.Text, nullable=False, comment="the URL that holds the article"),
        sa.Column("first_seen_at", _time, nullable=False),
        sa.Column("content_hash", sa.Text, comment="this and the next two: none until the article is indexed"),
        sa.Column("version", sa.Integer),
        sa.Column("captured_at", _time),
        sa.CheckConstraint(
            "(content_hash IS NULL) = (version IS NULL) AND (content_hash IS NULL) = (captured_at IS NULL)",
            name="indexed_or_only_owned",
        ),
    )
