"""Past articles beside the live ones, spacing by host that all processes share, and how far each WARC file was read."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_plain_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns and the tables."""
    op.add_column(
        "urls",
        sa.Column("is_past", sa.Boolean, nullable=False, server_default=sa.false(), comment="waits behind live ones"),
    )
    for name, columns in (
        ("urls_pending", ["is_past", "due_at", "url"]),
        ("urls_pending_by_publisher", ["publisher", "is_past", "due_at", "url"]),
    ):
        where = sa.text("fate IS NULL")
        op.drop_index(name, "urls")
        op.create_index(name, "urls", columns, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "hosts",
        sa.Column("host", _plain_text, primary_key=True),
        sa.Column("next_at", _time, nullable=False, comment="no request starts before"),
        sa.Column("closed_until", _time, comment="as the host asked for"),
    )
    op.create_table(
        "warc_imports",
        sa.Column("file", _plain_text, primary_key=True, comment="address of the WARC file"),
        sa.Column("since", _time, primary_key=True, comment="of the interval that was read from it"),
        sa.Column("until", _time, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False, comment="bytes that are done"),
        sa.Column("is_done", sa.Boolean, nullable=False, server_default=sa.false()),
    )
