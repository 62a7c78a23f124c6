"""Past entries through the flow, many batches a stage; pages that are in the archive already cost nobody a request.

A stage goes on for as long as there is something to do, which may be longer than a lease: leases are prolonged on the way.
What was claimed by a run that died is free a quarter of an hour later, and whoever comes next takes it up.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count

from pipeline import flow
from pipeline.archive import name_batch
from pipeline.boundary import gather
from pipeline.errors import StoreUnavailable, UsageError
from pipeline.fetch.politeness import PAST_TURNS
from pipeline.fetch.retries import WAITS
from pipeline.fetch.robots import MAX_CRAWL_DELAY
from pipeline.flow import LEASE
from pipeline.model.capture import Batch
from pipeline.model.handover import Report
from pipeline.ports import Archive, Clock, Fetcher, Ledger, SearchStore
from pipeline.reading import Reader

#: Smaller than a live batch: the search store takes a batch in one go, and live ones wait meanwhile.
BATCH_SIZE = 20
#: Leases are prolonged so often; a batch takes many minutes where a host asks for long pauses.
RENEW_EVERY = timedelta(minutes=1)

#: A run claims no more after so long: its task may take 12 hours (dags/backfill.py), and nothing is searchable before its end.
FETCH_FOR = timedelta(hours=2)
#: And what it has claimed by then waits for no turn that comes later: one turn of past work at a host that asks for long pauses.
LAST_WAIT = MAX_CRAWL_DELAY * PAST_TURNS

log = logging.getLogger(__name__)


async def fetch_past(
    run: Batch,
    *,
    ledger: Ledger,
    archive: Archive,
    fetcher: Fetcher,
    clock: Clock,
    publisher: str | None = None,
    limit: int,
    retries: Sequence[timedelta] = WAITS,
) -> tuple[list[Batch], Report]:
    """Fetch the past entries that are due, at most ``limit``, any day's, publishers side by side, for FETCH_FOR.

    Return the batches with something to extract; they stay claimed for a lease. They are named after the run: one that died
    and is tried again has the claims that it had, and does not fetch again what it had fetched.
    """
    batches, report, left = list[Batch](), Report(), limit
    deadline = clock.now() + FETCH_FOR

    async def fetch_all(publisher: str | None) -> None:
        nonlocal left
        for number in count():
            batch = _name_batch(run, publisher, number)
            if _is_fetched(batch, archive):
                batches.append(batch)
                continue
            if left <= 0 or clock.now() >= deadline:
                return
            asked = min(left, BATCH_SIZE)
            left -= asked
            batches.append(batch)
            fetched = await flow.fetch_batch(
                batch,
                ledger=ledger,
                archive=archive,
                fetcher=fetcher,
                clock=clock,
                limit=asked,
                publisher=publisher,
                past=True,
                until=deadline + LAST_WAIT,
                retries=retries,
            )
            left += asked - fetched.claimed
            report.add(fetched)
            if not fetched.passed:
                batches.remove(batch)
            if not fetched.claimed:
                return

    # A batch is in order of URL, so of one host, mostly: side by side, hosts do not wait for each other.
    publishers = {feed.publisher for feed, _ in ledger.feeds()} if publisher is None else {publisher}
    async with _renewing(batches, ledger, clock):
        await gather([fetch_all(name) for name in sorted(publishers)])
        if publisher is None:  # what no feed is of, such as any host's pages in a WARC file
            await fetch_all(None)
    return batches, report


def extract_past(
    batches: Sequence[Batch],
    *,
    ledger: Ledger,
    archive: Archive,
    reader: Reader,
    clock: Clock,
    give_way: Callable[[], None],
) -> Report:
    """Make documents of the batches' captures; what is no article is settled here. ``give_way`` comes before each piece."""
    report = Report()
    for batch in _held(batches, ledger, clock):
        report.add(
            flow.extract_batch(batch, ledger=ledger, archive=archive, reader=reader, clock=clock, before_each=give_way)
        )
    return report


def index_past(
    batches: Sequence[Batch],
    *,
    ledger: Ledger,
    archive: Archive,
    store: SearchStore,
    clock: Clock,
    give_way: Callable[[], None],
) -> Report:
    """Write what is new or changed to the search store, and settle every document."""
    report = Report()
    for batch in _held(batches, ledger, clock):
        give_way()
        report.add(flow.index_batch(batch, ledger=ledger, archive=archive, store=store, clock=clock, past=True))
    return report


def _name_batch(run: Batch, publisher: str | None, number: int) -> Batch:
    name = f"{run.id}/{publisher or ''}/{number}"
    return name_batch(run.opened_at, hashlib.sha256(name.encode()).hexdigest())


def _is_fetched(batch: Batch, archive: Archive) -> bool:
    """Tell whether an earlier try of the run fetched the batch, and has something to extract in it."""
    try:
        return next(archive.read_lines(batch, "fetched"), None) is not None
    except UsageError:  # there are no such lines
        return False


def _held(batches: Sequence[Batch], ledger: Ledger, clock: Clock) -> Iterator[Batch]:
    """Yield the batches one by one, and prolong the leases of this one and those to come on the way."""
    due = clock.now()
    for number, batch in enumerate(batches):
        if (now := clock.now()) >= due:
            ledger.renew(batches[number:], now + LEASE)
            due = now + RENEW_EVERY
        yield batch


@asynccontextmanager
async def _renewing(batches: Sequence[Batch], ledger: Ledger, clock: Clock) -> AsyncIterator[None]:
    """Prolong the leases of the batches, also those yet to come, for as long as this goes on."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY.total_seconds())
            try:
                await asyncio.to_thread(ledger.renew, list(batches), clock.now() + LEASE)
            except StoreUnavailable as error:  # there is time for more tries
                log.warning("leases could not be prolonged: %s", error)

    task = asyncio.create_task(renew())
    try:
        yield
    finally:
        task.cancel()
