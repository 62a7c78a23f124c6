"""Many searches in one request."""

from collections.abc import Iterator, Sequence
from typing import Any

from elasticsearch import Elasticsearch

from pipeline.adapters.elasticsearch_errors import BUSY, SERVER_FAILURE, describe
from pipeline.adapters.elasticsearch_query import Json
from pipeline.errors import StoreUnavailable, UsageError

#: Searches of one request.
AT_ONCE = 1000


def search_all(client: Elasticsearch, indices: Sequence[str], bodies: Sequence[Json]) -> Iterator[Any]:
    """Yield the answer to each body, or why the server refuses it. Raises StoreUnavailable where it is too busy."""
    header = {"index": list(indices), "ignore_unavailable": True, "allow_partial_search_results": False}
    for start in range(0, len(bodies), AT_ONCE):
        lines = [line for body in bodies[start : start + AT_ONCE] for line in (header, body)]
        for answer in client.msearch(searches=lines)["responses"]:
            status, error = answer["status"], answer.get("error")
            if error and (status in BUSY or status >= SERVER_FAILURE):
                raise StoreUnavailable(f"Elasticsearch cannot answer now ({status}): {describe(error)}")
            yield UsageError(f"Elasticsearch refuses the query ({status}): {describe(error)}") if error else answer
