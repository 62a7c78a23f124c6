"""The sources file, and OPML."""

from pathlib import Path

import pytest

from pipeline.discover.opml import parse_opml, write_opml
from pipeline.discover.sources import find_rules, parse_sources, write_sources
from pipeline.errors import UsageError
from pipeline.model.feed import Feed, Rules

EXAMPLE = Path(__file__).parents[2] / "examples" / "sources.toml"
FULL = Feed(
    url="https://news.example/feed?a=1&b=2",
    publisher='The "Example" \\ Zürich\x7f',
    language="en",
    section="world\tnews",
    country="GB",
    sitemaps=("https://news.example/1.xml", "https://news.example/2.xml"),
    rules=Rules(remove=(".teaser", 'a[rel="x"]'), keep=("article > p",)),
)
BARE = Feed(url="https://bare.example/", publisher="Bare")


def test_a_source_with_everything() -> None:
    text = """
[[sources]]
feed = "HTTPS://News.Example/feed"
publisher = " The Example "
language = "en"
section = "world"
country = "GB"
sitemaps = ["https://news.example/sitemap.xml"]
[sources.rules]
remove = [".teaser", "aside"]
keep = "article"
"""
    assert parse_sources(text) == (
        Feed(
            url="https://news.example/feed",
            publisher="The Example",
            language="en",
            section="world",
            country="GB",
            sitemaps=("https://news.example/sitemap.xml",),
            rules=Rules(remove=(".teaser", "aside"), keep=("article",)),
        ),
    )


def test_what_is_written_is_read_back() -> None:
    assert parse_sources(write_sources([FULL, BARE])) == (FULL, BARE)
    assert parse_sources(write_sources([])) == ()


def source(**values: str) -> str:
    lines = {"feed": '"https://news.example/feed"', "publisher": '"The Example"'} | values
    return "[[sources]]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items() if value)


WRONG = {
    "no TOML": ("[[sources]\n", "s.toml: not TOML: "),
    "another table": ("[feeds]\n", "s.toml: unknown table 'feeds'; each feed is a table of its own, [[sources]]"),
    "no list": ("[sources]\n", "s.toml: sources must be written as [[sources]]"),
    "no feed": (source(feed=""), 's.toml, source 1 (line 1): feed is missing; write feed = "https://…"'),
    "no publisher": (
        source(publisher=""),
        "s.toml, source 1 (line 1): publisher of https://news.example/feed is missing",
    ),
    "a wrong type": (source(feed="7"), "s.toml, source 1 (line 1): feed is 7; write a text"),
    "a wrong address": (
        source(feed='"ftp://x/"'),
        "s.toml, source 1 (line 1): feed: 'ftp://x/' is not an http or https",
    ),
    "an unknown key": (
        source(lang='"en"'),
        "s.toml, source 1 (line 1): unknown key 'lang'; known are feed, publisher,",
    ),
    "a language by name": (
        source(language='"English"'),
        "s.toml, source 1 (line 1): language is 'English'; write its code",
    ),
    "a country in small letters": (
        source(country='"gb"'),
        "s.toml, source 1 (line 1): country is 'gb'; write its code",
    ),
    "a sitemap that is no text": (source(sitemaps="[1]"), "s.toml, source 1 (line 1): sitemaps is [1]; write a list"),
    "a wrong sitemap": (source(sitemaps='["x"]'), "s.toml, source 1 (line 1): sitemaps: 'x' is not an http or https"),
    "rules that are no table": (source(rules='"p"'), "s.toml, source 1 (line 1): rules must be a table"),
    "an unknown rule": (
        source(rules='{drop = "p"}'),
        "s.toml, source 1 (line 1), rules: unknown key 'drop'; known are remove",
    ),
    "no selector": (source(rules='{keep = "p >"}'), "s.toml, source 1 (line 1), rules: 'p >' is not a CSS selector"),
    "a feed twice": (
        source() + "\n# again\n" + source(feed='"https://NEWS.example/feed#top"'),
        "s.toml, source 2 (line 6): the feed https://news.example/feed is there already, in s.toml, source 1 (line 1)",
    ),
    "tables without lines of their own": ('sources = [{feed = "x"}]', "s.toml, source 1: publisher of x is missing"),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_mistake_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_sources(text, "s.toml")
    assert str(error.value).startswith(message)


def test_the_starter_list_covers_many_languages() -> None:
    feeds = parse_sources(EXAMPLE.read_text(encoding="utf-8"), EXAMPLE.name)
    assert len(feeds) >= 40
    assert len({feed.language for feed in feeds} - {None}) >= 10
    assert all(feed.country and feed.section for feed in feeds)


OPML = b"""<?xml version="1.0" encoding="ISO-8859-1"?>
<opml version="1.0"><head><title>Mine</title></head><body>
<outline text="World">
  <outline title="Caf\xe9" text="c" type="rss" xmlUrl="https://cafe.example/feed"  language="fr-FR"/>
  <outline text="Deeper"><outline text="Deep" xmlUrl="https://deep.example/feed"/></outline>
  <outline text="Sport" category="/News/Football,other" xmlUrl="https://sport.example/feed"/>
</outline>
<outline text="Again" xmlUrl="https://CAFE.example/feed"/>
<outline xmlUrl="https://bare.example/feed?a=1&b=2"/>
<outline text="Old" xmlUrl="feed:old"/>
<outline text="Lost"/>
</body></opml>"""


def test_opml_is_read_whole_and_what_is_broken_is_told() -> None:
    outlines = parse_opml(OPML, "mine.opml")
    assert outlines.feeds == (
        Feed(url="https://cafe.example/feed", publisher="Café", language="fr", section="World"),
        Feed(url="https://deep.example/feed", publisher="Deep", section="Deeper"),
        Feed(url="https://sport.example/feed", publisher="Sport", section="Football"),
        Feed(url="https://bare.example/feed?a=1&b=2", publisher="bare.example"),
    )
    assert outlines.problems == (
        "mine.opml, line 10: the outline 'Old': 'feed:old' is not an http or https address; write a whole address in xmlUrl",
        "mine.opml, line 11: the outline 'Lost' has no feed; write xmlUrl=\"https://…\"",
    )


def test_opml_that_is_written_is_read_back() -> None:
    feeds = (
        Feed(url="https://b.example/", publisher='"B" & <Söhne>', language="de"),
        Feed(url="https://a.example/", publisher="A", section="Kultur"),
        Feed(url="https://c.example/", publisher="C", section="Kultur"),
    )
    outlines = parse_opml(write_opml(feeds))
    assert (outlines.feeds, outlines.problems) == (feeds, ())


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "an empty body"),
        (b"<!DOCTYPE html><title>My feeds</title>", "an HTML page titled “My feeds”"),
        (b"<rss/>", "an XML document that begins with <rss>"),
        (b"<opml><body>", "an XML document that begins with <opml>"),
    ],
)
def test_what_is_no_opml_is_called_by_its_name(data: bytes, what: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_opml(data, "mine.opml")
    assert str(error.value).startswith(f"mine.opml cannot be read as OPML: it is {what}; ")


def test_opml_cannot_read_files_or_grow() -> None:
    body = b'<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/hostname"><!ENTITY y "yyy">]><opml><body>%s</body></opml>'
    outlines = parse_opml(body % b'<outline text="&x; &y;" xmlUrl="https://a.example/"/>')
    assert [feed.publisher for feed in outlines.feeds] == ["&x; &y;"]


def test_the_rules_of_a_page_are_those_of_the_source_of_its_site() -> None:
    plain, other = (
        Feed(url="https://www.news.example/world", publisher="Plain"),
        Feed(url="https://o.example/", publisher="O"),
    )
    served = Feed(url="https://feeds.example.org/world.xml", publisher="S", rules=Rules(keep=("article",)))
    feeds = (plain, other, FULL, served)
    assert find_rules(feeds, "https://news.example/2026/a") == FULL.rules
    assert find_rules(feeds, "https://www.example.org/a") == served.rules
    assert find_rules(feeds, "https://m.o.example/a") == Rules()
    assert find_rules(feeds, "https://elsewhere.example/a") is None
