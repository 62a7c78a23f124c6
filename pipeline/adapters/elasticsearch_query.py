"""Query to Elasticsearch's search body: small functions that return values and touch nothing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pipeline.adapters.stems import has_stem
from pipeline.index.document import milliseconds
from pipeline.index.folding import find_words
from pipeline.model.query import Circle, Query, Sort
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
from pipeline.search.ranking import HALF_LIFE, NEWNESS, PROMINENCE, WEIGHTS, wanted_names
from pipeline.search.tiles import tile_box

Json = dict[str, Any]

#: Where names of an article's own are looked for, by field.
NAME_FIELDS = {
    Field.AUTHOR: "authors",
    Field.AGENCY: "agency",
    Field.PUBLISHER: "publisher",
    Field.SECTION: "section",
    Field.TOPIC: "topics",
}
#: Where the names of entities stand flat.
FLAT_FIELDS = {Field.PERSON: "people", Field.ORGANIZATION: "organizations", Field.PLACE: "places"}
#: Prefixes expand to at most so many words of a shard.
MAX_EXPANSIONS = 1000
#: Degrees that an index tells apart: points are kept in 32 bits for each of latitude and longitude.
LATITUDE_STEP, LONGITUDE_STEP = 180 / 2**32, 360 / 2**32
#: What the clause of the likeness is called.
LIKE = "like"


def expression_clause(expression: Expression, stemmed: Sequence[str], *, is_named: bool = False) -> Json:
    """Return the clause of an expression; ``stemmed`` are the fields of stems. Named, each place of a term tells its score."""

    def clause(part: Expression) -> Json:
        return expression_clause(part, stemmed, is_named=is_named)

    match expression:
        case Not(part):
            return {"bool": {"must_not": [clause(part)]}}
        case Every(parts):
            return {"bool": {"must": [clause(part) for part in parts]}}
        case Some(parts):
            return {"bool": {"should": [clause(part) for part in parts], "minimum_should_match": 1}}
        case Known(part, ids, is_speaker):
            path, field = ("quotes", "quotes.speaker") if is_speaker else ("entities", "entities.id")
            named = filtered(nested(path, {"terms": {field: list(ids)}}))
            return {"bool": {"should": [clause(part), named], "minimum_should_match": 1}}
        case During(since, until):
            return {"bool": {"filter": [date_clause(since, until)]}}
    return term_clause(expression, stemmed, is_named=is_named)


def term_clause(term: Term, stemmed: Sequence[str], *, is_named: bool = False) -> Json:
    """Return the clause of one term in the field that it names; a term without words finds everything."""
    if term.field is Field.ENTITY:
        return filtered(nested("entities", {"term": {"entities.id": term.text}}))
    if term.match is Match.WHOLE:
        return filtered({"term": {f"{({**FLAT_FIELDS, **NAME_FIELDS}).get(term.field, term.field)}.folded": term.text}})
    if not find_words(term.text):
        return {"match_all": {"boost": 0}}
    match term.field:
        case Field.ANYWHERE:
            clause = prose_clause(term, WEIGHTS, stemmed, is_named=is_named)
        case Field.HEADLINE | Field.DECK | Field.TEXT:
            clause = prose_clause(term, {str(term.field): 1}, (), is_named=is_named)
        case Field.QUOTE:
            clause = quote_clause(term, is_named=is_named)
        case Field.SPEAKER:
            clause = filtered(nested("quotes", name_clause(term, "quotes.speaker_name")))
        case Field.PERSON | Field.ORGANIZATION | Field.PLACE:
            clause = filtered(nested("entities", entity_clause(term)))
        case Field.LANGUAGE:
            clause = filtered({"term": {"language.folded": term.text}})
        case _:
            clause = filtered(name_clause(term, NAME_FIELDS[term.field]))
    return clause


def quote_clause(term: Term, *, is_named: bool) -> Json:
    """Match words of a quotation; inside of a nested clause, no name would be told."""
    clause = nested("quotes", prose_clause(term, {"quotes.text": 1}, ()))
    return {"nested": clause["nested"] | {"_name": clause_name(term, "quotes.text")}} if is_named else clause


def entity_clause(name: Term) -> Json:
    """Match an entity inside the nested ``entities`` that the term names: by its id, its name, or words of a spelling."""
    if name.field is Field.ENTITY:
        return {"term": {"entities.id": name.text}}
    kinds = [{"term": {"entities.kind": name.field}}] if name.field in ENTITIES else []
    if name.match is Match.WHOLE:
        # A filter's value is a name as facets show it; a word of the text may be any spelling.
        field = "entities.name" if kinds else "entities.aliases"
        return {"bool": {"filter": [*kinds, {"term": {f"{field}.folded": plain(name.text)}}]}}
    return {"bool": {"filter": [*kinds, name_clause(name, "entities.aliases")]}}


def name_clause(term: Term, field: str) -> Json:
    """Match names that have the term's words next to each other, whatever their case and accents."""
    return prose_clause(
        Term(term.text, term.match if term.match is Match.PREFIX else Match.PHRASE), {f"{field}.words": 1}, ()
    )


def marks_clause(asked: Expression, stemmed: Sequence[str]) -> Json:
    """Return what marks the text of a found document that these fields hold the stems of.

    Plain words are marked by their stems alone, which those as they are written have too: each way analyses the text anew.
    """
    terms = list(wanted_terms(asked))
    if stemmed and terms and all(map(has_stem, terms)):
        return any_of(prose_clause(term, {}, stemmed) for term in terms)
    return expression_clause(asked, stemmed)


def prose_clause(term: Term, weights: Mapping[str, float], stemmed: Sequence[str], *, is_named: bool = False) -> Json:
    """Match the term in the best of the fields: folded as written, and by its stem where it is a plain word."""
    words = find_words(term.text)
    text = " ".join(term.text[word.start : word.end] for word in words)

    def named(place: str) -> Json:
        return {"_name": clause_name(term, place)} if is_named else {}

    if term.match is Match.PREFIX and len(words) == 1:
        # A prefix query finds every word; match_phrase_prefix stops at so many expansions.
        return any_of({"prefix": {field: {"value": words[0].folded, **named(field)}}} for field in weights)
    if term.match is Match.PREFIX:
        return any_of(
            {"match_phrase_prefix": {field: {"query": text, "max_expansions": MAX_EXPANSIONS, **named(field)}}}
            for field in weights
        )
    as_written = [
        {"match_phrase": {field: {"query": text, "boost": weight, **named(field)}}} for field, weight in weights.items()
    ]
    by_stem = [{"match": {field: {"query": text, **named(field)}}} for field in stemmed if has_stem(term)]
    return any_of([*as_written, *by_stem])


def clause_name(term: Term, place: str) -> str:
    """Return what the clause of the term in that field is called in the answer."""
    return f"{term.field}:{term.match}:{plain(term.text)}:{place}"


def prominence_name(name: Term | Known) -> str:
    """Return what the salience of the name is called in the answer."""
    return plain(f"prominence:{name}")


def plain(text: str) -> str:
    """Return the text without halves of characters, which no JSON can hold."""
    return text.encode("utf-8", "ignore").decode()


def prominence_clause(name: Term | Known, *, is_named: bool) -> Json:
    """Score by the salience of the most prominent entity that the name means; needs none to be there."""
    if isinstance(name, Term):
        either = [entity_clause(name)]
    else:
        by_spelling = [entity_clause(name.part)] if isinstance(name.part, Term) else []
        either = [{"terms": {"entities.id": list(name.ids)}}, *by_spelling]
    by_salience = {
        "query": {"bool": {"should": either, "minimum_should_match": 1}},
        "field_value_factor": {"field": "entities.salience", "factor": PROMINENCE, "missing": 0},
        "boost_mode": "replace",
    }
    named = {"_name": prominence_name(name)} if is_named else {}
    query = {"function_score": by_salience}
    return {"nested": {"path": "entities", "score_mode": "max", "query": query, **named}}


def found_clause(
    query: Query,
    asked: Expression | None,
    stemmed: Sequence[str],
    like: Mapping[str, Any] | None = None,
) -> Json:
    """Return the clause of all that the query finds.

    ``asked`` is what the query asks, with the entities of its names; ``stemmed`` are the languages that the mapping has stems
    for, ``like`` is the stored form of ``query.like``.
    """
    fields = [f"stemmed.{language}" for language in stemmed]
    must = [expression_clause(asked, fields, is_named=query.explains)] if asked else []
    clauses: Json = {"must": must, "filter": filter_clauses(query)}
    if like:
        clauses["must"].append(like_clause(like, is_named=query.explains))
        clauses["must_not"] = [{"term": {"original": like["original"]}}]
    return {"bool": clauses}


def search_body(query: Query, asked: Expression | None, found: Json, now: datetime) -> Json:
    """Return query, sort and page of the search; ``found`` is the clause of all that it finds."""
    names = dict.fromkeys(wanted_names(asked))
    newest = date_order(query)
    paged = {"sort": newest, "size": query.limit, "from": (query.page - 1) * query.limit}
    has_words = any(find_words(term.text) for term in wanted_terms(asked))
    if query.sort is not Sort.RELEVANCE or not (names or query.like or has_words):
        return {"query": found, **paged}
    prominence = [prominence_clause(name, is_named=query.explains) for name in names]
    decay = {"origin": now.isoformat(), "scale": f"{HALF_LIFE.days}d", "decay": 0.5}
    ranked = {
        "query": {"bool": {"must": [found], "should": prominence}},
        "functions": [{"weight": 1}, {"exp": {"date": decay}, "weight": NEWNESS}],
        "score_mode": "sum",
        "boost_mode": "multiply",
    }
    return {"query": {"function_score": ranked}, **paged, "sort": [{"_score": "desc"}, *newest]}


def date_order(query: Query) -> list[Json]:
    """Return the order by date."""
    return [{"date": "asc" if query.sort is Sort.OLDEST else "desc"}, {"id": "asc"}]


def is_scored(body: Json) -> bool:
    """Tell whether a ``search_body`` sorts by score, not by date alone."""
    return "_score" in body["sort"][0]


def like_clause(form: Mapping[str, Any], *, is_named: bool) -> Json:
    """Match documents that share the telling words of this one."""
    text = "\n".join([form["headline"], form.get("deck", ""), form["text"]])
    # At least so many: a word of two documents tells nothing, and in a small index many words are in two.
    bounds = {"min_term_freq": 1, "min_doc_freq": 2, "max_query_terms": 25, "minimum_should_match": "30%"}
    named = {"_name": LIKE} if is_named else {}
    return {"more_like_this": {"fields": ["text"], "like": [text], **bounds, **named}}


def nested(path: str, clause: Json) -> Json:
    """Match documents that have one such thing which the whole clause holds for."""
    return {"nested": {"path": path, "query": clause}}


def filtered(clause: Json) -> Json:
    """Match what the clause matches, without a score."""
    return {"bool": {"filter": [clause]}}


def any_of(clauses: Iterable[Json]) -> Json:
    """Match any clause; the best one gives the score."""
    return {"dis_max": {"queries": list(clauses)}}


def filter_clauses(query: Query) -> list[Json]:
    """Return the clauses of the filters that are no values: see ``names.read_expression`` for those."""
    clauses: list[Json] = []
    if query.since or query.until:
        clauses.append(date_clause(query.since, query.until))
    if query.near:
        clauses.append(near_clause(query.near))
    if query.area:
        clauses.append(area_clause(query.area))
    if query.story:
        clauses.append({"term": {"story": query.story}})
    if query.reprints_of:
        clauses.append({"terms": {"original": list(query.reprints_of)}})
    if query.originals_only:
        clauses.append({"bool": {"must_not": {"exists": {"field": "reprint_of"}}}})
    return clauses


def date_clause(since: datetime | None, until: datetime | None) -> Json:
    """Match documents of that time."""
    bounds = {bound: milliseconds(time) for bound, time in (("gte", since), ("lt", until)) if time}
    return {"range": {"date": {**bounds, "format": "epoch_millis"}}}


def near_clause(circle: Circle) -> Json:
    """Match documents that name a place inside the circle."""
    point = {"lat": circle.latitude, "lon": circle.longitude}
    return {"geo_distance": {"distance": f"{circle.kilometres:f}km", "locations": point}}


def area_clause(tile: str) -> Json:
    """Match documents that name a place in the tile: those that its cell of a geotile_grid counts.

    A bounding box has all its edges within; the southern and the eastern one of a tile are the next one's.
    """
    box = tile_box(tile)
    south = box.south if box.south == -90 else box.south + LATITUDE_STEP  # noqa: PLR2004 - degrees
    corners = {"top": box.north, "bottom": south, "left": box.west, "right": box.east - LONGITUDE_STEP}
    return {"geo_bounding_box": {"locations": corners}}
