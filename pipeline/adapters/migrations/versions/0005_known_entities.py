"""Watch-lists, and what people decided on who is who."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_plain_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "known_entities",
        sa.Column("id", _plain_text, primary_key=True),
        sa.Column("entity", sa.Text, nullable=False, comment="JSON of model.known.KnownEntity"),
        sa.Column("source", _plain_text, nullable=False, comment="as in entity"),
        sa.Column("imported_at", _time, nullable=False),
    )
    op.create_index("known_entities_by_source", "known_entities", ["source"])
    op.create_table(
        "known_keys",
        sa.Column("key", _plain_text, primary_key=True, comment="what names that may be one are found by"),
        sa.Column("entity_id", _plain_text, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("known_keys_by_entity", "known_keys", ["entity_id"])
    op.create_table(
        "entity_decisions",
        sa.Column("subject", _plain_text, primary_key=True),
        sa.Column("spelling", _plain_text, primary_key=True, comment="folded; empty for a merge"),
        sa.Column("decision", sa.Text, nullable=False, comment="JSON of model.known.Decision"),
        sa.Column("decided_at", _time, nullable=False),
    )
