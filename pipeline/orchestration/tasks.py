"""What the DAGs' tasks do: the calls of pipeline/flow.py, with Airflow's settings, errors and log around them."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from airflow.sdk.exceptions import AirflowFailException

from pipeline import flow
from pipeline.archive import open_batch, parse_batch
from pipeline.errors import Retry, UsageError
from pipeline.model.handover import Report
from pipeline.settings import read_airflow_settings
from pipeline.wiring import Wiring

#: First results show sooner from small batches; a task costs about a second, so not smaller than this.
BATCH_SIZE = 20
#: Longest that fetching goes on: what it claimed first must be indexed before its lease ends.
PATIENCE = flow.LEASE / 3

log = logging.getLogger(__name__)


def fetch(*, limit: int, publisher: str | None, early: bool) -> list[str]:
    """Poll the feeds that are due (``early``: all), fetch what the inbox holds, and return the ids of the batches."""
    with _airflow_errors():
        batch_ids, report = asyncio.run(_fetch(_wiring(), limit=limit, publisher=publisher, early=early))
    _log_summary(f"fetch: {len(batch_ids)} batches", report)
    return batch_ids


def extract(batch_id: str) -> dict[str, int]:
    """Make documents of the batch's pages; return how many, and how many pages ended for which reason."""
    with _airflow_errors():
        report = _wiring().extract_batch(parse_batch(batch_id))
    _log_summary(f"extract {batch_id}: {report.passed} documents", report)
    return {"documents": report.passed} | _numbers(report)


def index(batch_id: str) -> dict[str, int]:
    """Write the batch's documents to the search store; return how many ended for which reason."""
    with _airflow_errors():
        report = _wiring().index_batch(parse_batch(batch_id))
    _log_summary(f"index {batch_id}: {report.passed} written", report)
    return {"written": report.passed} | _numbers(report)


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


@cache
def _wiring() -> Wiring:
    """Return this process's own wiring; a task is a fork, and no connection may cross one."""
    return Wiring(read_airflow_settings())


@contextmanager
def _airflow_errors() -> Iterator[None]:
    """Say in Airflow's words what our errors mean: UsageError fails the task for good, anything else is tried again."""
    try:
        yield
    except UsageError as error:
        raise AirflowFailException(str(error)) from error


def _numbers(report: Report) -> dict[str, int]:
    return {str(reason): count for reason, count in report.settled.items()}


def _log_summary(head: str, report: Report) -> None:
    counts = {f"{name} entries": count for name, count in report.entries.items()}
    counts |= {f"feeds {name}": count for name, count in report.feeds.items()}
    counts |= _numbers(report) | {"postponed": report.postponed}
    log.info("%s", ", ".join([head, *(f"{count} {name}" for name, count in counts.items() if count)]))
