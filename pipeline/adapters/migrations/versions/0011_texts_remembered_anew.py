"""Words are hashed in another way, and keys are of phrases: what was remembered of texts finds nothing any more.

Documents keep the originals that they name; texts are remembered again as they come, and those of the past by
``newswire replay``.
"""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Forget all texts, and have those found that are old enough to be forgotten."""
    for table in ("printing_reviews", "printing_keys", "printings"):
        op.execute(f"DELETE FROM {table}")  # noqa: S608 - the names above
    op.create_index("printings_by_capture", "printings", ["captured_at"])
