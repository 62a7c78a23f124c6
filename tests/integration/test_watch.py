"""Watchers over real ledgers and a real publisher on loopback."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from examples.press import Press
from pipeline.fetch import politeness
from pipeline.model.capture import Capture
from pipeline.model.feed import Feed
from pipeline.model.handover import Report
from pipeline.ports import Fetcher, Ledger
from pipeline.settings import read_settings
from pipeline.watch import CONCURRENCY, watch_feeds
from pipeline.wiring import Wiring

TICK = timedelta(milliseconds=50)
FEEDS = 40


class Removing:
    """A fetcher during whose every fetch the feed is removed."""

    def __init__(self, fetcher: Fetcher, ledger: Ledger) -> None:
        self.fetcher, self.ledger = fetcher, ledger

    async def fetch(self, url: str, **asked: Any) -> Capture:  # noqa: ANN401 - the port's options
        assert self.ledger.remove_feeds([url]) == 1
        return await self.fetcher.fetch(url, **asked)


@pytest.fixture
def press() -> Iterator[Press]:
    with Press() as press:
        yield press


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def environ(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    environ = {
        "NEWSWIRE_HOME": str(tmp_path),
        "NEWSWIRE_ALLOWED_NETWORKS": "127.0.0.0/8",
        "NEWSWIRE_HOST_DELAY": "0",
    }
    if request.param == "postgresql":
        environ["NEWSWIRE_LEDGER_URL"] = request.getfixturevalue("postgresql_url")
    return environ


class Silent:
    """A publisher that answers nobody before it is mended; each of its feeds has one entry."""

    def __init__(self) -> None:
        self.asked, self.is_mended = 0, asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        self.asked += 1
        await self.is_mended.wait()
        item = f"<item><title>T</title><link>https://silent.example{path}</link></item>"
        feed = f'<rss version="2.0"><channel><title>T</title>{item}</channel></rss>'
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(feed)}\r\nConnection: close\r\n\r\n{feed}".encode())
        writer.close()

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Yield the origin."""
        async with await asyncio.start_server(self.answer, "127.0.0.1", 0) as server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            self.is_mended.set()


@asynccontextmanager
async def watching(wiring: Wiring, patience: timedelta | None = None) -> AsyncIterator[asyncio.Task[None]]:
    """Watch meanwhile."""

    async def listen() -> None:
        async with wiring.fetcher(patience=patience) as fetcher:
            parts = {"ledger": wiring.ledger, "fetcher": fetcher, "confined": wiring.confined, "clock": wiring.clock}
            async for _ in watch_feeds(**parts, tick=TICK):
                pass

    listening = asyncio.create_task(listen())
    yield listening
    listening.cancel()
    await asyncio.wait([listening])


async def wait_until_seen(count: int, ledger: Ledger, watch: asyncio.Task[None]) -> None:
    """Wait until the ledger has seen so many URLs, whoever found them."""
    async with asyncio.timeout(60):
        while ledger.tally().seen < count:
            await asyncio.wait([watch], timeout=0.05)


def test_two_watchers_share_the_feeds_and_poll_none_twice(press: Press, environ: dict[str, str]) -> None:
    feeds = [f"/feed-{number}.xml" for number in range(FEEDS)]
    for number, feed in enumerate(feeds):
        press.publish([number], feed=feed)
    wirings = [Wiring(read_settings(environ)) for _ in range(2)]
    clock, ledger = wirings[0].clock, wirings[0].ledger
    ledger.add_feeds([Feed(url=press.origin + feed, publisher=f"P {feed}") for feed in feeds], clock.now())

    async def watch_both() -> None:
        async with watching(wirings[0]) as one, watching(wirings[1]):
            await wait_until_seen(FEEDS, ledger, one)

    asyncio.run(watch_both())
    assert {path: count for path, count in press.visits.items() if path in feeds} == dict.fromkeys(feeds, 1)
    assert ledger.tally().pending == FEEDS
    for wiring in wirings:
        wiring.close()


def test_a_feed_that_is_removed_while_it_is_polled_stays_removed(press: Press, environ: dict[str, str]) -> None:
    announced = press.publish([1, 2], feed="/feed-1.xml")
    with closing(Wiring(read_settings(environ))) as wiring:
        ledger = wiring.ledger
        # One that answers, one that fails.
        polled = [Feed(url=f"{press.origin}/{name}.xml", publisher="P") for name in ("feed-1", "none")]
        ledger.add_feeds(polled, wiring.clock.now())

        async def poll() -> Report:
            async with wiring.fetcher() as fetcher:
                return await wiring.poll_feeds(Removing(fetcher, ledger))

        report = asyncio.run(poll())
        assert report.feeds == {"polled": 1, "failed": 1}
        assert ledger.feeds() == ()
        assert ledger.waiting() == {"P": len(announced)}


def test_however_many_feeds_of_a_silent_host_hold_up_no_other_and_come_back(
    press: Press, environ: dict[str, str]
) -> None:
    announced, silent, many = press.publish([1, 2], feed="/feed-1.xml"), Silent(), CONCURRENCY + 10
    with closing(Wiring(read_settings(environ))) as wiring:
        ledger, now = wiring.ledger, wiring.clock.now()

        async def watch() -> None:
            async with silent.serve() as origin:
                feeds = [Feed(url=f"{origin}/{number}", publisher="Silent") for number in range(many)]
                ledger.add_feeds(feeds, now - timedelta(minutes=1))
                ledger.add_feeds([Feed(url=f"{press.origin}/feed-1.xml", publisher="P")], now)
                async with watching(wiring, patience=TICK) as listening:
                    await wait_until_seen(len(announced), ledger, listening)
                    assert silent.asked == politeness.CONCURRENCY
                    silent.is_mended.set()
                    await wait_until_seen(len(announced) + many, ledger, listening)

        asyncio.run(watch())
        assert {state.failures for _, state in ledger.feeds()} == {0}


def test_a_pass_tries_a_silent_host_and_leaves_its_other_feeds_to_the_next(
    press: Press, environ: dict[str, str]
) -> None:
    press.publish([1, 2], feed="/feed-1.xml")
    silent = Silent()
    with closing(Wiring(replace(read_settings(environ), fetch_seconds=3.0))) as wiring:
        ledger = wiring.ledger

        async def poll() -> Report:
            async with wiring.fetcher() as fetcher:
                return await wiring.poll_feeds(fetcher, early=True)

        async def poll_twice() -> None:
            async with silent.serve() as origin:
                addresses = [f"{press.origin}/feed-1.xml", *(f"{origin}/{number}" for number in range(20))]
                ledger.add_feeds([Feed(url=address, publisher="P") for address in addresses], wiring.clock.now())
                assert (await poll()).feeds == {"polled": 1, "failed": 2, "put off": 18}
                assert silent.asked == sum(state.failures for _, state in ledger.feeds()) == politeness.CONCURRENCY
                silent.is_mended.set()
                assert (await poll()).feeds == {"not modified": 1, "polled": 20}

        asyncio.run(poll_twice())
        assert {state.failures for _, state in ledger.feeds()} == {0}
