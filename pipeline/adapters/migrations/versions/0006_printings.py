"""What is remembered of every indexed text, by which its copies are found."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_plain_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "printings",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("article_id", _plain_text, nullable=False, unique=True),
        sa.Column("standing", sa.SmallInteger, nullable=False, comment="model.reprint.Standing"),
        sa.Column("printed_at", _time, nullable=False),
        sa.Column("captured_at", _time, nullable=False),
        sa.Column("keys", sa.LargeBinary, nullable=False, comment="model.reprint.Fingerprint"),
        sa.Column("passages", sa.LargeBinary, nullable=False, comment="as above"),
        sa.Column("shingles", sa.LargeBinary, nullable=False, comment="as above"),
        sa.Column("original", sa.Integer, comment="number of the original, of a reprint"),
        sa.Column("similarity", sa.Float),
        sa.Column("own_share", sa.Float),
        sa.Column("is_told", sa.Boolean, nullable=False, comment="the document says the same"),
    )
    for name, columns, condition in (
        ("printings_by_original", ["original", "number"], "original IS NOT NULL"),
        ("printings_untold", ["number"], "NOT is_told"),
    ):
        where = sa.text(condition)
        op.create_index(name, "printings", columns, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "printing_keys",
        sa.Column("key", sa.Integer, primary_key=True, autoincrement=False, comment="of a passage"),
        sa.Column(
            "printing", sa.Integer, primary_key=True, autoincrement=False, comment="number; the best-ranked ones"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "printing_reviews",
        sa.Column(
            "original", sa.Integer, primary_key=True, autoincrement=False, comment="whose reprints are looked at again"
        ),
        sa.Column("after", sa.Integer, nullable=False, comment="those with a greater number are still to come"),
    )
