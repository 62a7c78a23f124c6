"""Polling: once, as a run by hand does, or for ever, with a bell when a page waits to be fetched.

The bell says nothing but "look into the inbox": one that is lost, or that several finds share, loses nothing.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus

from pipeline.boundary import boundary, gather
from pipeline.discover import polling
from pipeline.discover.feeds import ParsedFeed, parse_feed
from pipeline.errors import Busy, NewswireError, Retry, StoreUnavailable
from pipeline.model.capture import Capture
from pipeline.model.fate import Reason
from pipeline.model.feed import Entry, Feed, FeedState
from pipeline.model.handover import Report
from pipeline.ports import Clock, Confinement, Fetcher, Ledger, Recorded

#: Feeds that are polled at once; the rest wait their turn, the most overdue first.
CONCURRENCY = 64
#: Feeds that are parsed at once, in threads of their own: in those that asyncio shares among all that blocks, the few that
#: take half a minute stopped the ledger's calls, and so all polls.
PARSES = 8
#: Longest that a poll takes: half a minute for the answer, as long for the slow parsing of ten megabytes. A watcher that
#: was killed holds its feeds for so long.
LEASE = timedelta(minutes=2)
#: Entries put into the inbox in one transaction: a third of a second on SQLite, for which all other writers wait.
RECORDED_AT_ONCE = 2_000
#: The bell is rung again after this while runs empty the inbox, since each takes one batch alone …
NEXT_BATCH = timedelta(seconds=3)
#: … after this for pages that are due to be visited again: a run takes a whole batch of them, and few runs go on at once …
NEXT_REVISITS = timedelta(seconds=30)
#: … and after this where no run came: the DAG is paused, perhaps, and each bell is a row in Airflow's database.
NOBODY_CAME = timedelta(minutes=1)
#: After an error that is no feed's own, such as a ledger that does not answer.
PATIENCE = timedelta(seconds=5)

log = logging.getLogger(__name__)


async def poll_feeds(
    *,
    ledger: Ledger,
    fetcher: Fetcher,
    confined: Confinement,
    clock: Clock,
    early: bool = False,
    at_once: int = 500,
) -> Report:
    """Poll the feeds whose time has come (``early``: all active ones), each once, and put their entries into the inbox.

    A feed that fails is polled again later, with its error kept; it never stops the others. They are leased as they are polled,
    some ``at_once``: a lease is as short as one poll.
    """
    report, polled = Report(), set[str]()

    async def poll(feed: Feed, state: FeedState) -> None:
        report.add(await poller.poll_feed(feed, state))

    with ThreadPoolExecutor(PARSES) as threads:
        poller = Poller(ledger=ledger, fetcher=fetcher, confined=confined, clock=clock, threads=threads)
        while feeds := ledger.due_feeds(clock.now(), limit=at_once, lease=LEASE, early=early, besides=polled):
            polled |= {feed.url for feed, _ in feeds}
            await gather([poll(feed, state) for feed, state in feeds])
    return report


@dataclass(frozen=True, slots=True, kw_only=True)
class Poller:
    """Polls feeds one by one, over what a poll needs."""

    ledger: Ledger
    fetcher: Fetcher
    confined: Confinement
    clock: Clock
    threads: Executor

    async def poll_feed(self, feed: Feed, state: FeedState) -> Report:
        """Poll one leased feed and end its lease; what goes wrong there is kept with it. Raises StoreUnavailable alone."""
        report = Report()
        ended = list[FeedState]()

        def fail(_: Reason, detail: str, after: timedelta | None = None) -> None:
            report.feeds["failed"] += 1
            ended.append(polling.failed_state(state, detail, self.clock.now(), after=after, every=feed.poll_every))
            log.warning("feed %s: %s", feed.url, detail.removeprefix(f"{feed.url}: "))

        with boundary(fail):
            try:
                await self._poll(feed, state, report)
            except StoreUnavailable:
                raise
            except Busy as busy:  # its host is slow, or has too many feeds: nothing was asked, so nothing failed
                report.feeds["put off"] += 1
                ended.append(polling.delayed_state(state, self.clock.now(), busy.after))
            except Retry as error:
                fail(Reason.UNREACHABLE, str(error), error.after)
        for failed in ended:
            await self._save(failed)
        return report

    async def _poll(self, feed: Feed, state: FeedState, report: Report) -> None:
        """Ask only for what is new, and remember what the answer taught.

        Parsing, which takes seconds for a large feed and may be stopped, and the ledger are waited for in a thread: others are
        polled meanwhile.
        """
        capture = await self.fetcher.fetch(
            state.polled_url, etag=state.etag, last_modified=state.last_modified, obey_robots=False
        )
        now = self.clock.now()
        if capture.status == HTTPStatus.GONE:
            await self._save(polling.gone_state(state, now))
            report.feeds["gone"] += 1
            return
        if problem := polling.answer_error(capture):
            raise Retry(problem)
        parsed = None if polling.is_unchanged(state, capture) else await self._parse(capture, feed)
        recorded = await self._record(parsed.entries, now) if parsed else Recorded()
        await self._save(polling.next_state(state, capture, parsed, recorded, now, every=feed.poll_every))
        report.feeds["polled" if parsed else "not modified"] += 1
        report.entries += Counter(new=recorded.new, changed=recorded.changed)

    async def _parse(self, capture: Capture, feed: Feed) -> ParsedFeed:
        loop = asyncio.get_running_loop()
        parsed = await loop.run_in_executor(self.threads, self.confined.call, parse_feed, capture, feed)
        if parsed.problems:
            log.warning("feed %s: %s", feed.url, "; ".join(parsed.problems))
        return parsed

    async def _record(self, entries: Sequence[Entry], now: datetime) -> Recorded:
        """Put the entries into the inbox, piece by piece; one that fails leaves the feed to be read again, body and all."""
        total = Recorded()
        for start in range(0, len(entries), RECORDED_AT_ONCE):
            some = entries[start : start + RECORDED_AT_ONCE]
            part = await asyncio.to_thread(self.ledger.record_entries, some, now)
            total = Recorded(
                new=total.new + part.new, changed=total.changed + part.changed, known=total.known + part.known
            )
        return total

    async def _save(self, state: FeedState) -> None:
        await asyncio.to_thread(self.ledger.save_feed_state, state)


@dataclass(slots=True)
class _Queue:
    """What runs are needed for: when the bell was rung for it last, and who was the first in it then."""

    again_after: timedelta
    rung_at: datetime | None = None
    rung_for: str | None = None

    def is_to_ring(self, first: str, now: datetime) -> bool:
        """Tell whether to ring for what waits, although the bell was rung."""
        wait = NOBODY_CAME if first == self.rung_for else self.again_after
        return self.rung_at is None or now - self.rung_at >= wait


@dataclass(slots=True)
class _Bell:
    """What was found since the bell was rung last, and for whom that was."""

    found: Report = field(default_factory=Report)
    entries: _Queue = field(default_factory=lambda: _Queue(NEXT_BATCH))
    revisits: _Queue = field(default_factory=lambda: _Queue(NEXT_REVISITS))

    @property
    def has_news(self) -> bool:
        """Tell whether entries came into the inbox."""
        return bool(self.found.entries.total())

    def is_to_ring(self, first_due: str | None, first_revisit: str | None, now: datetime) -> bool:
        """Tell whether a run is needed: for news, for what waits although the bell was rung, or else for revisits."""
        if first_due:
            return self.has_news or self.entries.is_to_ring(first_due, now)
        return first_revisit is not None and self.revisits.is_to_ring(first_revisit, now)

    def ring(self, first_due: str | None, first_revisit: str | None, now: datetime) -> Report:
        """Return what was found, and begin anew."""
        found, self.found = self.found, Report()
        queue = self.entries if first_due else self.revisits
        queue.rung_at, queue.rung_for = now, first_due or first_revisit
        return found


async def watch_feeds(
    *,
    ledger: Ledger,
    fetcher: Fetcher,
    confined: Confinement,
    clock: Clock,
    tick: timedelta,
    concurrency: int = CONCURRENCY,
    refresh: Callable[[], object] = lambda: None,
) -> AsyncIterator[Report]:
    """Poll due feeds for ever; yield what was found when live entries wait, at most once a tick.

    Where none waits, pages that are due to be visited again are reason enough, now and then.
    Feeds that are added meanwhile are polled too; ``refresh`` is called before each look at the ledger. Several watchers may
    share a ledger: each feed is leased to one. No error of a feed, the network or a store ends the watch.
    """
    polls, bell, threads = set[asyncio.Task[Report]](), _Bell(), ThreadPoolExecutor(PARSES)
    poller = Poller(ledger=ledger, fetcher=fetcher, confined=confined, clock=clock, threads=threads)
    try:
        while True:
            wait, next_at = tick, clock.now() + tick
            try:
                await asyncio.to_thread(refresh)
                free = concurrency - len(polls)
                feeds = await asyncio.to_thread(ledger.due_feeds, clock.now(), limit=free, lease=LEASE) if free else ()
                polls.update(asyncio.create_task(poller.poll_feed(feed, state)) for feed, state in feeds)
                await _gather_news(polls, bell, clock, next_at, tick)
                now = clock.now()
                first_due = await asyncio.to_thread(ledger.first_due, now)
                first_revisit = None if first_due else await asyncio.to_thread(ledger.first_revisit, now)
                if bell.is_to_ring(first_due, first_revisit, now):
                    yield bell.ring(first_due, first_revisit, now)
                elif first_due is None:  # a run has what was found already
                    bell.found = Report()
            except NewswireError as error:
                log.warning("the watch goes on in %.0f s: %s", PATIENCE.total_seconds(), error)
                wait, next_at = PATIENCE, clock.now() + PATIENCE
            # A clock that is set back an hour must not put the watch to sleep for one.
            await asyncio.sleep(min(next_at - clock.now(), wait).total_seconds())
    finally:
        for task in polls:
            task.cancel()
        threads.shutdown(wait=False)  # what is being parsed ends by itself
        await asyncio.gather(*polls, return_exceptions=True)


async def _gather_news(
    polls: set[asyncio.Task[Report]], bell: _Bell, clock: Clock, until: datetime, tick: timedelta
) -> None:
    """Add up the polls that end, until one of them brings something new, that time has come, or the clock is set back."""
    while polls and timedelta(0) < (left := until - clock.now()) <= tick and not bell.has_news:
        ended, _ = await asyncio.wait(polls, timeout=left.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
        for poll in ended:
            polls.remove(poll)
            bell.found.add(poll.result())
