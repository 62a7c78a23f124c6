"""Feeds in every format. A golden case is two files in feeds/: the feed, and beside it what must be read in it."""

import codecs
import json
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from pipeline.discover.feeds import NotAFeed, ParsedFeed, parse_feed
from pipeline.model.capture import Capture
from pipeline.model.feed import Feed

FEED = Feed(url="https://news.example/feed", publisher="The Example", section="world", country="GB")
CASES = sorted(path for path in (Path(__file__).parent / "feeds").iterdir() if path.suffix in {".xml", ".json"})
#: The same for every entry of these feeds.
CONFIGURED = {"feed_url": FEED.url, "publisher": FEED.publisher, "section": "world", "country": "GB"}


def read(body: bytes, content_type: str = "application/rss+xml", feed: Feed = FEED) -> ParsedFeed:
    capture = Capture(
        url=feed.url,
        final_url="https://news.example/moved/feed",
        fetched_at=datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
        status=200,
        headers=(("content-type", content_type),),
        body=body,
    )
    return parse_feed(capture, feed)


def rss(entries: str, head: str = "") -> bytes:
    return f'<rss version="2.0"><channel><title>T</title>{head}{entries}</channel></rss>'.encode()


def as_json(parsed: ParsedFeed) -> dict[str, object]:
    """Return what was read as JSON, without what is empty and what the configuration says."""
    fields = json.loads(msgspec.json.encode(parsed))
    said = CONFIGURED.items()
    fields["entries"] = [{k: v for k, v in entry.items() if v and (k, v) not in said} for entry in fields["entries"]]
    return {key: value for key, value in fields.items() if value}


def read_case(path: Path) -> ParsedFeed:
    return read(path.read_bytes())


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_golden_feeds(path: Path) -> None:
    parsed = read_case(path)
    assert as_json(parsed) == json.loads(path.with_name(path.name + ".expected").read_text(encoding="utf-8"))
    assert all((e.feed_url, e.publisher, e.section, e.country) == tuple(CONFIGURED.values()) for e in parsed.entries)


@pytest.mark.parametrize("date", [f"Fri, 1 Jan {'9' * 20} 00:00:00 GMT", f"Fri, 1 Jan 2026 00:00:00 +{'9' * 17}"])
def test_a_number_of_many_digits_costs_an_entry_its_date_alone(date: str) -> None:
    dated = f"<item><link>https://n.example/1</link><pubDate>{date}</pubDate></item>"
    after = "<item><link>https://n.example/2</link><pubDate>Fri, 1 Jan 2027 00:00:00 GMT</pubDate></item>"
    first, second = read(rss(dated + after)).entries
    assert (first.published, second.published is None) == (None, False)


def test_a_number_of_many_digits_is_a_field_of_the_wrong_type_in_json() -> None:
    fields = f'{{"url": "https://n.example/1", "title": "One", "id": {"9" * 5000}}}'
    body = f'{{"version": "https://jsonfeed.org/version/1.1", "items": [{fields}]}}'.encode()
    assert [entry.title for entry in read(body, "application/feed+json").entries] == ["One"]


def test_what_the_user_says_of_the_language_wins() -> None:
    feed = Feed(url=FEED.url, publisher="X", language="fr")
    parsed = read(rss("<item><link>https://n.example/1</link></item>", "<language>en</language>"), feed=feed)
    assert (parsed.language, parsed.entries[0].language) == ("en", "fr")


NOT_FEEDS = {
    "an empty body": b" \n",
    "an HTML page titled “Sign in”": b"<!-- x -->\n<!DOCTYPE html><html><head><title>Sign\n in</title></head></html>",
    "an HTML page without a title": b"<html><body><item>x</item></body></html>",
    "binary data (12 bytes)": b"\x89PNG\r\n\x1a\n\0\0\0\0",
    "an XML document that begins with <urlset>": b"<?xml version='1.0'?><urlset><url/></urlset>",
    "an XML document that begins with <svg>": b"<!-- x -->\n" * 5_000 + b"<svg/>",
    "text that begins with 'Service busy'": b"Service busy",
    'JSON that begins with \'{"message": "no"}\'': b'{"message": "no"}',
    "JSON that begins with '[1]'": b"[1]",
}


@pytest.mark.parametrize(("description", "body"), NOT_FEEDS.items(), ids=NOT_FEEDS)
def test_what_is_no_feed_is_called_by_its_name(description: str, body: bytes) -> None:
    with pytest.raises(NotAFeed) as error:
        read(body)
    assert str(error.value) == f"{FEED.url} is not a feed: the server sent {description}"


@pytest.mark.parametrize("body", [b'{"version": ', b"[" * 200_000])
def test_broken_json_is_called_broken(body: bytes) -> None:
    with pytest.raises(NotAFeed, match="its JSON is broken"):
        read(body, "application/feed+json")


def test_a_feed_without_entries_is_a_feed() -> None:
    parsed = read(rss(""))
    assert (parsed.entries, parsed.title, parsed.problems) == ((), "T", ("no entries",))


TITLE = "Zürich – “naïve”"
XML = '<?xml version="1.0"{}?><rss version="2.0"><channel><title>' + TITLE + "</title></channel></rss>"
ENCODINGS = {
    "UTF-8 by default": (XML.format("").encode(), "text/xml"),
    "the content type": (XML.format("").encode("cp1252"), "application/rss+xml; charset=windows-1252"),
    "the content type before the declaration": (
        XML.format(' encoding="utf-8"').encode("cp1252"),
        'text/xml; charset="windows-1252"',
    ),
    "the declaration, also in text/xml": (XML.format(' encoding="cp1252"').encode("cp1252"), "text/xml"),
    "the declaration, without a content type": (XML.format(' encoding="cp1252"').encode("cp1252"), ""),
    "the mark before everything": (
        codecs.BOM_UTF8 + XML.format(' encoding="cp1252"').encode(),
        "text/xml; charset=iso-8859-1",
    ),
    "UTF-16 with a mark": (XML.format(' encoding="utf-16"').encode("utf-16"), "application/xml"),
    "UTF-16 without": (XML.format(' encoding="utf-16"').encode("utf-16-be"), "application/xml"),
    "Latin-1 that is Windows-1252": (XML.format(' encoding="iso-8859-1"').encode("cp1252"), "application/xml"),
    "UTF-16 declared in plain UTF-8": (XML.format(' encoding="utf-16"').encode(), "application/xml"),
    "a feed sent as HTML": (XML.format("").encode(), "text/html; charset=utf-8"),
}


@pytest.mark.parametrize(("body", "content_type"), ENCODINGS.values(), ids=ENCODINGS.keys())
def test_the_encoding_is_found(body: bytes, content_type: str) -> None:
    parsed = read(body, content_type)
    assert (parsed.title, parsed.problems) == (TITLE, ("no entries",))


MISDECLARED = {
    "cp1252 as UTF-8": (XML.format("").encode("cp1252"), "utf-8", "windows-1252"),
    "an unknown encoding": (XML.format(' encoding="x-none"').encode(), "x-none", "utf-8"),
    "UTF-8 as ASCII": (XML.format(' encoding="ascii"').encode() + b"\x81", "ascii", "utf-8"),
}


@pytest.mark.parametrize(("body", "declared", "found"), MISDECLARED.values(), ids=MISDECLARED.keys())
def test_a_wrong_declaration_is_told_and_overcome(body: bytes, declared: str, found: str) -> None:
    parsed = read(body)
    assert parsed.title == TITLE
    assert f"declared as {declared}, but not in it; read as {found}" in parsed.problems


def test_one_broken_character_does_not_spoil_the_others() -> None:
    parsed = read(XML.format("").encode().replace("ü".encode(), b"\xc3"))
    assert parsed.title == "Z\ufffdrich – “naïve”"


def test_the_entry_told_last_wins_its_address() -> None:
    def entry(title: str, date: str) -> str:
        return f"<item><title>{title}</title><link>https://n.example/1</link><pubDate>{date}</pubDate></item>"

    older, newer = "Mon, 23 Nov 2026 10:00:00 +0100", "Mon, 23 Nov 2026 09:30:00 GMT"
    for entries in (entry("a", older) + entry("b", newer), entry("b", newer) + entry("a", older)):
        assert [e.title for e in read(rss(entries)).entries] == ["b"]
    assert [e.title for e in read(rss(entry("a", "") + entry("b", ""))).entries] == ["a"]


def test_all_entries_of_a_long_feed_are_taken() -> None:
    parsed = read(rss("".join(f"<item><link>https://n.example/{number}</link></item>" for number in range(2003))))
    assert (len(parsed.entries), parsed.problems) == (2003, ())


def bomb(*, declaration: str = "", encoding: str = "utf-8") -> bytes:
    definitions = "".join(f'\n<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return (
        f'<?xml version="1.0"{declaration}?>\n<!DOCTYPE rss [\n<!ENTITY e0 "{"x" * 10_000}">{definitions}]>'
        f'<rss version="2.0"><channel><title>{"&e0;" * 10_000}&e9;</title>'
        "<item><link>https://n.example/1</link></item></channel></rss>"
    ).encode(encoding)


@pytest.mark.parametrize(
    "body", [bomb(), bomb(encoding="utf-16"), bomb(declaration=' encoding="utf-7"', encoding="utf-7")]
)
def test_entities_that_a_feed_defines_are_not_expanded(body: bytes) -> None:
    tracemalloc.start()
    try:
        parsed = read(body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [entry.url for entry in parsed.entries] == ["https://n.example/1"]
    assert peak < 20 * 2**20


def test_content_is_kept_as_sent() -> None:
    content = '<p onclick="x()">One.</p><iframe src="/a"></iframe><custom-box>Two.</custom-box>'
    entry = f"<item><link>https://n.example/1</link><c:encoded><![CDATA[{content}]]></c:encoded></item>"
    body = rss(entry).replace(b"<rss ", b'<rss xmlns:c="http://purl.org/rss/1.0/modules/content/" ')
    assert read(body).entries[0].content_html == content


def test_an_external_entity_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("do not tell")
    body = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'.encode() + rss("<item><title>&x;</title></item>")
    assert "do not tell" not in str(read(body))


def test_bytes_that_name_a_file_are_not_opened(tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    file.write_bytes(rss("<item><link>https://n.example/1</link></item>"))
    with pytest.raises(NotAFeed):
        read(str(file).encode())


AUTHORS = {
    "<author>desk@news.example (Night Desk)</author>": ("Night Desk",),
    "<author>Jane Doe &lt;jane@news.example&gt;</author>": ("Jane Doe",),
    "<author>jane@news.example</author>": (),
    "<author> Jane  Doe </author>": ("Jane Doe",),
    "": (),
}


@pytest.mark.parametrize(("markup", "authors"), AUTHORS.items())
def test_authors_are_names_not_addresses(markup: str, authors: tuple[str, ...]) -> None:
    assert read(rss(f"<item><link>https://n.example/1</link>{markup}</item>")).entries[0].authors == authors


INTERVALS = {
    "": 0.0,
    "<ttl>60</ttl>": 3600.0,
    "<ttl>soon</ttl>": 0.0,
    "<ttl>-5</ttl>": 0.0,
    "<s:updatePeriod>daily</s:updatePeriod><s:updateFrequency>24</s:updateFrequency>": 3600.0,
    "<s:updatePeriod>hourly</s:updatePeriod><s:updateFrequency>0</s:updateFrequency>": 0.0,
    "<s:updatePeriod>hourly</s:updatePeriod><ttl>90</ttl>": 5400.0,
}


@pytest.mark.parametrize(("markup", "seconds"), INTERVALS.items())
def test_the_interval_a_feed_asks_for(markup: str, seconds: float) -> None:
    namespace = 'xmlns:s="http://purl.org/rss/1.0/modules/syndication/"'
    body = rss("", markup).replace(b"<rss ", f"<rss {namespace} ".encode())
    assert read(body).least_interval == seconds
