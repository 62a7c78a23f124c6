"""Watch-lists and decisions, in the ledger's database: what every process of an installation must know alike."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import JSON, Connection, Select, Text, and_, bindparam, cast, column, delete, func, insert, select

from pipeline.adapters.sql_database import PARAMETERS, Database, rows_by_key
from pipeline.adapters.sql_schema import PlainText, entity_decisions, known_entities, known_keys
from pipeline.model import codec
from pipeline.model.known import Decision, KnownEntity
from pipeline.ports import Added

_PAGE = 500  # entities
_LAST = "\U0010ffff"  # sorts behind every id


class SqlKnowledge:
    """Promises what ports.Knowledge does."""

    def __init__(self, database: Database) -> None:
        """Take a migrated database."""
        self._database = database

    def add_known(self, entities: Sequence[tuple[KnownEntity, Collection[str]]], now: datetime) -> Added:
        """Delete what had the ids, and insert."""
        found = {entity.id: (entity, keys) for entity, keys in reversed(entities)}
        with self._database.write() as connection:
            before = rows_by_key(connection, known_entities.c.id, found, known_entities.c.imported_at)
            repeated = {entity_id for entity_id, row in before.items() if row.imported_at == now}
            new = [pair for entity_id, pair in found.items() if entity_id not in repeated]
            _forget(connection, [entity_id for entity_id in before if entity_id not in repeated])
            rows = [
                {"id": each.id, "entity": codec.encode(each).decode(), "source": each.source, "imported_at": now}
                for each, _ in new
            ]
            pairs = [{"key": key, "entity_id": each.id} for each, keys in new for key in sorted(set(keys))]
            if rows:
                connection.execute(insert(known_entities), rows)
            if pairs:
                connection.execute(insert(known_keys), pairs)
        replaced = len(before) - len(repeated)
        return Added(new=len(new) - replaced, replaced=replaced, repeated=frozenset(repeated))

    def forget_known(self, source: str) -> int:
        """Delete a page of entities a statement."""
        query = select(known_entities.c.id).where(known_entities.c.source == source)
        with self._database.write() as connection:
            ids = list(connection.execute(query).scalars())
            _forget(connection, ids)
        return len(ids)

    def candidates(self, keys: Collection[str], *, limit: int) -> Mapping[str, tuple[KnownEntity, ...]]:
        """Ask the index for the first ids of all keys at once, then for the entities once."""
        ids: dict[str, list[str]] = {}
        asked = sorted(set(keys))
        with self._database.read() as connection:
            for row in connection.execute(_first_ids(connection, asked, limit)):
                ids.setdefault(row.key, []).append(row.entity_id)
            wanted = {entity_id for found in ids.values() for entity_id in found}
            rows = rows_by_key(connection, known_entities.c.id, wanted, known_entities.c.entity)
        known = {entity_id: codec.decode(row.entity.encode(), KnownEntity) for entity_id, row in rows.items()}
        return {key: tuple(known[entity_id] for entity_id in found) for key, found in ids.items()}

    def known(self, ids: Collection[str]) -> Mapping[str, KnownEntity]:
        """Look the ids up."""
        with self._database.read() as connection:
            rows = rows_by_key(connection, known_entities.c.id, set(ids), known_entities.c.entity)
        return {entity_id: codec.decode(row.entity.encode(), KnownEntity) for entity_id, row in rows.items()}

    def all_known(self, *, since: str = "") -> Iterator[KnownEntity]:
        """Page by id, a transaction each."""
        while True:
            query = select(known_entities).where(known_entities.c.id > since).order_by(known_entities.c.id).limit(_PAGE)
            with self._database.read() as connection:
                rows = connection.execute(query).all()
            yield from (codec.decode(row.entity.encode(), KnownEntity) for row in rows)
            if len(rows) < _PAGE:
                return
            since = rows[-1].id

    def count_known(self) -> int:
        """Count the rows."""
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(known_entities)).scalar_one()

    def decide(self, decisions: Sequence[Decision]) -> None:
        """Delete what stood on the same subjects and spellings, and insert."""
        rows = [
            {
                "subject": decision.subject,
                "spelling": decision.spelling,
                "decision": codec.encode(decision).decode(),
                "decided_at": decision.decided_at,
            }
            for decision in decisions
        ]
        with self._database.write() as connection:
            _revoke(connection, decisions)
            if rows:
                connection.execute(insert(entity_decisions), rows)

    def revoke(self, decisions: Sequence[Decision]) -> None:
        """Delete them."""
        with self._database.write() as connection:
            _revoke(connection, decisions)

    def decisions(self) -> tuple[Decision, ...]:
        """Read them all: people decide by hand, so there are few."""
        order = (entity_decisions.c.decided_at, entity_decisions.c.subject, entity_decisions.c.spelling)
        with self._database.read() as connection:
            rows = connection.execute(select(entity_decisions.c.decision).order_by(*order)).scalars().all()
        return tuple(codec.decode(row.encode(), Decision) for row in rows)


def _first_ids(connection: Connection, keys: Sequence[str], limit: int) -> Select[tuple[str, str]]:
    """Return a query for the first ids of each key: however many share a key, no more are read.

    The keys travel as one JSON array, so that the statement stays the same whatever their number, and is compiled once.
    """
    array = bindparam("keys", json.dumps(list(keys)), Text)
    unnest = (
        func.json_each(array)
        if connection.dialect.name == "sqlite"
        else func.json_array_elements_text(cast(array, JSON))
    )
    asked = unnest.table_valued(column("value", PlainText), name="asked")
    others = known_keys.alias()
    behind = (
        select(others.c.entity_id)
        .where(others.c.key == asked.c.value)
        .order_by(others.c.entity_id)
        .offset(limit)
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(known_keys.c.key, known_keys.c.entity_id)
        .join_from(asked, known_keys, known_keys.c.key == asked.c.value)
        .where(known_keys.c.entity_id < func.coalesce(behind, _LAST))
        .order_by(known_keys.c.key, known_keys.c.entity_id)
    )


def _forget(connection: Connection, ids: Sequence[str]) -> None:
    for start in range(0, len(ids), PARAMETERS):
        some = ids[start : start + PARAMETERS]
        connection.execute(delete(known_keys).where(known_keys.c.entity_id.in_(some)))
        connection.execute(delete(known_entities).where(known_entities.c.id.in_(some)))


def _revoke(connection: Connection, decisions: Sequence[Decision]) -> None:
    for decision in decisions:
        key = and_(entity_decisions.c.subject == decision.subject, entity_decisions.c.spelling == decision.spelling)
        connection.execute(delete(entity_decisions).where(key))
