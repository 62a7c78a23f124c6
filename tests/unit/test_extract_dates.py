"""Times are read as written, and the best believable candidate wins."""

from datetime import UTC, datetime

import pytest

from pipeline.extract.dates import modified_at, published_at
from pipeline.extract.facts import Facts, gather_facts
from pipeline.extract.page import read_page
from pipeline.extract.times import parse_timestamp
from pipeline.model.capture import Capture
from pipeline.model.evidence import Precision, Timestamp

NOW = datetime(2024, 6, 1, tzinfo=UTC)


def facts_of(html: str, url: str = "https://courier.example/a") -> Facts:
    capture = Capture(url=url, final_url=url, fetched_at=NOW, status=200, body=html.encode())
    return gather_facts(read_page(capture), None)


@pytest.mark.parametrize(
    ("raw", "language", "expected", "precision", "has_offset"),
    [
        ("2023-03-13T14:05:00+01:00", None, "2023-03-13T14:05:00+01:00", "minute", True),
        ("2023-03-13T14:05:00.123Z", None, "2023-03-13T14:05:00+00:00", "minute", True),
        ("2023-03-13 14:05", None, "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023-03-13T14:05-0330", None, "2023-03-13T14:05:00-03:30", "minute", True),
        ("2023-03-13", None, "2023-03-13T00:00:00+00:00", "day", False),
        ("20230313T140500Z", None, "2023-03-13T14:05:00+00:00", "minute", True),
        ("20230313", None, "2023-03-13T00:00:00+00:00", "day", False),
        ("1678712700", None, "2023-03-13T13:05:00+00:00", "minute", True),
        ("1678712700000", None, "2023-03-13T13:05:00+00:00", "minute", True),
        ("Mon, 13 Mar 2023 14:05:00 GMT", None, "2023-03-13T14:05:00+00:00", "minute", True),
        ("13.03.2023, 14:05 Uhr", "de", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13. März 2023 um 14.05 Uhr MEZ", "de", "2023-03-13T14:05:00+01:00", "minute", True),
        ("March 13, 2023 2:05 p.m. EDT", "en", "2023-03-13T14:05:00-04:00", "minute", True),
        ("Updated: 12:10 AM, Mar 3 2023", "en", "2023-03-03T00:10:00+00:00", "minute", False),
        ("14:05, 13 March 2023", "en", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Mon Mar 13 2023 14:05:00 GMT+0100 (CET)", "en", "2023-03-13T14:05:00+01:00", "minute", True),
        ("입력 2023.03.13. 오후 2:05", "ko", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023年3月13日 下午2:05", "zh", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023年3月13日 14時05分", "ja", "2023-03-13T14:05:00+00:00", "minute", False),
        ("Veröffentlicht am 2023-03-13 14:05", "de", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 Μαρτίου 2023, 14:05", "el", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13. ožujka 2023. 14:05", "hr", "2023-03-13T14:05:00+00:00", "minute", False),
        ("13 Maret 2023 14:05 WIB", "id", "2023-03-13T14:05:00+07:00", "minute", True),
        ("13 de marzo de 2023", "es", "2023-03-13T00:00:00+00:00", "day", False),
        ("1er mars 2023 à 14h05", "fr", "2023-03-01T14:05:00+00:00", "minute", False),
        ("13 марта 2023, 14:05", "ru", "2023-03-13T14:05:00+00:00", "minute", False),
        ("2023年3月13日 14:05", "ja", "2023-03-13T14:05:00+00:00", "minute", False),
        ("3/4/2023", "en-US", "2023-03-04T00:00:00+00:00", "day", False),
        ("3/4/2023", "fr", "2023-04-03T00:00:00+00:00", "day", False),
        ("25/4/2023", "en", "2023-04-25T00:00:00+00:00", "day", False),
    ],
)
def test_reads_times_as_written(
    raw: str, language: str | None, expected: str, precision: str, *, has_offset: bool
) -> None:
    stamp = parse_timestamp(raw, "test", language)
    assert stamp is not None
    assert (stamp.value.isoformat(), stamp.precision, stamp.has_offset) == (expected, precision, has_offset)
    assert stamp.raw == raw


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "today",
        "3/4/2023",
        "1970-01-01T00:00:00Z",
        "2023-02-30",
        "0001-01-01",
        "99999999999",
        "13 Foo 2023",
        "2023-13-45T99:99",
    ],
)
def test_reads_nothing_where_nothing_is_told(raw: str) -> None:
    assert parse_timestamp(raw, "test", "en") is None


LD = '<script type="application/ld+json">{"@type": "Article", "headline": "H", "datePublished": "%s"}</script>'
META = '<meta property="article:published_time" content="%s">'


@pytest.mark.parametrize(
    ("html", "url", "expected", "source"),
    [
        (LD % "2024-05-01T10:00Z" + META % "2024-05-02T10:00Z", "", "2024-05-01T10:00", "json-ld:datePublished"),
        (
            META % "2024-05-02T10:00Z" + "<time datetime='2024-05-03T10:00Z'>x</time>",
            "",
            "2024-05-02T10:00",
            "meta:article:published_time",
        ),
        ("<h1>H</h1><time datetime='2024-05-03T10:00Z'>x</time>", "", "2024-05-03T10:00", "page:time"),
        ("<h1>H</h1>", "/2024/05/04/a", "2024-05-04T00:00", "url"),
        (LD % "2042-05-01T10:00Z" + META % "2024-05-02T10:00Z", "", "2024-05-02T10:00", "meta:article:published_time"),
        (LD % "2024-05-02" + META % "2024-05-02T10:00Z", "", "2024-05-02T10:00", "meta:article:published_time"),
        (
            LD % "2024-05-02T10:00:00" + META % "2024-05-02T08:00Z",
            "",
            "2024-05-02T08:00",
            "meta:article:published_time",
        ),
        (
            LD % "2024-05-02T10:00:00" + META % "2024-05-02T08:07Z",
            "",
            "2024-05-02T10:00",
            "json-ld:datePublished",
        ),
        ('<h1>H</h1><p data-published="2024-05-03T10:00Z">x</p>', "", "2024-05-03T10:00", "page:p"),
        (
            '<h1>H</h1><script type="application/ld+json">{"@type": "WebPage", "datePublished": "2024-05-03T10:00Z"}</script>',
            "",
            "2024-05-03T10:00",
            "json-ld:WebPage",
        ),
        (
            LD % "2024-05-02T10:00:00" + META % "2024-05-02T10:00+02:00",
            "",
            "2024-05-02T10:00",
            "meta:article:published_time",
        ),
    ],
)
def test_the_best_believable_candidate_wins(html: str, url: str, expected: str, source: str) -> None:
    stamp = published_at(facts_of(html, f"https://courier.example{url}"), None, NOW)
    assert stamp is not None
    assert (stamp.value.isoformat()[:16], stamp.source) == (expected, source)


def test_the_feed_speaks_where_the_page_dates_itself_ahead() -> None:
    fed = Timestamp(raw="x", value=datetime(2024, 5, 30, tzinfo=UTC), source="feed")
    assert published_at(facts_of(META % "2042-01-01T00:00Z"), fed, NOW) is fed
    assert published_at(facts_of("<h1>H</h1>"), None, NOW) is None


def test_a_change_before_the_publication_is_none() -> None:
    facts = facts_of('<meta property="article:modified_time" content="2024-05-01T00:00Z">')
    published = Timestamp(raw="x", value=datetime(2024, 5, 2, tzinfo=UTC), source="x", precision=Precision.DAY)
    assert modified_at(facts, None, NOW, published) is None
    changed = modified_at(facts, None, NOW, None)
    assert changed is not None
    assert changed.source == "meta:article:modified_time"
