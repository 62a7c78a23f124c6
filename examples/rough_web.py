"""Publishers on loopback that fail in every way that publishers do, each address by the script of its kind.

Hosts are addresses of their own (127.0.x.y), each with a feed and a robots.txt that fail in their ways, too. One seed is one
web: the same addresses, scripts and hosts.
"""

import asyncio
import random
import socket
import struct
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import cycle, islice
from pathlib import Path
from types import TracebackType
from typing import Self

from examples.rough_feeds import (
    CLOSING,
    FEED,
    FEEDS,
    MOVED_FEED,
    MOVED_ROBOTS_FILE,
    ROBOTS,
    ROBOTS_FILE,
    ROBOTS_SHARES,
    Request,
)
from examples.rough_scripts import SCRIPTS, Answer, Page, refuse

#: Seconds between two polls of a feed: at least so many, and no more than five polls a second in all.
POLL_EVERY, POLLS_A_SECOND = 5, 5
#: A host without a feed, whose pages others announce; it stops listening.
DESERTED = "127.0.0.2"
#: A socket that is closed with this sends a reset.
_NO_LINGER = struct.pack("ii", 1, 0)
_PIECES = 15


class RoughWeb:
    """A context manager: the web can be visited while it is open."""

    def __init__(self, seed: int, *, urls: int, hosts: int, seconds: float = 0.0, closes_hosts: bool = False) -> None:
        """Write the scripts; feeds show their entries one after the other over so many seconds.

        ``closes_hosts``: some robots.txt files cannot be had at first, which keeps us away for ten minutes.
        """
        self._dice = random.Random(seed)
        self._seed, self._urls, self._seconds = seed, urls, seconds
        self._hosts = [f"127.0.{number // 250 + 1}.{number % 250 + 1}" for number in range(hosts)]
        robots = [name for name, share in ROBOTS_SHARES.items() for _ in range(share)]
        if not closes_hosts:
            robots = [name for name in robots if name not in CLOSING]
        self.feeds = self._deal(list(FEEDS))
        self.robots = self._deal(robots) | {DESERTED: "steady"}
        self._visits: Counter[str] = Counter()
        self._requests: Counter[str] = Counter()
        self._lock = threading.Lock()
        #: Of the requests for feeds, how many were answered by "you have it already".
        self.not_modified = 0
        #: Pages that were asked for though robots.txt forbids it, or before it was given.
        self.trespasses: Counter[str] = Counter()
        self._ruled: set[str] = set()
        self.pages: dict[str, Page] = {}
        self._announced: defaultdict[str, list[Page]] = defaultdict(list)

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
                origin=self._origin(DESERTED if SCRIPTS[kind].is_deserted else host),
                place=index // len(self._hosts),
                published_at=now,
                shown_after=self._dice.uniform(0, self._seconds),
            )
            self.pages[page.url] = page
            self._announced[host].append(page)
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
                    f'[[sources]]\nfeed = "{self._origin(host)}{FEED}"\npublisher = "Rough {host}"\n'
                    f'language = "en"\npoll_every = {every}\n\n'
                )

    @property
    def visits(self) -> int:
        """How many visits pages had so far."""
        with self._lock:
            return self._visits.total()

    def complaints(self) -> Iterator[str]:
        """Yield what this web has to say against its visitors, a line each."""
        yield from (f"{url}: asked for {count} times against robots.txt" for url, count in self.trespasses.items())
        if "conditional" in self.feeds.values() and not self.not_modified:
            yield "no feed was ever asked for news alone, by the ETag that it had sent"

    def _deal(self, ways: Sequence[str]) -> dict[str, str]:
        """Return each host's way: every way about as often as it is in the list."""
        dealt = list(islice(cycle(ways), len(self._hosts)))
        random.Random(f"ways {self._seed}").shuffle(dealt)
        return dict(zip(self._hosts, dealt, strict=True))

    def _origin(self, host: str) -> str:
        return f"http://{host}:{self.port}"

    def _serve(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._listen(self._hosts[:1], 0)
        self.port: int = server.sockets[0].getsockname()[1]
        others = self._listen(self._hosts[1:], self.port)
        self._deserted = self._listen([DESERTED], self.port)
        started.set()
        self._loop.run_forever()
        for listening in (server, others, self._deserted):
            listening.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def _listen(self, hosts: Sequence[str], port: int) -> asyncio.Server:
        return self._loop.run_until_complete(asyncio.start_server(self._talk, hosts, port, backlog=500))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            request, *lines = head.splitlines()
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            host = writer.get_extra_info("sockname")[0]
            answer = self.answer(host, request.split(" ")[1], headers.get("if-none-match"))
            if answer.is_farewell:
                self._deserted.close()
            await _send(writer, answer, reader)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the visitor has left, or was killed; or the web closes
        finally:
            writer.close()

    def answer(self, host: str, path: str, etag: str | None = None) -> Answer:
        """Return what a request to the host gets; ``etag`` is what its If-None-Match says."""
        if path in {FEED, MOVED_FEED}:
            answer = FEEDS[self.feeds[host]](self._request(host, path, etag))
            self.not_modified += answer.status == HTTPStatus.NOT_MODIFIED
            return answer
        if path in {ROBOTS_FILE, MOVED_ROBOTS_FILE}:
            answer = ROBOTS[self.robots[host]](self._request(host, path))
            if answer.status == HTTPStatus.OK and not answer.is_reset:
                self._ruled.add(host)
            return answer
        return self._page(host, path)

    def _page(self, host: str, path: str) -> Answer:
        url = self._origin(host) + path
        page = self.pages.get(url.partition("/on")[0])
        if page is None:
            return refuse(HTTPStatus.NOT_FOUND)
        if SCRIPTS[page.kind].is_forbidden or host not in self._ruled:
            self.trespasses[page.url] += 1
        if path.endswith("/on"):
            return refuse(HTTPStatus.FOUND, Location=f"{url}/on")
        with self._lock:
            visit = self._visits[page.url]
            self._visits[page.url] += 1
        steps = SCRIPTS[page.kind].visits
        return steps[min(visit, len(steps) - 1)](page)

    def _request(self, host: str, path: str, etag: str | None = None) -> Request:
        """Return a request with its number, and with what the host's feed shows by now."""
        origin = self._origin(host)
        number = self._requests[origin + path]
        self._requests[origin + path] += 1
        now = time.monotonic() - self._opened_at
        shown = [page for page in self._announced[host] if page.shown_after <= now]
        return Request(
            number=number,
            origin=origin,
            path=path,
            etag=etag,
            shown=tuple((page, self._is_announced_again(page)) for page in shown),
        )

    def _is_announced_again(self, page: Page) -> bool:
        return SCRIPTS[page.kind].is_announced_again and self._visits[page.url] > 0


def _count(share: int, urls: int) -> int:
    return max(1, round(share * urls / 1000)) if share else 0


async def _send(writer: asyncio.StreamWriter, answer: Answer, reader: asyncio.StreamReader) -> None:
    if answer.is_silent:
        await reader.read()  # until the visitor loses patience
        return
    length = len(answer.body) if answer.length is None else answer.length
    lines = {**answer.headers, "Content-Length": str(length), "Connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    start = f"HTTP/1.1 {answer.status} Told\r\n{head}\r\n".encode()
    if answer.is_reset:
        writer.write(start + answer.body[: len(answer.body) // 2])
        await writer.drain()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        writer.transport.abort()
    elif answer.drip:
        writer.write(start)
        size = -(-len(answer.body) // _PIECES)
        for piece in range(0, len(answer.body), size):
            writer.write(answer.body[piece : piece + size])
            await writer.drain()
            await asyncio.sleep(answer.drip)
    else:
        writer.write(start + answer.body)
        await writer.drain()
