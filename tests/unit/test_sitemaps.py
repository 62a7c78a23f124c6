"""Sitemaps as sites serve them."""

import gzip
import tracemalloc
from datetime import datetime

import pytest

from pipeline.discover.sitemaps import ChildSitemap, NotASitemap, Sitemap, SitemapEntry, parse_sitemap
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


def plain(*addresses: str) -> Sitemap:
    return Sitemap(entries=tuple(SitemapEntry(url=address) for address in addresses))


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
    assert parse_sitemap(pack(NEWS.encode()), URL) == Sitemap(entries=(first, second))


def test_an_index() -> None:
    body = b"""<sitemapindex><sitemap><loc>/1.xml.gz</loc><lastmod>2026-11-23T10:00:00+01:00</lastmod></sitemap>
    <sitemap><loc>https://news.example/2.xml</loc></sitemap></sitemapindex>"""
    first = ChildSitemap(url="https://news.example/1.xml.gz", modified=MINUTE)
    assert parse_sitemap(body, URL) == Sitemap(children=(first, ChildSitemap(url="https://news.example/2.xml")))


def test_plain_text() -> None:
    body = b"\xef\xbb\xbfhttps://news.example/1\r\nhttps://news.example/2\n"
    assert parse_sitemap(body, URL) == plain("https://news.example/1", "https://news.example/2")


def test_an_empty_sitemap_is_a_sitemap() -> None:
    assert parse_sitemap(urlset(), URL) == Sitemap()


def test_what_comes_before_a_break_is_kept() -> None:
    assert parse_sitemap(urlset("https://news.example/1")[:-5] + b"<", URL) == plain("https://news.example/1")


def test_the_declared_encoding_need_not_be_true() -> None:
    body = b'<?xml version="1.0" encoding="utf-16"?>' + urlset("https://news.example/1")
    assert parse_sitemap(body, URL) == plain("https://news.example/1")


def test_no_more_addresses_than_the_protocol_allows() -> None:
    body = urlset(*(f"https://news.example/{number}" for number in range(50_001)))
    assert len(parse_sitemap(body, URL).entries) == 50_000


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
        parse_sitemap(body, URL)
    assert str(error.value).startswith(f"{URL} is not a sitemap: {message}")


def test_a_gzip_bomb_stops_at_the_limit() -> None:
    with pytest.raises(NotASitemap, match="larger than the 50 MiB"):
        parse_sitemap(gzip.compress(b"\0" * (60 * 2**20), 1), URL)


def test_entities_that_a_sitemap_defines_are_not_expanded() -> None:
    definitions = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<!DOCTYPE urlset [<!ENTITY e0 "{"x" * 1000}">{definitions}]>'.encode()
    tracemalloc.start()
    try:
        sitemap = parse_sitemap(head + urlset("https://news.example/1", "&e9;"), URL)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sitemap.entries[0].url == "https://news.example/1"
    assert peak < 5 * 2**20
