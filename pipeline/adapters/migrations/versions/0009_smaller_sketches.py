"""Sketches of at most 160 hashes of three bytes, in place of 200 of four."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_HASHES = 160
_AT_ONCE = 2000
_printings = sa.table(
    "printings", sa.column("number"), sa.column("passages", sa.LargeBinary), sa.column("shingles", sa.LargeBinary)
)


def upgrade() -> None:
    """Cut what is there: the smallest hashes, and of each the upper bytes."""
    connection = op.get_bind()
    change = _printings.update().where(_printings.c.number == sa.bindparam("key"))
    for rows in _pages(connection):
        connection.execute(
            change,
            [{"key": row.number, "passages": _cut(row.passages), "shingles": _cut(row.shingles)} for row in rows],
        )


def _pages(connection: sa.Connection) -> Iterator[list[sa.Row[tuple[int, bytes, bytes]]]]:
    last = 0
    while True:
        query = sa.select(_printings).where(_printings.c.number > last).order_by(_printings.c.number).limit(_AT_ONCE)
        rows = list(connection.execute(query))
        if not rows:
            return
        yield rows
        last = rows[-1].number


def _cut(sketch: bytes) -> bytes:
    hashes = bytes(sketch)[: 4 * _HASHES]
    return b"".join(hashes[at + 1 : at + 4] for at in range(0, len(hashes), 4))
