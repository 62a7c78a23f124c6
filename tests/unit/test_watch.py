"""The watch over the feeds, with the ledger and the network faked at their ports; the time is the test's own."""

import asyncio
import functools
import itertools
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.discover.polling import initial_state
from pipeline.errors import Busy, Retry, StoreUnavailable, UsageError
from pipeline.model.capture import Capture
from pipeline.model.feed import Entry, Feed, FeedState
from pipeline.model.handover import Report
from pipeline.ports import Clock, Recorded
from pipeline.watch import (
    NEXT_BATCH,
    NEXT_REVISITS,
    NOBODY_CAME,
    PARSES,
    PATIENCE,
    RECORDED_AT_ONCE,
    Poller,
    poll_feeds,
    watch_feeds,
)
from tests.fixtures.confinement import CalledHere
from tests.fixtures.entries import NOW

TICK, SHORT = timedelta(seconds=1), timedelta(milliseconds=20)
RSS = b'<rss version="2.0"><channel><title>T</title>%s</channel></rss>'
ITEM = b"<item><title>%d</title><link>https://news.example/%d</link></item>"


def awaited(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    @functools.wraps(test)
    def run(*args: object, **kwargs: object) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), timeout=30))

    return run


class FakeClock:
    """Sleeping lets the time pass, and nothing else does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.time = NOW
        self._real = asyncio.sleep
        monkeypatch.setattr(asyncio, "sleep", self._sleep)

    def now(self) -> datetime:
        return self.time

    async def _sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=max(seconds, 0))
        await self._real(0)


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class FakeLedger:
    def __init__(self, clock: Clock, feeds: Sequence[str]) -> None:
        self.clock = clock
        self.feeds = {url: initial_state(Feed(url=url, publisher="P"), NOW) for url in feeds}
        self.leased: set[str] = set()
        self.inbox: dict[str, datetime] = {}
        self.revisits: list[str] = []
        self.errors: list[Exception] = []
        self.room, self.most_at_once = 1_000_000, 0

    def due_feeds(
        self, now: datetime, *, limit: int, lease: timedelta, early: bool = False, besides: Collection[str] = ()
    ) -> tuple[tuple[Feed, FeedState], ...]:
        assert lease > timedelta(0)
        if self.errors:
            raise self.errors.pop()
        due = [(Feed(url=url, publisher="P"), state) for url, state in self.feeds.items() if url not in self.leased]
        taken = tuple(pair for pair in due if (early or pair[1].due_at <= now) and pair[0].url not in besides)[:limit]
        self.leased |= {feed.url for feed, _ in taken}
        return taken

    def save_feed_state(self, state: FeedState) -> None:
        self.feeds[state.url] = state
        self.leased.discard(state.url)

    def record_entries(self, entries: Sequence[Entry], now: datetime) -> Recorded:
        new = [entry.url for entry in entries if entry.url not in self.inbox]
        if len(self.inbox) + len(new) > self.room:
            raise StoreUnavailable("the ledger's disk is full")
        self.most_at_once = max(self.most_at_once, len(entries))
        self.inbox |= dict.fromkeys(new, now)
        return Recorded(new=len(new), known=len(entries) - len(new))

    def first_due(self, now: datetime) -> str | None:
        return min((url for url, due_at in self.inbox.items() if due_at <= now), default=None)

    def first_revisit(self, _: datetime) -> str | None:
        return self.revisits[0] if self.revisits else None

    def take(self, *urls: str) -> None:
        """Be the run that claims these."""
        for url in urls:
            self.inbox[url] = NOW + timedelta(days=9)


class FakeFetcher:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.bodies: dict[str, bytes | Exception] = {}
        self.asked: list[str] = []
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.most_at_once = self.at_once = 0

    async def fetch(self, url: str, **_: object) -> Capture:
        self.asked.append(url)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.is_open.wait()
        self.at_once -= 1
        body = self.bodies.get(url, RSS % b"")
        if isinstance(body, Exception):
            raise body
        return Capture(url=url, final_url=url, fetched_at=self.clock.now(), status=200, body=body)


class Watched:
    """A watch over some feeds, and what it meets."""

    def __init__(self, clock: Clock, *feeds: str) -> None:
        self.clock = clock
        self.ledger = FakeLedger(self.clock, feeds)
        self.fetcher = FakeFetcher(self.clock)
        self.looks = 0

    def watch(self, **more: object) -> AsyncIterator[Report]:
        settings = {"tick": TICK, "refresh": self.look, "confined": CalledHere()} | more
        return watch_feeds(ledger=self.ledger, fetcher=self.fetcher, clock=self.clock, **settings)

    def look(self) -> None:
        self.looks += 1


@awaited
@pytest.mark.parametrize("early", [True, False])
async def test_a_pass_polls_every_feed_once_however_many(*, early: bool) -> None:
    watched = Watched(RealClock(), *"abcde")
    if early:
        watched.ledger.feeds |= {
            url: replace(state, due_at=watched.clock.now() + timedelta(hours=1))
            for url, state in watched.ledger.feeds.items()
        }
    parts = {"ledger": watched.ledger, "fetcher": watched.fetcher, "confined": CalledHere(), "clock": watched.clock}
    report = await poll_feeds(**parts, early=early, at_once=2)
    assert watched.fetcher.asked == list("abcde")
    assert report.feeds == {"polled": 5}


@awaited
async def test_new_entries_ring_once(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(FakeClock(monkeypatch), "a")
    watched.fetcher.bodies["a"] = RSS % b"".join(ITEM % (number, number) for number in range(3))
    watch = watched.watch()
    found = await anext(watch)
    assert (found.entries["new"], found.feeds["polled"]) == (3, 1)
    watched.ledger.take(*watched.ledger.inbox)
    rung_at = watched.clock.now()
    watched.ledger.record_entries(
        [Entry(url="https://news.example/later", feed_url="a", publisher="P")], rung_at + 5 * TICK
    )
    await anext(watch)
    assert watched.clock.now() >= rung_at + 5 * TICK
    await watch.aclose()


@awaited
async def test_a_long_feed_goes_into_the_inbox_in_pieces_and_whole() -> None:
    watched = Watched(RealClock(), "https://a.example/feed")
    count = 2 * RECORDED_AT_ONCE + 1
    watched.fetcher.bodies["https://a.example/feed"] = RSS % b"".join(ITEM % (n, n) for n in range(count))
    ledger, clock = watched.ledger, watched.clock
    [(feed, state)] = ledger.due_feeds(clock.now(), limit=1, lease=TICK)
    with ThreadPoolExecutor(1) as threads:
        parts = {"ledger": ledger, "fetcher": watched.fetcher, "confined": CalledHere(), "clock": clock}
        await Poller(**parts, threads=threads).poll_feed(feed, state)
    assert len(ledger.inbox) == count
    assert watched.ledger.most_at_once == RECORDED_AT_ONCE
    assert watched.ledger.feeds["https://a.example/feed"].body_hash


@awaited
async def test_a_long_feed_of_which_a_piece_could_not_be_kept_is_read_again() -> None:
    watched = Watched(RealClock(), "https://a.example/feed")
    count = 2 * RECORDED_AT_ONCE + 1
    watched.fetcher.bodies["https://a.example/feed"] = RSS % b"".join(ITEM % (n, n) for n in range(count))
    watched.ledger.room = RECORDED_AT_ONCE
    ledger, clock = watched.ledger, watched.clock
    parts = {"ledger": ledger, "fetcher": watched.fetcher, "confined": CalledHere(), "clock": clock}
    [(feed, state)] = ledger.due_feeds(clock.now(), limit=1, lease=TICK)
    with ThreadPoolExecutor(1) as threads:
        poller = Poller(**parts, threads=threads)
        with pytest.raises(StoreUnavailable):
            await poller.poll_feed(feed, state)
        assert (len(ledger.inbox), ledger.feeds[feed.url].body_hash) == (RECORDED_AT_ONCE, None)
        ledger.room = count
        await poller.poll_feed(feed, ledger.feeds[feed.url])
    assert len(ledger.inbox) == count


@awaited
async def test_what_waits_is_rung_for_again_ever_more_slowly_where_nobody_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched = Watched(FakeClock(monkeypatch), "a")
    watched.fetcher.bodies["a"] = RSS % b"".join(ITEM % (number, number) for number in range(3))
    watch = watched.watch()
    rings = []
    for taken in ("https://news.example/0", "https://news.example/1", "", "https://news.example/2"):
        await anext(watch)
        rings.append(watched.clock.now())
        if taken:
            watched.ledger.take(taken)
        if taken.endswith("2"):
            break
    waits = [after - before for before, after in itertools.pairwise(rings)]
    assert waits[:2] == [NEXT_BATCH, NEXT_BATCH]
    assert NOBODY_CAME <= waits[2] < NOBODY_CAME + 2 * TICK
    await watch.aclose()


@awaited
async def test_pages_due_to_be_visited_again_ring_now_and_then_and_delay_no_bell_for_new_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched = Watched(FakeClock(monkeypatch))
    watched.ledger.revisits = ["a", "b", "c"]
    watch = watched.watch()
    rings = []
    for taken in (1, 1, 0, 1):
        found = await anext(watch)
        assert not found.entries
        rings.append(watched.clock.now())
        del watched.ledger.revisits[:taken]
    waits = [after - before for before, after in itertools.pairwise(rings)]
    assert waits[:2] == [NEXT_REVISITS, NEXT_REVISITS]
    assert NOBODY_CAME <= waits[2] < NOBODY_CAME + 2 * TICK
    # Bells for new ones neither wait for such a bell nor put off the next one.
    watched.ledger.revisits = ["d", "e"]
    for number in range(5):
        url, now = f"https://news.example/{number}", watched.clock.now()
        watched.ledger.record_entries([Entry(url=url, feed_url="a", publisher="P")], now)
        await anext(watch)
        assert watched.clock.now() - now <= NEXT_BATCH
        watched.ledger.take(url)
    await anext(watch)
    assert watched.ledger.first_due(watched.clock.now()) is None
    assert watched.clock.now() - rings[-1] <= NEXT_REVISITS + TICK
    await watch.aclose()


@awaited
async def test_nothing_that_fails_ends_the_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(FakeClock(monkeypatch), "broken", "a")
    watched.ledger.errors = [StoreUnavailable("no ledger"), UsageError("the sources file is no TOML")]
    watched.fetcher.bodies = {"broken": Retry("no answer"), "a": RSS % (ITEM % (1, 1))}
    watch = watched.watch()
    found = await anext(watch)
    assert found.entries["new"] == 1
    assert watched.clock.now() >= NOW + 2 * PATIENCE
    assert watched.ledger.feeds["broken"].failures == 1
    await watch.aclose()


@awaited
async def test_feeds_that_are_added_are_polled_and_no_more_than_allowed_at_once() -> None:
    watched = Watched(RealClock(), *"abcdefgh")
    watched.fetcher.is_open.clear()
    watch = watched.watch(concurrency=3, tick=SHORT)
    ring = asyncio.ensure_future(anext(watch))
    while watched.looks < 3 or len(watched.fetcher.asked) < 3:  # a poll begins some steps after its look
        await asyncio.wait([ring], timeout=0.01)
    assert watched.fetcher.asked == ["a", "b", "c"]
    watched.ledger.feeds["new"] = initial_state(Feed(url="new", publisher="P"), NOW)
    watched.fetcher.bodies["new"] = RSS % (ITEM % (1, 1))
    watched.fetcher.is_open.set()
    assert (await ring).entries["new"] == 1
    assert watched.fetcher.most_at_once == 3
    await watch.aclose()


@awaited
async def test_a_watch_that_is_ended_leaves_no_poll_behind() -> None:
    watched = Watched(RealClock(), "a")
    watched.fetcher.bodies["a"] = RSS % (ITEM % (1, 1))
    watch = watched.watch(tick=SHORT)
    await anext(watch)
    watched.fetcher.is_open.clear()
    watched.ledger.feeds["slow"] = initial_state(Feed(url="slow", publisher="P"), NOW)
    ring = asyncio.ensure_future(anext(watch))
    while watched.fetcher.asked[-1] != "slow":
        await asyncio.wait([ring], timeout=0.01)
    ring.cancel()
    await asyncio.wait([ring])
    assert [task for task in asyncio.all_tasks() if task.get_coro().__name__ == "poll_feed"] == []


class SlowToParse(CalledHere):
    """Parses some feeds until it is told to end."""

    def __init__(self, slow: Collection[str]) -> None:
        self.slow, self.at_it = slow, list[str]()
        self.may_end = threading.Event()

    def call(self, function: Callable[[Capture, Feed], Any], capture: Capture, feed: Feed) -> Any:  # noqa: ANN401
        if feed.url in self.slow:
            self.at_it.append(feed.url)
            self.may_end.wait()
        return function(capture, feed)


@awaited
async def test_feeds_that_are_slow_to_parse_hold_up_neither_other_feeds_nor_the_ledger() -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))  # as on the smallest machine
    slow = [f"large {number}" for number in range(PARSES - 1)]
    watched, confined = Watched(RealClock(), *slow), SlowToParse(slow)
    watch = watched.watch(tick=SHORT, confined=confined)
    ring = asyncio.ensure_future(anext(watch))
    try:
        while len(confined.at_it) < len(slow):
            await asyncio.wait([ring], timeout=0.01)
        watched.ledger.feeds["a"] = initial_state(Feed(url="a", publisher="P"), NOW)
        watched.fetcher.bodies["a"] = RSS % (ITEM % (1, 1))
        assert (await asyncio.wait_for(ring, timeout=10)).entries["new"] == 1
    finally:
        confined.may_end.set()
    await watch.aclose()


@awaited
@pytest.mark.parametrize("is_watch", [True, False])
async def test_no_thread_outlives_the_polls(*, is_watch: bool) -> None:
    watched, before = Watched(RealClock(), "a"), set(threading.enumerate())
    watched.fetcher.bodies["a"] = RSS % (ITEM % (1, 1))
    if is_watch:
        watch = watched.watch(tick=SHORT)
        await anext(watch)
        await watch.aclose()
    else:
        parts = {"ledger": watched.ledger, "fetcher": watched.fetcher, "clock": watched.clock}
        await poll_feeds(**parts, confined=CalledHere())
    await asyncio.get_running_loop().shutdown_default_executor()
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=10)
        assert not thread.is_alive()


@awaited
async def test_a_feed_that_was_not_asked_for_is_put_off_and_did_not_fail() -> None:
    watched = Watched(RealClock(), "a", "b")
    watched.fetcher.bodies["a"] = Busy("its host answers slowly", after=TICK)
    parts = {"ledger": watched.ledger, "fetcher": watched.fetcher, "confined": CalledHere(), "clock": watched.clock}
    report = await poll_feeds(**parts)
    assert report.feeds == {"put off": 1, "polled": 1}
    state = watched.ledger.feeds["a"]
    assert (state.failures, state.polled_at) == (0, None)
    assert NOW < state.due_at <= watched.clock.now() + TICK


@awaited
async def test_a_clock_that_is_set_back_does_not_put_the_watch_to_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock(monkeypatch)
    watched = Watched(clock, "a")
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await clock._sleep(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)

    def set_back() -> None:
        watched.looks += 1
        if watched.looks == 2:
            clock.time -= timedelta(hours=1)
        if watched.looks == 4:
            watched.ledger.record_entries(
                [Entry(url="https://news.example/1", feed_url="a", publisher="P")], clock.time
            )

    watch = watched.watch(refresh=set_back)
    await anext(watch)
    await watch.aclose()
    assert max(slept) <= TICK.total_seconds()
