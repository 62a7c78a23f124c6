"""Which WARC files may hold an interval's records, and whose a record is."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.discover.warcs import as_entry, begun_at, month_folders, read_listing, select_files, want_sites
from pipeline.model.feed import Entry, Feed

DAY = datetime(2026, 11, 20, tzinfo=UTC)
NEXT = DAY + timedelta(days=1)


def a_file(day: int, hour: int, number: int = 1, month: int = 11) -> str:
    return f"s3://crawl/2026/{month:02}/CC-NEWS-2026{month:02}{day:02}{hour:02}1300-{number:05}.warc.gz"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CC-NEWS-20261120061300-00123.warc.gz", datetime(2026, 11, 20, 6, 13, tzinfo=UTC)),
        ("/a/20250101000000/x-20261120061300123-1.warc", datetime(2026, 11, 20, 6, 13, tzinfo=UTC)),
        ("CC-NEWS-20261320061300-00123.warc.gz", None),  # no such month
        ("press.warc.gz", None),
        ("20261120061300/press.warc.gz", None),  # the folder's name, not the file's
    ],
)
def test_a_name_tells_when_its_file_was_begun(name: str, expected: datetime | None) -> None:
    assert begun_at(name) == expected


def test_the_file_under_way_at_midnight_belongs_to_both_days() -> None:
    files = [a_file(19, 4), a_file(19, 22), a_file(20, 6), a_file(20, 22), a_file(21, 3)]
    assert select_files(files, DAY, NEXT) == (a_file(19, 22), a_file(20, 6), a_file(20, 22))
    assert select_files(reversed(files), NEXT, NEXT + timedelta(days=1)) == (a_file(20, 22), a_file(21, 3))


def test_a_page_fetched_before_a_file_was_begun_may_lie_in_it() -> None:
    begun = DAY + timedelta(hours=22, minutes=13)
    assert select_files([a_file(20, 22)], begun - timedelta(hours=1), begun - timedelta(minutes=5)) == (a_file(20, 22),)
    assert select_files([a_file(20, 22)], begun - timedelta(hours=2), begun - timedelta(hours=1)) == ()


def test_files_begun_at_the_same_time_span_the_same_time() -> None:
    files = [a_file(19, 22, 1), a_file(19, 22, 2), a_file(20, 6)]
    assert select_files(files, DAY, DAY + timedelta(hours=1)) == (files[0], files[1])


def test_the_last_file_does_not_span_for_ever() -> None:
    assert select_files([a_file(19, 22)], DAY, NEXT) == (a_file(19, 22),)
    assert select_files([a_file(18, 22)], DAY, NEXT) == ()


def test_other_files_are_no_warc_files_and_a_name_without_a_time_may_hold_anything() -> None:
    names = ["b.warc", "A.WARC.GZ", "warc.paths.gz", "notes.txt", "c.warc.gz.part", "b.warc"]
    assert select_files(names, DAY, NEXT) == ("A.WARC.GZ", "b.warc")


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (DAY, NEXT, ["2026/11"]),
        (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC), ["2026/10", "2026/11"]),
        (datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC), ["2026/11", "2026/12"]),
        (datetime(2025, 12, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), ["2025/12", "2026/01", "2026/02"]),
    ],
)
def test_the_months_of_an_interval(since: datetime, until: datetime, expected: list[str]) -> None:
    assert list(month_folders(since, until)) == expected


def test_a_listing_is_a_path_a_line() -> None:
    assert read_listing("# made by hand\na/b.warc.gz\r\n\n  c.warc.gz \n") == ("a/b.warc.gz", "c.warc.gz")


FEED = Feed(
    url="https://feeds.example.org/world.xml",
    publisher="The Example",
    language="en",
    section="world",
    country="GB",
    sitemaps=("https://news.example.net:8080/sitemap.xml",),
)
SECOND = Feed(url="https://www.example.org/second.xml", publisher="The Example")


@pytest.mark.parametrize(
    ("url", "is_wanted"),
    [
        ("https://example.org/a", True),
        ("http://www.example.org/a", True),
        ("https://m.example.org/a", True),
        ("https://news.example.net:8080/a", True),
        ("https://news.example.net/a", False),  # another port is another site
        ("https://blog.example.org/a", False),
        ("https://example.org.evil.example/a", False),
    ],
)
def test_pages_are_taken_of_the_sources_own_sites(url: str, is_wanted: bool) -> None:  # noqa: FBT001 - a table
    assert want_sites([FEED, SECOND]).source_of(url) == (FEED if is_wanted else None)


def test_an_unknown_host_is_its_own_publisher() -> None:
    wanted = want_sites([FEED], is_any_host=True)
    assert wanted.source_of("https://example.org/a") == FEED
    stranger = wanted.source_of("https://www.other.example/a")
    assert stranger == Feed(url="https://www.other.example/", publisher="other.example")


def test_the_entry_says_whose_the_page_is() -> None:
    assert as_entry("https://example.org/a", FEED) == Entry(
        url="https://example.org/a",
        feed_url=FEED.url,
        publisher="The Example",
        language="en",
        section="world",
        country="GB",
    )


def test_with_other_sources_a_file_is_another_import() -> None:
    marks = {want_sites(feeds).mark for feeds in ([], [FEED], [SECOND])} | {want_sites([], is_any_host=True).mark}
    assert len(marks) == 4
    assert want_sites([FEED, SECOND]).mark == want_sites([SECOND, FEED]).mark
