"""Query to SQL and FTS5 expressions: small functions that return text and parameters and touch nothing."""

import math
from dataclasses import dataclass
from datetime import datetime

from pipeline.adapters.sqlite_schema import EARTH_RADIUS_KM
from pipeline.errors import UsageError
from pipeline.index.document import milliseconds
from pipeline.index.folding import fold, fold_words
from pipeline.model.query import Circle, Query
from pipeline.search.grammar import During, Every, Expression, Field, Match, Not, Some, Term, wanted_terms

FACETS = ("people", "organizations", "places", "publishers", "languages", "sections")
FACET_SIZE = 10
#: Where the fields of the grammar that hold names are looked for: ``facet`` in the table of that name.
NAMES = {
    Field.PERSON: "person",
    Field.ORGANIZATION: "organization",
    Field.PLACE: "place",
    Field.SPEAKER: "speaker",
    Field.AUTHOR: "author",
    Field.AGENCY: "agency",
    Field.PUBLISHER: "publishers",
    Field.SECTION: "sections",
    Field.TOPIC: "topic",
}
#: Weights of headline, deck and text in bm25: those of the Elasticsearch store.
WEIGHTS = "3.0, 1.5, 1.0"


@dataclass(frozen=True, slots=True)
class Condition:
    """A part of a WHERE clause, with its parameters in order of their question marks."""

    sql: str
    values: tuple[object, ...] = ()


def asked_terms(asked: Expression | None) -> list[Term]:
    """Return the terms in prose that hits are ranked by and marked with."""
    return [term for term in wanted_terms(asked) if fold_words(term.text)]


def match_expression(term: Term) -> str:
    """Return the FTS5 expression of one term; folded words carry no quotation marks."""
    column = "" if term.field is Field.ANYWHERE else f"{term.field} : "
    return f'{column}"{fold(term.text)}"' + ("*" if term.match is Match.PREFIX else "")


def has_stem(term: Term) -> bool:
    """Tell whether the term is a plain word, which its stem may find too."""
    return term.match is Match.WORD and term.field is Field.ANYWHERE and len(fold_words(term.text)) == 1


def join_expressions(terms: list[Term]) -> str:
    """Return the FTS5 expression that finds any of the terms; it finds nothing where there are none."""
    return " OR ".join(match_expression(term) for term in terms) or '""'


def expression_condition(expression: Expression) -> Condition:
    """Return the condition of an expression of the grammar."""
    match expression:
        case Not(part):
            negated = expression_condition(part)
            return Condition(f"NOT ({negated.sql})", negated.values)
        case Every(parts):
            return _join(" AND ", parts)
        case Some(parts):
            return _join(" OR ", parts)
        case During(since, until):
            return date_condition(since, until)
    return term_condition(expression)


def term_condition(term: Term) -> Condition:
    """Return the condition of one term in the field that it names; a term without words finds everything."""
    if term.field in (Field.ENTITY, Field.LANGUAGE):
        facet = "languages" if term.field is Field.LANGUAGE else "entity"
        value = fold(term.text) if term.field is Field.LANGUAGE else term.text
        return Condition("key IN (SELECT document FROM facets WHERE facet = ? AND folded = ?)", (facet, value))
    if not fold_words(term.text):
        return Condition("1")
    if term.field is Field.QUOTE:
        raise UsageError(
            "quote: needs Elasticsearch; the embedded index knows who was quoted (speaker:), not the words"
        )
    if term.field in NAMES:
        end = "" if term.match is Match.PREFIX else " "
        sql = "key IN (SELECT document FROM facets WHERE facet = ? AND ' ' || folded || ' ' LIKE ?)"
        return Condition(sql, (NAMES[term.field], f"% {fold(term.text)}{end}%"))
    expression = match_expression(term)
    tables = ("words", "stems") if has_stem(term) else ("words",)
    found = " OR ".join(f"key IN (SELECT rowid FROM {table} WHERE {table} MATCH ?)" for table in tables)  # noqa: S608 - our own names
    return Condition(f"({found})", (expression,) * len(tables))


def _join(operator: str, parts: tuple[Expression, ...]) -> Condition:
    joined = [expression_condition(part) for part in parts]
    return Condition(
        f"({operator.join(part.sql for part in joined)})", tuple(value for part in joined for value in part.values)
    )


def conditions(query: Query, asked: Expression | None) -> Condition:
    """Return the whole WHERE clause over the documents of the live generation; ``asked`` is what the query's text asks."""
    wanted = {
        "people": query.people,
        "organizations": query.organizations,
        "places": query.places,
        "publishers": query.publishers,
        "languages": query.languages,
    }
    parts = [
        Condition("generation = (SELECT name FROM generations WHERE is_live)"),
        *([expression_condition(asked)] if asked else []),
        *(facet_condition(facet, values) for facet, values in wanted.items() if values),
    ]
    if query.since or query.until:
        parts.append(date_condition(query.since, query.until))
    if query.story:
        parts.append(Condition("story = ?", (query.story,)))
    if query.originals_only:
        parts.append(Condition("original = id"))
    if query.near:
        parts.append(near_condition(query.near))
    return Condition(" AND ".join(part.sql for part in parts), tuple(value for part in parts for value in part.values))


def date_condition(since: datetime | None, until: datetime | None) -> Condition:
    """Return the condition that the document is of that time."""
    bounds = [(sql, milliseconds(time)) for sql, time in (("date >= ?", since), ("date < ?", until)) if time]
    return Condition(" AND ".join(sql for sql, _ in bounds), tuple(value for _, value in bounds))


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
