"""What all documents found have in common: aggregations in the same request, and their answer."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pipeline.adapters.elasticsearch_query import Json
from pipeline.model.query import Cell, Facet, Named, Query, Span, Summary
from pipeline.search.grammar import Expression
from pipeline.search.summary import (
    CELLS,
    FACET_SIZE,
    LEAST_TELLING,
    NAMED_SIZE,
    SAMPLE,
    asked_ids,
    telling_score,
    timeline_step,
)
from pipeline.search.tiles import choose_zoom, tile_middle

#: The field of each facet.
FACET_FIELDS = {
    "people": "people",
    "organizations": "organizations",
    "places": "places",
    "publishers": "publisher",
    "languages": "language",
    "sections": "section",
}
#: Values of a facet that an index names; each has to be looked up and sorted in.
COMPARED = 200
#: Terms of a field that may be telling.
CANDIDATES = 50
TELLING_FIELDS = ("people", "organizations", "places", "topics")
_BY_COUNT = [{"_count": "desc"}, {"_key": "asc"}]


def summary_aggregations(query: Query, asked: Expression | None) -> Json:
    """Return the aggregations of a Summary; ties in order of the value."""
    facets: Json = {
        # Counts are exact while no index has more than this many values that another index counts higher.
        name: {"terms": {"field": field, "size": FACET_SIZE, "shard_size": COMPARED, "order": _BY_COUNT}}
        for name, field in FACET_FIELDS.items()
    }
    # Of many documents, a sample: each name costs a look at the whole index. What is nested counts as documents that do not
    # have the name, so more are asked for than shown and scored anew; a filter against it took a third of a search's time.
    telling: Json = {
        field: {
            "significant_terms": {
                "field": field,
                "size": CANDIDATES,
                "min_doc_count": LEAST_TELLING,
                "shard_min_doc_count": LEAST_TELLING,
                "jlh": {},
            }
        }
        for field in TELLING_FIELDS
    }
    seconds = round(timeline_step(query).total_seconds())
    return {
        **facets,
        "telling": {"sampler": {"shard_size": SAMPLE}, "aggs": telling},
        "all": {"global": {}},
        "timeline": {"date_histogram": {"field": "date", "fixed_interval": f"{seconds}s", "min_doc_count": 1}},
        "named": {"nested": {"path": "entities"}, "aggs": {"ids": _named_ids(asked)}},
        "cells": {"geotile_grid": {"field": "locations", "precision": choose_zoom(query.near), "size": CELLS}},
    }


def _named_ids(asked: Expression | None) -> Json:
    ids: Json = {"field": "entities.id", "size": NAMED_SIZE, "shard_size": COMPARED, "order": _BY_COUNT}
    ids["collect_mode"] = "breadth_first"  # kind and name are looked for once it is known of which
    asked_for = sorted(asked_ids(asked))
    if asked_for:
        ids["exclude"] = asked_for
    one = {
        field: {"terms": {"field": f"entities.{field}", "size": 1, "order": _BY_COUNT}} for field in ("kind", "name")
    }
    return {"terms": ids, "aggs": one}


def read_summary(counted: Mapping[str, Any]) -> Summary:
    """Return what Elasticsearch answered to ``summary_aggregations``."""
    return Summary(
        facets={name: read_facet(counted.get(name, {})) for name in FACET_FIELDS},
        timeline=tuple(
            Span(start=datetime.fromtimestamp(bucket["key"] / 1000, UTC), count=bucket["doc_count"])
            for bucket in _buckets(counted, "timeline")
        ),
        named=tuple(
            Named(
                id=bucket["key"],
                kind=bucket["kind"]["buckets"][0]["key"],
                name=bucket["name"]["buckets"][0]["key"],
                count=bucket["doc_count"],
            )
            for bucket in _buckets(counted.get("named", {}), "ids")
        ),
        telling=_read_telling(counted),
        cells=tuple(_read_cell(bucket) for bucket in _buckets(counted, "cells")),
    )


def read_facet(counted: Mapping[str, Any]) -> tuple[Facet, ...]:
    """Return the values counted."""
    return tuple(Facet(value=bucket["key"], count=bucket["doc_count"]) for bucket in counted.get("buckets", ()))


def _read_telling(counted: Mapping[str, Any]) -> tuple[Facet, ...]:
    telling, everything = counted.get("telling", {}), counted.get("all", {}).get("doc_count", 0)
    scores = {
        (bucket["key"], bucket["doc_count"]): telling_score(
            bucket["doc_count"] / telling["doc_count"], bucket["bg_count"] / everything
        )
        for field in TELLING_FIELDS
        for bucket in _buckets(telling, field)
    }
    best = sorted((each for each in scores if scores[each]), key=lambda each: (-scores[each], each[0]))
    return tuple(Facet(value=value, count=count) for value, count in best[:FACET_SIZE])


def _read_cell(bucket: Mapping[str, Any]) -> Cell:
    latitude, longitude = tile_middle(bucket["key"])
    return Cell(tile=bucket["key"], latitude=latitude, longitude=longitude, count=bucket["doc_count"])


def _buckets(counted: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return list(counted.get(name, {}).get("buckets", ()))
