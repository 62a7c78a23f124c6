"""Whatever a reader of others' documents is given, it returns a value or raises the errors that it names, in bounded size.

``pytest tests/unit/test_fuzz.py --hypothesis-profile long`` looks for longer: see docs/testing.md. What was found lies in
tests/seeds, is read here each time, and is what mutations begin from. A hang ends a run by the deadline, which is no measure
of speed: it is far beyond what anything here takes.
"""

import gzip
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.adapters.warc_source import WarcFolder
from pipeline.discover.feeds import NotAFeed, parse_feed
from pipeline.discover.opml import parse_opml
from pipeline.discover.sitemaps import MAX_URLS, CutOffSitemap, NotASitemap, parse_sitemap
from pipeline.discover.sources import parse_sources
from pipeline.errors import DamagedWarc, Reject, UsageError
from pipeline.extract.article import extract_article
from pipeline.extract.json_ld import parse_json, read_graph
from pipeline.knowledge.watchlists import read_watchlist
from pipeline.model import codec
from pipeline.model.capture import Capture
from pipeline.model.feed import Entry, Feed, Rules
from pipeline.search.request import make_query
from tests.fixtures import fuzzing
from tests.fixtures.fuzzing import ADDRESSES, MARKUP, TIMES, WORDS, json_texts, json_values, markup, mutated, seeds

SEEDS = Path(__file__).parents[1] / "seeds"
URL = "https://a.example/1"
FEED = Feed(url="https://a.example/feed", publisher="A")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ENTRY = Entry(url=URL, feed_url=FEED.url, publisher="A", title="The harvest began", content_html="<p>It rained.</p>")
#: Bytes of what comes out for each that goes in, beside what every entry has of its feed.
MOST_GROWTH = 100
HANG = timedelta(seconds=20)
MOST_BODY = 100_000

PAGES = seeds(
    "tests/seeds/page/*", "tests/unit/golden/*/page.html", "examples/newsroom/pages/*/*.html", "tests/walls/*/*.html"
)
FEEDS = seeds(
    "tests/seeds/feed/*", "tests/unit/feeds/*.xml", "tests/unit/feeds/*.json", "examples/newsroom/pages/*/feed*"
)
TYPES = st.sampled_from(
    ["text/html", "text/xml; charset=undefined", "text/html; charset=idna", "text/xml; charset=utf-16", ""]
)
WARC_HEAD = (
    "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://a.example/1\r\nWARC-Date: 2026-11-23T12:00:00Z\r\n"
    "WARC-Record-ID: <urn:uuid:1>\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: {}\r\n\r\n"
)
HTTP_HEAD = (
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n"
)
WARC_TOKENS = [
    *(
        "WARC/1.1",
        "\r\n\r\n",
        "\r\n",
        "Content-Length: 0",
        "Content-Length: 999999999999999",
        "Content-Length: -1",
        ": ",
    ),
    *(
        "WARC-Type: request",
        "WARC-Target-URI: <x>",
        "WARC-Date: 2026",
        "Transfer-Encoding: chunked",
        "ffffffff",
        "HTTP/1.1",
    ),
    *(
        "Content-Encoding: br",
        "Content-Encoding: zstd",
        "Content-Encoding: deflate, gzip",
        "HTTP/1.1 999",
        "HTTP/1.1 two",
    ),
    *("\x1f\x8b", "\x00" * 30, "\ud800"),
]
QUERY_PARTS = [
    *(
        "a",
        "b*",
        "*",
        "(",
        ")",
        "-",
        "OR",
        "AND",
        "NOT",
        '"',
        "“",
        "”",
        ":",
        "date:",
        "since:",
        "until:",
        "2026-11-23",
        "9999-12-31",
    ),
    *(
        "person:",
        "place:",
        "entity:",
        "headline:",
        "nofield:",
        "0001-01-01",
        "\x00",
        "\ud800",
        "中",
        "🙂",
        "'",
        "\\",
        "NEAR(",
        "^",
    ),
]
JSON_FEED_KEYS = [
    *(
        "version",
        "title",
        "items",
        "id",
        "url",
        "external_url",
        "content_html",
        "content_text",
        "summary",
        "date_published",
    ),
    *("date_modified", "authors", "author", "name", "language", "hubs"),
]
LIST_KEYS = [
    *(
        "id",
        "kind",
        "schema",
        "name",
        "caption",
        "properties",
        "alias",
        "aliases",
        "names",
        "country",
        "wikidataId",
        "action",
    ),
]


def read_feed(body: bytes, content_type: str = "text/xml") -> None:
    with suppress(NotAFeed):
        found = parse_feed(capture(body, content_type), FEED)
        assert sum(len(codec.encode(each)) for each in found.entries) <= MOST_GROWTH * len(body) + 10_000


def read_sitemap(body: bytes) -> None:
    found = []
    with suppress(NotASitemap, CutOffSitemap):
        for each in parse_sitemap(body, URL):
            found.append(codec.encode(each))  # noqa: PERF401 - what came before an error counts as well
    assert len(found) <= MAX_URLS


def read_outlines(body: bytes) -> None:
    with suppress(UsageError):
        codec.encode(parse_opml(body).feeds)


def read_page(body: bytes, content_type: str = "text/html") -> None:
    with suppress(Reject):
        article = extract_article(capture(body, content_type), ENTRY, Rules())
        assert len(codec.encode(article)) <= MOST_GROWTH * len(body) + 10_000


def read_list(body: bytes, name: str = "list.jsonl") -> None:
    lines = body.splitlines(keepends=True)
    found = [codec.encode(each[1] if isinstance(each, tuple) else each) for each in read_watchlist(lines, name)]
    assert len(found) <= 2 * len(lines) + 2


READERS: dict[str, Callable[[bytes], None]] = {
    "feed": read_feed,
    "sitemap": read_sitemap,
    "opml": read_outlines,
    "page": read_page,
    "watchlist": read_list,
}


def capture(body: bytes, content_type: str) -> Capture:
    headers = (("Content-Type", content_type),)
    return Capture(url=URL, final_url=URL, fetched_at=NOW, status=200, headers=headers, body=body)


def a_response(page: bytes) -> bytes:
    """Return a record of the page, in one zipped chunk."""
    packed = gzip.compress(page, mtime=0)
    answer = HTTP_HEAD.format(len(packed)).encode() + packed + b"\r\n0\r\n\r\n"
    return WARC_HEAD.format(len(answer)).encode() + answer + b"\r\n\r\n"


def fuzz(*drawn: st.SearchStrategy[object]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give the test many documents; it fails where one of them hangs."""
    return lambda test: settings(deadline=HANG, suppress_health_check=list(HealthCheck))(given(*drawn)(test))


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*/*")), ids=lambda path: str(path.relative_to(SEEDS)))
def test_what_was_found_once_is_read_or_refused(path: Path) -> None:
    READERS[path.parent.name](path.read_bytes())


@fuzz(mutated(FEEDS, [*MARKUP, *TIMES, *ADDRESSES]) | markup(fuzzing.FEED_TAGS, root="rss"), TYPES)
def test_a_feed_is_read_or_refused(body: bytes, content_type: str) -> None:
    read_feed(body, content_type)


@fuzz(json_values(JSON_FEED_KEYS, [*fuzzing.VALUES, None, True, "https://jsonfeed.org/version/1.1"]))
def test_a_json_feed_is_read(items: object) -> None:
    listed = items if isinstance(items, list) else [items]
    read_feed(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": listed}).encode())


@fuzz(
    mutated(seeds("tests/seeds/sitemap/*"), [*MARKUP, *TIMES, *ADDRESSES]) | markup(fuzzing.SITEMAP_TAGS, root="urlset")
)
def test_a_sitemap_is_read_or_refused(body: bytes) -> None:
    read_sitemap(body)


@fuzz(mutated(seeds("tests/seeds/opml/*"), [*MARKUP, *ADDRESSES]) | markup(fuzzing.OPML_TAGS, root="opml"))
def test_an_outline_is_read_or_refused(body: bytes) -> None:
    read_outlines(body)


@fuzz(
    mutated(
        seeds("examples/sources.toml"),
        ["[", "]]", "[[sources]]", '"""', "{", "keep = [':not(']", "poll_every = nan", *ADDRESSES],
    )
)
def test_a_sources_file_is_read_or_refused(body: bytes) -> None:
    with suppress(UsageError):
        parse_sources(body.decode("utf-8", "replace"))


@fuzz(mutated(PAGES, [*MARKUP, *TIMES, *WORDS]) | markup(fuzzing.HTML_TAGS, root="html"), TYPES)
def test_a_page_is_an_article_or_refused(body: bytes, content_type: str) -> None:
    read_page(body, content_type)


@fuzz(json_texts(fuzzing.SCHEMA_KEYS, fuzzing.SCHEMA_VALUES))
@example("[" * 100_000)
@example('{"a":' * 100_000)
@example("-" + "9" * 100_000)
def test_linked_data_is_read_or_left_out(script: str) -> None:
    parse_json(script)
    read_graph([script])
    read_page(
        f'<script type="application/ld+json">{script}</script><h1>A</h1><p>{"It rained. " * 20}'.encode(
            "utf-8", "replace"
        )
    )


@fuzz(st.lists(st.sampled_from(QUERY_PARTS) | st.text(max_size=6), max_size=40), st.sampled_from(["", " "]))
def test_a_query_is_understood_or_refused(parts: list[str], between: str) -> None:
    with suppress(UsageError):
        make_query(between.join(parts))


@fuzz(
    mutated(
        seeds("tests/seeds/watchlist/*"), ["{", "[", '"', ";", ",", "|", "\n", "\t", "1e999", "\ud800", "\x00", *WORDS]
    )
    | st.lists(json_values(LIST_KEYS, fuzzing.SCHEMA_VALUES)).map(
        lambda rows: "\n".join(map(json.dumps, rows)).encode()
    ),
    st.sampled_from(["list.jsonl", "list.csv", "list.tsv"]),
)
def test_a_watchlist_is_read_line_by_line(body: bytes, name: str) -> None:
    read_list(body, name)


@fuzz(mutated([a_response(page) + a_response(b"<p>More") for page in PAGES[:20]], WARC_TOKENS), st.booleans())
def test_a_warc_file_is_read_as_far_as_it_is_whole(body: bytes, is_zipped: bool) -> None:  # noqa: FBT001 - drawn
    with TemporaryDirectory() as folder, suppress(DamagedWarc):
        path = Path(folder) / ("a.warc.gz" if is_zipped else "a.warc")
        path.write_bytes(gzip.compress(body) if is_zipped else body)
        end = 0
        for record in WarcFolder(folder, max_bytes=MOST_BODY).read(str(path), 0, lambda _, __: ""):
            assert end < record.ends <= path.stat().st_size
            assert record.capture is None or len(record.capture.body) <= MOST_BODY
            end = record.ends
