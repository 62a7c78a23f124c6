"""Past entries through the flow, many batches a stage; pages that are in the archive already cost nobody a request.

A stage goes on for as long as there is something to do, which may be longer than a lease: leases are prolonged on the way.
What was claimed by a run that died is free a quarter of an hour later, and whoever comes next takes it up.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline import flow
from pipeline.archive import open_batch
from pipeline.enrich.annotate import Annotator
from pipeline.errors import Retry
from pipeline.flow import BATCH_SIZE, LEASE
from pipeline.model.capture import Batch
from pipeline.model.handover import Report
from pipeline.ports import Archive, Clock, Fetcher, Ledger, SearchStore

#: Leases are prolonged when they are this old; a batch takes minutes, where a host asks for long pauses.
RENEW_AFTER = timedelta(minutes=1)

log = logging.getLogger(__name__)


async def fetch_past(
    *,
    ledger: Ledger,
    archive: Archive,
    fetcher: Fetcher,
    clock: Clock,
    publisher: str | None = None,
    limit: int,
) -> tuple[list[Batch], Report]:
    """Fetch the past entries that are due, at most ``limit``, any day's, publishers side by side.

    Return the batches with something to extract; they stay claimed for a lease. Where a store fails after some of them, the
    rest is left to the next run.
    """
    passage = _Passage(ledger=ledger, clock=clock)
    report = Report()

    async def fetch_all(publisher: str | None) -> None:
        while (left := limit - report.claimed) > 0:
            batch = open_batch(clock.now())
            passage.batches.append(batch)
            fetched = await flow.fetch_batch(
                batch,
                ledger=ledger,
                archive=archive,
                fetcher=fetcher,
                clock=clock,
                limit=min(left, BATCH_SIZE),
                publisher=publisher,
                past=True,
            )
            report.add(fetched)
            if not fetched.passed:
                passage.batches.remove(batch)
            if not fetched.claimed:
                return
            passage.renew()

    # A batch is in order of URL, so of one host, mostly: side by side, hosts do not wait for each other.
    publishers = {feed.publisher for feed, _ in ledger.feeds()} if publisher is None else {publisher}
    try:
        await flow.gather([fetch_all(name) for name in sorted(publishers)])
        if publisher is None:  # what no feed is of, such as any host's pages in a WARC file
            await fetch_all(None)
    except Retry as error:
        if not report.passed:
            raise
        # What is fetched would be lost to a retry, and fetched again.
        log.warning("fetching ends early: %s", error)
    except BaseException:
        for batch in passage.batches:
            ledger.release(batch)
        raise
    return passage.batches, report


def extract_past(
    batches: Sequence[Batch], *, ledger: Ledger, archive: Archive, annotator: Annotator, clock: Clock
) -> Report:
    """Make documents of the batches' captures; what is no article is settled here."""
    passage, report = _Passage(ledger=ledger, clock=clock, batches=list(batches)), Report()
    for batch in batches:
        passage.renew()
        report.add(flow.extract_batch(batch, ledger=ledger, archive=archive, annotator=annotator, clock=clock))
    return report


def index_past(
    batches: Sequence[Batch], *, ledger: Ledger, archive: Archive, store: SearchStore, clock: Clock
) -> Report:
    """Write what is new or changed to the search store, and settle every document."""
    passage, report = _Passage(ledger=ledger, clock=clock, batches=list(batches)), Report()
    for batch in batches:
        passage.renew()
        report.add(flow.index_batch(batch, ledger=ledger, archive=archive, store=store, clock=clock))
    return report


@dataclass(slots=True, kw_only=True)
class _Passage:
    """Batches on their way, whose claims are held together."""

    ledger: Ledger
    clock: Clock
    batches: list[Batch] = field(default_factory=list)
    renewed_at: datetime | None = None

    def renew(self) -> None:
        """Prolong the leases, unless that was done a moment ago."""
        now = self.clock.now()
        if self.renewed_at is None or now - self.renewed_at >= RENEW_AFTER:
            self.ledger.renew(self.batches, now + LEASE)
            self.renewed_at = now
