"""What saved searches ask of Elasticsearch: which of few documents match, and counts by time, many queries in one request."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from elasticsearch import Elasticsearch

from pipeline.adapters.elasticsearch_msearch import search_all
from pipeline.adapters.elasticsearch_query import Json, date_clause, found_clause
from pipeline.errors import UsageError
from pipeline.index.document import milliseconds
from pipeline.ports import Asked, Matched
from pipeline.search.names import expand_known

#: Queries of one search over few documents.
TOGETHER = 100


def match_documents(
    client: Elasticsearch, alias: str, asked: Sequence[Asked], document_ids: Sequence[str], stemmed: Sequence[str]
) -> Matched:
    """Ask only the indices that hold the documents: with years of months behind the alias, most hold none of them.

    Queries are asked as filters, many in one search: looking up the documents costs more than asking them one query more.
    Where the server refuses such a search, each of its queries is asked alone, to find the one that it refuses.
    """
    ids = {"ids": {"values": list(document_ids)}}
    body = {"query": ids, "size": len(document_ids)}
    answer = client.search(index=alias, body=body, ignore_unavailable=True, allow_partial_search_results=False)
    hits = answer["hits"]["hits"]
    forms = {hit["_id"]: hit["_source"] for hit in hits}
    if not hits:
        return Matched(forms={}, found=(frozenset(),) * len(asked))
    indices = sorted({hit["_index"] for hit in hits})
    # A document has the stems of its own language alone.
    languages = [language for language in stemmed if language in {form["language"] for form in forms.values()}]
    filters = [_found(each, languages) for each in asked]
    groups = [filters[start : start + TOGETHER] for start in range(0, len(filters), TOGETHER)]
    found = list[frozenset[str] | UsageError]()
    for group, counted in zip(groups, _ask_groups(client, indices, ids, groups, len(hits)), strict=True):
        if isinstance(counted, UsageError) and len(group) > 1:
            alone = [[each] for each in group]
            found += [
                one if isinstance(one, UsageError) else one[0]
                for one in _ask_groups(client, indices, ids, alone, len(hits))
            ]
        else:
            found += [counted] if isinstance(counted, UsageError) else counted
    return Matched(forms=forms, found=tuple(found))


def _ask_groups(
    client: Elasticsearch, indices: Sequence[str], ids: Json, groups: Sequence[Sequence[Json]], size: int
) -> Iterator[list[frozenset[str]] | UsageError]:
    """Yield for each group of queries which of the documents each finds."""
    named = {"terms": {"field": "id", "size": size}}
    bodies = [
        {
            "query": {"bool": {"filter": [ids]}},
            "size": 0,
            "track_total_hits": False,
            "aggs": {"found": {"filters": {"filters": group}, "aggs": {"ids": named}}},
        }
        for group in groups
    ]
    for answer in search_all(client, indices, bodies):
        if isinstance(answer, UsageError):
            yield answer
        else:
            buckets = answer["aggregations"]["found"]["buckets"]
            yield [frozenset(each["key"] for each in bucket["ids"]["buckets"]) for bucket in buckets]


def count_documents(
    client: Elasticsearch, alias: str, asked: Sequence[tuple[Asked, Sequence[datetime]]], stemmed: Sequence[str]
) -> tuple[tuple[int, ...] | UsageError, ...]:
    """Count in ranges of the date."""
    bodies = [
        {
            "query": {"bool": {"filter": [_found(each, stemmed), date_clause(edges[0], edges[-1])]}},
            "size": 0,
            "track_total_hits": False,
            "aggs": {"times": {"date_range": _ranges(edges)}},
        }
        for each, edges in asked
    ]
    return tuple(
        each if isinstance(each, UsageError) else tuple(_read_counts(each, len(edges) - 1))
        for each, (_, edges) in zip(search_all(client, [alias], bodies), asked, strict=True)
    )


def _found(asked: Asked, stemmed: Sequence[str]) -> Json:
    return found_clause(asked.query, expand_known(asked.query, asked.entities), stemmed)


def _ranges(edges: Sequence[datetime]) -> Json:
    spans = pairwise([milliseconds(edge) for edge in edges])
    ranges = [{"key": str(number), "from": since, "to": until} for number, (since, until) in enumerate(spans)]
    return {"field": "date", "format": "epoch_millis", "ranges": ranges}


def _read_counts(answer: Json, size: int) -> Iterator[int]:
    counted = {
        bucket["key"]: bucket["doc_count"]
        for bucket in answer.get("aggregations", {}).get("times", {}).get("buckets", ())
    }
    yield from (counted.get(str(number), 0) for number in range(size))
