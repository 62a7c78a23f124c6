"""The made articles in both stores: written, also beside the client's own helper, measured by field, and removed."""

import time
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path

from elasticsearch import Elasticsearch, helpers
from elasticsearch.exceptions import GeneralAvailabilityWarning
from made_press import Press
from rich.console import Console
from rich.table import Table
from search_report import judge, seconds_of

from pipeline.adapters.elasticsearch_bulk import index_action
from pipeline.adapters.elasticsearch_query import Json
from pipeline.adapters.elasticsearch_store import ElasticsearchStore
from pipeline.adapters.sqlite_store import SqliteStore
from pipeline.index.document import document_json
from pipeline.index.mapping import Generation, fingerprint, read_mapping
from pipeline.model.document import Document
from pipeline.parts import SystemClock
from pipeline.ports import SearchStore

NEWEST, OLDEST = timedelta(hours=12), timedelta(days=60)
FILLED_AT_ONCE, INDEXED_AT_ONCE, TURNS = 1000, 1000, 4
STEMMED = tuple(read_mapping()["mappings"]["properties"]["stemmed"]["properties"])

say = Console(stderr=True, highlight=False).print


def articles(count: int, press: Press) -> Iterator[Document]:
    """Yield the articles that the indices hold: the same at each run."""
    return press.documents(count, newest=NEWEST, oldest=OLDEST)


def fill(title: str, store: SearchStore, documents: int) -> None:
    """Write the articles, and tell how far it is."""
    store.prepare()
    begun, written, made = time.perf_counter(), 0, articles(documents, Press())
    while batch := list(islice(made, FILLED_AT_ONCE)):
        assert not store.write(batch)
        written += len(batch)
        if written % 10_000 < FILLED_AT_ONCE:
            rate = written / (time.perf_counter() - begun)
            say(f"{title}: {written:,} of {documents:,} articles, {rate:.0f} a second")


def fill_sqlite(file: Path, documents: int) -> None:
    """Fill the embedded store, in a process of its own."""
    with closing(SqliteStore(file, clock=SystemClock())) as store:
        fill("SQLite", store, documents)


def index(report: Table, client: Elasticsearch, url: str, prefix: str) -> None:
    """Write the same documents both ways into indices that are alike, one way first and then the other."""
    generations = [Generation(f"{prefix}-{way}", fingerprint(read_mapping())) for way in ("ours", "bulk")]
    ours, twin = (ElasticsearchStore(url, clock=SystemClock(), prefix=each.prefix) for each in generations)
    press, spent = Press(seed=2), {"ours": 0.0, "bulk": 0.0}
    with closing(ours), closing(twin):
        for store in (ours, twin):
            store.prepare()
            assert not store.write(list(articles(INDEXED_AT_ONCE, Press(seed=3))))  # makes the indices, and warms up
        for turn in range(TURNS):
            documents = list(articles(INDEXED_AT_ONCE, press))
            ready = [index_action(document_json(document), generations[1], STEMMED) for document in documents]
            ways = [
                ("ours", partial(ours.write, documents)),
                ("bulk", partial(bulk, client, ready)),
            ]
            for way, write in ways if turn % 2 else ways[::-1]:
                spent[way] += seconds_of(write)
    rates = {way: TURNS * INDEXED_AT_ONCE / seconds for way, seconds in spent.items()}
    report.add_row("indexing, documents a second", f"{rates['ours']:.0f}; parallel_bulk {rates['bulk']:.0f}")
    judge(report, "indexing : parallel_bulk", rates["ours"] / rates["bulk"], 0.8, "{:.2f}", at_least=True)


def bulk(client: Elasticsearch, actions: Sequence[Json]) -> None:
    """Write with the client's helper as it comes, searchable on return."""
    for is_written, result in helpers.parallel_bulk(client, actions):
        assert is_written, result
    client.indices.refresh(index=sorted({action["_index"] for action in actions}))


def print_sizes(client: Elasticsearch, prefix: str, documents: int, file: Path) -> None:
    """Print what each field takes of the index; what stands nested in one counts to it."""
    sizes = defaultdict[str, int](int)
    for name in client.indices.get_alias(name=prefix):
        with warnings.catch_warnings(action="ignore", category=GeneralAvailabilityWarning):
            used = client.indices.disk_usage(index=name, run_expensive_tasks=True)
        for field, parts in used[name]["fields"].items():
            sizes[field] += parts["total_in_bytes"]
    table = Table("field", "bytes a document", "share")
    total = sum(sizes.values())
    for field, size in sorted(sizes.items(), key=lambda each: -each[1])[:25]:
        table.add_row(field, f"{size / documents:.0f}", f"{size / total:.1%}")
    table.add_row("all fields", f"{total / documents:.0f}", "100 %")
    Console().print(table)
    Console().print(f"Elasticsearch {total / 1e6:.0f} MB; SQLite {file.stat().st_size / 1e6:.0f} MB")


def remove_indices(client: Elasticsearch, prefix: str) -> None:
    """Leave no index behind on a server that may be somebody's."""
    for index in client.indices.get(index=f"{prefix}*", expand_wildcards="all"):
        client.indices.delete(index=index)
