"""How many turns at a host live requests may take before one is past work's."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add the column."""
    op.add_column("hosts", sa.Column("live_turns_left", sa.Integer(), comment="before one is past work's, which waits"))
