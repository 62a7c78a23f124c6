"""Documents into the tables of the embedded index, as functions over an open transaction."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pipeline.adapters.sqlite_counts import write_summary
from pipeline.index.document import find_lede, milliseconds
from pipeline.index.folding import fold
from pipeline.ports import Form


def write_forms(connection: sqlite3.Connection, forms: Sequence[Form], generation: str) -> dict[str, str]:
    """Upsert the documents; return why the refused ones were refused, by id."""
    refused, words = {}, set[str]()
    for form in forms:
        connection.execute("SAVEPOINT document")
        try:
            words |= _upsert(connection, form, generation)
        except (sqlite3.IntegrityError, UnicodeEncodeError) as error:
            connection.execute("ROLLBACK TO document")
            refused[form["id"]] = str(error)
        connection.execute("RELEASE document")
    connection.executemany("INSERT OR IGNORE INTO terms VALUES (?)", [(word,) for word in sorted(words)])
    return refused


def _upsert(connection: sqlite3.Connection, form: Form, generation: str) -> set[str]:
    """Write the document, unless a newer one is there; return the words of its text."""
    version = _time(form["captured_at"])
    known = connection.execute(
        "SELECT key, version FROM documents WHERE generation = ? AND id = ?", (generation, form["id"])
    ).fetchone()
    if known and known["version"] > version:
        return set()
    if known:
        connection.execute("DELETE FROM documents WHERE key = ?", (known["key"],))
    headline, deck, text = (fold(form.get(name, "")) for name in ("headline", "deck", "text"))
    key = connection.execute(
        "INSERT INTO documents (generation, id, version, date, original, story) VALUES (?, ?, ?, ?, ?, ?)",
        (generation, form["id"], version, _time(form["date"]), form["original"], form.get("story")),
    ).lastrowid
    folded = (headline, deck, fold(find_lede(form)), text)
    written = json.dumps(form, ensure_ascii=False)
    connection.execute("INSERT INTO texts VALUES (?, ?, ?, ?, ?, ?, ?)", (key, form["language"], *folded, written))
    values = list(_facet_values(form))
    summary = write_summary(connection, generation, form, values)
    connection.execute("INSERT INTO summaries VALUES (?, ?, ?)", (key, *summary))
    facets = {(key, facet, value, fold(value)) for facet, value in values}
    facets |= {
        (key, "speaker id", quote["speaker"], quote["speaker"]) for quote in form["quotes"] if "speaker" in quote
    }
    connection.executemany("INSERT INTO facets VALUES (?, ?, ?, ?)", facets)
    names = [(key, *each) for entity in form["entities"] for each in _spellings(entity)]
    connection.executemany("INSERT OR IGNORE INTO names VALUES (?, ?, ?, ?, ?, ?)", names)
    connection.executemany(
        "INSERT OR IGNORE INTO spellings VALUES (?, ?, ?)",
        {(word, kind, folded) for _, kind, folded, *_ in names for word in folded.split()},
    )
    locations = [(key, point["lat"], point["lon"]) for point in form["locations"]]
    connection.executemany("INSERT INTO locations VALUES (?, ?, ?)", locations)
    return {*headline.split(), *deck.split(), *text.split()}


def _facet_values(form: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what facets count, and after it the names that only fields of a query look for."""
    for facet in ("people", "organizations", "places"):
        yield from ((facet, value) for value in form[facet])
    for facet, field in (
        ("publishers", "publisher"),
        ("languages", "language"),
        ("sections", "section"),
        ("agency", "agency"),
    ):
        if field in form:
            yield facet, form[field]
    for facet, field in (("author", "authors"), ("topic", "topics")):
        yield from ((facet, value) for value in form[field])
    yield from {("speaker", quote["speaker_name"]) for quote in form["quotes"] if "speaker_name" in quote}


def _spellings(entity: Mapping[str, Any]) -> Iterator[tuple[str, str, str, float, str | None]]:
    """Yield kind, spelling, id, salience and full name; the full name first, so that it stays where an alias folds the same."""
    kind, key, salience = entity["kind"], entity["id"], entity["salience"]
    yield kind, fold(entity["name"]), key, salience, entity["name"]
    yield from ((kind, fold(alias), key, salience, None) for alias in entity["aliases"])


def _time(written: str) -> int:
    return milliseconds(datetime.fromisoformat(written))
