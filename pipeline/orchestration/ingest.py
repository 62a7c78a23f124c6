"""What the tasks of the DAG ingest do: the calls of pipeline/flow.py over this process's wiring."""

import asyncio
import logging
from datetime import timedelta

from airflow.sdk.exceptions import AirflowSkipException

from pipeline.archive import parse_batch
from pipeline.model.capture import Batch
from pipeline.model.handover import Report
from pipeline.orchestration.runs import airflow_errors, log_summary, numbers, process_wiring, run_batch
from pipeline.wiring import Wiring

#: How long an entry waits for its turn at its host; what takes longer goes back, and does not hold up the others.
PATIENCE = timedelta(seconds=3)

log = logging.getLogger(__name__)


def fetch(*, limit: int, publisher: str | None, early: bool, is_sweep: bool, is_dry: bool) -> str:
    """Fetch what the inbox holds, one batch of it, and return the batch's id. Nothing fetched: the tasks after it are skipped.

    A sweep polls the feeds that are due (``early``: all); between the sweeps the watcher does.
    """
    with airflow_errors():
        wiring = process_wiring()
        wiring.add_sources()
        if is_dry:
            _log_inbox(wiring, publisher)
            raise AirflowSkipException("dry run: nothing was fetched")
        wiring.store.prepare()  # before anything is fetched: a store that is down, or full, costs nobody a request
        batch = run_batch()
        report = asyncio.run(
            _fetch(wiring, batch, limit=limit, publisher=publisher, polls=early or is_sweep, early=early)
        )
    log_summary(f"fetch {batch.id}: {report.passed} captures", report)
    if not report.passed:
        raise AirflowSkipException("nothing to read in the inbox")
    return batch.id


def extract(batch_id: str) -> dict[str, int]:
    """Make documents of the batch's pages; return how many, and how many pages ended for which reason."""
    with airflow_errors():
        report = process_wiring().extract_batch(parse_batch(batch_id))
    log_summary(f"extract {batch_id}: {report.passed} documents", report)
    return {"documents": report.passed} | numbers(report)


def index(batch_id: str) -> dict[str, int]:
    """Write the batch's documents to the search store; return how many, of how many stories, and how all ended."""
    with airflow_errors():
        report = process_wiring().index_batch(parse_batch(batch_id))
    log_summary(f"index {batch_id}: {report.passed} written", report)
    return {"written": report.passed, "stories": len(report.stories)} | numbers(report)


async def _fetch(
    wiring: Wiring, batch: Batch, *, limit: int, publisher: str | None, polls: bool, early: bool
) -> Report:
    async with wiring.fetcher(patience=PATIENCE) as fetcher:
        report = await wiring.poll_feeds(fetcher, early=early) if polls else Report()
        report.add(await wiring.fetch_batch(batch, fetcher, limit=limit, publisher=publisher))
    return report


def _log_inbox(wiring: Wiring, publisher: str | None) -> None:
    waiting = wiring.ledger.waiting()
    for name, count in waiting.items():
        if publisher in {None, name}:
            log.info("dry run: %d entries of %s wait", count, name)
    if not waiting:
        log.info("dry run: the inbox is empty")
