"""What a backfill makes of the sitemaps that sites serve, good and bad."""

import asyncio
import gzip
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.backfill.sitemaps import MAX_SITEMAPS, search_sitemaps
from pipeline.discover.sitemaps import MAX_BYTES
from pipeline.errors import Reject, Retry, StoreUnavailable
from pipeline.model.capture import Capture
from pipeline.model.fate import Reason
from pipeline.model.feed import Entry, Feed
from tests.fixtures.confinement import CalledHere

DAY = datetime(2026, 11, 20, tzinfo=UTC)
SITE = "https://news.example"
OTHER = "https://other.example"
FEED = Feed(url=f"{SITE}/feed", publisher="The Example", language="en", section="world", country="GB")


@dataclass(slots=True)
class Web:
    """Serves what it is given, by URL; counts what it was asked for."""

    pages: dict[str, bytes | Exception]
    requests: Counter[str] = field(default_factory=Counter)
    options: list[dict[str, Any]] = field(default_factory=list)

    async def fetch(self, url: str, **options: Any) -> Capture:  # noqa: ANN401 - the port's options
        self.requests[url] += 1
        self.options.append(options)
        page = self.pages.get(url)
        if isinstance(page, Exception):
            raise page
        status, body = (200, page) if page is not None else (404, b"<!doctype html><title>Not found</title>")
        return Capture(url=url, final_url=url, fetched_at=DAY, status=status, body=body)


@dataclass(slots=True)
class Found:
    counts: Counter[str]
    chunks: list[Sequence[Entry]]
    said: str

    @property
    def paths(self) -> list[str]:
        return [entry.url.partition("/a/")[2] for chunk in self.chunks for entry in chunk]


@pytest.fixture
def search(caplog: pytest.LogCaptureFixture) -> Any:  # noqa: ANN401 - a function
    def search(pages: dict[str, bytes | Exception], *feeds: Feed) -> tuple[Found, Web]:
        web, chunks = Web(pages), list[Sequence[Entry]]()
        with caplog.at_level(logging.WARNING):
            counts = asyncio.run(
                search_sitemaps(
                    feeds or (FEED,),
                    DAY,
                    DAY + timedelta(days=1),
                    fetcher=web,
                    confined=CalledHere(),
                    keep=chunks.append,
                )
            )
        return Found(+counts, chunks, caplog.text), web

    return search


def urlset(*names: object, lastmod: str = "<lastmod>2026-11-20T10:00:00Z</lastmod>") -> bytes:
    urls = "".join(f"<url><loc>{SITE}/a/{name}</loc>{lastmod}</url>" for name in names)
    return f"<urlset>{urls}</urlset>".encode()


def index(*addresses: str) -> bytes:
    return (
        f"<sitemapindex>{''.join(f'<sitemap><loc>{url}</loc></sitemap>' for url in addresses)}</sitemapindex>".encode()
    )


def robots(*addresses: str) -> bytes:
    return "\n".join(f"Sitemap: {url}" for url in addresses).encode()


def test_robots_txt_names_them(search: Any) -> None:  # noqa: ANN401 - see the fixture
    pages = {f"{SITE}/robots.txt": robots(f"{SITE}/news.xml"), f"{SITE}/news.xml": urlset(1)}
    found, web = search(pages)
    [[entry]] = found.chunks
    assert entry == Entry(
        url=f"{SITE}/a/1", feed_url=FEED.url, publisher="The Example", language="en", section="world", country="GB"
    )
    assert web.requests == Counter([f"{SITE}/robots.txt", f"{SITE}/news.xml"])
    assert web.options[1] == {"obey_robots": False, "max_bytes": MAX_BYTES, "even_if_slow": True}
    assert found.counts == {"sitemaps": 1}


def test_only_what_dates_from_the_interval_counts(search: Any) -> None:  # noqa: ANN401
    news = (
        f'<urlset xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>{SITE}/a/news</loc>'
        "<lastmod>2026-11-25</lastmod><n:news><n:publication_date>2026-11-21T00:30:00+01:00</n:publication_date>"
        "<n:title>As the sitemap words it</n:title></n:news></url></urlset>"
    ).encode()
    pages = {
        f"{SITE}/sitemap.xml": index(f"{SITE}/1", f"{SITE}/2", f"{SITE}/3"),
        f"{SITE}/1": urlset("before", lastmod="<lastmod>2026-11-19T23:59:59Z</lastmod>"),
        f"{SITE}/2": urlset("undated", lastmod=""),
        f"{SITE}/3": news,
    }
    found, _ = search(pages)
    assert found.paths == ["news"]
    assert found.chunks[0][0].title == "As the sitemap words it"
    assert found.counts == {"sitemaps": 4, "addresses of other days": 1, "addresses without a date": 1}


def test_an_index_in_gzip_that_lists_itself_and_names_other_days(search: Any) -> None:  # noqa: ANN401
    top = f"{SITE}/sitemap.xml"
    pages = {
        top: gzip.compress(index(top, f"{SITE}/sitemap-2026-11-20.xml.gz", f"{SITE}/sitemap-2026-10-20.xml.gz")),
        f"{SITE}/sitemap-2026-11-20.xml.gz": gzip.compress(urlset(1)),
    }
    found, web = search(pages)
    assert found.paths == ["1"]
    assert web.requests[top] == 1
    assert found.counts == {"sitemaps": 2}


def test_children_that_fail_are_counted_and_their_siblings_go_on(search: Any) -> None:  # noqa: ANN401
    bad: dict[str, bytes | Exception] = {
        f"{SITE}/html": b"<!doctype html><title>Sign in</title>",
        f"{SITE}/gzip": gzip.compress(urlset(1))[:-9],
        f"{SITE}/empty": b"",
        f"{SITE}/timeout": Retry(f"{SITE}/timeout: no whole answer within 30 s"),
        f"{SITE}/large": Reject(Reason.TOO_LARGE, "larger than 52,428,800 bytes"),
    }
    pages = {f"{SITE}/sitemap.xml": index(*bad, f"{SITE}/gone", f"{SITE}/good"), f"{SITE}/good": urlset("good"), **bad}
    found, _ = search(pages)
    assert found.paths == ["good"]
    assert found.counts == {"sitemaps": 8, "sitemaps failed": 6}
    for said in (
        "html is not a sitemap: the server sent an HTML page titled “Sign in”",
        "gzip is not a sitemap: its gzip is broken",
        "empty is not a sitemap: the server sent an empty body",
        "timeout: no whole answer",
        "larger than 52,428,800 bytes",
        f"{SITE}/gone answered 404",
    ):
        assert said in found.said


def test_an_error_of_ours_is_told_and_the_others_go_on(search: Any) -> None:  # noqa: ANN401
    other = Feed(url=f"{OTHER}/feed", publisher="Other", sitemaps=(f"{OTHER}/sitemap.xml",))
    mine = Feed(url=FEED.url, publisher=FEED.publisher, sitemaps=(f"{SITE}/sitemap.xml",))
    found, _ = search({f"{SITE}/sitemap.xml": KeyError("a bug"), f"{OTHER}/sitemap.xml": urlset(1)}, mine, other)
    assert found.paths == ["1"]
    assert found.counts == {"sitemaps": 2, "sitemaps failed": 1}
    assert "please report it" in found.said


def test_a_store_that_is_down_stops_everything(search: Any) -> None:  # noqa: ANN401
    with pytest.raises(StoreUnavailable, match="the ledger"):
        search({f"{SITE}/robots.txt": StoreUnavailable("the ledger cannot be used")})


def test_fifty_thousand_addresses_come_in_chunks(search: Any) -> None:  # noqa: ANN401
    found, _ = search({f"{SITE}/sitemap.xml": urlset(*range(50_000))})
    assert len(found.paths) == 50_000
    assert max(map(len, found.chunks)) == 1000


def test_a_source_without_sitemaps_is_said_and_no_failure(search: Any) -> None:  # noqa: ANN401
    other = Feed(url=f"{OTHER}/feed", publisher="Other")
    found, _ = search({f"{OTHER}/sitemap.xml": urlset(1)}, FEED, other)
    assert found.paths == ["1"]
    assert found.counts == {"sitemaps": 1, "sources without sitemaps": 1}
    assert f"The Example has no sitemaps: robots.txt names none, and there is none at {SITE}/sitemap.xml" in found.said


def test_a_site_that_does_not_answer_is_a_source_that_failed(search: Any) -> None:  # noqa: ANN401
    found, web = search({f"{SITE}/robots.txt": Retry("cannot connect: no route")})
    assert found.counts == {"sources failed": 1}
    assert web.requests.total() == 1
    assert "sitemaps of The Example: cannot connect: no route" in found.said


def test_each_address_is_asked_once_however_many_feeds_share_the_site(search: Any) -> None:  # noqa: ANN401
    feeds = [Feed(url=f"{SITE}/{name}", publisher="The Example") for name in ("world", "sport")]
    configured = Feed(url=f"{SITE}/x", publisher="The Example", sitemaps=(f"{SITE}/news.xml",))
    pages = {f"{SITE}/robots.txt": robots(f"{SITE}/news.xml"), f"{SITE}/news.xml": urlset(1)}
    found, web = search(pages, *feeds, configured)
    assert found.paths == ["1"]
    assert web.requests == Counter([f"{SITE}/robots.txt", f"{SITE}/news.xml"])


def test_sitemaps_without_end_are_left(search: Any) -> None:  # noqa: ANN401
    many = [f"{SITE}/{number}" for number in range(2000)]
    found, web = search({f"{SITE}/sitemap.xml": index(*many), **dict.fromkeys(many, urlset())})
    assert web.requests.total() == MAX_SITEMAPS + 1  # and robots.txt
    assert found.counts["sitemaps"] == MAX_SITEMAPS
    assert found.counts["sitemaps left out"] == 2000 - MAX_SITEMAPS + 1
    assert "more than 1000 sitemaps; the others were left out" in found.said


def test_sitemaps_are_counted_per_source_however_many_robots_txt_names(search: Any) -> None:  # noqa: ANN401
    first, second = ([f"{SITE}/{name}{number}" for number in range(700)] for name in "ab")
    pages = {f"{SITE}/robots.txt": robots(f"{SITE}/a.xml", f"{SITE}/b.xml")}
    pages |= {f"{SITE}/a.xml": index(*first), f"{SITE}/b.xml": index(*second)}
    pages |= dict.fromkeys([*first, *second], urlset())
    found, web = search(pages)
    assert web.requests.total() == MAX_SITEMAPS + 1  # and robots.txt
    assert found.counts == {"sitemaps": MAX_SITEMAPS, "sitemaps left out": 1402 - MAX_SITEMAPS}
    found, _ = search({f"{SITE}/robots.txt": robots(*first, *second)} | dict.fromkeys([*first, *second], urlset()))
    assert found.counts == {"sitemaps": MAX_SITEMAPS, "sitemaps left out": 1400 - MAX_SITEMAPS}


def test_indexes_in_indexes_end_somewhere(search: Any) -> None:  # noqa: ANN401
    pages = {f"{SITE}/sitemap.xml": index(f"{SITE}/0"), **{f"{SITE}/{n}": index(f"{SITE}/{n + 1}") for n in range(9)}}
    found, _ = search(pages)
    assert found.counts == {"sitemaps": 3, "sitemaps left out": 1}
    assert f"{SITE}/1: an index below 2 others; what it lists was left out" in found.said


def test_a_sitemap_that_is_cut_off_is_counted_and_what_it_has_is_kept(search: Any) -> None:  # noqa: ANN401
    found, _ = search({f"{SITE}/sitemap.xml": urlset(1, 2, 3)[:-60]})
    assert found.paths == ["1", "2"]
    assert found.counts == {"sitemaps": 1, "sitemaps cut off": 1}
    assert f"{SITE}/sitemap.xml is cut off or damaged after 2 addresses" in found.said
