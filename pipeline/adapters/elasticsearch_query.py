"""Query to Elasticsearch's search body, and its answer to SearchPage: small functions that return values and touch nothing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pipeline.index.document import milliseconds
from pipeline.index.folding import find_words
from pipeline.index.snippets import MARK_END, MARK_START, SNIPPET_LENGTH, SNIPPETS, escape_snippet
from pipeline.model.query import Circle, Facet, Hit, Query, SearchPage, Sort
from pipeline.search.grammar import (
    During,
    Every,
    Expression,
    Field,
    Match,
    Not,
    Some,
    Term,
    parse_text,
    wanted_terms,
)

Json = dict[str, Any]

#: The field of each facet and filter.
FACET_FIELDS = {
    "people": "people",
    "organizations": "organizations",
    "places": "places",
    "publishers": "publisher",
    "languages": "language",
    "sections": "section",
}
FACET_SIZE = 10
#: What the hits of one original are called in the answer.
FOLDED = "folded"
#: A word in the headline says more about an article than the same word in its text.
FOLDED_FIELDS = ("headline^3", "deck^1.5", "text")
#: Where those fields of the grammar are looked for that hold names of an article's own.
NAME_FIELDS = {
    Field.AUTHOR: "authors",
    Field.AGENCY: "agency",
    Field.PUBLISHER: "publisher",
    Field.SECTION: "section",
    Field.TOPIC: "topics",
}
#: Prefixes expand to at most so many words of a shard.
MAX_EXPANSIONS = 1000


def search_body(query: Query, stemmed: Sequence[str]) -> Json:
    """Return the body of the search; ``stemmed`` are the languages that the mapping has stems for."""
    asked = parse_text(query.text)
    is_ranked = query.sort is Sort.RELEVANCE and any(find_words(term.text) for term in wanted_terms(asked))
    fields = [f"stemmed.{language}" for language in stemmed]
    newest: list[Json] = [{"date": "desc"}, {"id": "asc"}]
    body = {
        "query": {
            "bool": {
                "must": [expression_clause(asked, fields)] if asked else [],
                "filter": filter_clauses(query),
            }
        },
        "sort": [{"_score": "desc"}, *newest] if is_ranked else newest,
        "size": query.limit,
        "track_total_hits": True,
        "_source": ["canonical_url", "headline", "publisher", "language", "published", "reprint_of"],
        "highlight": highlight(fields),
    }
    if query.folds_reprints:
        body["collapse"] = {"field": "original", "inner_hits": {"name": FOLDED, "size": 0}}
    return body | ({"aggs": facet_aggregations()} if query.with_facets else {})


def expression_clause(expression: Expression, stemmed: Sequence[str]) -> Json:
    """Return the clause of an expression of the grammar; ``stemmed`` are the fields of stems."""
    match expression:
        case Not(part):
            return {"bool": {"must_not": [expression_clause(part, stemmed)]}}
        case Every(parts):
            return {"bool": {"must": [expression_clause(part, stemmed) for part in parts]}}
        case Some(parts):
            return {"bool": {"should": [expression_clause(part, stemmed) for part in parts], "minimum_should_match": 1}}
        case During(since, until):
            return {"bool": {"filter": [date_clause(since, until)]}}
    return term_clause(expression, stemmed)


def term_clause(term: Term, stemmed: Sequence[str]) -> Json:
    """Return the clause of one term in the field that it names; a term without words finds everything."""
    if not find_words(term.text):
        return {"match_all": {"boost": 0}}
    match term.field:
        case Field.ANYWHERE:
            clause = prose_clause(term, FOLDED_FIELDS, stemmed)
        case Field.HEADLINE | Field.DECK | Field.TEXT:
            clause = prose_clause(term, [term.field], ())
        case Field.QUOTE:
            clause = nested("quotes", prose_clause(term, ["quotes.text"], ()))
        case Field.SPEAKER:
            clause = nested("quotes", name_clause(term, "quotes.speaker_name"))
        case Field.PERSON | Field.ORGANIZATION | Field.PLACE:
            of_kind = [{"term": {"entities.kind": term.field}}, name_clause(term, "entities.aliases")]
            clause = nested("entities", {"bool": {"filter": of_kind}})
        case Field.ENTITY:
            clause = nested("entities", {"bool": {"filter": [{"term": {"entities.id": term.text}}]}})
        case Field.LANGUAGE:
            clause = {"bool": {"filter": [{"term": {"language.folded": term.text}}]}}
        case _:
            clause = {"bool": {"filter": [name_clause(term, NAME_FIELDS[term.field])]}}
    return clause


def name_clause(term: Term, field: str) -> Json:
    """Match names that have the term's words next to each other, whatever their case and accents."""
    return prose_clause(
        Term(term.text, term.match if term.match is Match.PREFIX else Match.PHRASE), [f"{field}.words"], ()
    )


def prose_clause(term: Term, fields: Sequence[str], stemmed: Sequence[str]) -> Json:
    """Match the term in the best of the fields: folded as written, and by its stem where it is a plain word."""
    words = find_words(term.text)
    text = " ".join(term.text[word.start : word.end] for word in words)
    if term.match is Match.PREFIX and len(words) == 1:
        # A prefix query finds every word; match_phrase_prefix stops at so many expansions.
        return any_of({"prefix": {field.partition("^")[0]: {"value": words[0].folded}}} for field in fields)
    if term.match is Match.PREFIX:
        return multi_match(text, fields, type="phrase_prefix", max_expansions=MAX_EXPANSIONS)
    as_written = multi_match(text, fields, type="phrase")
    if term.match is Match.PHRASE or len(words) > 1 or not stemmed:
        return as_written
    return any_of([as_written, multi_match(text, stemmed, type="best_fields")])


def nested(path: str, clause: Json) -> Json:
    """Match documents that have one such thing which the whole clause holds for."""
    return {"nested": {"path": path, "query": clause}}


def multi_match(text: str, fields: Sequence[str], **options: object) -> Json:
    """Match the text in the best of the fields, each by its own analysis."""
    return {"multi_match": {"query": text, "fields": list(fields), **options}}


def any_of(clauses: Iterable[Json]) -> Json:
    """Match any clause; the best one gives the score."""
    return {"dis_max": {"queries": list(clauses)}}


def filter_clauses(query: Query) -> list[Json]:
    """Return the clauses that must hold and give no score."""
    wanted = {
        "people": query.people,
        "organizations": query.organizations,
        "places": query.places,
        "publishers": query.publishers,
        "languages": query.languages,
    }
    clauses: list[Json] = [
        {"terms": {f"{FACET_FIELDS[name]}.folded": list(values)}} for name, values in wanted.items() if values
    ]
    if query.since or query.until:
        clauses.append(date_clause(query.since, query.until))
    if query.near:
        clauses.append(near_clause(query.near))
    if query.story:
        clauses.append({"term": {"story": query.story}})
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


def highlight(stemmed_fields: Sequence[str]) -> Json:
    """Mark what was found; the text's beginning where that is nothing. Escaping is ours: see ``escape_snippet``."""
    options = {"fragment_size": SNIPPET_LENGTH, "number_of_fragments": SNIPPETS, "matched_fields": list(stemmed_fields)}
    return {
        "pre_tags": [MARK_START],
        "post_tags": [MARK_END],
        # Elasticsearch refuses to mark a longer text unless told where to stop.
        "max_analyzed_offset": 500_000,
        "fields": {"deck": options, "text": {**options, "no_match_size": SNIPPET_LENGTH}},
    }


def facet_aggregations() -> Json:
    """Count the values of each facet; ties in order of the value."""
    order = [{"_count": "desc"}, {"_key": "asc"}]
    return {
        # Counts are exact while no index has more than this many values that another index counts higher.
        name: {"terms": {"field": field, "size": FACET_SIZE, "shard_size": 1000, "order": order}}
        for name, field in FACET_FIELDS.items()
    }


def read_page(answer: Mapping[str, Any], query: Query) -> SearchPage:
    """Return what Elasticsearch answered to ``search_body``."""
    counted = answer.get("aggregations", {})
    return SearchPage(
        total=answer["hits"]["total"]["value"],
        hits=tuple(read_hit(hit) for hit in answer["hits"]["hits"]),
        facets={name: read_facet(counted.get(name, {})) for name in FACET_FIELDS} if query.with_facets else {},
    )


def read_hit(hit: Mapping[str, Any]) -> Hit:
    """Return one hit; the score is None where dates alone gave the order."""
    source, marked = hit["_source"], hit.get("highlight", {})
    published = source.get("published")
    return Hit(
        id=hit["_id"],
        url=source["canonical_url"],
        headline=source["headline"],
        publisher=source["publisher"],
        language=source["language"],
        published=datetime.fromisoformat(published) if published else None,
        score=hit.get("_score"),
        snippets=tuple(
            escape_snippet(" ".join(text.split())) for field in ("deck", "text") for text in marked.get(field, ())
        ),
        reprint_of=source.get("reprint_of"),
        folded=hit["inner_hits"][FOLDED]["hits"]["total"]["value"] - 1 if "inner_hits" in hit else 0,
    )


def read_facet(counted: Mapping[str, Any]) -> tuple[Facet, ...]:
    """Return the values counted."""
    return tuple(Facet(value=bucket["key"], count=bucket["doc_count"]) for bucket in counted.get("buckets", ()))
