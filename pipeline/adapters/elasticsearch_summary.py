"""What all documents found have in common: aggregations in the same request, what is asked after it, and the answers."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pipeline.adapters.elasticsearch_query import Json
from pipeline.index.document import NAME_LISTS
from pipeline.model import codec
from pipeline.model.entity import Kind
from pipeline.model.query import Cell, Facet, Named, Query, Span, Summary
from pipeline.search.expression import Expression
from pipeline.search.summary import (
    CELLS,
    COMPARED,
    FACET_SIZE,
    LEAST_TELLING,
    NAMED_SIZE,
    asked_ids,
    choose_telling,
    entity_facets,
    timeline_step,
)
from pipeline.search.tiles import choose_zoom, tile_middle

#: The fields of the facets that count no entities.
VALUE_FACETS = {"publishers": "publisher", "languages": "language", "sections": "section"}
#: Values that an index names; each has to be looked up and sorted in. Of entities more: each full name is a value.
COUNTED_BY_INDEX, NAMED_BY_INDEX = 100, 200
#: Where the names of entities of each kind stand flat.
NAME_FIELDS = {kind: field for field, kind in NAME_LISTS.items()}
#: A field and a value of it; ``EVERYTHING`` stands for all documents.
Value = tuple[str, str]
EVERYTHING: Value = ("", "")
_BY_COUNT = [{"_count": "desc"}, {"_key": "asc"}]


def summary_aggregations(query: Query) -> Json:
    """Return the aggregations of a Summary; ties in order of the value.

    Counts are exact while no index has more values that another index counts higher than it is asked for.
    """
    seconds = round(timeline_step(query).total_seconds())
    return {
        **{name: _values(field, FACET_SIZE, COUNTED_BY_INDEX) for name, field in VALUE_FACETS.items()},
        "topics": _values("topics", COMPARED, COUNTED_BY_INDEX),
        # Flat: kind and name of each, looked up inside the nested entities, took as long as all facets together.
        "named": _values("named", NAMED_BY_INDEX, NAMED_BY_INDEX),
        "timeline": {"date_histogram": {"field": "date", "fixed_interval": f"{seconds}s", "min_doc_count": 1}},
        "cells": {"geotile_grid": {"field": "locations", "precision": choose_zoom(query), "size": CELLS}},
    }


def _values(field: str, size: int, by_index: int) -> Json:
    return {"terms": {"field": field, "size": size, "shard_size": by_index, "order": _BY_COUNT}}


def frequent_values(counted: Mapping[str, Any]) -> dict[Value, int]:
    """Return the names and topics that most documents found have in common, with their counts."""
    counts = Counter({("topics", bucket["key"]): bucket["doc_count"] for bucket in _buckets(counted, "topics")})
    for kind, _, name, count in _read_named(counted):
        if kind in NAME_FIELDS:
            counts[NAME_FIELDS[kind], name] += count
    telling = [each for each, count in counts.items() if count >= LEAST_TELLING]
    return {
        each: counts[each] for each in sorted(telling, key=lambda each: (-counts[each], each[1], each[0]))[:COMPARED]
    }


def count_bodies(values: Iterable[Value]) -> list[Json]:
    """Return what asks how many documents have each value, in the whole index.

    ``significant_terms`` asks each segment for each value that is in three documents of a sample: half of a search's time at
    200,000 documents. Asked apart, the answers can be remembered.
    """
    queries: list[Json] = [
        {"match_all": {}} if value == EVERYTHING else {"term": {value[0]: value[1]}} for value in values
    ]
    return [{"query": query, "size": 0, "track_total_hits": True} for query in queries]


def read_telling(frequent: Mapping[Value, int], found: int, everywhere: Mapping[Value, int]) -> tuple[Facet, ...]:
    """Return the telling ones of ``frequent_values`` of so many documents; ``everywhere`` has counts in the whole index.

    Those may be a minute old: at least the documents found are there.
    """
    counted = [(value[1], count, max(count, everywhere[value])) for value, count in frequent.items()]
    return choose_telling(counted, found, max(found, everywhere.get(EVERYTHING, 0)))


def read_summary(counted: Mapping[str, Any], telling: tuple[Facet, ...], asked: Expression | None) -> Summary:
    """Return what Elasticsearch answered to ``summary_aggregations``, with ``read_telling``."""
    entities, excluded = _read_entities(counted), asked_ids(asked)
    return Summary(
        facets=entity_facets(entities) | {name: read_facet(counted.get(name, {})) for name in VALUE_FACETS},
        timeline=tuple(
            Span(start=datetime.fromtimestamp(bucket["key"] / 1000, UTC), count=bucket["doc_count"])
            for bucket in _buckets(counted, "timeline")
        ),
        named=tuple(each for each in entities if each.id not in excluded)[:NAMED_SIZE],
        telling=telling,
        cells=tuple(_read_cell(bucket) for bucket in _buckets(counted, "cells")),
    )


def _read_entities(counted: Mapping[str, Any]) -> list[Named]:
    """Return the entities by how many documents name them; of one with several full names, the most frequent."""
    totals, called = Counter[str](), dict[str, tuple[str, str]]()
    for kind, entity_id, name, count in _read_named(counted):
        totals[entity_id] += count
        called.setdefault(entity_id, (kind, name))
    best = sorted(totals, key=lambda entity_id: (-totals[entity_id], entity_id))
    return [Named(id=each, kind=called[each][0], name=called[each][1], count=totals[each]) for each in best]


def _read_named(counted: Mapping[str, Any]) -> Iterator[tuple[Kind, str, str, int]]:
    """Yield kind, id and name of what the index holds as one value (``elasticsearch_bulk.index_action``), with its count."""
    buckets = _buckets(counted, "named")
    # All keys at once: read one by one, they took longer than the rest of the answer.
    keys = codec.decode(f"[{','.join(bucket['key'] for bucket in buckets)}]", list[tuple[Kind, str, str]])
    return ((*key, bucket["doc_count"]) for key, bucket in zip(keys, buckets, strict=True))


def read_facet(counted: Mapping[str, Any]) -> tuple[Facet, ...]:
    """Return the values counted."""
    return tuple(Facet(value=bucket["key"], count=bucket["doc_count"]) for bucket in counted.get("buckets", ()))


def _read_cell(bucket: Mapping[str, Any]) -> Cell:
    latitude, longitude = tile_middle(bucket["key"])
    return Cell(tile=bucket["key"], latitude=latitude, longitude=longitude, count=bucket["doc_count"])


def _buckets(counted: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return list(counted.get(name, {}).get("buckets", ()))
