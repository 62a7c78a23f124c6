"""Query to SQL and FTS5 expressions: small functions that return text and parameters and touch nothing."""

import math
from dataclasses import dataclass

from pipeline.adapters.sqlite_schema import EARTH_RADIUS_KM
from pipeline.index.document import milliseconds
from pipeline.index.folding import fold, fold_words
from pipeline.model.query import Circle, Query
from pipeline.search import Match, Term, parse_text

FACETS = ("people", "organizations", "places", "publishers", "languages", "sections")
FACET_SIZE = 10
#: Weights of headline, deck and text in bm25: those of the Elasticsearch store.
WEIGHTS = "3.0, 1.5, 1.0"


@dataclass(frozen=True, slots=True)
class Condition:
    """A part of a WHERE clause, with its parameters in order of their question marks."""

    sql: str
    values: tuple[object, ...] = ()


def word_terms(query: Query) -> list[Term]:
    """Return the terms of the query that have words at all."""
    return [term for term in parse_text(query.text) if fold_words(term.text)]


def match_expression(term: Term) -> str:
    """Return the FTS5 expression of one term; folded words carry no quotation marks."""
    return f'"{fold(term.text)}"' + ("*" if term.match is Match.PREFIX else "")


def has_stem(term: Term) -> bool:
    """Tell whether the term is a plain word, which its stem may find too."""
    return term.match is Match.WORD and len(fold_words(term.text)) == 1


def join_expressions(terms: list[Term]) -> str:
    """Return the FTS5 expression that finds any of the terms; it finds nothing where there are none."""
    return " OR ".join(match_expression(term) for term in terms) or '""'


def term_condition(term: Term) -> Condition:
    """Return the condition of one term."""
    expression = match_expression(term)
    tables = ("words", "stems") if has_stem(term) else ("words",)
    found = " OR ".join(f"key IN (SELECT rowid FROM {table} WHERE {table} MATCH ?)" for table in tables)  # noqa: S608 - our own names
    return Condition(f"{'NOT ' if term.is_excluded else ''}({found})", (expression,) * len(tables))


def conditions(query: Query) -> Condition:
    """Return the whole WHERE clause over the documents of the live generation."""
    wanted = {
        "people": query.people,
        "organizations": query.organizations,
        "places": query.places,
        "publishers": query.publishers,
        "languages": query.languages,
    }
    parts = [
        Condition("generation = (SELECT name FROM generations WHERE is_live)"),
        *(term_condition(term) for term in word_terms(query)),
        *(facet_condition(facet, values) for facet, values in wanted.items() if values),
    ]
    if query.since:
        parts.append(Condition("date >= ?", (milliseconds(query.since),)))
    if query.until:
        parts.append(Condition("date < ?", (milliseconds(query.until),)))
    if query.originals_only:
        parts.append(Condition("original = id"))
    if query.near:
        parts.append(near_condition(query.near))
    return Condition(" AND ".join(part.sql for part in parts), tuple(value for part in parts for value in part.values))


def facet_condition(facet: str, values: tuple[str, ...]) -> Condition:
    """Return the condition that the document carries one of the values, whatever their case and accents."""
    marks = ", ".join("?" * len(values))
    sql = f"key IN (SELECT document FROM facets WHERE facet = ? AND folded IN ({marks}))"  # noqa: S608 - question marks only
    return Condition(sql, (facet, *(fold(value) for value in values)))


def near_condition(circle: Circle) -> Condition:
    """Return the condition that the document names a place in the circle; the latitudes are asked first, by their index."""
    degrees = math.degrees(circle.kilometres / EARTH_RADIUS_KM) + 1e-6
    return Condition(
        "key IN (SELECT document FROM locations WHERE latitude BETWEEN ? AND ? "
        "AND distance_km(latitude, longitude, ?, ?) <= ?)",
        (circle.latitude - degrees, circle.latitude + degrees, circle.latitude, circle.longitude, circle.kilometres),
    )
