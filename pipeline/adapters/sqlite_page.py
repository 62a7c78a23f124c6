"""The answer to a Query, read over one connection: total, hits with their snippets, facets."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pipeline.adapters.sqlite_query import (
    FACET_SIZE,
    FACETS,
    WEIGHTS,
    Condition,
    asked_terms,
    conditions,
    has_stem,
    join_expressions,
)
from pipeline.index.folding import find_words
from pipeline.index.snippets import MARK_END, MARK_START, cut_snippets
from pipeline.model.query import Facet, Hit, Query, SearchPage, Sort
from pipeline.search.grammar import Expression, needs_words, parse_text

# The statements are put together from our own conditions; what the user wrote goes by parameters alone.
# ruff: noqa: S608

# Where all that is found has one of the words or stems, the scores come first and the documents are looked up by key.
_RANKED = """
    WITH matches AS (
        SELECT rowid AS key, -bm25(words, {weights}) AS score FROM words WHERE words MATCH ?
        UNION ALL
        SELECT rowid AS key, -bm25(stems, {weights}) AS score FROM stems WHERE stems MATCH ?
    ), scores AS MATERIALIZED (
        SELECT key, sum(score) AS score FROM matches GROUP BY key
    ), found AS (
        SELECT key, date, id, original, score FROM {scored} WHERE {where}
    ), best AS (
        {hits} ORDER BY score DESC, date DESC, id LIMIT ?
    )
    SELECT best.*, documents.form FROM best JOIN documents USING (key) ORDER BY best.score DESC, best.date DESC, best.id
"""
_ALL_SCORED = "scores CROSS JOIN documents USING (key)"
_SOME_SCORED = "documents LEFT JOIN scores USING (key)"
_NEWEST = """
    WITH found AS (
        SELECT key, date, id, original, NULL AS score FROM documents WHERE {where}
    ), best AS (
        {hits} ORDER BY date DESC, id LIMIT ?
    )
    SELECT best.*, documents.form FROM best JOIN documents USING (key) ORDER BY best.date DESC, best.id
"""
_EACH = "SELECT *, 0 AS folded FROM found"
#: The best of those with one original, and how many it stands for beside itself.
_FOLDED = """
    SELECT * FROM (
        SELECT *, count(*) OVER (PARTITION BY original) - 1 AS folded,
            row_number() OVER (PARTITION BY original ORDER BY score DESC, date DESC, id) AS place
        FROM found
    ) WHERE place = 1
"""
_COUNTED = """
    SELECT facet, value, count(*) AS count FROM facets
    WHERE facet IN {facets} AND document IN (SELECT key FROM documents WHERE {where})
    GROUP BY facet, value ORDER BY count DESC, value
"""


def read_page(connection: sqlite3.Connection, query: Query) -> SearchPage:
    """Return the page; all of it is one state of the index where the connection is in a transaction."""
    asked = parse_text(query.text)
    where = conditions(query, asked)
    total = connection.execute(f"SELECT count(*) FROM documents WHERE {where.sql}", where.values).fetchone()[0]
    return SearchPage(
        total=total,
        hits=tuple(_hits(connection, query, asked, where)),
        facets=_facets(connection, where) if query.with_facets else {},
    )


def read_found(
    connection: sqlite3.Connection, where: Condition, last: tuple[int, str] | None, size: int
) -> list[sqlite3.Row]:
    """Return date, id and form of the next documents found after the last one by date and id, newest first."""
    after, values = ("", ()) if last is None else (" AND (date < ? OR (date = ? AND id > ?))", (last[0], *last))
    statement = f"SELECT date, id, form FROM documents WHERE {where.sql}{after} ORDER BY date DESC, id LIMIT ?"
    return connection.execute(statement, (*where.values, *values, size)).fetchall()


def _hits(connection: sqlite3.Connection, query: Query, asked: Expression | None, where: Condition) -> Iterator[Hit]:
    terms = asked_terms(asked)
    words, stems = join_expressions(terms), join_expressions([term for term in terms if has_stem(term)])
    hits = _FOLDED if query.folds_reprints else _EACH
    if query.sort is Sort.RELEVANCE and terms:
        scored = _ALL_SCORED if needs_words(asked) else _SOME_SCORED
        statement = _RANKED.format(weights=WEIGHTS, where=where.sql, hits=hits, scored=scored)
        rows = connection.execute(statement, (words, stems, *where.values, query.limit)).fetchall()
    else:
        rows = connection.execute(_NEWEST.format(where=where.sql, hits=hits), (*where.values, query.limit)).fetchall()
    highlights = _highlights(connection, [row["key"] for row in rows], {"words": words, "stems": stems})
    for row in rows:
        form = json.loads(row["form"])
        published = form.get("published")
        yield Hit(
            id=row["id"],
            url=form["canonical_url"],
            headline=form["headline"],
            publisher=form["publisher"],
            language=form["language"],
            published=datetime.fromisoformat(published) if published else None,
            score=row["score"],
            snippets=_snippets(form, highlights[row["key"]]),
            reprint_of=form.get("reprint_of"),
            folded=row["folded"],
        )


def _highlights(
    connection: sqlite3.Connection, keys: Sequence[int], expressions: Mapping[str, str]
) -> dict[int, list[sqlite3.Row]]:
    """Return deck and text of each document as folded words, with signs around what each of the two indexes found."""
    found: dict[int, list[sqlite3.Row]] = {key: [] for key in keys}
    for table, expression in expressions.items():
        # The plus keeps FTS5 from matching anew for each key, which costs most where a prefix has many words.
        statement = (
            f"SELECT rowid AS key, highlight({table}, 1, ?, ?) AS deck, highlight({table}, 2, ?, ?) AS text "
            f"FROM {table} WHERE {table} MATCH ? AND +rowid IN ({', '.join('?' * len(keys))})"
        )
        for row in connection.execute(statement, (*(MARK_START, MARK_END) * 2, expression, *keys)):
            found[row["key"]].append(row)
    return found


def _snippets(form: Mapping[str, Any], highlights: Sequence[sqlite3.Row]) -> tuple[str, ...]:
    """Return the excerpts of the deck, if anything was found there, and those of the text."""
    deck, text = form.get("deck", ""), form["text"]
    in_deck = _marks(deck, [row["deck"] for row in highlights])
    return (cut_snippets(deck, in_deck) if in_deck else ()) + cut_snippets(
        text, _marks(text, [row["text"] for row in highlights])
    )


def _marks(text: str, highlighted: Sequence[str]) -> list[tuple[int, int]]:
    """Return which characters of the text were found: its n-th word is the n-th of the folded ones."""
    if not any(MARK_START in folded for folded in highlighted):
        return []
    words, marks = find_words(text), set[tuple[int, int]]()
    for folded in highlighted:
        first = 0
        for number, word in enumerate(folded.split(" ")):
            if word.startswith(MARK_START):
                first = number
            if word.endswith(MARK_END):
                marks.add((words[first].start, words[number].end))
    return sorted(marks, key=lambda mark: (mark[0], -mark[1]))  # a phrase before the words that begin it


def _facets(connection: sqlite3.Connection, where: Condition) -> dict[str, tuple[Facet, ...]]:
    counted: dict[str, list[Facet]] = {facet: [] for facet in FACETS}
    for row in connection.execute(_COUNTED.format(where=where.sql, facets=FACETS), where.values):
        if len(counted[row["facet"]]) < FACET_SIZE:
            counted[row["facet"]].append(Facet(value=row["value"], count=row["count"]))
    return {facet: tuple(values) for facet, values in counted.items()}
