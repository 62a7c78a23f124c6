"""A publisher on loopback that prints when told to: a feed, pages, and sitemaps of past days; for tests and measurements."""

import gzip
import hashlib
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

HOST = "127.0.0.1"
PUBLISHER = "Loopback Gazette"
#: Seconds between two polls of the feed: the press is ours, and news is to be seen at once.
POLL_EVERY = 0.5
MAIN_FEED = "/feed.xml"
#: Newest entries that the feed shows; a real one shows some dozens.
FEED_LENGTH = 200
HTML, XML = "text/html; charset=utf-8", "application/xml"

TOWNS = ("Lisbon", "Nairobi", "Dresden", "Toronto", "Osaka", "Valparaíso", "Tallinn", "Marseille")
PEOPLE = ("Maria Okafor", "Jonas Lindqvist", "Helen Marchetti", "Daniel Oyelaran", "Ruth Abernathy", "Omar Haddad")
SUBJECTS = ("harbour", "railway", "library", "hospital", "reservoir", "observatory", "market", "university")
#: The number comes back every few words: pages that share passages of a dozen words would be reprints of one another.
PARAGRAPHS = """
{person} told reporters in {town} that {number} rooms of the {subject} would stay open through winter {number}, after
{number} days of talks between the city, its {number} engineers and the people who live beside it.

The decision ends {number} months of doubt. Work on report {number} began in spring, when {number} inspectors found that
the roof of the {subject} needed {number} repairs which nobody had planned for and which budget {number} did not allow.

“We have listened to all {number} people who came to hearing {number},” said {person}. “The plan that we present as
number {number} is slower than the first one, and it is {number} times better.”

Residents of the {number} houses in {town} welcomed the news with caution. All {number} remember that promise {number}
was withdrawn within weeks, and that contractor {number} then left the city without finishing half of the {number} rooms.

The council will vote on the last {number} pages of the contract in session {number}. If it agrees, the first {number}
visitors can return to the {subject} in March, and all {number} scaffolds will be gone by the summer after it.
""".strip().split("\n\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A page of the press; ``number`` makes its text unlike every other's."""

    number: int
    published_at: datetime

    @property
    def path(self) -> str:
        """The address of the page, below the press's origin."""
        return f"/{self.published_at:%Y/%m/%d}/report-{self.number}"

    @property
    def headline(self) -> str:
        """The headline; no two are the same."""
        return f"Report {self.number}: {self._town} keeps its {self._subject} open"

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """What stands below the headline and the byline."""
        person = PEOPLE[self.number % len(PEOPLE)]
        return tuple(
            text.format(person=person, town=self._town, subject=self._subject, number=self.number)
            for text in PARAGRAPHS
        )

    @property
    def html(self) -> str:
        """The page, with the furniture of a small site."""
        body = "\n".join(f"<p>{text}</p>" for text in self.paragraphs)
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{self.headline} | {PUBLISHER}</title>'
            f'<meta property="article:published_time" content="{self.published_at.isoformat()}"></head><body>'
            '<nav><ul><li><a href="/">Home</a></li><li><a href="/world">World</a></li></ul></nav>'
            f"<main><article><h1>{self.headline}</h1><p class=byline>By Ines Caldwell</p>\n{body}\n</article>"
            '<aside><h2>More news</h2><ul><li><a href="/other">What else happened</a></li></ul></aside></main>'
            "<footer><p>Contact | Imprint</p></footer></body></html>"
        )

    @property
    def _town(self) -> str:
        return TOWNS[self.number % len(TOWNS)]

    @property
    def _subject(self) -> str:
        return SUBJECTS[self.number // 3 % len(SUBJECTS)]


class Press:
    """A context manager that serves while it is open; ``publish`` puts stories into the feed, ``file_past`` into sitemaps."""

    def __init__(self, *, feed_length: int = FEED_LENGTH, poll_every: float = POLL_EVERY) -> None:
        """Nothing listens yet."""
        self._feed_length = feed_length
        self._poll_every = poll_every
        self._feeds: dict[str, list[Story | str]] = {MAIN_FEED: []}
        self._past: list[Story] = []
        self._pages: dict[str, Story] = {}
        self._visits: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Listen on a free port."""
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="press")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def origin(self) -> str:
        """The address of the press, such as ``http://127.0.0.1:40123``."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    def write_sources(self, path: Path) -> None:
        """Write the sources file that makes Newswire read this press."""
        path.write_text(
            f'[[sources]]\nfeed = "{self.origin}{MAIN_FEED}"\npublisher = "{PUBLISHER}"\nlanguage = "en"\n'
            f"poll_every = {self._poll_every}\n"
            f'sitemaps = ["{self.origin}/sitemap.xml"]\n',
            encoding="utf-8",
        )

    def publish(self, numbers: Sequence[int], feed: str = MAIN_FEED) -> list[str]:
        """Announce these stories in the feed, now; return their URLs."""
        stories = [Story(number=number, published_at=datetime.now(UTC)) for number in numbers]
        return self._add(self._feeds.setdefault(feed, []), stories)

    def publish_link(self, url: str) -> None:
        """Announce an address elsewhere."""
        with self._lock:
            self._feeds[MAIN_FEED].append(url)

    def file_past(self, day: date, numbers: Sequence[int]) -> list[str]:
        """List these stories, at noon of that day, in the day's sitemap; return their URLs."""
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        return self._add(self._past, [Story(number=number, published_at=noon) for number in numbers])

    def write_warc(self, path: Path, day: date, numbers: Sequence[int]) -> list[str]:
        """Write a WARC file as a crawler would have on that day, with stories that are served nowhere; return their URLs."""
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        stories = [Story(number=number, published_at=noon) for number in numbers]
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            writer = WARCWriter(stream, gzip=True, warc_version="WARC/1.0")
            for story in stories:
                headers = StatusAndHeaders("200 OK", [("Content-Type", HTML)], protocol="HTTP/1.1")
                record = writer.create_warc_record(
                    self.origin + story.path,
                    "response",
                    payload=BytesIO(story.html.encode()),
                    http_headers=headers,
                    warc_headers_dict={"WARC-Date": f"{noon:%Y-%m-%dT%H:%M:%SZ}"},
                )
                writer.write_record(record)
                record.raw_stream.close()  # warcio leaves a temporary file open, in which it counted the digest
        return [self.origin + story.path for story in stories]

    def has_shown(self, first: int, last: int) -> bool:
        """Tell whether a page of these numbers, the last one excluded, was asked for."""
        return any(first <= number < last for number in self._numbers_visited())

    def page_visits(self) -> int:
        """Return how often pages of stories were asked for."""
        return sum(count for path, count in self.visits.items() if "/report-" in path)

    @property
    def visits(self) -> Mapping[str, int]:
        """How often each path was asked for so far."""
        with self._lock:
            return dict(self._visits)

    def answer(self, path: str) -> tuple[str, bytes] | None:
        """Return the type and the body of what lies at the path, or None."""
        with self._lock:
            self._visits[path] += 1
            if path in self._pages:
                return HTML, self._pages[path].html.encode()
            if path in self._feeds:
                return "application/rss+xml", self._feed(self._feeds[path]).encode()
            days = sorted({story.published_at.date() for story in self._past})
            if path == "/sitemap.xml":
                return XML, self._sitemap_index(days).encode()
            named = {f"/sitemap-{day}.xml.gz": day for day in days}
            if path in named:
                return "application/gzip", gzip.compress(self._sitemap(named[path]).encode(), mtime=0)
        return None

    def _numbers_visited(self) -> set[int]:
        return {int(path.rpartition("-")[2]) for path in self.visits if "/report-" in path}

    def _add(self, shelf: list[Any], stories: Sequence[Story]) -> list[str]:
        with self._lock:
            shelf += stories
            self._pages |= {story.path: story for story in stories}
        return [self.origin + story.path for story in stories]

    def _feed(self, fed: Sequence[Story | str]) -> str:
        entries = "".join(self._entry(each) for each in reversed(fed[-self._feed_length :]))
        return (
            f'<?xml version="1.0"?><rss version="2.0"><channel><title>{PUBLISHER}</title>'
            f"<link>{self.origin}/</link>{entries}</channel></rss>"
        )

    def _entry(self, each: Story | str) -> str:
        if isinstance(each, str):
            return f"<item><title>Elsewhere</title><link>{each}</link></item>"
        url = self.origin + each.path
        dated = f"<pubDate>{format_datetime(each.published_at)}</pubDate>"
        return f"<item><title>{each.headline}</title><link>{url}</link><guid>{url}</guid>{dated}</item>"

    def _sitemap_index(self, days: Sequence[date]) -> str:
        children = "".join(f"<sitemap><loc>{self.origin}/sitemap-{day}.xml.gz</loc></sitemap>" for day in days)
        return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{children}</sitemapindex>'

    def _sitemap(self, day: date) -> str:
        entries = "".join(
            f"<url><loc>{self.origin}{story.path}</loc><lastmod>{story.published_at.isoformat()}</lastmod></url>"
            for story in self._past
            if story.published_at.date() == day
        )
        return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'


class _Server(ThreadingHTTPServer):
    def __init__(self, press: Press) -> None:
        self.press = press
        super().__init__((HOST, 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer, with 304 where the reader already has it."""
        found = self.server.press.answer(urlsplit(self.path).path)
        status, (kind, body) = (HTTPStatus.OK, found) if found else (HTTPStatus.NOT_FOUND, (HTML, b"not here"))
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        if found and self.headers["If-None-Match"] == etag:
            status, body = HTTPStatus.NOT_MODIFIED, b""
        self.send_response_only(status)
        for name, value in {"Content-Type": kind, "ETag": etag, "Connection": "close"}.items():
            self.send_header(name, value)
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: ``Press.visits`` tells what was asked."""
