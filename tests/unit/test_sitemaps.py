"""Sitemaps as sites serve them."""

import gzip
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.discover.sitemaps import ChildSitemap, CutOffSitemap, NotASitemap, SitemapEntry, may_list, parse_sitemap
from pipeline.model.evidence import Precision, Timestamp

URL = "https://news.example/sitemap.xml"
NAMESPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" '
    'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)
NEWS = f"""<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet type="text/xsl" href="/sitemap.xsl"?>
<!-- made by hand -->
<urlset {NAMESPACES}>
  <url>
    <loc> https://news.example/a?x=1&amp;y=2 </loc>
    <lastmod>2026-11-23</lastmod>
    <image:image><image:loc>https://news.example/a.jpg</image:loc><image:title>A picture</image:title></image:image>
    <news:news>
      <news:publication><news:name>The Example</news:name><news:language>en-GB</news:language></news:publication>
      <news:publication_date>2026-11-23T10:00:00+01:00</news:publication_date>
      <news:title><![CDATA[Salt & vinegar]]></news:title>
    </news:news>
  </url>
  <url><loc>/b?x=1&y=2</loc></url>
  <url><loc>mailto:desk@news.example</loc></url>
</urlset>"""
DAY = Timestamp(
    raw="2026-11-23",
    value=datetime.fromisoformat("2026-11-23T00:00:00Z"),
    source="sitemap",
    precision=Precision.DAY,
    has_offset=False,
)
MINUTE = Timestamp(
    raw="2026-11-23T10:00:00+01:00", value=datetime.fromisoformat("2026-11-23T10:00:00+01:00"), source="sitemap"
)


def urlset(*addresses: str) -> bytes:
    locations = "".join(f"<url><loc>{address}</loc></url>" for address in addresses)
    return f"<urlset {NAMESPACES}>{locations}</urlset>".encode()


def plain(*addresses: str) -> list[SitemapEntry]:
    return [SitemapEntry(url=address) for address in addresses]


def parse(body: bytes) -> list[SitemapEntry | ChildSitemap]:
    return list(parse_sitemap(body, URL))


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_news_sitemap(pack: type[bytes]) -> None:
    first = SitemapEntry(
        url="https://news.example/a?x=1&y=2",
        modified=DAY,
        published=MINUTE,
        title="Salt & vinegar",
        language="en",
        publisher="The Example",
    )
    # The bare ampersand of the second address is a mistake that many sitemaps make.
    second = SitemapEntry(url="https://news.example/b?x=1&y=2")
    assert parse(pack(NEWS.encode())) == [first, second]


def test_an_index() -> None:
    body = b"""<sitemapindex><sitemap><loc>/1.xml.gz</loc><lastmod>2026-11-23T10:00:00+01:00</lastmod></sitemap>
    <sitemap><loc>https://news.example/2.xml</loc></sitemap></sitemapindex>"""
    first = ChildSitemap(url="https://news.example/1.xml.gz", modified=MINUTE)
    assert parse(body) == [first, ChildSitemap(url="https://news.example/2.xml")]


def test_plain_text() -> None:
    body = b"\xef\xbb\xbfhttps://news.example/1\r\nhttps://news.example/2\n"
    assert parse(body) == plain("https://news.example/1", "https://news.example/2")


def test_an_empty_sitemap_is_a_sitemap() -> None:
    assert parse(urlset()) == []


def parse_cut_off(body: bytes, message: str) -> list[SitemapEntry | ChildSitemap]:
    listed = list[SitemapEntry | ChildSitemap]()
    with pytest.raises(CutOffSitemap, match=message):
        listed.extend(parse_sitemap(body, URL))
    return listed


def test_what_comes_before_a_break_is_kept_and_the_break_is_said() -> None:
    body = urlset("https://news.example/1")[:-5] + b"<"
    assert parse_cut_off(body, f"{URL} is cut off or damaged after 1 addresses") == plain("https://news.example/1")


def test_the_declared_encoding_need_not_be_true() -> None:
    body = b'<?xml version="1.0" encoding="utf-16"?>' + urlset("https://news.example/1")
    assert parse(body) == plain("https://news.example/1")


@pytest.mark.parametrize("form", [urlset, lambda *addresses: "\n".join(addresses).encode()], ids=["XML", "text"])
def test_no_more_addresses_than_the_protocol_allows(form: Callable[..., bytes]) -> None:
    addresses = [f"https://news.example/{number}" for number in range(50_001)]
    assert len(parse(form(*addresses[:-1]))) == 50_000
    assert len(parse_cut_off(form(*addresses), f"{URL} lists more than the 50,000 addresses")) == 50_000


NOT_SITEMAPS = {
    "the server sent an empty body": b"",
    "the server sent an HTML page titled “Not found”": b"<!DOCTYPE html><title>Not found</title>",
    "the server sent an XML document that begins with <rss>": b"<rss><channel/></rss>",
    "the server sent text that begins with 'no sitemap'": b"no sitemap",
    "its gzip is broken": gzip.compress(NEWS.encode())[:-9],
    "Excessive depth": b"<urlset>" + b"<url>" * 10_000,
}


@pytest.mark.parametrize(("message", "body"), NOT_SITEMAPS.items(), ids=NOT_SITEMAPS)
def test_what_is_no_sitemap_is_called_by_its_name(message: str, body: bytes) -> None:
    with pytest.raises(NotASitemap) as error:
        parse(body)
    assert str(error.value).startswith(f"{URL} is not a sitemap: {message}")


def test_a_gzip_bomb_stops_at_the_limit() -> None:
    with pytest.raises(NotASitemap, match="larger than the 50 MiB"):
        parse(gzip.compress(b"\0" * (60 * 2**20), 1))


def test_entities_that_a_sitemap_defines_are_not_expanded() -> None:
    definitions = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<!DOCTYPE urlset [<!ENTITY e0 "{"x" * 1000}">{definitions}]>'.encode()
    tracemalloc.start()
    try:
        sitemap = parse(head + urlset("https://news.example/1", "&e9;"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sitemap[0].url == "https://news.example/1"
    assert peak < 5 * 2**20


CHILDREN = {
    "https://news.example/sitemap-2026-11-23.xml.gz": True,
    "https://news.example/sitemap-2026-11-22.xml": True,  # the site's own day may end later than ours
    "https://news.example/sitemap-2026-11-21.xml": False,
    "https://news.example/2026/11/25/sitemap.xml": False,
    "https://news.example/sitemap_20261123.xml": True,
    "https://news.example/sitemap_20251123.xml": False,
    "https://news.example/sitemap.xml?yyyy=2026&mm=11&dd=23": True,
    "https://news.example/sitemap.xml?yyyy=2026&mm=10&dd=23": False,
    "https://news.example/sitemap-2026-11.xml": True,
    "https://news.example/sitemap-202610.xml": False,
    "https://news.example/sitemap-2016-11.xml": False,
    "https://news.example/sitemap-2026-02-31.xml": False,  # no such day, but February all the same
    "https://news.example/sitemap-2015.xml": True,  # a number as well as a year
    "https://news.example/sitemap-12.xml": True,
    "https://news.example/1202611234/sitemap.xml": True,
}


@pytest.mark.parametrize(("url", "expected"), CHILDREN.items(), ids=CHILDREN)
def test_a_child_whose_name_says_another_day_is_not_asked_for(url: str, expected: bool) -> None:  # noqa: FBT001 - a table
    day = datetime(2026, 11, 23, tzinfo=UTC)
    assert may_list(ChildSitemap(url=url), day, day + timedelta(days=1)) is expected


def test_a_child_that_was_last_changed_before_is_not_asked_for() -> None:
    child = ChildSitemap(url="https://news.example/1.xml", modified=MINUTE)
    assert may_list(child, MINUTE.value, MINUTE.value + timedelta(days=1))
    assert not may_list(child, MINUTE.value + timedelta(days=2), MINUTE.value + timedelta(days=3))
