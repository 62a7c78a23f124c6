"""What the tasks of the DAG ingest do: the calls of pipeline/flow.py over this process's wiring."""

import asyncio
import logging

from pipeline import flow
from pipeline.archive import open_batch, parse_batch
from pipeline.errors import Retry
from pipeline.model.handover import Report
from pipeline.orchestration.runs import airflow_errors, log_summary, numbers, process_wiring
from pipeline.wiring import Wiring

#: First results show sooner from small batches; a task costs about a second, so not smaller than this.
BATCH_SIZE = 20
#: Longest that fetching goes on: what it claimed first must be indexed before its lease ends.
PATIENCE = flow.LEASE / 3

log = logging.getLogger(__name__)


def fetch(*, limit: int, publisher: str | None, early: bool) -> list[str]:
    """Poll the feeds that are due (``early``: all), fetch what the inbox holds, and return the ids of the batches."""
    with airflow_errors():
        batch_ids, report = asyncio.run(_fetch(process_wiring(), limit=limit, publisher=publisher, early=early))
    log_summary(f"fetch: {len(batch_ids)} batches", report)
    return batch_ids


def extract(batch_id: str) -> dict[str, int]:
    """Make documents of the batch's pages; return how many, and how many pages ended for which reason."""
    with airflow_errors():
        report = process_wiring().extract_batch(parse_batch(batch_id))
    log_summary(f"extract {batch_id}: {report.passed} documents", report)
    return {"documents": report.passed} | numbers(report)


def index(batch_id: str) -> dict[str, int]:
    """Write the batch's documents to the search store; return how many ended for which reason."""
    with airflow_errors():
        report = process_wiring().index_batch(parse_batch(batch_id))
    log_summary(f"index {batch_id}: {report.passed} written", report)
    return {"written": report.passed} | numbers(report)


async def _fetch(wiring: Wiring, *, limit: int, publisher: str | None, early: bool) -> tuple[list[str], Report]:
    clock, batch_ids = wiring.clock, list[str]()
    wiring.add_sources()
    wiring.store.prepare()  # before anything is fetched: a store that is down costs nobody a request
    async with wiring.fetcher() as fetcher:
        report = await wiring.poll_feeds(fetcher, early=early)
        enough_at = clock.now() + PATIENCE
        while limit > 0 and clock.now() < enough_at:
            batch = open_batch(clock.now())
            try:
                fetched = await wiring.fetch_batch(batch, fetcher, limit=min(limit, BATCH_SIZE), publisher=publisher)
            except Retry as error:
                if not batch_ids:
                    raise
                # What is fetched already would be lost to a retry and fetched again; the next run meets the error anew.
                log.warning("fetching ends early: %s", error)
                break
            if not fetched.claimed:
                break
            limit -= fetched.claimed
            report.add(fetched)
            if fetched.passed:
                batch_ids.append(batch.id)
    return batch_ids, report
