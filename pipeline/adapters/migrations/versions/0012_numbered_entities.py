"""Known entities by number, and their keys as numbers: a million of them in a fifth of the room."""

from collections.abc import Iterator

import numpy as np
import sqlalchemy as sa
from alembic import op

from pipeline.enrich.linking import entity_keys
from pipeline.model import codec
from pipeline.model.known import KnownEntity

revision = "0012"
down_revision = "0011"

_AT_ONCE = 5_000
_plain_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables anew, and give every entity the keys that names have today."""
    op.drop_index("known_entities_by_source", "known_entities")
    op.drop_table("known_keys")
    op.rename_table("known_entities", "known_entities_before")
    if op.get_context().dialect.name == "postgresql":  # whose index keeps the name that the new one is to have
        op.execute("ALTER INDEX known_entities_pkey RENAME TO known_entities_before_pkey")
    entities = op.create_table(
        "known_entities",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", _plain_text, nullable=False),
        sa.Column("entity", sa.Text, nullable=False, comment="JSON of model.known.KnownEntity"),
        sa.Column("source", _plain_text, nullable=False, comment="as in entity"),
        sa.Column("found_by", sa.LargeBinary, nullable=False, comment="keys in known_keys, four bytes each"),
        sa.Column("imported_at", _time, nullable=False),
    )
    keys = op.create_table(
        "known_keys",
        sa.Column(
            "key", sa.Integer, primary_key=True, autoincrement=False, comment="what names that may be one are found by"
        ),
        sa.Column("entity", sa.Integer, primary_key=True, autoincrement=False, comment="number of known_entities"),
        sqlite_with_rowid=False,
    )
    connection = op.get_bind()
    number = 0
    for rows in _pages(connection):
        kept = [
            {**row._mapping, "number": number + place, "found_by": _keys(row.entity)}  # noqa: SLF001 - its public name
            for place, row in enumerate(rows, 1)
        ]
        number += len(rows)
        pairs = [
            {"key": key, "entity": each["number"]}
            for each in kept
            for key in np.frombuffer(each["found_by"], np.int32).tolist()
        ]
        connection.execute(entities.insert(), kept)
        if pairs:
            connection.execute(keys.insert(), sorted(pairs, key=lambda pair: (pair["key"], pair["entity"])))
    op.drop_table("known_entities_before")
    op.create_index("known_entities_by_id", "known_entities", ["id"], unique=True)
    op.create_index("known_entities_by_source", "known_entities", ["source"])


def _pages(connection: sa.Connection) -> Iterator[list[sa.Row[tuple[str, str, str, object]]]]:
    before = sa.table(
        "known_entities_before",
        sa.column("id", _plain_text),
        sa.column("entity"),
        sa.column("source"),
        sa.column("imported_at", _time),
    )
    last = ""
    while rows := list(
        connection.execute(sa.select(before).where(before.c.id > last).order_by(before.c.id).limit(_AT_ONCE))
    ):
        yield rows
        last = rows[-1].id


def _keys(entity: str) -> bytes:
    known = codec.decode(entity.encode(), KnownEntity)
    return np.array(sorted(entity_keys(known.kind, known.names)), np.int32).tobytes()
