"""What search costs at 200,000 articles, beside what Elasticsearch and its client cost alone, all in one run.

    ELASTICSEARCH_URL=http://127.0.0.1:9200 python benchmarks/search.py [--documents 200000] [--seconds 20] [--clients 8]

Articles are made by benchmarks/made_press.py, questions by benchmarks/search_queries.py: 20 hits with all facets, as the page
asks. Prints

- the time of a search beside that of its bare body sent by the plain client, one after the other in turn;
- searches by several clients at once, each asking again as soon as it is answered, and the same through the page: the app behind
  a real server in a process of its own, over HTTP;
- the embedded store with one client;
- indexing beside the client's parallel helper, which is given the same documents ready-made, in turn, and a refresh after each;
- the index's size by field.

The indices are deleted in the end.
"""

import argparse
import http.client
import multiprocessing
import os
import resource
import socket
import statistics
import sys
import tempfile
import threading
import time
import uuid
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from itertools import chain, islice
from pathlib import Path

from elasticsearch import Elasticsearch, helpers
from elasticsearch.exceptions import GeneralAvailabilityWarning
from made_press import Press
from rich.console import Console
from rich.table import Table
from search_queries import Question, Readers

from pipeline.adapters.elasticsearch_bulk import index_action
from pipeline.adapters.elasticsearch_page import highlight, page_body
from pipeline.adapters.elasticsearch_query import Json, found_clause, search_body
from pipeline.adapters.elasticsearch_store import ElasticsearchStore
from pipeline.adapters.sql_ledger import open_ledger
from pipeline.adapters.sqlite_store import SqliteStore
from pipeline.index.document import document_json
from pipeline.index.mapping import Generation, fingerprint, read_mapping
from pipeline.model.document import Document
from pipeline.parts import SystemClock
from pipeline.ports import SearchStore
from pipeline.search.names import expand_known
from pipeline.web.page import make_app
from pipeline.web.serve import serve_page

NEWEST, OLDEST = timedelta(hours=12), timedelta(days=60)
FILLED_AT_ONCE, INDEXED_AT_ONCE, TURNS = 1000, 1000, 4
WARM_UP = 100  # questions
STEMMED = tuple(read_mapping()["mappings"]["properties"]["stemmed"]["properties"])

say = Console(stderr=True, highlight=False).print
Asking = Callable[[Question], object]


def main() -> None:
    """Fill the stores, measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=200_000, help="in the index (default: 200000)")
    parser.add_argument("--seconds", type=float, default=20, help="of each measurement (default: 20)")
    parser.add_argument("--clients", type=int, default=8, help="who ask at once (default: 8)")
    options = parser.parse_args()
    url = os.environ.get("ELASTICSEARCH_URL")
    if not url:
        sys.exit("search: set ELASTICSEARCH_URL to an Elasticsearch 9, such as http://127.0.0.1:9200")
    prefix = f"search-{uuid.uuid4().hex[:8]}"
    with (
        tempfile.TemporaryDirectory(prefix="newswire-search-") as folder,
        Elasticsearch(url, request_timeout=120) as client,
    ):
        try:
            measure(client, url, prefix, Path(folder), options.documents, options.seconds, options.clients)
        finally:
            for index in client.indices.get(index=f"{prefix}*", expand_wildcards="all"):
                client.indices.delete(index=index)
    say(f"memory of this process at most: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


def measure(
    client: Elasticsearch, url: str, prefix: str, folder: Path, documents: int, seconds: float, clients: int
) -> None:
    """Measure one thing after the other."""
    file = folder / "search.sqlite"
    filling = multiprocessing.get_context("spawn").Process(target=fill_sqlite, args=(file, documents), daemon=True)
    filling.start()
    with closing(ElasticsearchStore(url, clock=SystemClock(), prefix=prefix)) as store:
        fill("Elasticsearch", store, documents)
        filling.join()
        if filling.exitcode:
            sys.exit("search: the embedded store could not be filled")
        press = Press()
        questions = Readers(press, list(articles(300, press))).questions()
        report = Table("measured", "", "goal", "")
        say("searching, and the bare body in turn")
        compare(report, store, client, prefix, questions, seconds)
        say(f"{clients} clients, and through the page")
        with open_page(url, prefix, folder) as port:
            crowd(report, store, port, questions, seconds, clients)
    say("the embedded store")
    with closing(SqliteStore(file, clock=SystemClock())) as embedded:
        ask_embedded(report, embedded, questions, seconds)
    say("indexing, and the client's helper in turn")
    index(report, client, url, prefix)
    Console().print(report)
    print_sizes(client, prefix, documents, file)


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


def compare(
    report: Table,
    store: ElasticsearchStore,
    client: Elasticsearch,
    prefix: str,
    questions: Iterator[Question],
    seconds: float,
) -> None:
    """Ask each question each way, another first each time; ``plain`` is the bare body without the marks of stems."""
    times: dict[str, dict[str, list[float]]] = {way: defaultdict(list) for way in ("ours", "bare", "plain")}

    def send(body: Json) -> None:
        client.search(index=prefix, body=body, ignore_unavailable=True, allow_partial_search_results=False)

    for question in islice(questions, WARM_UP):
        store.search(question.query)
    until, number = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        question = next(questions)
        number += 1
        ways = [
            ("ours", partial(store.search, question.query)),
            ("bare", partial(send, bare_body(store, question, STEMMED))),
            ("plain", partial(send, bare_body(store, question, ()))),
        ]
        first = number % len(ways)
        for way, ask in ways[first:] + ways[:first]:
            times[way][question.kind].append(seconds_of(ask))
    for kind, ours in times["ours"].items():
        ratio = sum(ours) / sum(times["bare"][kind])
        say(f"  {kind} ({len(ours)}): {in_ms(ours)}, {ratio:.2f} × bare")
    ours, bare, plain = (list(chain.from_iterable(times[way].values())) for way in ("ours", "bare", "plain"))
    report.add_row("search", f"{in_ms(ours)}, of {len(ours)}")
    report.add_row("bare body, plain client", in_ms(bare))
    judge(report, "search : bare body", sum(ours) / sum(bare), 1.3, "{:.2f}")
    report.add_row("search : bare body that marks no stems", f"{sum(ours) / sum(plain):.2f}")


def bare_body(store: ElasticsearchStore, question: Question, stemmed: Sequence[str]) -> Json:
    """Return the one body that asks for the same: names looked up before, hits, facets and snippets marked by those stems."""
    query = question.query
    asked = expand_known(query, store.entities_of(query))
    found = found_clause(query, asked, STEMMED)
    marks = highlight(asked, [f"stemmed.{language}" for language in stemmed])
    return search_body(query, asked, found, SystemClock().now()) | page_body(query, asked) | {"highlight": marks}


def crowd(
    report: Table, store: ElasticsearchStore, port: int, questions: Iterator[Question], seconds: float, clients: int
) -> None:
    """Ask by many clients, the store and the page in turn."""
    local = threading.local()

    def ask_page(question: Question) -> None:
        if not hasattr(local, "connection"):
            local.connection = http.client.HTTPConnection("127.0.0.1", port)
        local.connection.request("GET", f"/{question.address}")
        response = local.connection.getresponse()
        response.read()
        assert response.status == http.HTTPStatus.OK, response.status

    def ask_store(question: Question) -> None:
        store.search(question.query)

    store_times, page_times = list[float](), list[float]()
    ask_at_once(ask_page, questions, seconds / 6, clients)  # so that the server has loaded everything
    for _ in range(2):
        store_times += ask_at_once(ask_store, questions, seconds / 2, clients)
        page_times += ask_at_once(ask_page, questions, seconds / 2, clients)
    for title, times in (("search", store_times), ("page", page_times)):
        report.add_row(f"{title}, {clients} clients", f"{in_ms(times)}, {len(times) / seconds:.0f} a second")
    judge(report, f"search, {clients} clients: p95 in ms", 1000 * p95(store_times), 120, "{:.0f}")
    judge(report, f"page : search, {clients} clients, p95", p95(page_times) / p95(store_times), 2, "{:.2f}")


def ask_at_once(ask: Asking, questions: Iterator[Question], seconds: float, clients: int) -> list[float]:
    """Return the times of all answers; each client asks again as soon as it has one."""
    times, lock, failed = list[float](), threading.Lock(), list[BaseException]()
    until = time.monotonic() + seconds

    def run() -> None:
        try:
            while time.monotonic() < until and not failed:
                with lock:
                    question = next(questions)
                times.append(seconds_of(partial(ask, question)))
        except BaseException as error:  # noqa: BLE001 - raised below, in the thread that waits
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return times


@contextmanager
def open_page(url: str, prefix: str, folder: Path) -> Iterator[int]:
    """Serve the page in a process of its own; yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(url, prefix, folder, port), daemon=True)
    server.start()
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                assert server.is_alive()
                time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.join()


def serve(url: str, prefix: str, folder: Path, port: int) -> None:
    """Serve the page as ``newswire serve`` does."""
    clock = SystemClock()
    with (
        closing(ElasticsearchStore(url, clock=clock, prefix=prefix)) as store,
        closing(open_ledger(f"sqlite:///{folder}/ledger.sqlite")) as ledger,
    ):
        serve_page(make_app(store, ledger, clock), "127.0.0.1", port)


def ask_embedded(report: Table, store: SqliteStore, questions: Iterator[Question], seconds: float) -> None:
    """Ask by one client."""
    times = defaultdict[str, list[float]](list)
    for question in islice(questions, WARM_UP // 4):
        store.search(question.query)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        question = next(questions)
        query = question.query
        times[question.kind].append(seconds_of(partial(store.search, query)))
    for kind, some in times.items():
        say(f"  {kind} ({len(some)}): {in_ms(some)}")
    everything = list(chain.from_iterable(times.values()))
    report.add_row("SQLite, one client", f"{in_ms(everything)}, of {len(everything)}")
    judge(report, "SQLite: p95 in ms", 1000 * p95(everything), 400, "{:.0f}")


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


def judge(report: Table, title: str, value: float, goal: float, form: str, *, at_least: bool = False) -> None:
    """Add a row that says whether the goal is reached."""
    is_reached = value >= goal if at_least else value <= goal
    report.add_row(
        title, form.format(value), f"{'≥' if at_least else '≤'} {goal}", "reached" if is_reached else "MISSED"
    )


def seconds_of(act: Callable[[], object]) -> float:
    """Return how long it takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def p95(times: Sequence[float]) -> float:
    """Return the time that 95 of 100 stay below."""
    return statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


def in_ms(times: Sequence[float]) -> str:
    """Return median and 95th percentile in words."""
    return f"median {1000 * statistics.median(times):.0f} ms, p95 {1000 * p95(times):.0f} ms"


if __name__ == "__main__":
    main()
