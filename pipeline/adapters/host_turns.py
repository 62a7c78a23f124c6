"""Waits for turns at hosts: the asynchronous side of fetch/politeness.py, over what all processes share."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from pipeline.errors import Busy, Retry
from pipeline.fetch.politeness import CONCURRENCY
from pipeline.ports import Clock, Hosts


class HostTurns:
    """The turns of one process. ``patience`` is how long it waits for one (None: for ever); past work gives way to live."""

    def __init__(
        self,
        hosts: Hosts,
        *,
        clock: Clock,
        delay: timedelta,
        patience: timedelta | None = None,
        is_past: bool = False,
    ) -> None:
        """Take what is shared; ``delay`` is the least time between two requests to a host."""
        self._hosts = hosts
        self._clock = clock
        self._delay = delay
        self._patience = patience
        self._is_past = is_past
        self._crawl_delays: dict[str, timedelta] = {}
        self._sent_away: Counter[str] = Counter()
        self._slots: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(CONCURRENCY))

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[datetime]:
        """Wait for a turn at the host and yield the time.

        Raises Retry where the host asked to be left alone, and Busy where others use up its turns.
        """
        asked_at = self._clock.now()
        async with self._slots[host]:
            yield await self._wait(host, asked_at)

    def slow_down(self, host: str, delay: timedelta) -> None:
        """Space our requests by this delay, as a crawl-delay asks; never by less than our own."""
        self._crawl_delays[host] = delay

    async def close(self, host: str, after: timedelta) -> None:
        """Have no process send anything to the host for so long."""
        await asyncio.to_thread(self._hosts.close_host, host, self._clock.now() + after)

    async def _wait(self, host: str, asked_at: datetime) -> datetime:
        delay = max(self._delay, self._crawl_delays.get(host, timedelta(0)))
        while True:
            now = self._clock.now()
            turn = await asyncio.to_thread(self._hosts.ask_turn, host, now, delay=delay, is_past=self._is_past)
            wait = turn.starts_at - now
            if turn.is_closed:
                raise Retry(f"{host} asked to be left alone", after=wait)
            if wait <= timedelta(0):
                return now
            if self._patience is not None and turn.starts_at > asked_at + self._patience:
                # Each that is sent away is told the turn that would be its own, so that they do not all come back at once.
                self._sent_away[host] += 1
                after = wait + delay * (self._sent_away[host] - 1)
                raise Busy(f"{host} has no turn for us within {self._patience.total_seconds():g} s", after=after)
            await asyncio.sleep(wait.total_seconds())
