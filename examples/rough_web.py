"""Publishers on loopback that fail in every way that publishers do, each address by the script of its kind.

Hosts are addresses of their own (127.0.x.y), each with a feed that fails in its way, too. One seed is one web: the same
addresses, scripts and hosts.
"""

import asyncio
import gzip
import random
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from examples.rough_scripts import FORBIDDEN, SCRIPTS, Answer, Page

#: Seconds between two polls of a feed: at least so many, and no more than five polls a second in all.
POLL_EVERY, POLLS_A_SECOND = 5, 5
#: How a host's feed fails: by the number of the poll, the first is 0.
FEEDS = ("steady", "flickering", "changing ETag", "failing", "cut gzip")


class RoughWeb:
    """A context manager: the web can be visited while it is open."""

    def __init__(self, seed: int, *, urls: int, hosts: int, seconds: float = 0.0) -> None:
        """Write the scripts; feeds show their entries one after the other over so many seconds."""
        self._dice = random.Random(seed)
        self._seed, self._urls, self._seconds = seed, urls, seconds
        self._hosts = [f"127.0.{number // 250 + 1}.{number % 250 + 1}" for number in range(hosts)]
        self._visits: Counter[str] = Counter()
        self._polls: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.pages: dict[str, Page] = {}

    def __enter__(self) -> Self:
        """Listen, on one port of each host."""
        started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, args=(started,), name="rough web")
        self._thread.start()
        assert started.wait(20), "the web does not listen"
        self._opened_at = time.monotonic()
        kinds = [kind for kind, script in SCRIPTS.items() for _ in range(_count(script.share, self._urls))]
        kinds += ["plain"] * (self._urls - len(kinds))
        self._dice.shuffle(kinds)
        now = datetime.now(UTC)
        for index, kind in enumerate(kinds):
            host = self._hosts[index % len(self._hosts)]
            page = Page(
                number=self._seed * 100_000 + index,
                host=host,
                kind=kind,
                origin=f"http://{host}:{self.port}",
                published_at=now,
                shown_after=self._dice.uniform(0, self._seconds),
            )
            self.pages[page.url] = page
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free the ports."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def write_sources(self, path: Path) -> None:
        """Add this web's feeds to the sources file."""
        every = max(POLL_EVERY, len(self._hosts) // POLLS_A_SECOND)
        with path.open("a", encoding="utf-8") as file:
            for host in self._hosts:
                file.write(
                    f'[[sources]]\nfeed = "http://{host}:{self.port}/feed.xml"\npublisher = "Rough {host}"\n'
                    f'language = "en"\npoll_every = {every}\n\n'
                )

    @property
    def visits(self) -> int:
        """How many visits pages had so far."""
        with self._lock:
            return self._visits.total()

    def headline_of(self, page: Page) -> str:
        """Return the headline that the last visitor has seen."""
        return page.headline(is_corrected=page.kind == "corrected")

    def _serve(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._talk, self._hosts[:1], 0, backlog=500))
        self.port: int = server.sockets[0].getsockname()[1]
        others = self._loop.run_until_complete(
            asyncio.start_server(self._talk, self._hosts[1:], self.port, backlog=500)
        )
        started.set()
        self._loop.run_forever()
        for listening in (server, others):
            listening.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ")[1]
            origin = f"http://{writer.get_extra_info('sockname')[0]}:{self.port}"
            await _send(writer, self._answer(origin, path), reader)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the visitor has left, or was killed; or the web closes
        finally:
            writer.close()

    def _answer(self, origin: str, path: str) -> Answer:
        if path == "/robots.txt":
            return Answer(
                headers={"Content-Type": "text/plain"}, body=f"User-agent: *\nDisallow: {FORBIDDEN}\n".encode()
            )
        if path == "/feed.xml":
            return self._feed(origin)
        page = self.pages.get(origin + path.partition("/on")[0])
        if page is None:
            return Answer(status=404, body=b"<p>Nothing here.</p>")
        if path.endswith("/on"):
            return Answer(status=302, headers={"Location": f"{origin}{path}/on"})
        with self._lock:
            visit = self._visits[page.url]
            self._visits[page.url] += 1
        steps = SCRIPTS[page.kind].visits
        return steps[min(visit, len(steps) - 1)](page)

    def _feed(self, origin: str) -> Answer:
        """Return the feed of that host as its way of failing has it at this poll; every other one is as it should be."""
        with self._lock:
            poll = self._polls[origin]
            self._polls[origin] += 1
        way = FEEDS[self._hosts.index(origin.partition("://")[2].partition(":")[0]) % len(FEEDS)]
        now = time.monotonic() - self._opened_at
        shown = [page for page in self.pages.values() if page.origin == origin and page.shown_after <= now]
        if way == "flickering":
            shown = [page for page in shown if page.number // len(self._hosts) % 2 == poll % 2]
        body = _rss(origin, [(page, self._is_announced_again(page)) for page in shown])
        headers = {"Content-Type": "application/rss+xml"}
        if way == "changing ETag":
            headers["ETag"] = f'"{poll}"'
        if way == "failing" and poll % 3 == 1:
            return Answer(status=503, body=b"<p>Later.</p>")
        if way == "cut gzip" and poll % 3 == 1:
            return Answer(headers={**headers, "Content-Encoding": "gzip"}, body=gzip.compress(body)[:-20])
        return Answer(headers=headers, body=body)

    def _is_announced_again(self, page: Page) -> bool:
        return SCRIPTS[page.kind].is_announced_again and self._visits[page.url] > 0


def _count(share: int, urls: int) -> int:
    return max(1, round(share * urls / 1000)) if share else 0


def _rss(origin: str, shown: list[tuple[Page, bool]]) -> bytes:
    entries = "".join(
        f"<item><title>{page.headline(is_corrected=is_again)}</title><link>{page.url}</link><guid>{page.url}</guid></item>"
        for page, is_again in shown
    )
    head = f"<title>Rough</title><link>{origin}/</link>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{entries}</channel></rss>'.encode()


async def _send(writer: asyncio.StreamWriter, answer: Answer, reader: asyncio.StreamReader) -> None:
    if answer.is_silent:
        await reader.read()  # until the visitor loses patience
        return
    length = len(answer.body) if answer.length is None else answer.length
    lines = {**answer.headers, "Content-Length": str(length), "Connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    start = f"HTTP/1.1 {answer.status} Told\r\n{head}\r\n".encode()
    half = len(answer.body) // 2
    if answer.is_reset:
        writer.write(start + answer.body[:half])
        await writer.drain()
        writer.transport.abort()
    elif answer.drip:
        writer.write(start)
        for piece in range(0, len(answer.body), len(answer.body) // 15):
            writer.write(answer.body[piece : piece + len(answer.body) // 15])
            await writer.drain()
            await asyncio.sleep(answer.drip)
    else:
        writer.write(start + answer.body)
        await writer.drain()
