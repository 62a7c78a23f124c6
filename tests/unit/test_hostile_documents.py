# ruff: noqa: PT017 - a document may be refused or read, but only refused for one of these reasons
"""Feeds, sitemaps, pages and robots.txt as attackers write them: nothing is loaded, nothing grows, each has its end.

Each is read in a process that is killed where it takes more than a few seconds of the processor, or 512 MB.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.adapters.confinement import ForkedProcesses
from pipeline.discover.feeds import ParsedFeed, parse_feed
from pipeline.discover.sitemaps import Sitemap, read_sitemap
from pipeline.errors import NewswireError, Reject
from pipeline.extract.article import extract_article
from pipeline.fetch import robots
from pipeline.model.capture import Capture
from pipeline.model.fate import Reason
from pipeline.model.feed import Feed, Rules

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
URL = "https://news.example/a"
SECRET = "what only this machine knows"
STOPPED = {Reason.TIMEOUT, Reason.OUT_OF_MEMORY, Reason.CRASH, Reason.BUG}
KILO = 1000
MEGA = 1_000_000


@pytest.fixture(scope="module")
def confined() -> Iterator[ForkedProcesses]:
    processes = ForkedProcesses(seconds=3, megabytes=512)
    yield processes
    processes.close()


@pytest.fixture
def secret(tmp_path: Path) -> str:
    (tmp_path / "secret").write_text(SECRET)
    return (tmp_path / "secret").as_uri()


def laughs(levels: int) -> str:
    lines = ['<!ENTITY l0 "lol">', *(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, levels))]
    return "<!DOCTYPE x [" + "\n".join(lines) + "]>", f"&l{levels - 1};"


#: Declarations, and the reference that would make them grow or load.
ENTITIES = {
    "a billion laughs": lambda _: laughs(10),
    "quadratic": lambda _: (f'<!DOCTYPE x [<!ENTITY a "{"b" * 50_000}">]>', "&a;" * 20_000),
    "an external entity": lambda secret: (f'<!DOCTYPE x [<!ENTITY a SYSTEM "{secret}">]>', "&a;"),
    "a public external entity": lambda secret: (f'<!DOCTYPE x [<!ENTITY a PUBLIC "-//x" "{secret}">]>', "&a;"),
    "an external DTD": lambda secret: (f'<!DOCTYPE x SYSTEM "{secret}">', "&a;"),
    "a parameter entity": lambda secret: (f'<!DOCTYPE x [<!ENTITY % a SYSTEM "{secret}"> %a;]>', "&b;"),
    "parameter entities in one another": lambda _: (
        "<!DOCTYPE x [<!ENTITY % a '&#37;b;'><!ENTITY % b '<!ENTITY c \"d\">'>%a;]>",
        "&c;",
    ),
    "an entity of itself": lambda _: ('<!DOCTYPE x [<!ENTITY a "&b;"><!ENTITY b "&a;">]>', "&a;"),
    "an entity with a bracket inside": lambda secret: (
        f'<!DOCTYPE x [<!ENTITY b ">"><!ENTITY a SYSTEM "{secret}">]>',
        "&a;&b;",
    ),
    "XInclude": lambda secret: (
        "",
        f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret}" parse="text"/>',
    ),
    "a style sheet": lambda secret: (f'<?xml-stylesheet type="text/xsl" href="{secret}"?>', "a"),
}


@pytest.mark.parametrize("make", ENTITIES.values(), ids=ENTITIES.keys())
def test_entities_neither_grow_nor_load(
    confined: ForkedProcesses, secret: str, make: Callable[[str], tuple[str, str]]
) -> None:
    declared, reference = make(secret)
    item = f"<item><link>{URL}</link><title>T {reference}</title><description>{reference}</description></item>"
    feed = f'<?xml version="1.0"?>{declared}<rss version="2.0"><channel>{item}</channel></rss>'
    found = read_feed(confined, feed.encode())
    assert isinstance(found, ParsedFeed)
    assert len(found.entries) <= 1
    for entry in found.entries:
        assert SECRET not in repr(entry)
        assert len(repr(entry)) < MEGA
    sitemap = f'<?xml version="1.0"?>{declared}<urlset><url><loc>{URL}</loc><title>{reference}</title></url></urlset>'
    try:
        listed = confined.call(read_sitemap, sitemap.encode(), URL)
    except NewswireError as error:
        assert not (isinstance(error, Reject) and error.reason in STOPPED), error
    else:
        assert SECRET not in repr(listed)
        assert len(repr(listed)) < MEGA


FEEDS = {
    "elements nested deep": b"<rss version='2.0'><channel>" + b"<a>" * 100 * KILO,
    "items in items": b"<rss version='2.0'><channel>" + b"<item>" * 20 * KILO,
    "many items": b"<rss version='2.0'><channel>" + b"<item><link>/a</link></item>" * 20 * KILO,
    "attributes without end": b"<rss version='2.0' "
    + b"".join(b"a%d='' " % number for number in range(50 * KILO))
    + b"/>",
    "one long attribute": b"<rss version='2.0' a='" + b"b" * 5 * MEGA + b"'/>",
    "one long title": b"<rss version='2.0'><channel><item><link>/a</link><title>" + b"a &lt;b&gt; " * 200 * KILO,
    "brackets": b"<rss version='2.0'><channel>" + b"<" * MEGA,
    "ampersands": b"<rss version='2.0'><channel><title>" + b"&" * MEGA,
    "comments that do not end": b"<rss version='2.0'><channel>" + b"<!--" * 200 * KILO,
    "CDATA that does not end": b"<rss version='2.0'><channel>" + b"<![CDATA[" * 100 * KILO,
    "declarations that do not end": b"<!DOCTYPE rss [" + b"<!ENTITY" * 100 * KILO,
    "blanks": b" " * 3 * MEGA + b"<rss version='2.0'/>",
    "a long date": b"<rss version='2.0'><channel><item><link>/a</link><pubDate>"
    + b" " * 200 * KILO
    + b"x</pubDate></item>",
    "JSON nested deep": b'{"version":"https://jsonfeed.org/version/1","items":' + b"[" * 500 * KILO,
    "JSON with a long number": b'{"version":"https://jsonfeed.org/version/1","items":[' + b"9" * MEGA + b"]}",
}


def read_feed(confined: ForkedProcesses, body: bytes) -> ParsedFeed | NewswireError:
    capture = Capture(url=URL, final_url=URL, fetched_at=NOW, status=200, body=body)
    try:
        return confined.call(parse_feed, capture, Feed(url=URL, publisher="N"))
    except NewswireError as error:
        return error


@pytest.mark.parametrize("body", FEEDS.values(), ids=FEEDS.keys())
def test_a_hostile_feed_is_read_or_refused_by_name(confined: ForkedProcesses, body: bytes) -> None:
    found = read_feed(confined, body)
    if isinstance(found, Reject):
        assert found.reason in STOPPED - {Reason.BUG}, found
        assert found.detail
    assert isinstance(read_feed(confined, b"<rss version='2.0'><channel/></rss>"), ParsedFeed)  # the neighbour


SITEMAPS = {
    "elements nested deep": b"<urlset>" + b"<url>" * 100 * KILO,
    "many addresses": b"<urlset>" + b"<url><loc>/a</loc></url>" * 60 * KILO + b"</urlset>",
    "many fields": b"<urlset><url>" + b"<loc>/a</loc>" * 200 * KILO + b"</url></urlset>",
    "ampersands": b"<urlset><url><loc>" + b"&" * MEGA,
    "CDATA that does not end": b"<urlset>" + b"<![CDATA[" * 100 * KILO,
    "an address of megabytes": b"<urlset><url><loc>/" + b"a" * 5 * MEGA + b"</loc></url></urlset>",
}


@pytest.mark.parametrize("body", SITEMAPS.values(), ids=SITEMAPS.keys())
def test_a_hostile_sitemap_is_read_or_refused_by_name(confined: ForkedProcesses, body: bytes) -> None:
    try:
        assert isinstance(confined.call(read_sitemap, body, URL), Sitemap)
    except NewswireError as error:
        assert not isinstance(error, Reject) or error.reason in STOPPED - {Reason.BUG}
    assert confined.call(read_sitemap, b"<urlset/>", URL) == Sitemap()


HEAD = b"<!doctype html><html><head><title>A title</title>"
TEXT = (
    b"<article>"
    + b"<p>The council agreed on Tuesday that the port opens again, officials said.</p>" * 20
    + b"</article>"
)
JSON_LD = b'<script type="application/ld+json">%s</script>'
PAGES = {
    "100,000 elements deep": HEAD + b"<div>" * 100 * KILO + TEXT,
    "100,000 inline elements deep": HEAD + b"<b>" * 100 * KILO + TEXT,
    "100,000 tables deep": HEAD + b"<table><tr><td>" * 34 * KILO + TEXT,
    "formatting that is opened again and again": HEAD + b"<p><b><i><u><a>" * 20 * KILO + TEXT,
    "50 MB of JSON-LD": HEAD + JSON_LD % (b'{"@type":"NewsArticle","articleBody":"' + b"a " * 25 * MEGA + b'"}') + TEXT,
    "JSON-LD nested deep": HEAD + JSON_LD % (b"[" * 900 * KILO) + TEXT,
    "many objects of JSON-LD": HEAD + JSON_LD % (b"[" + b'{"@type":"NewsArticle"},' * 80 * KILO + b"{}]") + TEXT,
    "many scripts of JSON-LD": HEAD + JSON_LD % b'{"@type":"NewsArticle","headline":"A"}' * 50 * KILO + TEXT,
    "JSON-LD that cannot be mended": HEAD + JSON_LD % (b"<!--" * 400 * KILO) + TEXT,
    "many attributes": HEAD + b"<p " + b"".join(b"a%d " % number for number in range(100 * KILO)) + b">" + TEXT,
    "many meta elements": HEAD + b'<meta name="author" content="A B">' * 100 * KILO + TEXT,
    "one long paragraph": HEAD + b"<article><p>" + b"word " * MEGA,
    "many paragraphs": HEAD + b"<article>" + b"<p>The council agreed on Tuesday.</p>" * 50 * KILO,
    "blanks": HEAD + b"<article><p>" + b" " * 5 * MEGA + TEXT,
    "dots": HEAD + b"<article><p>" + b"." * 200 * KILO + TEXT,
    "dates": HEAD + b"<article><p>" + b"2026-11-2" * 100 * KILO + TEXT,
    "by by by": HEAD + b'<div class="byline">' + b"by " * 100 * KILO + b"</div>" + TEXT,
    "comments that do not end": HEAD + b"<!--" * 500 * KILO,
    "character references": HEAD + b"<p>" + b"&amp" * MEGA,
}


@pytest.mark.parametrize("body", PAGES.values(), ids=PAGES.keys())
def test_a_hostile_page_is_read_or_refused_by_name(confined: ForkedProcesses, body: bytes) -> None:
    try:
        confined.call(extract_article, page(body), None, Rules())
    except Reject as error:
        assert error.reason is not Reason.BUG, error
        assert error.detail
    assert confined.call(extract_article, page(HEAD + TEXT), None, Rules()).headline.value == "A title"


def page(body: bytes) -> Capture:
    headers = (("Content-Type", "text/html; charset=utf-8"),)
    return Capture(url=URL, final_url=URL, fetched_at=NOW, status=200, headers=headers, body=body)


ROBOTS = {
    "asterisks": "Disallow: /" + "a*" * 100 * KILO + "b$",
    "many rules": "Disallow: /*a*b*c\n" * 25 * KILO,
    "many agents": "User-agent: newswire\n" * 20 * KILO + "Disallow: /",
    "many agents, many rules": "".join(f"useragent:{number:x}\n" for number in range(16 * KILO))
    + "allow:/\n" * 30 * KILO,
    "many agents, each twice": "".join(f"useragent:{number:x}*\n" for number in range(15 * KILO)) * 2 + "Disallow: /",
    "groups of one agent": "User-agent: newswire\nUser-agent: *\nDisallow: /a\n" * 10 * KILO,
    "many rules with asterisks": "allow:/*ab\n" * 46 * KILO,
    "many sitemaps": "Sitemap: https://news.example/a\n" * 15 * KILO,
    "one long line": "Disallow: " + "a" * 500 * KILO,
    "a delay of years": "Crawl-delay: 1" + "0" * 300,
    "a delay of half a million digits": "Crawl-delay: " + "1" * 500 * KILO,
    "no number of a delay": "Crawl-delay: nan",
}


def may_fetch(text: str) -> bool:
    rules = robots.read_robots(Capture(url=URL, final_url=URL, fetched_at=NOW, status=200, body=text.encode()))
    assert rules.crawl_delay <= robots.MAX_CRAWL_DELAY
    return rules.allows("https://news.example/" + "a" * 2000)


@pytest.mark.parametrize("rules", ROBOTS.values(), ids=ROBOTS.keys())
def test_hostile_robots_are_read(confined: ForkedProcesses, rules: str) -> None:
    """Not confined in production, since one pass leaves Protego no more than it can bear: within the limits of this test."""
    assert confined.call(may_fetch, f"User-agent: *\n{rules}") in {True, False}
