"""Saved searches, their alerts, the alerts' deliveries, and which articles they were not asked about yet."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_plain = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the column and the tables."""
    op.add_column(
        "articles",
        sa.Column(
            "is_watched",
            sa.Boolean,
            nullable=False,
            server_default=sa.true(),
            comment="saved searches were asked about it",
        ),
    )
    _index("articles_unwatched", "articles", ["article_id"], "NOT is_watched")
    op.create_table(
        "saved_searches",
        sa.Column("name", _plain, primary_key=True),
        sa.Column("search", sa.Text, nullable=False, comment="JSON of model.alert.SavedSearch"),
    )
    op.create_table(
        "alerts",
        sa.Column("id", _plain, primary_key=True),
        sa.Column("search", _plain, nullable=False, comment="as in alert"),
        sa.Column("kind", _plain, nullable=False, comment="as in alert"),
        sa.Column("at", _time, nullable=False, comment="as in alert"),
        sa.Column("shown_at", _time, comment="date of the document that shows it"),
        sa.Column("alert", sa.Text, nullable=False, comment="JSON of model.alert.Alert"),
        sa.Column(
            "is_announced",
            sa.Boolean,
            nullable=False,
            server_default=sa.false(),
            comment="as an event of Airflow's asset",
        ),
    )
    op.create_index("alerts_by_search", "alerts", ["search", "at"])
    op.create_index("alerts_by_time", "alerts", ["at"])
    _index("alerts_unannounced", "alerts", ["at"], "NOT is_announced")
    op.create_table(
        "alert_deliveries",
        sa.Column("alert_id", _plain, primary_key=True),
        sa.Column("url", _plain, primary_key=True, comment="of the webhook"),
        sa.Column("state", _plain, nullable=False, comment="model.alert.DeliveryState"),
        sa.Column("attempts", sa.Integer, nullable=False, comment="that failed"),
        sa.Column("due_at", _time, comment="none unless it waits"),
        sa.Column("detail", sa.Text, nullable=False, comment="what went wrong at the last try"),
    )
    _index("alert_deliveries_open", "alert_deliveries", ["state", "due_at"], "state <> 'delivered'")


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
