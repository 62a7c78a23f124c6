"""The answer to a Query, read over one connection: total, and hits with their snippets and reasons."""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pipeline.adapters.sqlite_like import Likeness
from pipeline.adapters.sqlite_query import (
    BM25_WEIGHTS,
    Condition,
    asked_terms,
    conditions,
    join_all,
    join_expressions,
    match_expression,
    salience_expression,
    score_expression,
)
from pipeline.adapters.sqlite_summary import read_summary
from pipeline.adapters.stems import has_stem
from pipeline.index.document import milliseconds
from pipeline.index.folding import find_spans, fold
from pipeline.index.hits import make_hit
from pipeline.index.snippets import MARK_END, MARK_START, cut_snippets
from pipeline.model.query import Hit, Query, Reason, SearchPage, Sort
from pipeline.search.expression import Expression, Field, Match, Term, needs_words
from pipeline.search.ranking import (
    PROMINENCE,
    WEIGHTS,
    freshness_reason,
    like_reason,
    prominence_reason,
    text_reason,
    wanted_names,
)

# The statements are put together from our own conditions; what the user wrote goes by parameters alone.
# ruff: noqa: S608

# The condition is asked once: everything else is read from what was found, a row a document in the table of that name.
_FIND = "INSERT INTO found SELECT key, date, id, original FROM {table} WHERE {where}"
# The plus keeps FTS5 from matching anew for each key, and bm25 is computed of what was found alone.
# Where all that is found has one of the words or stems, the scores come first and the documents are looked up by key.
_RANKED = """
    WITH matches AS (
        SELECT rowid AS key, -bm25(words, {weights}) AS score FROM words
        WHERE words MATCH ? AND +rowid IN (SELECT key FROM found)
        UNION ALL
        SELECT rowid AS key, -bm25(stems, {weights}) AS score FROM stems
        WHERE stems MATCH ? AND +rowid IN (SELECT key FROM found)
    ), scores AS MATERIALIZED (
        SELECT key, sum(score) AS score FROM matches GROUP BY key
    ), ranked AS (
        SELECT key, date, id, original, {score} AS score FROM {scored}
    ), best AS (
        {hits} ORDER BY score DESC, date DESC, id LIMIT ? OFFSET ?
    )
    SELECT best.*, form FROM best JOIN texts ON document = key ORDER BY best.score DESC, best.date DESC, best.id
"""
_ALL_SCORED = "scores CROSS JOIN found USING (key)"
_SOME_SCORED = "found LEFT JOIN scores USING (key)"
_BY_DATE = """
    WITH ranked AS (
        SELECT key, date, id, original, NULL AS score FROM found
    ), best AS (
        {hits} ORDER BY date {direction}, id LIMIT ? OFFSET ?
    )
    SELECT best.*, form FROM best JOIN texts ON document = key ORDER BY best.date {direction}, best.id
"""
#: What highlight() of FTS5 has marked: one word, or several of a phrase.
_MARKED = re.compile(f"{MARK_START}[^{MARK_END}]*{MARK_END}")
_EACH = "SELECT *, 0 AS folded FROM ranked"
#: The best of those with one original, or so many of them, and how many there are beside one.
_FOLDED = """
    SELECT * FROM (
        SELECT *, count(*) OVER (PARTITION BY original) - 1 AS folded,
            row_number() OVER (PARTITION BY original ORDER BY score DESC, date {direction}, id) AS place
        FROM ranked
    ) WHERE place <= {most}
"""


def read_page(
    connection: sqlite3.Connection, query: Query, asked: Expression | None, like: Likeness | None, now: datetime
) -> SearchPage:
    """Return the page; all of it is one state of the index where the connection is in a transaction."""
    where = find_where(query, asked, like)
    find = _FIND.format(table=where.table, where=where.sql)
    total = connection.execute(find, where.values).rowcount
    rows = _find_rows(connection, query, asked, like, now)
    page = SearchPage(
        total=total,
        hits=tuple(_read_hits(connection, query, asked, rows, like, now)),
        folded_total=_count_folded(connection) if query.folds_reprints else None,
        summary=read_summary(connection, query, asked, total) if query.with_facets else None,
    )
    connection.execute("DELETE FROM found")  # where an error came first, the transaction is undone with all of them
    return page


def find_where(query: Query, asked: Expression | None, like: Likeness | None) -> Condition:
    """Return the whole condition of what is found."""
    where = conditions(query, asked)
    return join_all([where, like.where]) if like else where


def read_found(connection: sqlite3.Connection, where: Condition, at_once: int) -> Iterator[str]:
    """Yield the stored forms of all that is found, newest first; asked once, and read some ``at_once``."""
    statement = f"SELECT key FROM documents WHERE {where.sql} ORDER BY date DESC, id"
    found = connection.execute(statement, where.values)
    while keys := [row["key"] for row in found.fetchmany(at_once)]:
        slots = ", ".join("?" * len(keys))
        forms = dict(
            connection.execute(f"SELECT document, form FROM texts WHERE document IN ({slots})", keys).fetchall()
        )
        yield from (forms[key] for key in keys)


def _find_rows(
    connection: sqlite3.Connection,
    query: Query,
    asked: Expression | None,
    like: Likeness | None,
    now: datetime,
) -> list[sqlite3.Row]:
    """Return the rows of the hits in order."""
    terms = asked_terms(asked)
    direction = "ASC" if query.sort is Sort.OLDEST else "DESC"
    hits = _FOLDED.format(direction=direction, most=1 + query.more_prints) if query.folds_reprints else _EACH
    paged = (query.limit, (query.page - 1) * query.limit)
    if query.sort is not Sort.RELEVANCE or not (terms or like or any(wanted_names(asked))):
        statement = _BY_DATE.format(hits=hits, direction=direction)
        return connection.execute(statement, paged).fetchall()
    words, stems = _expressions(terms)
    if like:
        words = f"{words} OR {like.words}" if terms else like.words
    scored = _ALL_SCORED if like or needs_words(asked) else _SOME_SCORED
    score = score_expression(asked, now)
    statement = _RANKED.format(weights=BM25_WEIGHTS, hits=hits, scored=scored, score=score.sql)
    return connection.execute(statement, (words, stems, *score.values, *paged)).fetchall()


def _count_folded(connection: sqlite3.Connection) -> int:
    count: int = connection.execute("SELECT count(DISTINCT original) FROM found").fetchone()[0]
    return count


def _read_hits(
    connection: sqlite3.Connection,
    query: Query,
    asked: Expression | None,
    rows: Sequence[sqlite3.Row],
    like: Likeness | None,
    now: datetime,
) -> Iterator[Hit]:
    words, stems = _expressions(asked_terms(asked))
    highlights = _highlights(connection, [row["key"] for row in rows], {"words": words, "stems": stems})
    for row in rows:
        form = json.loads(row["form"])
        is_told = query.explains and row["score"] is not None
        yield make_hit(
            row["id"],
            form,
            score=row["score"],
            snippets=_snippets(form, highlights[row["key"]]),
            folded=row["folded"],
            reasons=tuple(_read_reasons(connection, row, asked, like, now)) if is_told else (),
        )


def _expressions(terms: list[Term]) -> tuple[str, str]:
    """Return what is looked for among words and among stems."""
    return join_expressions(terms), join_expressions([term for term in terms if has_stem(term)])


def _read_reasons(
    connection: sqlite3.Connection, row: sqlite3.Row, asked: Expression | None, like: Likeness | None, now: datetime
) -> Iterator[Reason]:
    """Yield why the hit has its score, asking for each part of it alone."""
    key = row["key"]
    for term in dict.fromkeys(asked_terms(asked)):
        tables = ("words", "stems") if has_stem(term) else ("words",)
        scores = [score for table in tables for score in _read_scores(connection, table, match_expression(term), key)]
        if scores:
            yield text_reason(term, sum(scores), _find_places(connection, key, term))
    if like and (scores := _read_scores(connection, "words", like.words, key)):
        yield like_reason(sum(scores))
    for name in dict.fromkeys(wanted_names(asked)):
        salience = salience_expression(name)
        statement = f"SELECT {salience.sql} FROM found WHERE key = ?"
        if value := connection.execute(statement, (*salience.values, key)).fetchone()[0]:
            yield prominence_reason(name, PROMINENCE * value)
    yield freshness_reason(now - timedelta(milliseconds=milliseconds(now) - row["date"]), now)


def _read_scores(connection: sqlite3.Connection, table: str, expression: str, key: int) -> list[float]:
    """Return what the document has for the expression in this table; nothing where it is not there."""
    statement = f"SELECT -bm25({table}, {BM25_WEIGHTS}) FROM {table} WHERE {table} MATCH ? AND rowid = ?"
    return [score for (score,) in connection.execute(statement, (expression, key))]


def _find_places(connection: sqlite3.Connection, key: int, term: Term) -> list[str]:
    """Return the fields that the term stands in as it is written."""
    folded = connection.execute(f"SELECT {', '.join(WEIGHTS)} FROM texts WHERE document = ?", (key,)).fetchone()
    sought = f" {fold(term.text)}" + ("" if term.match is Match.PREFIX else " ")
    return [field for field in WEIGHTS if term.field in (Field.ANYWHERE, field) and sought in f" {folded[field]} "]


def _highlights(
    connection: sqlite3.Connection, keys: Sequence[int], expressions: Mapping[str, str]
) -> dict[int, list[sqlite3.Row]]:
    """Return deck and text of each document as folded words, with signs around what each of the two indexes found."""
    found: dict[int, list[sqlite3.Row]] = {key: [] for key in keys}
    for table, expression in expressions.items():
        # The plus keeps FTS5 from matching anew for each key, which costs most where a prefix has many words.
        statement = (
            f"SELECT rowid AS key, highlight({table}, 1, ?, ?) AS deck, highlight({table}, 3, ?, ?) AS text "
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
    words, marks = find_spans(text), set[tuple[int, int]]()
    for folded in highlighted:
        at = word = 0
        for mark in _MARKED.finditer(folded):
            first = word + folded.count(" ", at, mark.start())
            word, at = first + folded.count(" ", mark.start(), mark.end()), mark.end()
            marks.add((words[first][0], words[word][1]))
    return sorted(marks, key=lambda mark: (mark[0], -mark[1]))  # a phrase before the words that begin it
