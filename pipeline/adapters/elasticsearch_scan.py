"""All documents of a generation, a page at a time, from one point in time: what comparing and copying read."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError, helpers

from pipeline.errors import StoreUnavailable, UsageError

PAGE = 200  # whole documents, some 10 kB each
ID_PAGE = 2000  # ids and versions alone
_KEEP_ALIVE = "5m"  # from one page to the next

Json = dict[str, Any]


def scan_documents(client: Elasticsearch, indices: Sequence[str], *, naming: str | None = None) -> Iterator[Json]:
    """Yield the stored documents in ascending order of id; only those that name an entity, where one is given."""
    asked: Json = {"size": PAGE, "sort": [{"id": "asc"}]}
    if naming is not None:
        asked["query"] = {"nested": {"path": "entities", "query": {"term": {"entities.id": naming}}}}
    with _open_point(client, indices) as point:
        for page in _pages(client, point, asked):
            yield from (hit["_source"] for hit in page)


def scan_found(client: Elasticsearch, alias: str, query: Json) -> Iterator[Json]:
    """Yield the stored documents that the query finds, newest first.

    By scrolling: a point in time belongs to the indices, which those who read through the alias alone may not name.
    """
    scrolled = helpers.scan(
        client,
        query={"sort": [{"date": "desc"}, {"id": "asc"}], "query": query},
        index=alias,
        size=PAGE,
        scroll=_KEEP_ALIVE,
        preserve_order=True,
        ignore_unavailable=True,
        allow_partial_search_results=False,
    )
    try:
        for hit in scrolled:
            yield hit["_source"]
    except NotFoundError as error:
        raise UsageError(
            "the export ends here and is not whole: Elasticsearch keeps its place for 5 minutes, and nothing more was asked for "
            "in that time; write it to a file, and read that: --export jsonl > found.jsonl"
        ) from error
    except helpers.ScanError as error:
        raise StoreUnavailable(f"Elasticsearch could not read on: {error}") from error


def scan_missing(
    client: Elasticsearch, indices: Sequence[str], others: Sequence[str], since: Mapping[str, int] | None
) -> Iterator[Json]:
    """Yield the documents of the indices that the others lack or have in an older version.

    ``since`` holds the last sequence number by index: only later writes are looked at.
    """
    with _open_point(client, indices) as point:
        query = {"match_all": {}} if since is None else {"bool": {"should": [_later(i, since) for i in indices]}}
        asked = {"size": ID_PAGE, "sort": [{"_shard_doc": "asc"}], "query": query, "_source": False, "version": True}
        for page in _pages(client, point, asked):
            wanted = {hit["_id"]: hit["_version"] for hit in page}
            found = _versions(client, others, list(wanted))
            missing = [key for key, version in wanted.items() if found.get(key, -1) < version]
            for start in range(0, len(missing), PAGE):
                ids = missing[start : start + PAGE]
                body = {
                    "size": PAGE,
                    "query": {"ids": {"values": ids}},
                    "pit": {"id": point, "keep_alive": _KEEP_ALIVE},
                }
                answer = client.search(body=body, allow_partial_search_results=False)
                yield from (hit["_source"] for hit in answer["hits"]["hits"])


def read_documents(client: Elasticsearch, indices: Sequence[str], ids: Sequence[str]) -> Iterator[Json]:
    """Yield the documents of these ids that there are."""
    for start in range(0, len(ids), PAGE):
        some = list(ids[start : start + PAGE])
        body = {"size": len(some), "query": {"ids": {"values": some}}}
        answer = client.search(index=list(indices), body=body, allow_partial_search_results=False)
        yield from (hit["_source"] for hit in answer["hits"]["hits"])


def last_writes(client: Elasticsearch, indices: Sequence[str]) -> dict[str, int]:
    """Return by index the sequence number up to which every write is done; an index has one shard (mappings/articles.json)."""
    stats = client.indices.stats(index=list(indices), level="shards", metric="docs")
    return {
        index: max(shard["seq_no"]["local_checkpoint"] for shard in found["shards"]["0"] if shard["routing"]["primary"])
        for index, found in stats["indices"].items()
    }


@contextmanager
def _open_point(client: Elasticsearch, indices: Sequence[str]) -> Iterator[str]:
    names = list(indices)
    client.indices.refresh(index=names)
    point: str = client.open_point_in_time(index=names, keep_alive=_KEEP_ALIVE)["id"]
    try:
        yield point
    finally:
        client.close_point_in_time(id=point)


def _pages(client: Elasticsearch, point: str, asked: Json) -> Iterator[list[Json]]:
    body = {**asked, "pit": {"id": point, "keep_alive": _KEEP_ALIVE}, "track_total_hits": False}
    while hits := client.search(body=body, allow_partial_search_results=False)["hits"]["hits"]:
        yield hits
        body["search_after"] = hits[-1]["sort"]


def _versions(client: Elasticsearch, indices: Sequence[str], ids: Sequence[str]) -> dict[str, int]:
    body = {"size": len(ids), "query": {"ids": {"values": list(ids)}}, "_source": False, "version": True}
    hits = client.search(index=list(indices), body=body, allow_partial_search_results=False)["hits"]["hits"]
    return {hit["_id"]: hit["_version"] for hit in hits}


def _later(index: str, since: Mapping[str, int]) -> Json:
    in_index = {"term": {"_index": index}}
    if index not in since:  # a new month
        return in_index
    return {"bool": {"filter": [in_index, {"range": {"_seq_no": {"gt": since[index]}}}]}}
