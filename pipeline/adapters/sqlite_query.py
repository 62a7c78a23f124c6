"""Query to SQL and FTS5 expressions: small functions that return text and parameters."""

import math
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from pipeline.adapters.last_names import may_be_last_name
from pipeline.adapters.sqlite_schema import EARTH_RADIUS_KM
from pipeline.adapters.stems import has_stem
from pipeline.errors import UsageError
from pipeline.index.document import milliseconds
from pipeline.index.folding import fold, fold_words
from pipeline.model.entity import Kind
from pipeline.model.query import Circle, Query
from pipeline.search.expression import (
    ENTITIES,
    During,
    Every,
    Expression,
    Field,
    Known,
    Match,
    Not,
    Some,
    Term,
    wanted_terms,
)
from pipeline.search.names import MAX_IDS
from pipeline.search.ranking import HALF_LIFE, NEWNESS, PROMINENCE, WEIGHTS, wanted_names
from pipeline.search.tiles import tile_box

# The statements are put together from our own conditions; what the user wrote goes by parameters alone.
# ruff: noqa: S608

#: Where the fields that hold other names than entities' are looked for: ``facet`` in the table of that name.
NAMES = {
    Field.SPEAKER: "speaker",
    Field.AUTHOR: "author",
    Field.AGENCY: "agency",
    Field.PUBLISHER: "publishers",
    Field.SECTION: "sections",
    Field.TOPIC: "topic",
    Field.LANGUAGE: "languages",
}
_KINDS = tuple(Kind)
_HALF_LIFE_MS = HALF_LIFE / timedelta(milliseconds=1)
#: Of headline, deck, lede and text in bm25: the columns of ``words`` in order.
BM25_WEIGHTS = ", ".join(str(weight) for weight in WEIGHTS.values())


class Reach(IntEnum):
    """How the documents are come by of which a condition may hold, the cheapest last."""

    ALL = 0  # each is asked, in the order of the table
    INDEX = 1  # by an index of the table
    KEYS = 2  # by their keys, which another table has


@dataclass(frozen=True, slots=True)
class Condition:
    """A part of a WHERE clause, with its parameters in order of their question marks."""

    sql: str
    values: tuple[object, ...] = ()
    reach: Reach = Reach.ALL

    @property
    def table(self) -> str:
        """What to select from; SQLite alone would ask every row of the generation, by an index, of what keys lead to."""
        return "documents" if self.reach is Reach.INDEX else "documents NOT INDEXED"


def asked_terms(asked: Expression | None) -> list[Term]:
    """Return the terms in prose that hits are ranked by and marked with."""
    return [term for term in wanted_terms(asked) if fold_words(term.text)]


def match_expression(term: Term) -> str:
    """Return the FTS5 expression of one term; folded words carry no quotation marks."""
    column = "" if term.field is Field.ANYWHERE else f"{term.field} : "
    return f'{column}"{fold(term.text)}"' + ("*" if term.match is Match.PREFIX else "")


def join_expressions(terms: list[Term]) -> str:
    """Return the FTS5 expression that finds any of the terms; it finds nothing where there are none."""
    return " OR ".join(match_expression(term) for term in dict.fromkeys(terms)) or '""'


def expression_condition(expression: Expression) -> Condition:
    """Return the condition of an expression."""
    match expression:
        case Not(part):
            negated = expression_condition(part)
            return Condition(f"NOT ({negated.sql})", negated.values)
        case Every(parts):
            return join_all([expression_condition(part) for part in parts])
        case Some(parts):
            return _join_any([expression_condition(part) for part in parts])
        case Known(part, ids, is_speaker):
            rows = "facets WHERE facet = 'speaker id' AND folded" if is_speaker else "names WHERE entity"
            named = Condition(f"key IN (SELECT document FROM {rows} IN ({_marks(ids)}))", ids, Reach.KEYS)
            return _join_any([expression_condition(part), named])
        case During(since, until):
            return date_condition(since, until)
    return term_condition(expression)


def term_condition(term: Term) -> Condition:
    """Return the condition of one term in the field that it names; a term without words finds everything."""
    if term.field is Field.ENTITY or (term.field in ENTITIES and term.match is Match.WHOLE):
        return _named(term)
    if term.match is Match.WHOLE or term.field is Field.LANGUAGE:
        sql = "key IN (SELECT document FROM facets WHERE facet = ? AND folded = ?)"
        return Condition(sql, (NAMES[term.field], fold(term.text)), Reach.KEYS)
    if not fold_words(term.text):
        return Condition("1")
    if term.field is Field.QUOTE:
        raise UsageError(
            "quote: needs Elasticsearch; the embedded index knows who was quoted (speaker:), not the words"
        )
    if term.field in ENTITIES:
        return _named(term)
    if term.field in NAMES:
        sql = "key IN (SELECT document FROM facets WHERE facet = ? AND ' ' || folded || ' ' LIKE ?)"
        return Condition(sql, (NAMES[term.field], _like(term)), Reach.KEYS)
    expression = match_expression(term)
    tables = ("words", "stems") if has_stem(term) else ("words",)
    found = " UNION ALL ".join(f"SELECT rowid FROM {table} WHERE {table} MATCH ?" for table in tables)
    return Condition(f"key IN ({found})", (expression,) * len(tables), Reach.KEYS)


def name_condition(name: Term | Known) -> Condition:
    """Return the condition on the table ``names`` that a row is of an entity which is meant."""
    if isinstance(name, Known):
        ids = Condition(f"entity IN ({_marks(name.ids)})", name.ids)
        return _join_any([ids, name_condition(name.part)]) if isinstance(name.part, Term) else ids
    if name.field is Field.ENTITY:
        return Condition("entity = ?", (name.text,))
    if name.field in ENTITIES and name.match is Match.WHOLE:
        return Condition("kind = ? AND folded = ? AND name IS NOT NULL", (name.field, fold(name.text)))
    if name.match is Match.WHOLE:
        return Condition(f"kind IN ({_marks(_KINDS)}) AND folded = ?", (*_KINDS, fold(name.text)))
    spelled = _spelled(name)
    kind = Condition("kind = ? AND ", (name.field,)) if name.field in ENTITIES else Condition("")
    # The plus: a document has few names, a word may have many spellings.
    return Condition(
        f"{kind.sql}+folded IN (SELECT folded FROM spellings WHERE {spelled.sql})", kind.values + spelled.values
    )


def find_entities(connection: sqlite3.Connection, spelling: Term) -> tuple[str, ...]:
    """Return the ids of the entities that the spelling is one of, those that most documents name."""
    meant = _last_name_condition(spelling) if may_be_last_name(spelling) else _spelling_condition(spelling)
    statement = f"SELECT entity FROM names WHERE {meant.sql} GROUP BY entity ORDER BY count(*) DESC, entity LIMIT ?"
    return tuple(row["entity"] for row in connection.execute(statement, (*meant.values, MAX_IDS)))


def score_expression(asked: Expression | None, now: datetime) -> Condition:
    """Return the score of a found document of which ``score`` is what its text scores: see search/ranking.py."""
    saliences = [_prominence_expression(name) for name in dict.fromkeys(wanted_names(asked))]
    prominence = " + ".join(each.sql for each in saliences) or "0"
    sql = f"(coalesce(score, 0) + {PROMINENCE} * ({prominence})) * (1 + {NEWNESS} * pow(0.5, abs(? - date) / {_HALF_LIFE_MS}))"
    return Condition(sql, (*(value for each in saliences for value in each.values), milliseconds(now)))


def salience_expression(name: Term | Known) -> Condition:
    """Return the salience of the most prominent entity that the name means in the document ``key``."""
    meant = name_condition(name)
    return Condition(
        f"coalesce((SELECT max(salience) FROM names WHERE document = key AND ({meant.sql})), 0)", meant.values
    )


def _prominence_expression(name: Term | Known) -> Condition:
    """Return ``salience_expression`` for many documents: most name nobody so, which is told at once of all."""
    naming, salience = _spelling_condition(name), salience_expression(name)
    sql = f"CASE WHEN key IN (SELECT document FROM names WHERE {naming.sql}) THEN {salience.sql} ELSE 0 END"
    return Condition(sql, naming.values + salience.values)


def _spelling_condition(name: Term | Known) -> Condition:
    """Return ``name_condition`` for a search of all names: spellings are looked up by their index."""
    if isinstance(name, Known) and isinstance(name.part, Term):
        return _join_any([Condition(f"entity IN ({_marks(name.ids)})", name.ids), _spelling_condition(name.part)])
    if isinstance(name, Known) or name.field is Field.ENTITY or name.match is Match.WHOLE:
        return name_condition(name)
    spelled = _spelled(name)
    kind = Condition(" AND kind = ?", (name.field,)) if name.field in ENTITIES else Condition("")
    found = f"SELECT kind, folded FROM spellings WHERE {spelled.sql}{kind.sql}"
    return Condition(f"(kind, folded) IN ({found})", spelled.values + kind.values)


def _last_name_condition(word: Term) -> Condition:
    """Return the condition on ``names`` that a row's spelling is the word, or a person's name that ends with it."""
    folded = fold(word.text)
    found = "SELECT kind, folded FROM spellings WHERE word = ? AND (folded = ? OR kind = ? AND folded LIKE ?)"
    return Condition(f"(kind, folded) IN ({found})", (folded, folded, Kind.PERSON, f"% {folded}"))


def _spelled(name: Term) -> Condition:
    """Return the condition on the table ``spellings`` that one has the words of the name, the first of them looked up."""
    first, *others = fold_words(name.text) or [""]
    if name.match is Match.PREFIX and not others:
        word = Condition("word >= ? AND word < ?", (first, f"{first}\U0010ffff"))
    else:
        word = Condition("word = ?", (first,))
    return Condition(f"{word.sql} AND ' ' || folded || ' ' LIKE ?", (*word.values, _like(name)))


def _named(term: Term) -> Condition:
    meant = _spelling_condition(term)
    return Condition(f"key IN (SELECT document FROM names WHERE {meant.sql})", meant.values, Reach.KEYS)


def _like(term: Term) -> str:
    """Return the pattern for the term's words in folded words between blanks; these hold no sign of a pattern."""
    return f"% {fold(term.text)}{'' if term.match is Match.PREFIX else ' '}%"


def _marks(values: tuple[str, ...]) -> str:
    return ", ".join("?" * len(values))


def join_all(parts: list[Condition]) -> Condition:
    """Return the condition that all hold."""
    return _join(" AND ", parts, max(part.reach for part in parts))


def _join_any(parts: list[Condition]) -> Condition:
    """Return the condition that one of them holds."""
    return _join(" OR ", parts, min(part.reach for part in parts))


def _join(operator: str, parts: list[Condition], reach: Reach) -> Condition:
    sql = f"({operator.join(part.sql for part in parts)})"
    return Condition(sql, tuple(value for part in parts for value in part.values), reach)


def conditions(query: Query, asked: Expression | None) -> Condition:
    """Return the whole WHERE clause over the documents of the live generation; ``asked`` is what the query asks."""
    parts = [
        Condition("generation = (SELECT name FROM generations WHERE is_live)"),
        *([expression_condition(asked)] if asked else []),
    ]
    if query.since or query.until:
        parts.append(date_condition(query.since, query.until))
    if query.story:
        parts.append(Condition("story = ?", (query.story,), Reach.INDEX))
    if query.reprints_of:
        marks = ", ".join("?" * len(query.reprints_of))
        parts.append(Condition(f"original IN ({marks})", query.reprints_of, Reach.INDEX))
    if query.originals_only:
        parts.append(Condition("original = id"))
    if query.near:
        parts.append(near_condition(query.near))
    if query.area:
        parts.append(area_condition(query.area))
    return join_all(parts)


def date_condition(since: datetime | None, until: datetime | None) -> Condition:
    """Return the condition that the document is of that time."""
    bounds = [(sql, milliseconds(time)) for sql, time in (("date >= ?", since), ("date < ?", until)) if time]
    return Condition(" AND ".join(sql for sql, _ in bounds), tuple(value for _, value in bounds), Reach.INDEX)


def near_condition(circle: Circle) -> Condition:
    """Return the condition that the document names a place in the circle; the latitudes are asked first, by their index."""
    degrees = math.degrees(circle.kilometres / EARTH_RADIUS_KM) + 1e-6
    return Condition(
        "key IN (SELECT document FROM locations WHERE latitude BETWEEN ? AND ? "
        "AND distance_km(latitude, longitude, ?, ?) <= ?)",
        (circle.latitude - degrees, circle.latitude + degrees, circle.latitude, circle.longitude, circle.kilometres),
        Reach.KEYS,
    )


def area_condition(tile: str) -> Condition:
    """Return the condition that the document names a place in the tile; at the edges of the world both are within."""
    box = tile_box(tile)
    south, east = (">=" if box.south == -90 else ">"), ("<=" if box.east == 180 else "<")  # noqa: PLR2004 - degrees
    return Condition(
        f"key IN (SELECT document FROM locations WHERE latitude {south} ? AND latitude <= ? "
        f"AND longitude >= ? AND longitude {east} ?)",
        (box.south, box.north, box.west, box.east),
        Reach.KEYS,
    )
