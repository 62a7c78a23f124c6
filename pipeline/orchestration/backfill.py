"""What the tasks of the DAG backfill do: a day of the past over this process's wiring, behind everything live."""

import asyncio
import logging
import os
from collections.abc import Sequence
from datetime import datetime

from pipeline.archive import parse_batch
from pipeline.backfill.cost import Cost
from pipeline.backfill.discovery import cut_future
from pipeline.errors import UsageError
from pipeline.model.capture import Batch
from pipeline.model.handover import Report
from pipeline.orchestration.runs import airflow_errors, log_summary, numbers, process_wiring, run_batch
from pipeline.wiring import Wiring

log = logging.getLogger(__name__)


def discover(since: datetime | None, until: datetime | None, *, publisher: str | None) -> dict[str, int]:
    """Put what sitemaps and WARC files hold of the interval into the inbox; return what was met, in numbers."""
    _yield_to_live_work()
    with airflow_errors():
        since, until = _past_interval(since, until)
        report = asyncio.run(_discover(process_wiring(), since, until, publisher=publisher))
    log_summary(f"discover {since:%Y-%m-%d}", report)
    return {f"entries {name}": count for name, count in report.entries.items()} | dict(report.searched)


def estimate(since: datetime | None, until: datetime | None, *, publisher: str | None) -> dict[str, int]:
    """Return and log what the interval would cost; nothing is recorded."""
    _yield_to_live_work()
    with airflow_errors():
        since, until = _past_interval(since, until)
        wiring = process_wiring()
        cost = asyncio.run(_estimate(wiring, since, until, publisher=publisher))
    for host, count in cost.requests.most_common():
        log.info("%s: %d requests, about %d bytes of pages", host, count, cost.page_bytes[host])
    numbers = {
        "new URLs": cost.urls["new"],
        "known URLs": cost.urls["known"],
        "requests": cost.requests.total(),
        "bytes of pages": cost.page_bytes.total(),
        "WARC files": cost.warc_files,
        "bytes of WARC files": cost.warc_bytes,
        "seconds": round(cost.seconds(wiring.settings.host_delay)),
    }
    log.info("dry run: %s", ", ".join(f"{count} {name}" for name, count in numbers.items()))
    return numbers


def fetch(*, publisher: str | None, limit: int) -> list[str]:
    """Fetch the past entries that are due, whichever run found them; return the ids of the batches."""
    _yield_to_live_work()
    with airflow_errors():
        batches, report = asyncio.run(_fetch(process_wiring(), run_batch(), publisher=publisher, limit=limit))
    log_summary(f"fetch: {len(batches)} batches", report)
    return [batch.id for batch in batches]


def extract(batch_ids: Sequence[str]) -> dict[str, int]:
    """Make documents of the batches' pages; return how many, and how many pages ended for which reason."""
    _yield_to_live_work()
    with airflow_errors():
        report = process_wiring().extract_past([parse_batch(batch_id) for batch_id in batch_ids])
    log_summary(f"extract: {report.passed} documents", report)
    return {"documents": report.passed} | numbers(report)


def index(batch_ids: Sequence[str]) -> dict[str, int]:
    """Write the batches' documents to the search store; return how many ended for which reason."""
    _yield_to_live_work()
    with airflow_errors():
        report = process_wiring().index_past([parse_batch(batch_id) for batch_id in batch_ids])
    log_summary(f"index: {report.passed} written", report)
    return {"written": report.passed} | numbers(report)


def _past_interval(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    """Return the run's interval up to now. Raises UsageError where it has none, or one in the future."""
    if since is None or until is None:
        raise UsageError("this run has no data interval: give it a logical date, the day after the one that it is for")
    return cut_future(since, until, process_wiring().clock.now())


async def _discover(wiring: Wiring, since: datetime, until: datetime, *, publisher: str | None) -> Report:
    wiring.add_sources()
    async with wiring.fetcher(is_past=True) as fetcher:
        return await wiring.discover_past(since, until, fetcher, publisher=publisher, on_progress=log.info)


async def _estimate(wiring: Wiring, since: datetime, until: datetime, *, publisher: str | None) -> Cost:
    wiring.add_sources()
    async with wiring.fetcher(is_past=True) as fetcher:
        return await wiring.estimate_past(since, until, fetcher, publisher=publisher, on_progress=log.info)


async def _fetch(wiring: Wiring, run: Batch, *, publisher: str | None, limit: int) -> tuple[list[Batch], Report]:
    wiring.store.prepare()  # before anything is fetched: a store that is down costs nobody a request
    async with wiring.fetcher(is_past=True) as fetcher:
        return await wiring.fetch_past(run, fetcher, publisher=publisher, limit=limit)


def _yield_to_live_work() -> None:
    """Let every other process have the processor first; a task is a process of its own, so that nothing else slows down."""
    os.nice(19)
