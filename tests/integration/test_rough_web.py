"""The web that fails on purpose: it answers as its scripts say, and knows what its visitors may not do."""

import gzip
import http.client
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from examples.rough_feeds import CLOSING, FEED, FEEDS, MOVED_FEED, MOVED_ROBOTS_FILE, ROBOTS_FILE, Request
from examples.rough_scripts import FORBIDDEN, SCRIPTS, Answer, Page
from examples.rough_web import RoughWeb
from pipeline.discover.feeds import parse_feed
from pipeline.extract.article import extract_article
from pipeline.model.capture import Capture
from pipeline.model.feed import Feed, Rules

NOW = datetime(2026, 11, 26, tzinfo=UTC)
ORIGIN = "http://127.0.1.1:8080"
#: Number 5 has a letter that ASCII has not in its headline.
PAGES = [
    Page(
        number=number,
        host="127.0.1.1",
        kind="corrected",
        origin=ORIGIN,
        place=number,
        published_at=NOW,
        shown_after=0,
    )
    for number in range(8)
]


@pytest.fixture
def web() -> Iterator[RoughWeb]:
    with RoughWeb(1, urls=60, hosts=22, closes_hosts=True) as web:
        yield web


def connect(page: Page) -> None:
    """Visit the page as strangers do."""
    address = urlsplit(page.url)
    with closing(http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)) as connection:
        connection.request("GET", address.path)
        connection.getresponse().read()


def a_page(web: RoughWeb, kind: str, robots: str | None = None) -> Page:
    pages = [page for page in web.pages.values() if page.kind == kind]
    return next(page for page in pages if robots in {None, web.robots[page.host]})


def visit(web: RoughWeb, page: Page) -> Answer:
    return web.answer(page.host, urlsplit(page.url).path)


def capture_of(url: str, answer: Answer) -> Capture:
    headers, body = dict(answer.headers), answer.body
    if headers.pop("Content-Encoding", None):
        body = gzip.decompress(body)
    return Capture(
        url=url, final_url=url, fetched_at=NOW, status=answer.status, headers=tuple(headers.items()), body=body
    )


def read_titles(answer: Answer) -> dict[str, str | None]:
    """Return the titles of a feed's entries by address; of one that failed, none."""
    try:
        capture = capture_of(ORIGIN + FEED, answer)
    except EOFError:
        return {}
    if answer.status != http.client.OK or answer.is_reset:
        return {}
    entries = parse_feed(capture, Feed(url=capture.url, publisher="Rough")).entries
    return {entry.url: entry.title for entry in entries}


def poll(way: str, number: int, **more: object) -> Answer:
    shown = tuple((page, False) for page in PAGES)
    return FEEDS[way](replace(Request(number=number, origin=ORIGIN, path=FEED, shown=shown), **more))


@pytest.mark.parametrize("way", FEEDS)
def test_a_feed_shows_every_entry_whatever_its_way_of_failing(way: str) -> None:
    path = MOVED_FEED if way == "moved" else FEED
    answers = [read_titles(poll(way, number, path=path)) for number in range(3)]
    assert all(answers[:2]), "one that has never answered is left alone for twenty minutes"
    assert {url: title for titles in answers for url, title in titles.items()} == {
        page.url: page.headline() for page in PAGES
    }


@pytest.mark.parametrize("way", ["failing", "limited", "cut gzip", "reset"])
def test_a_feed_fails_at_times(way: str) -> None:
    assert [bool(read_titles(poll(way, number))) for number in range(6)] == [True, True, False] * 2


def test_a_feed_is_sent_only_to_those_who_do_not_have_it() -> None:
    first = poll("conditional", 0)
    etag = first.headers["ETag"]
    assert poll("conditional", 1, etag=etag).status == http.client.NOT_MODIFIED
    changed = poll("conditional", 2, etag=etag, shown=tuple((page, True) for page in PAGES))
    assert changed.headers["ETag"] != etag
    assert read_titles(changed)[PAGES[0].url] == PAGES[0].headline(is_corrected=True)


def test_a_feed_moves_for_now_and_then_for_good() -> None:
    assert [poll("moved", number).status for number in range(3)] == [302, 301, 301]
    assert poll("moved", 0).headers["Location"] == ORIGIN + MOVED_FEED


def test_the_web_counts_who_has_its_feed_already(web: RoughWeb) -> None:
    [conditional, *_] = [host for host, way in web.feeds.items() if way == "conditional"]
    assert [line for line in web.complaints() if "ETag" in line]
    etag = web.answer(conditional, FEED).headers["ETag"]
    assert web.answer(conditional, FEED, etag).status == http.client.NOT_MODIFIED
    assert [*web.complaints()] == []


@pytest.mark.parametrize(("is_corrected", "verb"), [(False, "will vote"), (True, "has voted")])
def test_a_page_says_what_its_text_is_said_to_be(is_corrected: bool, verb: str) -> None:  # noqa: FBT001 - a parameter
    page = PAGES[5]
    answer = Answer(body=page.story(is_corrected=is_corrected).encode())
    article = extract_article(capture_of(page.url, answer), None, Rules())
    assert article.headline.value == page.headline(is_corrected=is_corrected)
    assert article.text.split() == page.text(is_corrected=is_corrected).split()
    assert f"The council {verb} on" in article.text


def test_a_host_resets_its_last_connection_and_refuses_the_next(web: RoughWeb) -> None:
    [page] = [page for page in web.pages.values() if page.kind == "connection refused"]
    assert urlsplit(page.url).hostname != page.host
    with pytest.raises(ConnectionResetError):
        connect(page)
    with pytest.raises(ConnectionRefusedError):
        connect(page)


@pytest.mark.parametrize(
    ("way", "statuses"), [("failing at first", [503, 200]), ("moved", [301, 301]), ("slow", [200]), ("steady", [200])]
)
def test_robots_txt_has_ways_of_its_own(web: RoughWeb, way: str, statuses: list[int]) -> None:
    [host, *_] = [host for host, each in web.robots.items() if each == way]
    assert [web.answer(host, ROBOTS_FILE).status for _ in statuses] == statuses


def test_robots_txt_is_reset_at_first(web: RoughWeb) -> None:
    [host, *_] = [host for host, each in web.robots.items() if each == "reset at first"]
    assert [web.answer(host, ROBOTS_FILE).is_reset for _ in range(3)] == [True, False, False]


def test_no_host_is_closed_unless_it_is_asked_for() -> None:
    assert not CLOSING.keys() & set(RoughWeb(1, urls=60, hosts=40).robots.values())


def test_whoever_does_not_ask_robots_txt_first_is_noticed(web: RoughWeb) -> None:
    page = a_page(web, "plain", "moved")
    visit(web, page)
    web.answer(page.host, ROBOTS_FILE)
    visit(web, page)
    web.answer(page.host, MOVED_ROBOTS_FILE)
    visit(web, page)
    assert web.trespasses == {page.url: 2}
    assert [line for line in web.complaints() if page.url in line]


def test_whoever_visits_what_robots_txt_forbids_is_noticed(web: RoughWeb) -> None:
    page = a_page(web, "private")
    assert FORBIDDEN in page.url
    for path in (ROBOTS_FILE, MOVED_ROBOTS_FILE):
        web.answer(page.host, path)
    visit(web, page)
    assert web.trespasses == {page.url: 1}


def test_each_script_has_an_address_and_each_way_a_host(web: RoughWeb) -> None:
    assert {page.kind for page in web.pages.values()} == SCRIPTS.keys()
    assert set(web.feeds.values()) == FEEDS.keys()
    assert len(web.pages) == 60
