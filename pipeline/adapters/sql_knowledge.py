"""Watch-lists and decisions, in the ledger's database: what every process of an installation must know alike."""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, Integer, Row, Select, and_, bindparam, delete, func, insert, select, update

from pipeline.adapters.sql_among import among, unnest
from pipeline.adapters.sql_database import Database
from pipeline.adapters.sql_keys import delete_pairs, insert_pairs, read_keys
from pipeline.adapters.sql_schema import entity_decisions, known_entities, known_keys
from pipeline.model import codec
from pipeline.model.known import Decision, KnownEntity
from pipeline.ports import Added

_PAGE = 500  # entities

_by_id = select(known_entities).where(among(known_entities.c.id))
_by_number = select(known_entities.c.number, known_entities.c.entity).where(among(known_entities.c.number))
_by_source = select(known_entities.c.number, known_entities.c.found_by).where(
    known_entities.c.source == bindparam("source")
)
_last_number = select(func.max(known_entities.c.number))
_change = (
    update(known_entities)
    .where(known_entities.c.number == bindparam("at"))
    .values({name: bindparam(name) for name in ("id", "entity", "source", "found_by", "imported_at")})
)


class SqlKnowledge:
    """Promises what ports.Knowledge does."""

    def __init__(self, database: Database) -> None:
        """Take a migrated database."""
        self._database = database

    def add_known(self, entities: Sequence[tuple[KnownEntity, Collection[int]]], now: datetime) -> Added:
        """Insert, or change what had the id; of the keys, what changes alone."""
        found = {entity.id: (entity, keys) for entity, keys in reversed(entities)}
        with self._database.write() as connection:
            before = {row.id: row for row in connection.execute(_by_id, {"values": list(found)})}
            repeated = frozenset(entity_id for entity_id, row in before.items() if row.imported_at == now)
            following = itertools.count((connection.execute(_last_number).scalar() or 0) + 1)
            draft = _Draft(now)
            for entity_id, (entity, keys) in reversed(found.items()):
                if entity_id not in repeated:
                    draft.add(entity, keys, before.get(entity_id), following)
            draft.write(connection)
        replaced = len(before) - len(repeated)
        return Added(new=len(found) - len(before), replaced=replaced, repeated=repeated)

    def forget_known(self, source: str) -> int:
        """Delete keys by their rows, then the rows."""
        with self._database.write() as connection:
            rows = connection.execute(_by_source, {"source": source}).all()
            delete_pairs(connection, known_keys, [(key, row.number) for row in rows for key in read_keys(row.found_by)])
            connection.execute(delete(known_entities).where(known_entities.c.source == source))
        return len(rows)

    def candidates(self, asked: Sequence[Collection[int]], *, limit: int) -> tuple[tuple[KnownEntity, ...], ...]:
        """Ask the index for the numbers under all keys at once, then for the entities once."""
        under: dict[int, list[int]] = {}
        keys = sorted({key for those in asked for key in those})
        if not keys:
            return ((),) * len(asked)
        with self._database.read() as connection:
            for row in connection.execute(_numbers_of(connection), {"values": keys, "limit": limit}):
                under.setdefault(row.key, []).append(row.entity)
            chosen = [_choose(those, under, limit) for those in asked]
            wanted = sorted({number for numbers in chosen for number in numbers})
            rows = connection.execute(_by_number, {"values": wanted}).all()
        known = {row.number: codec.decode(row.entity.encode(), KnownEntity) for row in rows}
        return tuple(
            tuple(sorted((known[number] for number in numbers if number in known), key=lambda each: each.id))
            for numbers in chosen
        )

    def known(self, ids: Collection[str]) -> Mapping[str, KnownEntity]:
        """Look the ids up."""
        with self._database.read() as connection:
            rows = connection.execute(_by_id, {"values": list(set(ids))}).all()
        return {row.id: codec.decode(row.entity.encode(), KnownEntity) for row in rows}

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


class _Draft:
    """What one call changes."""

    def __init__(self, now: datetime) -> None:
        """Begin with nothing."""
        self._now = now
        self._new, self._changed = list[dict[str, Any]](), list[dict[str, Any]]()
        self._added, self._dropped = list[tuple[int, int]](), list[tuple[int, int]]()

    def add(
        self, entity: KnownEntity, keys: Collection[int], before: Row[Any] | None, following: Iterator[int]
    ) -> None:
        """Note an entity, in the place of what had its id."""
        number = before.number if before else next(following)
        old, new = set(read_keys(before.found_by)) if before else set(), set(keys)
        row = {
            "number" if before is None else "at": number,
            "id": entity.id,
            "entity": codec.encode(entity).decode(),
            "source": entity.source,
            "found_by": np.array(sorted(new), np.int32).tobytes(),
            "imported_at": self._now,
        }
        (self._changed if before else self._new).append(row)
        self._added += ((key, number) for key in new - old)
        self._dropped += ((key, number) for key in old - new)

    def write(self, connection: Connection) -> None:
        """Write it; keys in order, so that each page of their table is touched once."""
        if self._new:
            connection.execute(insert(known_entities), self._new)
        if self._changed:
            connection.execute(_change, self._changed)
        delete_pairs(connection, known_keys, self._dropped)
        self._added.sort()
        insert_pairs(connection, known_keys, self._added)


def _choose(keys: Collection[int], under: Mapping[int, Sequence[int]], limit: int) -> set[int]:
    """Return the numbers under the rarest keys, no more than the limit."""
    chosen: set[int] = set()
    for _, key in sorted((len(under[key]), key) for key in keys if key in under):
        if len(chosen.union(under[key])) > limit:
            break
        chosen.update(under[key])
    return chosen


def _numbers_of(connection: Connection) -> Select[tuple[int, int]]:
    """Return a query for what stands under each key, but for keys that more than ``limit`` share: no more rows are read of them.

    The keys travel as one parameter, so that the statement is compiled once.
    """
    asked = unnest(connection, Integer())
    others = known_keys.alias()
    one_more = (
        select(others.c.entity)
        .where(others.c.key == asked.c.value)
        .order_by(others.c.entity)
        .offset(bindparam("limit", type_=Integer))
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(known_keys.c.key, known_keys.c.entity)
        .join_from(asked, known_keys, known_keys.c.key == asked.c.value)
        .where(one_more.is_(None))
    )


def _revoke(connection: Connection, decisions: Sequence[Decision]) -> None:
    for decision in decisions:
        key = and_(entity_decisions.c.subject == decision.subject, entity_decisions.c.spelling == decision.spelling)
        connection.execute(delete(entity_decisions).where(key))
