"""From publication to search: how long items that appear in a feed at random take until a search finds them.

    python benchmarks/latency.py [--items 100] [--seconds 300] [--backfill] [--json]

Starts the whole production stack as processes on loopback (PostgreSQL, Redis, two Celery workers, scheduler, dag-processor,
triggerer, api-server) over the Elasticsearch at ELASTICSEARCH_URL, publishes items one by one at random times in the feed of
a press on loopback, and asks Elasticsearch twenty times a second what it finds. Prints the median and the 95th percentile of
all, and of each part of the way. With --backfill, as many items are published once more while a backfill of thousands of
past articles is under way, and it prints what that costs.
"""

import argparse
import hashlib
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parents[1]))

from rich.console import Console
from rich.table import Table

from examples.press import Press
from examples.servers import open_postgresql, open_redis
from examples.stack import Stack
from pipeline.archive import name_batch

#: Items that are published before the measurement, so that everything has run once.
WARM_UP = 6
PATIENCE = 60.0  # seconds after the last item
#: Number of the first item that is measured, and of the first past article.
FIRST, FIRST_PAST = 1000, 100_000
PAST_ARTICLES = 6000
PARTS = (
    "poll: in the feed → in the inbox",
    "event: in the inbox → run queued",
    "run start: queued → fetch starts",
    "fetch",
    "fetch → extract",
    "extract",
    "extract → index",
    "index: starts → found by a search",
)

console = Console(stderr=True, highlight=False)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=100, help="items to publish (default: 100)")
    parser.add_argument("--seconds", type=float, default=300, help="over which they are published (default: 300)")
    parser.add_argument("--seed", type=int, default=1, help="of the random times (default: 1)")
    parser.add_argument("--backfill", action="store_true", help="measure again beside a backfill")
    parser.add_argument("--json", action="store_true", help="print JSON: p50, p95 and parts, in seconds")
    options = parser.parse_args()
    if not os.environ.get("ELASTICSEARCH_URL"):
        sys.exit("latency: set ELASTICSEARCH_URL to an Elasticsearch 9 on loopback, such as http://127.0.0.1:9200")
    dice = random.Random(options.seed)
    with open_stack("latency", Press()) as stack:
        alone = measure(stack, FIRST, options.items, options.seconds, dice)
        beside = None
        if options.backfill:
            begin_backfill(stack)
            beside = measure(stack, FIRST + options.items, options.items, options.seconds, dice)
            says = "still under way" if is_under_way(stack) else "over: the figures beside it are too good"
            say(f"at the end of the measurement, the backfill was {says}")
    report(alone, beside, as_json=options.json)


@contextmanager
def open_stack(name: str, press: Press) -> Iterator[Stack]:
    """Start everything and take a few items through it; what it keeps begins with the name."""
    alias = f"{name}-{uuid4().hex[:8]}"
    with (
        tempfile.TemporaryDirectory(prefix=f"newswire-{name}-") as folder,
        open_postgresql() as postgresql,
        open_redis() as redis,
        press,
    ):
        say("starting PostgreSQL, Redis and Airflow")
        stack = Stack(
            Path(folder) / "stack",
            database=lambda name: postgresql.make_database(f"{name}_{uuid4().hex[:8]}"),
            redis=redis.socket,
            search_url=os.environ["ELASTICSEARCH_URL"],
            alias=alias,
            press=press,
        )
        with stack:
            try:
                warm_up(stack)
                yield stack
            finally:
                for index in stack.elasticsearch.indices.get(index=f"{alias}*"):
                    stack.elasticsearch.indices.delete(index=index)


def warm_up(stack: Stack) -> None:
    """Publish a few items, each as soon as the one before is found."""
    say("warming up")
    stack.unpause("ingest")
    for number in range(WARM_UP):
        [url] = stack.press.publish([number])
        stack.wait_until(lambda url=url: url in stack.urls(), f"{url} is found")


def begin_backfill(stack: Stack) -> None:
    """Start a backfill that has work for many minutes, and wait until it is under way."""
    say("starting a backfill")
    day = datetime.now(UTC).date() - timedelta(days=3)
    paths = {urlsplit(url).path for url in stack.press.file_past(day, range(FIRST_PAST, FIRST_PAST + PAST_ARTICLES))}
    stack.unpause("backfill")
    stack.airflow("backfill", "create", "--dag-id", "backfill", "--from-date", str(day), "--to-date", str(day))
    stack.wait_until(lambda: paths & stack.press.visits.keys(), "the backfill fetches pages")


def is_under_way(stack: Stack) -> bool:
    """Tell whether the backfill has not ended."""
    return any(run["state"] in {"queued", "running"} for run in stack.runs("backfill", "backfill"))


def measure(stack: Stack, first: int, items: int, seconds: float, dice: random.Random) -> dict[str, list[float]]:
    """Publish and find the items; return the seconds of all, and of each part of the way."""
    waits = publish_at_random(stack, first, items, seconds, dice)
    return {"all": [(found - published).total_seconds() for published, found in waits.values()], **split(stack, waits)}


def publish_at_random(
    stack: Stack, first: int, items: int, seconds: float, dice: random.Random
) -> dict[str, tuple[datetime, datetime]]:
    """Publish the items over that time, a Poisson process; return when each was published and when it was found."""
    begun = time.monotonic()
    times = sorted(dice.uniform(0, seconds) for _ in range(items))
    published: dict[str, datetime] = {}
    found: dict[str, datetime] = {}
    with console.status("publishing") as status:
        while len(found) < items and time.monotonic() < begun + seconds + PATIENCE:
            while len(published) < items and time.monotonic() >= begun + times[len(published)]:
                now = datetime.now(UTC)
                published[stack.press.publish([first + len(published)])[0]] = now
            for url in find(stack, [url for url in published if url not in found]):
                found[url] = datetime.now(UTC)
            status.update(f"{len(published)} published, {len(found)} found")
            time.sleep(0.05)
    lost = sorted(published.keys() - found.keys())
    if lost:
        sys.exit(f"latency: {len(lost)} items were not found within {PATIENCE:.0f} s: {lost[:3]}")
    return {url: (published[url], found[url]) for url in published}


def find(stack: Stack, urls: Sequence[str]) -> list[str]:
    """Return which of these addresses a search finds."""
    if not urls:
        return []
    body = {"query": {"terms": {"url": list(urls)}}, "size": len(urls), "_source": ["url"]}
    hits = stack.elasticsearch.search(index=stack.alias, body=body)["hits"]["hits"]
    return [hit["_source"]["url"] for hit in hits]


def split(stack: Stack, waits: Mapping[str, tuple[datetime, datetime]]) -> dict[str, list[float]]:
    """Return the seconds of each part of the way, for each item."""
    parts: dict[str, list[float]] = {part: [] for part in PARTS}
    runs = {batch_of(run): run for run in stack.all_runs("ingest")}
    tasks = {batch: tasks_of(stack, run) for batch, run in runs.items()}
    for url, (published, found) in waits.items():
        document = stack.document(url)
        batch = Path(document["capture"]["path"]).name.partition(".")[0]
        task = tasks[batch]
        stops = (
            published,
            datetime.fromisoformat(document["first_seen_at"]),
            moment(runs[batch]["queued_at"]),
            *(moment(task[name][end]) for name in ("fetch", "extract", "index") for end in ("start_date", "end_date")),
        )
        for part, begin, end in zip(PARTS, stops[:-1], (*stops[1:-1], found), strict=True):
            parts[part].append((end - begin).total_seconds())
    return parts


def batch_of(run: Mapping[str, Any]) -> str:
    """Return the id of the run's batch, as its tasks name it."""
    digest = hashlib.sha256(f"{run['dag_id']}/{run['dag_run_id']}".encode()).hexdigest()
    return name_batch(moment(run["start_date"]), digest).id


def tasks_of(stack: Stack, run: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the run's tasks by name."""
    path = f"/dags/{run['dag_id']}/dagRuns/{run['dag_run_id']}/taskInstances"
    return {task["task_id"]: task for task in stack.ask("GET", path)["task_instances"]}


def moment(text: str) -> datetime:
    """Return the time that the REST API wrote."""
    return datetime.fromisoformat(text)


def report(alone: Mapping[str, list[float]], beside: Mapping[str, list[float]] | None, *, as_json: bool) -> None:
    """Print the percentiles."""
    figures = {name: percentiles(seconds) for name, seconds in alone.items()}
    others = {name: percentiles(seconds) for name, seconds in (beside or {}).items()}
    if as_json:
        whole, beside_whole = figures.pop("all"), others.pop("all", None)
        beside_backfill = {"beside_backfill": {**beside_whole, "parts": others}} if beside_whole else {}
        print(json.dumps({**whole, "parts": figures, **beside_backfill}, ensure_ascii=False, indent=2))
        return
    title = f"{len(alone['all'])} items, from publication to search: seconds"
    table = Table("", "p50", "p95", *(("p50 beside a backfill", "p95") if others else ()), title=title, box=None)
    for name, row in figures.items():
        cells = [*row.values(), *others.get(name, {}).values()]
        table.add_row(name, *(f"{cell:.2f}" for cell in cells))
    Console().print(table)
    if others:
        Console().print(
            f"beside a backfill, the median is {others['all']['p50'] / figures['all']['p50']:.2f} times as long"
        )


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return the median and the 95th percentile."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {"p50": round(cuts[49], 3), "p95": round(cuts[94], 3)}


def say(text: str) -> None:
    """Tell what is going on."""
    console.print(f"{Path(sys.argv[0]).stem}: {text}")


if __name__ == "__main__":
    main()
