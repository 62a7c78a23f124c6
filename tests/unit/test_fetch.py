"""Robots, politeness, answers and retries: what fetching decides before and after it asks."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from protego import Protego

from pipeline.errors import Reject, Retry
from pipeline.fetch.politeness import ask_turn, close_host
from pipeline.fetch.responses import judge_response, retry_after
from pipeline.fetch.retries import retry_at
from pipeline.fetch.robots import AGENT, MAX_CRAWL_DELAY, MAX_RULES, closed_robots, read_robots
from pipeline.model.capture import Capture
from pipeline.model.fate import Reason
from pipeline.model.host import HostState, Turn

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOST = "https://news.example"


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Capture:
    return Capture(
        url=f"{HOST}/x",
        final_url=f"{HOST}/x",
        fetched_at=NOW,
        status=status,
        headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
        body=body,
    )


ROBOTS = b"""\xef\xbb\xbfUser-agent: *
Disallow: /
Sitemap: https://news.example/sitemap.xml

User-agent: Newswire
Disallow: /private/
Allow: /private/but/
Disallow: /*.pdf$
Crawl-delay: 3
"""


@pytest.mark.parametrize(
    ("path", "is_allowed"),
    [("/", True), ("/a", True), ("/private/a", False), ("/private/but/a", True), ("/a.pdf", False), ("/a.pdf?x", True)],
)
def test_our_own_group_decides(path: str, is_allowed: bool) -> None:  # noqa: FBT001 - a parameter
    assert read_robots(answer(body=ROBOTS)).allows(HOST + path) is is_allowed


def test_robots_say_delay_and_sitemaps() -> None:
    robots = read_robots(answer(body=ROBOTS))
    assert (robots.crawl_delay, robots.sitemaps) == (timedelta(seconds=3), ("https://news.example/sitemap.xml",))
    assert read_robots(answer(body=b"User-agent: *\nCrawl-delay: 3600")).crawl_delay == timedelta(seconds=10)
    assert read_robots(answer(body=b"User-agent: newswirebot\nCrawl-delay: 5")).crawl_delay == timedelta(0)


#: What keeps us from /a, and what does not.
GROUPS = {
    "two groups that name us are one": (
        "User-agent: newswire\nDisallow: /a\n\nUser-agent: newswire\nDisallow: /b",
        False,
    ),
    "everyone's groups are one": (
        "User-agent: *\nDisallow: /a\nUser-agent: x\nAllow: /\nUser-agent: *\nDisallow: /b",
        False,
    ),
    "several agents of a group": ("User-agent: x\nUSERAGENT:NEWSWIRE # us\n\nUser-agent: y\nDisallow: /a", False),
    "a version behind our name": ("User-agent: Newswire/1.0\nDisallow: /a", False),
    "lines that are no rules": ("User-agent: *\nNoindex: /\nSitemap: /s\nUser-agent: x\nDisallow: /a", False),
    "no colons": ("User-agent newswire\nDisallow /a", False),
    "a rule of others": ("User-agent: x\nDisallow: /a\nUser-agent: *\nDisallow: /b", True),
    "our own group, which has no rule": ("User-agent: *\nDisallow: /\nUser-agent: newswire\nDisallow:", True),
    "the beginning of our name": ("User-agent: news\nDisallow: /", True),
    "a longer name": ("User-agent: newswire-images\nDisallow: /", True),
    "a rule of nobody": ("Disallow: /\nUser-agent: *\nDisallow: /b", True),
}


@pytest.mark.parametrize(("text", "is_allowed"), GROUPS.values(), ids=GROUPS.keys())
def test_groups_are_those_of_rfc_9309(text: str, is_allowed: bool) -> None:  # noqa: FBT001
    assert read_robots(answer(body=text.encode())).allows(f"{HOST}/a") is is_allowed


def test_of_rules_without_end_the_first_count() -> None:
    body = b"User-agent: *\n" + b"Allow: /b\n" * (MAX_RULES - 1) + b"Disallow: /a\nDisallow: /c\n"
    robots = read_robots(answer(body=body))
    assert not robots.allows(f"{HOST}/a")
    assert robots.allows(f"{HOST}/c")


LINES = [
    *("User-agent: *", "user-agent:newswire", "USERAGENT: NewsWire*", "User agent Newswire", "User-agent: *x"),
    *("User-agent: a", "User-agent: newswirebot", "User-agent: b # a comment", "User-agent:", "User-agent: **"),
    *("Disallow: /", "disallow:/a", "Disallow", "dissallow : /*.pdf$", "Disallow /b/", "Disallow: /a: b", "Disallow:"),
    *("Allow: /a/b", "allow /b/c#d", "Allow: $", "Allow: /%61", "Crawl-delay: 3", "crawl delay 60", "Crawl-delay: x"),
    *("Sitemap: https://a.example/s", "site-map https://a.example/t", "Host: a.example", "# Disallow: /", "", "x"),
]
PATHS = ("/", "/a", "/a/b", "/a: b", "/a.pdf", "/b/", "/b/c", "/d")


@example(ROBOTS.decode("utf-8-sig"))
@given(st.lists(st.sampled_from(LINES), max_size=20).map("\n".join))
def test_what_is_kept_of_robots_says_the_same_as_the_whole(text: str) -> None:
    robots, whole = read_robots(answer(body=text.encode())), Protego.parse(text)
    assert [robots.allows(HOST + path) for path in PATHS] == [whole.can_fetch(HOST + path, AGENT) for path in PATHS]
    assert robots.crawl_delay == min(timedelta(seconds=whole.crawl_delay(AGENT) or 0), MAX_CRAWL_DELAY)
    assert robots.sitemaps == tuple(whole.sitemaps)


@pytest.mark.parametrize("status", [204, 301, 400, 401, 403, 404, 410])
def test_robots_that_are_not_there_allow_everything(status: int) -> None:
    robots = read_robots(answer(status, b"User-agent: *\nDisallow: /"))
    assert robots.allows(f"{HOST}/a")
    assert not robots.is_closed


@pytest.mark.parametrize("status", [429, 500, 503, 599])
def test_robots_that_cannot_be_had_close_the_host_for_a_while(status: int) -> None:
    robots = read_robots(answer(status))
    assert robots.is_closed
    assert robots.expires_at == NOW + timedelta(minutes=10)
    assert closed_robots(NOW).expires_at == robots.expires_at


def test_robots_are_read_up_to_the_last_whole_line_of_500_kib() -> None:
    begin, cut = b"User-agent: *\nDisallow: /a\n", b"Disallow: /bcd\n"
    padding = b"#" * (500 * 1024 - len(begin) - len(cut) + 2) + b"\n"  # the limit falls within the last line
    robots = read_robots(answer(body=begin + padding + cut))
    assert not robots.allows(f"{HOST}/a")
    assert robots.allows(f"{HOST}/bcd")
    assert robots.allows(f"{HOST}/b")


@pytest.mark.parametrize(
    ("cache_control", "lifetime"),
    [
        ("", timedelta(hours=24)),
        ("max-age=3600", timedelta(hours=1)),
        ("public, max-age=999999", timedelta(hours=24)),
        ("max-age=0", timedelta(minutes=10)),
    ],
)
def test_robots_are_believed_for_a_day_at_most(cache_control: str, lifetime: timedelta) -> None:
    assert read_robots(answer(Cache_Control=cache_control)).expires_at == NOW + lifetime


DELAY = timedelta(seconds=2)


def seconds(number: float) -> datetime:
    return NOW + timedelta(seconds=number)


def test_requests_to_a_host_are_spaced() -> None:
    turn, state = ask_turn(None, NOW, delay=DELAY)
    assert (turn, state) == (Turn(starts_at=NOW), HostState(next_at=seconds(2)))
    assert ask_turn(state, seconds(1.5), delay=DELAY) == (Turn(starts_at=seconds(2)), state)
    turn, state = ask_turn(state, seconds(2), delay=DELAY)
    assert (turn, state) == (Turn(starts_at=seconds(2)), HostState(next_at=seconds(4)))
    turn, state = ask_turn(state, seconds(100), delay=DELAY)
    assert (turn, state) == (Turn(starts_at=seconds(100)), HostState(next_at=seconds(102)))


def test_past_work_takes_at_most_every_fourth_turn_and_none_ahead_of_time() -> None:
    _, state = ask_turn(None, NOW, delay=DELAY, is_past=True)
    turn, state = ask_turn(state, seconds(7.9), delay=DELAY, is_past=True)
    assert turn == Turn(starts_at=seconds(8))
    assert ask_turn(state, seconds(7.9), delay=DELAY, is_past=True) == (turn, state)
    assert ask_turn(state, seconds(2), delay=DELAY)[0] == Turn(starts_at=seconds(2))  # a live request need not wait
    assert ask_turn(state, seconds(8), delay=DELAY, is_past=True)[0] == Turn(starts_at=seconds(8))


def take_turns(interval: float, until: float) -> list[tuple[datetime, bool]]:
    """Return when turns were taken, and whether by past work, which always waits; live requests ask so often, and first."""
    taken, state, live, past, asked = list[tuple[datetime, bool]](), None, NOW, NOW, 0
    while (now := min(live, past)) < seconds(until):
        is_past = now != live
        turn, state = ask_turn(state, now, delay=DELAY, is_past=is_past)
        if turn.starts_at <= now:
            taken.append((now, is_past))
            asked += not is_past
        if is_past:
            past = max(turn.starts_at, now + timedelta(microseconds=1))
        else:
            live = turn.starts_at if turn.starts_at > now else max(seconds(asked * interval), now)
    return taken


@pytest.mark.parametrize("interval", [0, 2, 2.7, 3.9, 4, 6, 7.8, 8, 9])
def test_past_work_goes_on_beside_live_requests_of_any_rhythm(interval: float) -> None:
    taken = take_turns(interval, until=3600)
    turns = [at for at, is_past in taken if is_past]
    apart = {later - earlier for earlier, later in pairwise(turns)}
    assert apart
    assert min(apart) >= 4 * DELAY
    assert max(apart) < 8 * DELAY
    assert all(later - earlier >= DELAY for (earlier, _), (later, _) in pairwise(taken))
    wanted = min(3600 / interval, 1350) if interval else 1350  # three quarters of the turns
    assert len(taken) - len(turns) >= wanted - 2


def test_a_live_request_waits_no_more_than_a_delay_for_past_work_that_does_not_come() -> None:
    _, state = ask_turn(None, NOW, delay=DELAY)
    _, state = ask_turn(state, NOW, delay=DELAY, is_past=True)
    for number in (2, 4, 6):
        turn, state = ask_turn(state, seconds(number), delay=DELAY)
        assert turn == Turn(starts_at=seconds(number))
    turn, state = ask_turn(state, seconds(8), delay=DELAY)
    assert turn == Turn(starts_at=seconds(10))
    for number in (10, 12, 14, 16, 18):
        turn, state = ask_turn(state, seconds(number), delay=DELAY)
        assert turn == Turn(starts_at=seconds(number))


def test_a_host_is_left_alone_until_the_latest_time_that_it_asked_for() -> None:
    state = close_host(close_host(None, seconds(160)), seconds(130))
    for is_past in (True, False):
        turn, after = ask_turn(state, seconds(159), delay=DELAY, is_past=is_past)
        assert (turn, after) == (Turn(starts_at=seconds(160), is_closed=True), state)
    assert ask_turn(state, seconds(160), delay=DELAY)[0] == Turn(starts_at=seconds(160))


def test_a_clock_that_was_set_back_closes_no_host() -> None:
    _, state = ask_turn(None, NOW, delay=DELAY)
    earlier = NOW - timedelta(hours=3)
    assert ask_turn(state, earlier, delay=DELAY) == (Turn(starts_at=earlier), HostState(next_at=earlier + DELAY))


PAGES = {
    "HTML": answer(Content_Type="text/html; charset=utf-8"),
    "XHTML": answer(content_type="Application/XHTML+XML"),
    "no content type, but HTML": answer(body=b"\xef\xbb\xbf\n<!doctype html><p>"),
    "203": answer(203, Content_Type="text/html"),
}


@pytest.mark.parametrize("capture", PAGES.values(), ids=PAGES.keys())
def test_a_page_may_be_an_article(capture: Capture) -> None:
    judge_response(capture)


REJECTED = {
    "404": (answer(404), Reason.NOT_FOUND, "answered 404"),
    "410": (answer(410), Reason.REMOVED, "answered 410"),
    "401": (answer(401), Reason.HTTP_ERROR, "answered 401"),
    "403": (answer(403), Reason.HTTP_ERROR, "answered 403"),
    "451": (answer(451), Reason.HTTP_ERROR, "answered 451"),
    "499": (answer(499), Reason.HTTP_ERROR, "answered 499"),
    "304": (answer(304), Reason.HTTP_ERROR, "answered 304"),
    "PDF": (answer(Content_Type="application/pdf"), Reason.NOT_HTML, "it is application/pdf"),
    "a feed": (answer(Content_Type="application/rss+xml; x=y"), Reason.NOT_HTML, "it is application/rss+xml"),
    "nothing told": (answer(body=b"%PDF"), Reason.NOT_HTML, "it is of no type given"),
}


@pytest.mark.parametrize(("capture", "reason", "detail"), REJECTED.values(), ids=REJECTED.keys())
def test_what_never_will_be_an_article(capture: Capture, reason: Reason, detail: str) -> None:
    with pytest.raises(Reject) as error:
        judge_response(capture)
    assert (error.value.reason, error.value.detail) == (reason, detail)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 503, 599])
def test_what_time_may_mend(status: int) -> None:
    with pytest.raises(Retry, match=str(status)) as error:
        judge_response(answer(status, Retry_After="60"))
    assert error.value.after == timedelta(seconds=60)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("", None),
        ("soon", None),
        ("-5", None),
        ("0", timedelta(0)),
        (" 120 ", timedelta(seconds=120)),
        ("999999999", timedelta(hours=24)),
        ("Mon, 23 Nov 2026 12:05:00 GMT", timedelta(minutes=5)),
        ("Mon, 23 Nov 2026 12:05:00 -0000", timedelta(minutes=5)),
        ("Mon, 23 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("Thu, 23 Nov 2028 11:00:00 GMT", timedelta(hours=24)),
        ("Mon, 23 Nov 2026 12:05:00 +99999999999999999999", None),
        ("Mon, 23 Nov 99999999999999999999 12:05:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, wait: timedelta | None) -> None:
    assert retry_after(answer(503, Retry_After=value)) == wait


def test_the_waits_grow_and_end() -> None:
    minutes = [1, 4, 16, 64]
    for attempts, minute in enumerate(minutes):
        assert retry_at(attempts, NOW, None, 0.0) == NOW + timedelta(minutes=minute)
        assert retry_at(attempts, NOW, None, 1.0) == NOW + timedelta(minutes=minute * 1.5)
    assert retry_at(4, NOW, None, 0.0) is None
    assert retry_at(4, NOW, timedelta(hours=1), 0.0) is None


def test_the_waits_between_visits_are_the_users_to_choose() -> None:
    waits = (timedelta(seconds=2), timedelta(seconds=8))
    assert [retry_at(attempts, NOW, None, 0.0, waits) for attempts in range(3)] == [
        NOW + waits[0],
        NOW + waits[1],
        None,
    ]
    assert retry_at(0, NOW, None, 0.0, ()) is None


def test_a_retry_waits_as_long_as_the_server_asks() -> None:
    assert retry_at(0, NOW, timedelta(hours=2), 0.5) == NOW + timedelta(hours=2)
    assert retry_at(0, NOW, timedelta(seconds=1), 0.0) == NOW + timedelta(minutes=1)
    assert retry_at(0, NOW, timedelta(days=9), 0.5) == NOW + timedelta(days=1)
