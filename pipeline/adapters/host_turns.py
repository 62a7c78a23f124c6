"""Waits for turns at hosts: the asynchronous side of fetch/politeness.py, over what all processes share."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from pipeline.errors import Busy
from pipeline.fetch.politeness import CONCURRENCY
from pipeline.ports import Clock, Hosts

#: How long a host that answered slowly is not asked for pages.
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
        self._patience = patience
        self._give_way = give_way
        self._crawl_delays: dict[str, timedelta] = {}
        self._handed_out: dict[str, datetime] = {}
        self._slow_until: dict[str, datetime] = {}
        self._slots: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(CONCURRENCY))

    @asynccontextmanager
    async def turn(self, host: str, *, is_page: bool = False, until: datetime | None = None) -> AsyncIterator[datetime]:
        """Wait for a turn at the host and yield the time.

        Raises Busy where the host asked to be left alone, others use up its turns, the next comes after ``until``, or, of a
        page, it was slow just now: nothing was sent, so no visit failed. A page that waits behind others that were answered
        429 would else be given up without ever having been asked for, and a batch of forty pages of a slow host would take
        ten minutes.
        """
        asked_at = self._clock.now()
        async with self._slots[host]:
            self._check_queue(host, asked_at, is_page=is_page)
            limits = (self._patience, max(until - asked_at, timedelta(0)) if until else None)
            patience = min((limit for limit in limits if limit is not None), default=None)
            yield await self._wait(host, asked_at, patience)

    def note_slowness(self, host: str) -> None:
        """Give no turn for a page at the host for SLOW_FOR, in this process; its feeds and sitemaps have theirs."""
        self._slow_until[host] = self._clock.now() + SLOW_FOR

    def slow_down(self, host: str, delay: timedelta) -> None:
        """Space our requests by this delay, as a crawl-delay asks; never by less than our own."""
        self._crawl_delays[host] = delay

    async def close(self, host: str, after: timedelta) -> None:
        """Have no process send anything to the host for so long."""
        await asyncio.to_thread(self._hosts.close_host, host, self._clock.now() + after)

    def _check_queue(self, host: str, asked_at: datetime, *, is_page: bool) -> None:
        """Raise Busy where the answers that were waited for were slow, so that this one would be as well."""
        now = self._clock.now()
        slow_until = self._slow_until.get(host, now)
        if is_page and now < slow_until <= now + SLOW_FOR:  # later: the clock was set back
            message = f"{host} answers slowly"
            raise Busy(message, after=self._hand_out(host, slow_until, self._delay_at(host)) - now)
        if self._patience is not None and now > asked_at + self._patience:
            message = f"{host} has no turn for us within {self._patience.total_seconds():g} s"
            raise Busy(message, after=self._hand_out(host, now, self._delay_at(host)) - now)

    def _delay_at(self, host: str) -> timedelta:
        return max(self._delay, self._crawl_delays.get(host, timedelta(0)))

    async def _wait(self, host: str, asked_at: datetime, patience: timedelta | None) -> datetime:
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
            if patience is not None and turn.starts_at > asked_at + patience:
                message = f"{host} has no turn for us within {patience.total_seconds():g} s"
                raise Busy(message, after=self._hand_out(host, turn.starts_at, delay) - now)
            await asyncio.sleep(wait.total_seconds())

    def _hand_out(self, host: str, first: datetime, delay: timedelta) -> datetime:
        """Return the turn of the next one that is sent away: one after the other, so that they do not all come back at once."""
        last = self._handed_out.get(host)
        self._handed_out[host] = first if last is None else max(first, last + delay)
        return self._handed_out[host]
