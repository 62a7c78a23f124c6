"""What search costs at 200,000 articles, beside what Elasticsearch and its client cost alone, all in one run.

    ELASTICSEARCH_URL=http://127.0.0.1:9200 python benchmarks/search.py [--documents 200000] [--seconds 20] [--clients 8]

Articles are made by benchmarks/made_press.py, questions by benchmarks/search_queries.py: 20 hits with all facets, as the page
asks. Prints

- the time of a search beside that of its bare body sent by the plain client, one after the other in turn;
- searches by several clients at once, each asking again as soon as it is answered, and the same through the page: the app behind
  a real server in a process of its own, over HTTP; beside them, what the plainest body with facets and marks takes by as many,
  and searches by as many who look at each answer for a while, as people do;
- the embedded store with one client;
- indexing beside the client's parallel helper, which is given the same documents ready-made, in turn, and a refresh after each;
- the index's size by field.

The indices are deleted in the end.
"""

import argparse
import http.client
import multiprocessing
import os
import random
import resource
import socket
import sys
import tempfile
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from itertools import chain, islice
from pathlib import Path

from elasticsearch import Elasticsearch
from made_press import Press
from rich.console import Console
from rich.table import Table
from search_indices import STEMMED, articles, fill, fill_sqlite, index, print_sizes, remove_indices, say
from search_queries import Question, Readers, plain_body
from search_report import in_ms, judge, p95, seconds_of

from pipeline.adapters.elasticsearch_page import highlight, page_body
from pipeline.adapters.elasticsearch_query import Json, found_clause, search_body
from pipeline.adapters.elasticsearch_store import ElasticsearchStore
from pipeline.adapters.sql_ledger import open_ledger
from pipeline.adapters.sqlite_store import SqliteStore
from pipeline.parts import SystemClock
from pipeline.search.names import expand_known
from pipeline.web.page import make_app
from pipeline.web.serve import serve_page

WARM_UP = 100  # questions
TURNS = 2  # of many clients, each way
LOOKED_AT = 2.0  # seconds at most that one who does not ask on at once looks at an answer

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
            remove_indices(client, prefix)
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
            crowd(report, store, client, prefix, port, questions, seconds, clients)
    say("the embedded store")
    with closing(SqliteStore(file, clock=SystemClock())) as embedded:
        ask_embedded(report, embedded, questions, seconds)
    say("indexing, and the client's helper in turn")
    index(report, client, url, prefix)
    Console().print(report)
    print_sizes(client, prefix, documents, file)


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
    report: Table,
    store: ElasticsearchStore,
    client: Elasticsearch,
    prefix: str,
    port: int,
    questions: Iterator[Question],
    seconds: float,
    clients: int,
) -> None:
    """Ask by many clients, the store, the plain body and the page in turn."""
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

    def ask_plain(question: Question) -> None:
        client.search(index=prefix, body=plain_body(question))

    ways: dict[str, Asking] = {"search": ask_store, "plain body": ask_plain, "page": ask_page}
    times = {title: list[float]() for title in ways}
    for ask in ways.values():  # so that the server has loaded, and compiled, everything
        ask_at_once(ask, questions, seconds / 2, clients)
    for _ in range(TURNS):
        for title, ask in ways.items():
            times[title] += ask_at_once(ask, questions, seconds / TURNS, clients)
    read = ask_at_once(ask_store, questions, seconds, clients, looks_for=LOOKED_AT)
    report.add_row(
        f"search, {clients} clients who look at each answer", f"{in_ms(read)}, {len(read) / seconds:.0f} a second"
    )
    for title, some in times.items():
        report.add_row(f"{title}, {clients} clients", f"{in_ms(some)}, {len(some) / seconds:.0f} a second")
    judge(report, f"search, {clients} clients: p95 in ms", 1000 * p95(times["search"]), 120, "{:.0f}")
    report.add_row(
        f"search : plain body, {clients} clients, p95", f"{p95(times['search']) / p95(times['plain body']):.2f}"
    )
    judge(report, f"page : search, {clients} clients, p95", p95(times["page"]) / p95(times["search"]), 2, "{:.2f}")


def ask_at_once(
    ask: Asking, questions: Iterator[Question], seconds: float, clients: int, *, looks_for: float = 0
) -> list[float]:
    """Return the times of all answers; each client asks again as soon as it has one, or after up to so many seconds."""
    times, lock, failed = list[float](), threading.Lock(), list[BaseException]()
    chance = random.Random(8)
    until = time.monotonic() + seconds

    def run() -> None:
        try:
            while time.monotonic() < until and not failed:
                with lock:
                    question = next(questions)
                    pause = chance.uniform(0, looks_for)
                times.append(seconds_of(partial(ask, question)))
                time.sleep(pause)
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


if __name__ == "__main__":
    main()
