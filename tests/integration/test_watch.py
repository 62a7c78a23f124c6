"""Watchers over real ledgers and a real publisher on loopback."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from examples.press import Press
from pipeline.model.capture import Capture
from pipeline.model.feed import Feed
from pipeline.model.handover import Report
from pipeline.ports import Fetcher, Ledger
from pipeline.settings import read_settings
from pipeline.watch import watch_feeds
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


async def watch(wiring: Wiring, until_seen: int) -> None:
    """Watch until the ledger has seen so many URLs, whoever found them."""

    async def listen() -> None:
        async with wiring.fetcher() as fetcher:
            parts = {"ledger": wiring.ledger, "fetcher": fetcher, "confined": wiring.confined, "clock": wiring.clock}
            async for _ in watch_feeds(**parts, tick=TICK):
                pass

    listening = asyncio.create_task(listen())
    async with asyncio.timeout(60):
        while wiring.ledger.tally().seen < until_seen:
            await asyncio.wait([listening], timeout=0.05)
    listening.cancel()
    await asyncio.wait([listening])


def test_two_watchers_share_the_feeds_and_poll_none_twice(press: Press, environ: dict[str, str]) -> None:
    feeds = [f"/feed-{number}.xml" for number in range(FEEDS)]
    for number, feed in enumerate(feeds):
        press.publish([number], feed=feed)
    wirings = [Wiring(read_settings(environ)) for _ in range(2)]
    clock, ledger = wirings[0].clock, wirings[0].ledger
    ledger.add_feeds([Feed(url=press.origin + feed, publisher=f"P {feed}") for feed in feeds], clock.now())

    async def watch_both() -> None:
        await asyncio.gather(*(watch(wiring, FEEDS) for wiring in wirings))

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
