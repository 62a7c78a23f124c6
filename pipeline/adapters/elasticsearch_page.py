"""What a page of hits shows: what is asked for beside the query, and Elasticsearch's answer read as a SearchPage."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pipeline.adapters.elasticsearch_query import (
    LIKE,
    Json,
    clause_name,
    date_order,
    marks_clause,
    prominence_name,
)
from pipeline.adapters.elasticsearch_summary import read_summary, summary_aggregations
from pipeline.adapters.stems import has_stem
from pipeline.index.hits import HIT_FIELDS, make_hit
from pipeline.index.snippets import MARK_END, MARK_START, SNIPPET_LENGTH, SNIPPETS, escape_snippet
from pipeline.model.query import Facet, Hit, Query, Reason, SearchPage, Sort
from pipeline.search.expression import PROSE, Expression, Term, wanted_terms
from pipeline.search.ranking import WEIGHTS, freshness_reason, like_reason, prominence_reason, text_reason, wanted_names

#: What the hits of one original are called in the answer.
FOLDED = "folded"
FOLDED_TOTAL = "folded_total"
SOURCE = [*HIT_FIELDS, "date"]


def page_body(query: Query, asked: Expression | None) -> Json:
    """Return what a page needs beside its query: fields, counts, and snippets, unless ``marks_bodies`` asks for those."""
    body: Json = {"track_total_hits": True, "_source": SOURCE}
    if not _has_stems(asked):
        body["highlight"] = highlight(asked, ())
    counted = summary_aggregations(query) if query.with_facets else {}
    if query.folds_reprints:
        more = {"size": 1 + query.more_prints, "sort": date_order(query), "_source": SOURCE}
        inner = more if query.more_prints else {"size": 0}
        body["collapse"] = {"field": "original", "inner_hits": {"name": FOLDED, **inner}}
        counted[FOLDED_TOTAL] = {"cardinality": {"field": "original", "precision_threshold": 40_000}}
    return body | ({"aggs": counted} if counted else {})


def marks_bodies(asked: Expression | None, hits: Sequence[Mapping[str, Any]], stemmed: Sequence[str]) -> Iterator[Json]:
    """Yield what asks for the snippets of hits that may have been found by a stem, a body for each language among them.

    Marking analyses a text once for each field of stems, and a document has those of its own language alone: with all ten
    fields in the search itself, marks took half of its time.
    """
    if not _has_stems(asked):
        return
    by_language: dict[str, list[str]] = {}
    for hit in hits:
        language = hit["_source"]["language"]
        by_language.setdefault(language if language in stemmed else "", []).append(hit["_id"])
    for language, ids in by_language.items():
        marks = highlight(asked, [f"stemmed.{language}"] if language else ())
        yield {"query": {"ids": {"values": ids}}, "size": len(ids), "_source": False, "highlight": marks}


def _has_stems(asked: Expression | None) -> bool:
    return any(map(has_stem, wanted_terms(asked)))


def highlight(asked: Expression | None, stemmed_fields: Sequence[str]) -> Json:
    """Mark what was found; the text's beginning where that is nothing. Escaping is ours: see ``escape_snippet``."""
    options = {"fragment_size": SNIPPET_LENGTH, "number_of_fragments": SNIPPETS, "matched_fields": list(stemmed_fields)}
    # Of the whole query, what raises the score would mark a phrase word by word.
    marked = {"highlight_query": marks_clause(asked, stemmed_fields)} if asked else {}
    return {
        **marked,
        "pre_tags": [MARK_START],
        "post_tags": [MARK_END],
        # Elasticsearch refuses to mark a longer text unless told where to stop.
        "max_analyzed_offset": 500_000,
        "fields": {"deck": options, "text": {**options, "no_match_size": SNIPPET_LENGTH}},
    }


def read_page(
    answer: Mapping[str, Any],
    query: Query,
    asked: Expression | None,
    now: datetime,
    telling: tuple[Facet, ...],
) -> SearchPage:
    """Return what Elasticsearch answered; ``telling`` is what was asked apart for the summary."""
    counted, hits = answer.get("aggregations", {}), answer["hits"]["hits"]
    if query.more_prints:
        hits = _unfold(hits, query)
    return SearchPage(
        total=answer["hits"]["total"]["value"],
        hits=tuple(read_hit(hit, query, asked, now) for hit in hits),
        folded_total=counted.get(FOLDED_TOTAL, {"value": 0})["value"] if query.folds_reprints else None,
        summary=read_summary(counted, telling, asked) if query.with_facets else None,
    )


def _unfold(hits: Sequence[Mapping[str, Any]], query: Query) -> list[dict[str, Any]]:
    """Return what was found behind each hit, in one order by date."""
    found = [
        each | {"inner_hits": hit["inner_hits"]} for hit in hits for each in hit["inner_hits"][FOLDED]["hits"]["hits"]
    ]
    found.sort(key=lambda each: str(each["_id"]))
    found.sort(key=lambda each: int(each["sort"][0]), reverse=query.sort is not Sort.OLDEST)
    return found[: query.limit]


def read_hit(hit: Mapping[str, Any], query: Query, asked: Expression | None, now: datetime) -> Hit:
    """Return one hit; the score is None where dates alone gave the order."""
    marked, score = hit.get("highlight", {}), hit.get("_score")
    return make_hit(
        hit["_id"],
        hit["_source"],
        score=score,
        snippets=tuple(
            escape_snippet(" ".join(text.split())) for field in ("deck", "text") for text in marked.get(field, ())
        ),
        folded=hit["inner_hits"][FOLDED]["hits"]["total"]["value"] - 1 if "inner_hits" in hit else 0,
        reasons=read_reasons(hit, asked, now) if query.explains and score is not None else (),
    )


def read_reasons(hit: Mapping[str, Any], asked: Expression | None, now: datetime) -> tuple[Reason, ...]:
    """Return why the hit has its score, from the scores of its named clauses."""
    scores = hit.get("matched_queries", {})
    reasons = [read_text_reason(term, scores) for term in wanted_terms(asked)]
    reasons += [like_reason(scores[LIKE])] if LIKE in scores else []
    reasons += [
        prominence_reason(name, scores[prominence_name(name)])
        for name in dict.fromkeys(wanted_names(asked))
        if scores.get(prominence_name(name))
    ]
    date = datetime.fromisoformat(hit["_source"]["date"])
    return (*(reason for reason in reasons if reason), freshness_reason(date, now))


def read_text_reason(term: Term, scores: Mapping[str, float]) -> Reason | None:
    """Return where the term was found; the best of its places gave the score. None where it was not."""
    places = [*WEIGHTS, "quotes.text"]
    found = [place for place in places if clause_name(term, place) in scores]
    start = clause_name(term, "")
    values = [score for name, score in scores.items() if name.startswith(start)]
    return text_reason(term, max(values), found) if values and term.field in PROSE else None
