"""Publishers on loopback that fail in every way that publishers do, each address by a script that says how it must end.

A script is what the first visit gets, the second, and so on; the last goes on for ever. Hosts are addresses of their own
(127.0.x.y), each with a feed that fails in its way, too. One seed is one web: the same addresses, scripts and hosts.
"""

import asyncio
import gzip
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from examples.press import HTML, Story
from pipeline.model.fate import Reason

#: Seconds between two polls of a feed: at least so many, and no more than five polls a second in all.
POLL_EVERY, POLLS_A_SECOND = 5, 5
FORBIDDEN = "/private"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a visit gets; ``length`` is what Content-Length claims, None: the truth."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": HTML})
    body: bytes = b""
    length: int | None = None
    #: Seconds between two pieces of the body.
    drip: float = 0.0
    #: Nothing is sent at all, and the connection stays open.
    is_silent: bool = False
    #: The connection is cut by a reset after half of the body.
    is_reset: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An address of this web, and what is printed there."""

    number: int
    host: str
    kind: str
    origin: str
    published_at: datetime
    #: When its feed shows it first, in seconds since the web opened.
    shown_after: float

    @property
    def url(self) -> str:
        """The address."""
        folder = FORBIDDEN if SCRIPTS[self.kind].is_forbidden else ""
        return f"{self.origin}{folder}/{self.kind.replace(' ', '-')}/{self.number}"

    def story(self, *, is_corrected: bool = False) -> str:
        """Return the page's HTML, for a story that no other address tells."""
        html = Story(number=self.number, published_at=self.published_at).html
        return html.replace("Report", "Corrected report") if is_corrected else html

    def headline(self, *, is_corrected: bool = False) -> str:
        """Return the headline."""
        headline = Story(number=self.number, published_at=self.published_at).headline
        return headline.replace("Report", "Corrected report") if is_corrected else headline


Step = Callable[[Page], Answer]


def as_it_is(page: Page) -> Answer:
    """Send the page."""
    return Answer(body=page.story().encode())


def corrected(page: Page) -> Answer:
    """Send the page after a correction."""
    return Answer(body=page.story(is_corrected=True).encode())


def silence(_: Page) -> Answer:
    """Send nothing."""
    return Answer(is_silent=True)


def reset(page: Page) -> Answer:
    """Send half of the page, then a reset."""
    return Answer(body=page.story().encode(), is_reset=True)


def slow(page: Page) -> Answer:
    """Send the page in pieces, over some seconds."""
    return replace(as_it_is(page), drip=0.2)


def endless(page: Page) -> Answer:
    """Send a page that would take a quarter of an hour."""
    return replace(as_it_is(page), drip=60.0)


def cut_gzip(page: Page) -> Answer:
    """Send a compressed page without its end."""
    body = gzip.compress(page.story().encode())
    return Answer(headers={"Content-Type": HTML, "Content-Encoding": "gzip"}, body=body[: len(body) // 2])


def false_gzip(page: Page) -> Answer:
    """Send a page that is called compressed, and is not."""
    return Answer(headers={"Content-Type": HTML, "Content-Encoding": "gzip"}, body=page.story().encode())


def too_long(page: Page) -> Answer:
    """Send a page that ends before the length that it claims."""
    answer = as_it_is(page)
    return replace(answer, length=len(answer.body) + 1000)


def too_short(page: Page) -> Answer:
    """Send a page that goes on, by blanks, after the length that it claims."""
    answer = as_it_is(page)
    return replace(answer, length=len(answer.body), body=answer.body + b" " * 100)


def no_charset(page: Page) -> Answer:
    """Send a page that says its encoding in the head, and its server another one."""
    return Answer(headers={"Content-Type": "text/html; charset=iso-8859-1"}, body=page.story().encode())


def false_charset(page: Page) -> Answer:
    """Send a page of Windows-1252 that its server calls UTF-8, as does its own head."""
    return Answer(body=page.story().encode("cp1252", errors="replace"))


def status(code: int, **headers: str) -> Step:
    """Return the step that answers with this status."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(_: Page) -> Answer:
        return Answer(status=code, headers={"Content-Type": HTML, **names}, body=b"<p>No.</p>")

    return answer


def document(_: Page) -> Answer:
    """Send something that is no page."""
    return Answer(headers={"Content-Type": "application/pdf"}, body=b"%PDF-1.7 none")


def loop(page: Page) -> Answer:
    """Redirect to itself."""
    return Answer(status=302, headers={"Location": page.url})


def maze(page: Page) -> Answer:
    """Redirect to where the next redirect leads ever farther."""
    return Answer(status=302, headers={"Location": f"{page.url}/on"})


def script_shell(_: Page) -> Answer:
    """Send a page that only a browser can fill."""
    return Answer(body=b'<!doctype html><div id="root"></div><script src="/app.js"></script>')


def huge(_: Page) -> Answer:
    """Send more than anyone reads."""
    return Answer(body=b"<p>" + b"x" * (10 * 1024 * 1024 + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What the visits get, and how the address may end; several reasons where it depends on when the visits come."""

    #: Of a thousand addresses, at least one of all; the rest are plain.
    share: int
    visits: tuple[Step, ...]
    ends: frozenset[Reason]
    #: Whether the feed announces a change once the page was visited.
    is_announced_again: bool = False
    #: Whether robots.txt forbids it.
    is_forbidden: bool = False

    @property
    def is_indexed(self) -> bool:
        """Tell whether the index has a document of it in the end."""
        return Reason.NEW in self.ends


def _script(
    share: int, *visits: Step, end: Reason = Reason.NEW, more: tuple[Reason, ...] = (), **flags: bool
) -> Script:
    return Script(share=share, visits=visits, ends=frozenset({end, *more}), **flags)


_AGAIN = (Reason.NEW_VERSION, Reason.SAME_CONTENT)  # by whether the visit before was settled in time
SCRIPTS: Mapping[str, Script] = {
    "plain": _script(0, as_it_is),
    "silent once": _script(4, silence, as_it_is),
    "reset once": _script(30, reset, as_it_is),
    "reset always": _script(10, reset, end=Reason.UNREACHABLE),
    "slow": _script(20, slow),
    "slow without end": _script(1, endless, end=Reason.UNREACHABLE),
    "gzip cut once": _script(30, cut_gzip, as_it_is),
    "gzip cut always": _script(10, cut_gzip, end=Reason.UNREACHABLE),
    "gzip claimed": _script(10, false_gzip, end=Reason.UNREACHABLE),
    "length too long once": _script(30, too_long, as_it_is),
    "length too long always": _script(10, too_long, end=Reason.UNREACHABLE),
    "length too short": _script(20, too_short, end=Reason.UNREACHABLE),  # what follows it is no HTTP
    "charset of the server wrong": _script(20, no_charset),
    "charset of both wrong": _script(20, false_charset),
    "429 with Retry-After": _script(10, status(429, Retry_After="3"), as_it_is),
    "429 without": _script(2, status(429), as_it_is),
    "503 with Retry-After": _script(10, status(503, Retry_After="2"), as_it_is),
    "503 without": _script(20, status(503), as_it_is),
    "503 always": _script(10, status(503), end=Reason.UNREACHABLE),
    "not found": _script(20, status(404), end=Reason.NOT_FOUND),
    "gone": _script(20, status(410), end=Reason.REMOVED),
    "forbidden": _script(10, status(403), end=Reason.HTTP_ERROR),
    "no page": _script(10, document, end=Reason.NOT_HTML),
    "redirects to itself": _script(10, loop, end=Reason.TOO_MANY_REDIRECTS),
    "redirects for ever": _script(10, maze, end=Reason.TOO_MANY_REDIRECTS),
    "script shell": _script(20, script_shell, end=Reason.SCRIPT_SHELL),
    "huge": _script(1, huge, end=Reason.TOO_LARGE),
    "private": _script(20, as_it_is, end=Reason.ROBOTS, is_forbidden=True),
    "corrected": _script(30, as_it_is, corrected, more=_AGAIN, is_announced_again=True),
    "renamed in the feed alone": _script(30, as_it_is, more=_AGAIN, is_announced_again=True),
}
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
