"""SearchStore on SQLite's FTS5: the embedded default, in one file, with the answers of the Elasticsearch store."""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from pipeline.adapters import sqlite_page, sqlite_versions, sqlite_watch
from pipeline.adapters.sqlite_connections import Connections, stop_late
from pipeline.adapters.sqlite_like import Likeness, find_corrections, find_likeness
from pipeline.adapters.sqlite_query import find_entities
from pipeline.adapters.sqlite_write import write_forms
from pipeline.errors import UsageError
from pipeline.index import mapping as names
from pipeline.index.document import document_json, milliseconds
from pipeline.index.mapping import Generation
from pipeline.model.document import Document
from pipeline.model.query import Query, SearchPage
from pipeline.model.version import Version
from pipeline.ports import Asked, Clock, Entities, Form, Matched, Refusal, StoredMonth, StoreStatus
from pipeline.search.expression import Expression
from pipeline.search.names import expand, name_key, read_expression, spellings
from pipeline.search.request import NO_SUCH_DOCUMENT
from pipeline.search.suggestions import correct_text, suspect_words

PAGE = 200  # documents
_DROPPED_AT_ONCE = 500
#: The month of the first sight in UTC, whatever offset it was written with.
_MONTHS = """
SELECT strftime('%Y-%m-01', json_extract(form, '$.first_seen_at')) AS month, count(*) AS documents
FROM documents JOIN texts ON document = key WHERE generation = (SELECT name FROM generations WHERE is_live)
GROUP BY month ORDER BY month
"""
_FIRST_SEEN_BEFORE = """
SELECT key FROM documents JOIN texts ON document = key WHERE generation = (SELECT name FROM generations WHERE is_live)
AND strftime('%Y-%m-01', json_extract(form, '$.first_seen_at')) < ?
"""
_NAMING = """
SELECT id, form FROM documents JOIN texts ON document = key
WHERE generation = ? AND instr(form, ?) AND id > ? ORDER BY id LIMIT ?
"""


class SqliteStore:
    """Promises what ports.SearchStore does; finds stems in English only."""

    def __init__(self, path: Path, *, clock: Clock, prefix: str = "articles") -> None:
        """Open nothing yet: each thread of each process opens the file when it first needs it."""
        self._clock = clock
        self._prefix = prefix
        self._fingerprint = names.fingerprint(names.read_mapping())
        self._connections = Connections(path)

    def close(self) -> None:
        """Close the connections of this process; the next use opens one anew."""
        self._connections.close()

    def prepare(self) -> None:
        """Create the live generation, or check that it has our mapping."""
        with self._connections.transaction("IMMEDIATE") as connection:
            self._live(connection)

    def write(self, documents: Sequence[Document], *, generation: str | None = None) -> tuple[Refusal, ...]:
        """Write in one transaction; a document that breaks a rule of the tables is refused alone."""
        with self._connections.transaction("IMMEDIATE") as connection:
            target = self._live(connection) if generation is None else self._named(connection, generation)
            refused = write_forms(connection, [document_json(document) for document in documents], target)
        return tuple(Refusal(document=each, detail=refused[each.id]) for each in documents if each.id in refused)

    def revise(self, ids: Collection[str], change: Callable[[Form], Form]) -> Mapping[str, str]:
        """Write the documents anew in one transaction."""
        query = "SELECT form FROM documents JOIN texts ON document = key WHERE id = ? AND generation = ?"
        refused = dict[str, str]()
        with self._connections.transaction("IMMEDIATE") as connection:
            for generation in self._ours(connection):
                stored = [row["form"] for key in ids for row in connection.execute(query, (key, generation))]
                forms = [(form, change(form)) for form in map(json.loads, stored)]
                refused |= write_forms(connection, [new for old, new in forms if new != old], generation)
        return refused

    def search(self, query: Query) -> SearchPage:
        """Ask the live generation, all of the answer from one state of it."""
        now = self._clock.now()
        with self._connections.transaction("DEFERRED") as connection, stop_late(connection):
            asked, like = self._ask(connection, query)
            page = sqlite_page.read_page(connection, query, asked, like, now)
            return page if page.total else replace(page, suggestion=self._suggest(connection, query, asked))

    def entities_of(self, query: Query) -> Entities:
        """Look each name up."""
        with self._connections.transaction("DEFERRED") as connection:
            return {name_key(term): find_entities(connection, term) for term in spellings(read_expression(query))}

    def match(self, asked: Sequence[Asked], document_ids: Sequence[str]) -> Matched:
        """Ask an index in memory that holds these documents alone: in the whole one each query would cost its words' all."""
        with self._connections.transaction("DEFERRED") as connection:
            forms = sqlite_watch.read_forms(connection, document_ids)
        with sqlite_watch.open_memory() as few:
            write_forms(few, list(forms.values()), sqlite_watch.GENERATION)
            return Matched(forms=forms, found=tuple(sqlite_watch.match_documents(few, each) for each in asked))

    def count(self, asked: Sequence[tuple[Asked, Sequence[datetime]]]) -> tuple[tuple[int, ...] | UsageError, ...]:
        """Ask one after the other."""
        with self._connections.transaction("DEFERRED") as connection:
            return tuple(sqlite_watch.count_documents(connection, each, edges) for each, edges in asked)

    def export(self, query: Query) -> Iterator[Form]:
        """Read one state of the index, however long the caller takes."""
        with self._connections.snapshot() as connection:
            asked, like = self._ask(connection, query)
            yield from map(
                json.loads, sqlite_page.read_found(connection, sqlite_page.find_where(query, asked, like), PAGE)
            )

    def _ask(self, connection: sqlite3.Connection, query: Query) -> tuple[Expression | None, Likeness | None]:
        """Return what is asked, with the entities of its names, and what finds documents like another."""
        asked = read_expression(query)
        ids = {term: find_entities(connection, term) for term in spellings(asked)}
        form = self.document(query.like) if query.like else None
        if query.like and form is None:
            raise UsageError(NO_SUCH_DOCUMENT.format(query.like))
        return expand(asked, ids) if asked else None, find_likeness(connection, form) if form else None

    def _suggest(self, connection: sqlite3.Connection, query: Query, asked: Expression | None) -> str | None:
        corrections = find_corrections(connection, suspect_words(asked))
        corrected = replace(query, text=correct_text(query.text, corrections), limit=0, page=1, with_facets=False)
        if corrected.text == query.text:
            return None
        page = sqlite_page.read_page(connection, corrected, *self._ask(connection, corrected), self._clock.now())
        return corrected.text if page.total else None

    def document(self, document_id: str) -> Form | None:
        """Look the id up in the live generation."""
        with self._connections.transaction("DEFERRED") as connection:
            row = connection.execute(
                "SELECT form FROM documents JOIN texts ON document = key "
                "WHERE id = ? AND generation = (SELECT name FROM generations WHERE is_live)",
                (document_id,),
            ).fetchone()
        return dict(json.loads(row["form"])) if row else None

    def keep_versions(self, versions: Sequence[Version]) -> Mapping[str, str]:
        """Write them in one transaction, all of them."""
        with self._connections.transaction("IMMEDIATE") as connection:
            sqlite_versions.keep_versions(connection, versions)
        return {}

    def versions(
        self, article_id: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[Version, ...]:
        """Look them up."""
        with self._connections.transaction("DEFERRED") as connection:
            return sqlite_versions.find_versions(connection, article_id, since, until)

    def naming(self, entity_id: str, *, everywhere: bool = False) -> Iterator[Form]:
        """Look through the forms, a page at a time: people ask seldom, and an index would cost each write."""
        with self._connections.transaction("DEFERRED") as connection:
            live = [row["name"] for row in connection.execute("SELECT name FROM generations WHERE is_live")]
            generations = self._ours(connection) if everywhere else live
        quoted = json.dumps(entity_id, ensure_ascii=False)
        for generation in generations:
            for form in self._pages(_NAMING, generation, generation, quoted):
                if any(entity["id"] == entity_id for entity in form["entities"]):
                    yield form

    def status(self) -> tuple[StoreStatus, ...]:
        """Count each generation."""
        with self._connections.transaction("DEFERRED") as connection:
            rows = connection.execute(
                "SELECT name, is_live, documents FROM generations ORDER BY is_live DESC, name"
            ).fetchall()
        return tuple(
            StoreStatus(generation=row["name"], documents=row["documents"], is_live=bool(row["is_live"]))
            for row in rows
        )

    def begin_generation(self) -> str:
        """Add a row for the generation, named by the time."""
        with self._connections.transaction("IMMEDIATE") as connection:
            taken = [row["name"] for row in connection.execute("SELECT name FROM generations")]
            generation = names.next_rebuild(self._prefix, self._fingerprint, self._clock.now(), taken)
            connection.execute("INSERT INTO generations (name, is_live) VALUES (?, 0)", (generation.name,))
        return generation.name

    def promote(self, generation: str) -> None:
        """Move the live mark in one transaction."""
        with self._connections.transaction("IMMEDIATE") as connection:
            self._find(connection, generation)
            connection.execute("UPDATE generations SET is_live = 0 WHERE is_live")
            connection.execute("UPDATE generations SET is_live = 1 WHERE name = ?", (generation,))

    def drop(self, generation: str) -> None:
        """Delete the generation with all that belongs to it."""
        with self._connections.transaction("IMMEDIATE") as connection:
            if self._find(connection, generation):
                message = f"{generation} is live: promote another generation before dropping it"
                raise UsageError(message)
            connection.execute("DELETE FROM generations WHERE name = ?", (generation,))

    def months(self) -> tuple[StoredMonth, ...]:
        """Count by the month of the first sight, which the documents themselves say."""
        with self._connections.transaction("DEFERRED") as connection:
            rows = connection.execute(_MONTHS).fetchall()
        return tuple(StoredMonth(month=date.fromisoformat(row["month"]), documents=row["documents"]) for row in rows)

    def drop_months(self, before: date) -> tuple[StoredMonth, ...]:
        """Delete some documents a transaction, so that others may write between two."""
        before = min(before, self._clock.now().astimezone(UTC).date().replace(day=1))
        dropped = tuple(each for each in self.months() if each.month < before)
        with self._connections.transaction("DEFERRED") as connection:
            keys = connection.execute(_FIRST_SEEN_BEFORE, (before.isoformat(),)).fetchall()
        for start in range(0, len(keys), _DROPPED_AT_ONCE):
            with self._connections.transaction("IMMEDIATE") as connection:
                connection.executemany("DELETE FROM documents WHERE key = ?", keys[start : start + _DROPPED_AT_ONCE])
        return dropped

    def drop_versions(self, before: date, *, dry_run: bool = False) -> int:
        """Delete them in one transaction: they are few beside the documents."""
        with self._connections.transaction("IMMEDIATE") as connection:
            return sqlite_versions.drop_versions(connection, before, dry_run=dry_run)

    def documents(self, generation: str) -> Iterator[Form]:
        """Page by id: a transaction as long as the reading would keep the log of changes from being emptied."""
        query = "SELECT id, form FROM documents JOIN texts ON document = key WHERE generation = ? AND id > ? ORDER BY id LIMIT ?"
        return self._pages(query, generation, generation)

    def missing(self, generation: str, *, since: Mapping[str, int] | None = None) -> Iterator[Form]:  # noqa: ARG002
        """Join the two by id: fast enough without ``since``."""
        query = """
            SELECT live.id, form FROM documents live JOIN texts ON texts.document = live.key
            LEFT JOIN documents other ON other.generation = ? AND other.id = live.id
            WHERE live.generation = (SELECT name FROM generations WHERE is_live)
                AND live.id > ? AND (other.id IS NULL OR other.version < live.version)
            ORDER BY live.id LIMIT ?
        """
        return self._pages(query, generation, generation)

    def marks(self) -> Mapping[str, int]:
        """Return nothing: see ``missing``."""
        return {}

    def copy(self, forms: Sequence[Form], *, generation: str) -> Mapping[str, str]:
        """Write in one transaction."""
        with self._connections.transaction("IMMEDIATE") as connection:
            return write_forms(connection, forms, self._named(connection, generation))

    def remove(self, captured: Mapping[str, datetime], *, generation: str) -> None:
        """Delete in one transaction."""
        with self._connections.transaction("IMMEDIATE") as connection:
            self._find(connection, generation)
            connection.executemany(
                "DELETE FROM documents WHERE generation = ? AND id = ? AND version <= ?",
                [(generation, key, milliseconds(captured_at)) for key, captured_at in captured.items()],
            )

    @contextmanager
    def hold_writers(self) -> Iterator[None]:
        """Hold the one write transaction that there can be; what this thread does in the block belongs to it."""
        with self._connections.transaction("IMMEDIATE"):
            yield

    def _pages(self, query: str, generation: str, *arguments: str) -> Iterator[Form]:
        last = ""
        while True:
            with self._connections.transaction("DEFERRED") as connection:
                self._find(connection, generation)
                rows = connection.execute(query, (*arguments, last, PAGE)).fetchall()
            yield from (json.loads(row["form"]) for row in rows)
            if not rows:
                return
            last = rows[-1]["id"]

    def _ours(self, connection: sqlite3.Connection) -> list[str]:
        """Return the generations of our mapping."""
        ours = Generation(self._prefix, self._fingerprint).name
        query = "SELECT name FROM generations WHERE name = ? OR name LIKE ? || '-r%' ORDER BY is_live DESC, name"
        return [row["name"] for row in connection.execute(query, (ours, ours))]

    def _live(self, connection: sqlite3.Connection) -> str:
        """Return the live generation's name; the first generation of our mapping is made where nothing is live yet."""
        row = connection.execute("SELECT name FROM generations WHERE is_live").fetchone()
        if row is None:
            first = Generation(self._prefix, self._fingerprint).name
            connection.execute("INSERT INTO generations (name, is_live) VALUES (?, 1)", (first,))
            return first
        return self._checked(row["name"])

    def _named(self, connection: sqlite3.Connection, name: str) -> str:
        self._find(connection, name)
        return self._checked(name)

    def _checked(self, name: str) -> str:
        generation = names.parse_generation(name, self._prefix)
        assert generation  # nothing else is ever inserted
        names.check_fingerprint(generation, self._fingerprint)
        return name

    def _find(self, connection: sqlite3.Connection, name: str) -> bool:
        """Tell whether the generation is live. Raises UsageError where there is none of that name."""
        row = connection.execute("SELECT is_live FROM generations WHERE name = ?", (name,)).fetchone()
        if row is None:
            message = f"there is no generation {name!r}; newswire index status lists them"
            raise UsageError(message)
        return bool(row["is_live"])
