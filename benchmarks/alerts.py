"""What it costs to ask 1,000 saved searches about a batch of 100 new articles, on both search stores.

    ELASTICSEARCH_URL=http://127.0.0.1:9200 python benchmarks/alerts.py [--searches 1000] [--documents 20000] [--together 100]

Articles are made by benchmarks/made_press.py, over two months before now. The searches are what people watch for: words,
phrases, names, two names together, alternatives and exclusions, with all conditions. The index of the embedded store is a
file; without ELASTICSEARCH_URL it is measured alone. The first batch, which loads everything, is not judged.
"""

import argparse
import os
import statistics
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import islice
from pathlib import Path

from elasticsearch import Elasticsearch
from made_press import NAMES, WORDS, Press, name, vocabulary
from rich.console import Console
from rich.table import Table
from search_indices import remove_indices
from search_report import judge

from pipeline.adapters import elasticsearch_watch
from pipeline.adapters.elasticsearch_store import ElasticsearchStore
from pipeline.adapters.sql_ledger import SqlLedger, open_ledger
from pipeline.adapters.sqlite_store import SqliteStore
from pipeline.alerts.evaluation import watch_documents
from pipeline.alerts.searches import make_search
from pipeline.model.alert import SavedSearch
from pipeline.model.document import Document
from pipeline.model.fate import ArticleState
from pipeline.parts import SystemClock
from pipeline.ports import SearchStore
from pipeline.search.request import make_query

BATCH, BATCHES = 100, 5
GOAL = 2.0  # seconds
#: Queries by how often people watch for such: {word} a middling one, {person} and {place} names.
QUERIES = (
    *(4 * ("{word} {word}",)),
    *(2 * ('"{word} {word}"',)),
    *(4 * ("person:{person}",)),
    *(2 * ("person:{person} place:{place}",)),
    *("{word} OR {word} OR {word}", "{word} -{word} headline:{word}", "{word}*"),
)
CONDITIONS = (*(4 * ("any",)), "first", "volume")


def make_searches(press: Press, count: int) -> Iterator[SavedSearch]:
    """Yield what people watch for."""
    for number in range(count):
        text = press.chance.choice(QUERIES)
        when = "together:30d" if "place:" in text else press.chance.choice(CONDITIONS)
        while "{" in text:
            text = text.replace("{word}", vocabulary("en")[press.middling(WORDS)], 1)
            text = text.replace("{person}", f'"{name(3 * (press.middling(NAMES) // 3))}"', 1)
            text = text.replace("{place}", f'"{name(3 * (press.middling(NAMES) // 3) + 2)}"', 1)
        yield make_search(f"s{number}", make_query(text), when=[when], created_at=press.now)


def measure(
    title: str, store: SearchStore, ledger: SqlLedger, press: Press, documents: int, url: str | None
) -> list[float]:
    """Fill the store, and return the seconds that the searches take on one batch after another."""
    store.prepare()
    past = press.documents(documents, newest=timedelta(hours=1), oldest=timedelta(days=60))
    while batch := list(islice(past, 500)):
        assert not store.write(batch)
    searches, took = ledger.alerts.searches(), list[float]()
    for turn in range(BATCHES):
        new = list(press.documents(BATCH, newest=timedelta(0), oldest=timedelta(hours=1)))
        assert not store.write(new)
        ledger.settle([], [_state(document) for document in new])
        begun, cpu, server = time.perf_counter(), time.process_time(), server_cpu(url)
        watched = watch_documents(ledger=ledger, store=store, clock=SystemClock())
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
        assert watched.documents == BATCH
        assert not watched.errors
        kinds = Counter(str(alert.condition.kind) for alert in watched.alerts)
        said = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        server = server_cpu(url) - server
        asked = f"{len(searches)} searches over {BATCH} articles in {seconds:.2f} s; CPU {cpu:.2f} s"
        asked += f" and {server:.2f} s of the server, with all that it did meanwhile" if url else ""
        print(f"{title}, batch {turn + 1}: {asked}; alerts: {said}", flush=True)
        took.append(seconds)
    return took


def server_cpu(url: str | None) -> float:
    """Return the seconds of CPU that the Elasticsearch there has used; 0 where there is none."""
    if url is None:
        return 0.0
    with Elasticsearch(url) as client:
        nodes = client.nodes.stats(metric="process")["nodes"].values()
    return sum(node["process"]["cpu"]["total_in_millis"] for node in nodes) / 1000


def main() -> None:
    """Measure each store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--searches", type=int, default=1000)
    parser.add_argument("--documents", type=int, default=20_000, help="in the index before")
    parser.add_argument("--together", type=int, default=elasticsearch_watch.TOGETHER, help="queries of one search")
    options = parser.parse_args()
    elasticsearch_watch.TOGETHER = options.together
    report = Table("1 batch, by the clock", "", "goal", "")
    with tempfile.TemporaryDirectory() as folder:
        url, prefix = os.environ.get("ELASTICSEARCH_URL"), f"bench-{uuid.uuid4().hex[:12]}"
        stores: dict[str, SearchStore] = {"SQLite": SqliteStore(Path(folder) / "search.sqlite", clock=SystemClock())}
        if url:
            stores["Elasticsearch"] = ElasticsearchStore(url, clock=SystemClock(), prefix=prefix)
        for title, store in stores.items():
            press = Press()
            with closing(store), closing(open_ledger(f"sqlite:///{folder}/{title}.sqlite")) as ledger:
                for search in make_searches(press, options.searches):
                    ledger.alerts.save_search(search)
                try:
                    server = url if title != "SQLite" else None
                    took = measure(title, store, ledger, press, options.documents, server)
                    judge(report, f"{title}: median in s", statistics.median(took[1:]), GOAL, "{:.2f}")
                finally:
                    if url and title != "SQLite":
                        with Elasticsearch(url) as client:
                            remove_indices(client, prefix)
    Console().print(report)


def _state(document: Document) -> ArticleState:
    return ArticleState(
        article_id=document.id,
        url=document.article.url,
        content_hash=document.content_hash,
        version=1,
        first_seen_at=document.first_seen_at,
        captured_at=document.captured_at,
        public_since=document.first_seen_at,
    )


if __name__ == "__main__":
    main()
