"""Query to Elasticsearch's search body, and its answer to SearchPage: small functions that return values and touch nothing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pipeline.index.document import milliseconds
from pipeline.index.folding import find_words
from pipeline.index.snippets import MARK_END, MARK_START, SNIPPET_LENGTH, SNIPPETS, escape_snippet
from pipeline.model.query import Circle, Facet, Hit, Query, SearchPage, Sort
from pipeline.search import Match, Term, parse_text

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
#: Prefixes expand to at most so many words of a shard.
MAX_EXPANSIONS = 1000


def search_body(query: Query, stemmed: Sequence[str]) -> Json:
    """Return the body of the search; ``stemmed`` are the languages that the mapping has stems for."""
    terms = [term for term in parse_text(query.text) if find_words(term.text)]
    is_ranked = query.sort is Sort.RELEVANCE and any(not term.is_excluded for term in terms)
    fields = [f"stemmed.{language}" for language in stemmed]
    newest: list[Json] = [{"date": "desc"}, {"id": "asc"}]
    body = {
        "query": {
            "bool": {
                "must": [term_clause(term, fields) for term in terms if not term.is_excluded],
                "must_not": [term_clause(term, fields) for term in terms if term.is_excluded],
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


def term_clause(term: Term, stemmed_fields: Sequence[str]) -> Json:
    """Return the clause of one term: folded as written, and by its stem where it is a plain word."""
    words = find_words(term.text)
    text = " ".join(term.text[word.start : word.end] for word in words)
    if term.match is Match.PREFIX and len(words) == 1:
        # A prefix query finds every word; match_phrase_prefix stops at so many expansions.
        return any_of({"prefix": {field.partition("^")[0]: {"value": words[0].folded}}} for field in FOLDED_FIELDS)
    if term.match is Match.PREFIX:
        return multi_match(text, FOLDED_FIELDS, type="phrase_prefix", max_expansions=MAX_EXPANSIONS)
    as_written = multi_match(text, FOLDED_FIELDS, type="phrase")
    if term.match is Match.PHRASE or len(words) > 1:
        return as_written
    return any_of([as_written, multi_match(text, stemmed_fields, type="best_fields")])


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
    bounds = {"gte": query.since, "lt": query.until}
    dates = {bound: milliseconds(time) for bound, time in bounds.items() if time}
    if dates:
        clauses.append({"range": {"date": {**dates, "format": "epoch_millis"}}})
    if query.near:
        clauses.append(near_clause(query.near))
    if query.originals_only:
        clauses.append({"bool": {"must_not": {"exists": {"field": "reprint_of"}}}})
    return clauses


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
