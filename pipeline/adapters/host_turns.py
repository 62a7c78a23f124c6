"""Waits for turns at hosts: the asynchronous side of fetch/politeness.py, over what all processes share."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from pipeline.errors import Busy
from pipeline.fetch.politeness import CONCURRENCY
from pipeline.ports import Clock, Hosts

#: How long a host that answered slowly is not asked for pages and feeds.
SLOW_FOR = timedelta(minutes=1)


class HostTurns:
    """The turns of one process. ``patience`` is how long it waits for one (None: for ever).

    Past work passes ``give_way``, which is called before each turn, and takes the turns that live work leaves.
    """

    def __init__(
        self,
        hosts: Hosts,
        *,
        clock: Clock,
        delay: timedelta,
        patience: timedelta | None = None,
        give_way: Callable[[], object] | None = None,
    ) -> None:
        """Take what is shared; ``delay`` is the least time between two requests to a host."""
        self._hosts = hosts
        self._clock = clock
        self._delay = delay
        self._patience = timedelta.max if patience is None else patience
        self._give_way = give_way
        self._crawl_delays: dict[str, timedelta] = {}
        self._handed_out: dict[str, datetime] = {}
        self._slow_until: dict[str, datetime] = {}
        self._waiting: Counter[str] = Counter()
        self._slots: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(CONCURRENCY))

    @asynccontextmanager
    async def turn(
        self, host: str, *, even_if_slow: bool = False, until: datetime | None = None
    ) -> AsyncIterator[datetime]:
        """Wait for a turn at the host and yield the time.

        Raises Busy where the host asked to be left alone, others use up its turns, the next comes after ``until``, or it was
        slow just now, unless ``even_if_slow``: nothing was sent, so no visit failed. A page that waits behind others that were
        answered 429 would else be given up without ever having been asked for, and a batch of forty pages of a slow host, or
        a pass over forty of its feeds, would take ten minutes.
        """
        asked_at = self._clock.now()
        patience = min(self._patience, max(until - asked_at, timedelta(0)) if until else timedelta.max)
        async with self._slot(host):
            if not even_if_slow:
                self._check_slowness(host)
            yield await self._wait(host, asked_at, patience)

    def note_slowness(self, host: str) -> None:
        """Give no turn at the host for SLOW_FOR, in this process, but to whoever asks even if it is slow."""
        self._slow_until[host] = self._clock.now() + SLOW_FOR

    def slow_down(self, host: str, delay: timedelta) -> None:
        """Space our requests by this delay, as a crawl-delay asks; never by less than our own."""
        self._crawl_delays[host] = delay

    async def close(self, host: str, after: timedelta) -> None:
        """Have no process send anything to the host for so long."""
        await asyncio.to_thread(self._hosts.close_host, host, self._clock.now() + after)

    @asynccontextmanager
    async def _slot(self, host: str) -> AsyncIterator[None]:
        """Have one of the host's slots. Raises Busy where those before us will have, or have had, all turns of our patience."""
        if self._waiting[host] * self._delay_at(host) > self._patience:
            raise self._no_turn(host, self._clock.now(), self._patience)
        self._waiting[host] += 1
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                await self._slots[host].acquire()
        except TimeoutError:
            raise self._no_turn(host, self._clock.now(), self._patience) from None
        finally:
            self._waiting[host] -= 1
        try:
            yield
        finally:
            self._slots[host].release()

    def _check_slowness(self, host: str) -> None:
        """Raise Busy where the answers that were waited for were slow, so that this one would be as well."""
        now = self._clock.now()
        slow_until = self._slow_until.get(host, now)
        if now < slow_until <= now + SLOW_FOR:  # later: the clock was set back
            raise self._busy(host, slow_until, "answers slowly")

    def _delay_at(self, host: str) -> timedelta:
        return max(self._delay, self._crawl_delays.get(host, timedelta(0)))

    async def _wait(self, host: str, asked_at: datetime, patience: timedelta) -> datetime:
        if self._give_way:
            await asyncio.to_thread(self._give_way)
        is_past = self._give_way is not None
        delay = self._delay_at(host)
        while True:
            now = self._clock.now()
            turn = await asyncio.to_thread(self._hosts.ask_turn, host, now, delay=delay, is_past=is_past)
            wait = turn.starts_at - now
            if turn.is_closed:
                raise Busy(f"{host} asked to be left alone", after=wait)
            if wait <= timedelta(0):
                return now
            if turn.starts_at - asked_at > patience:
                raise self._no_turn(host, turn.starts_at, patience)
            await asyncio.sleep(wait.total_seconds())

    def _no_turn(self, host: str, first: datetime, patience: timedelta) -> Busy:
        return self._busy(host, first, f"has no turn for us within {patience.total_seconds():g} s")

    def _busy(self, host: str, first: datetime, why: str) -> Busy:
        """Return what sends one away: each until a turn of its own, so that they do not all come back at once."""
        last = self._handed_out.get(host)
        turn = self._handed_out[host] = first if last is None else max(first, last + self._delay_at(host))
        return Busy(f"{host} {why}", after=turn - self._clock.now())
