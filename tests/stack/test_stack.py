"""The whole of production on loopback: items are published, servers are killed, days are backfilled and replayed.

One stack for all tests, which begin where the one before ended: its start takes longer than any of them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from examples.press import Press
from examples.servers import make_database
from examples.stack import Stack

TODAY = datetime.now(UTC).date()
DAYS = [TODAY - timedelta(days=days) for days in (4, 3, 2)]


@pytest.fixture(scope="module")
def stack(
    postgresql_socket: Path, redis_socket: Path, elasticsearch_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    def database(name: str) -> str:
        return make_database(postgresql_socket, f"{name}_{uuid4().hex[:12]}")

    alias = f"test-{uuid4().hex[:12]}"
    folder = tmp_path_factory.mktemp("stack") / "stack"
    with Press() as press:
        stack = Stack(
            folder, database=database, redis=redis_socket, search_url=elasticsearch_url, alias=alias, press=press
        )
        with stack:
            try:
                yield stack
            finally:
                for index in stack.elasticsearch.indices.get(index=f"{alias}*"):
                    stack.elasticsearch.indices.delete(index=index)


@pytest.fixture(autouse=True)
def _all_is_accounted_for(stack: Stack) -> Iterator[None]:
    yield
    sums = stack.ledger()
    assert sums["balanced"], sums
    assert sums["pending"] == 0, sums
    assert set(sums["fates"]) <= {"indexed", "unchanged"}, sums


def test_published_articles_can_be_searched(stack: Stack) -> None:
    stack.unpause("ingest")
    stack.wait_until(lambda: stack.press.visits.get("/feed.xml", 0) > 5, "the watcher polls the feed")
    expected = sorted(stack.press.publish(range(20)))
    stack.wait_until(lambda: stack.urls() == expected, "20 articles can be searched")
    assert stack.runs("ingest", "asset_triggered")
    events = stack.ask("GET", "/assets/events?name_pattern=newswire_articles")["asset_events"]
    assert sum(event["extra"]["written"] for event in events) == 20


def test_killed_servers_lose_nothing(stack: Stack) -> None:
    before = stack.urls()
    expected = sorted(before + stack.press.publish(range(100, 130)))
    stack.wait_until(lambda: has_asked_for_pages(stack, 100, 130), "fetching has begun")
    for name in ("worker-1", "triggerer"):
        stack.kill(name)
        stack.start(name)
    expected = sorted(expected + stack.press.publish(range(130, 140)))
    stack.wait_until(lambda: stack.urls() == expected, "every article can be searched, once", seconds=400)


def has_asked_for_pages(stack: Stack, first: int, last: int) -> bool:
    wanted = {f"report-{number}" for number in range(first, last)}
    return any(path.rpartition("/")[2] in wanted for path in stack.press.visits)


def test_days_are_backfilled_though_workers_are_killed(stack: Stack) -> None:
    expected = stack.urls()
    for number, day in enumerate(DAYS, start=2):
        expected += stack.press.file_past(day, range(number * 100, number * 100 + 60))
        name = f"{day:%Y/%m}/CC-NEWS-{day:%Y%m%d}061300-00001.warc.gz"
        expected += stack.press.write_warc(stack.warcs / name, day, range(number * 100 + 60, number * 100 + 90))
    stack.unpause("backfill")
    days = ("--from-date", f"{DAYS[0]}", "--to-date", f"{DAYS[-1]}")
    how = ("--run-backwards", "--reprocess-behavior", "completed", "--max-active-runs", "2")
    stack.airflow("backfill", "create", "--dag-id", "backfill", *days, *how)
    stack.wait_until(lambda: has_asked_for_pages(stack, 200, 460), "fetching has begun")
    for name in ("worker-1", "worker-2"):
        stack.kill(name)
        stack.start(name)
    stack.wait_until(lambda: stack.urls() == sorted(expected), "every past article can be searched, once", seconds=500)
    stack.wait_until(
        lambda: [run["state"] for run in stack.runs("backfill", "backfill")] == ["success"] * 3, "all days are done"
    )
    assert stack.archive.joinpath(f"{DAYS[0]:%Y/%m/%d}").is_dir()  # of the day, not of today
