"""What one poll teaches for the next."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.discover import polling
from pipeline.discover.parsed import ParsedFeed
from pipeline.discover.polling import HealthStatus, failed_state, gone_state, health_of, initial_state, next_state
from pipeline.model.capture import Capture, Redirect
from pipeline.model.feed import Feed, FeedState, FeedStatus
from pipeline.ports import Recorded

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FEED = Feed(url="https://news.example/feed", publisher="The Example")
STATE = replace(initial_state(FEED, NOW), polled_at=NOW - timedelta(minutes=10))
PARSED = ParsedFeed(entries=())
NOTHING_NEW = Recorded(known=20)


def answer(status: int = 200, body: bytes = b"<rss/>", redirects: tuple[Redirect, ...] = (), **headers: str) -> Capture:
    return Capture(
        url=FEED.url,
        final_url=redirects[-1].url if redirects else FEED.url,
        fetched_at=NOW,
        status=status,
        headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
        body=body,
        redirects=redirects,
    )


def wait(state: FeedState) -> float:
    return (state.due_at - NOW).total_seconds()


def test_a_new_feed_is_due_at_once() -> None:
    state = initial_state(FEED, NOW)
    assert (state.url, state.polled_url, state.due_at, state.interval) == (FEED.url, FEED.url, NOW, 600)


PACE = {
    "nothing new": (NOTHING_NEW, 900),
    "an empty feed": (Recorded(), 900),
    "one new": (Recorded(new=1, known=19), 400),
    "one changed": (Recorded(changed=1, known=19), 400),
    "half of them": (Recorded(new=5, changed=5, known=10), 300),
    "nothing in common with the last poll": (Recorded(new=20), 150),
    "all changed": (Recorded(changed=20), 300),
}


@pytest.mark.parametrize(("recorded", "interval"), PACE.values(), ids=PACE.keys())
def test_the_interval_follows_the_share_of_news(recorded: Recorded, interval: float) -> None:
    state = next_state(STATE, answer(), PARSED, recorded, NOW)
    assert (state.interval, wait(state)) == (pytest.approx(interval), pytest.approx(interval))


@pytest.mark.parametrize(
    "state", [initial_state(FEED, NOW), replace(STATE, failures=3)], ids=["first", "after failures"]
)
def test_a_poll_that_cannot_be_compared_leaves_the_interval(state: FeedState) -> None:
    assert next_state(state, answer(), PARSED, Recorded(new=20), NOW).interval == 600


def test_the_interval_stays_within_its_bounds() -> None:
    slow = fast = STATE
    for _ in range(30):
        slow = next_state(slow, answer(), PARSED, NOTHING_NEW, NOW)
        fast = next_state(fast, answer(), PARSED, Recorded(new=20), NOW)
    assert (slow.interval, fast.interval) == (6 * 3600, 60)


def test_304_counts_as_nothing_new_and_keeps_the_validators() -> None:
    state = replace(STATE, etag='"1"', last_modified="then", body_hash="abc")
    capture = answer(304, b"")
    assert polling.is_unchanged(state, capture)
    after = next_state(state, capture, None, Recorded(), NOW)
    assert after == replace(state, due_at=NOW + timedelta(seconds=900), interval=900, polled_at=NOW)


def test_200_replaces_the_validators_also_by_none() -> None:
    state = replace(STATE, etag='"1"', last_modified="then", body_hash="abc")
    after = next_state(state, answer(ETag='"2"'), PARSED, NOTHING_NEW, NOW)
    assert (after.etag, after.last_modified) == ('"2"', None)
    assert after.body_hash == hashlib.sha256(b"<rss/>").hexdigest()


def test_the_same_body_again_is_unchanged() -> None:
    after = next_state(STATE, answer(), PARSED, NOTHING_NEW, NOW)
    assert polling.is_unchanged(after, answer())
    assert not polling.is_unchanged(after, answer(body=b"<rss></rss>"))


ASKED = {
    "max-age": (answer(Cache_Control="public, max-age=7200"), PARSED, 7200),
    "s-maxage is for shared caches": (answer(Cache_Control="s-maxage=7200"), PARSED, 900),
    "the feed": (answer(), replace(PARSED, least_interval=3600), 3600),
    "the longer of both": (answer(Cache_Control="max-age=1800"), replace(PARSED, least_interval=3600), 3600),
    "less than we wait anyway": (answer(Cache_Control="max-age=5"), replace(PARSED, least_interval=60), 900),
    "more than a day": (answer(Cache_Control="max-age=31536000"), replace(PARSED, least_interval=9e9), 86400),
}


@pytest.mark.parametrize(("capture", "parsed", "seconds"), ASKED.values(), ids=ASKED.keys())
def test_what_the_other_side_asks_for_is_a_least_wait(capture: Capture, parsed: ParsedFeed, seconds: float) -> None:
    assert wait(next_state(STATE, capture, parsed, NOTHING_NEW, NOW)) == seconds


def test_what_the_feed_asked_for_holds_through_304() -> None:
    state = next_state(STATE, answer(), replace(PARSED, least_interval=43200), Recorded(new=20), NOW)
    for _ in range(3):
        state = next_state(state, answer(304, b""), None, Recorded(), NOW)
    assert wait(state) == 43200
    assert next_state(state, answer(), PARSED, NOTHING_NEW, NOW).interval == 6 * 3600


MOVED = {
    "301": ([301], "/1"),
    "308": ([308], "/1"),
    "302": ([302], None),
    "307": ([307], None),
    "301, then 302": ([301, 302], "/1"),
    "301, then 308": ([301, 308], "/2"),
    "302, then 301": ([302, 301], None),
}


@pytest.mark.parametrize(("statuses", "path"), MOVED.values(), ids=MOVED.keys())
def test_a_permanent_redirect_moves_the_feed(statuses: list[int], path: str | None) -> None:
    redirects = tuple(
        Redirect(status=status, url=f"https://news.example/{number}") for number, status in enumerate(statuses, start=1)
    )
    state = next_state(STATE, answer(redirects=redirects), PARSED, NOTHING_NEW, NOW)
    assert state.polled_url == (f"https://news.example{path}" if path else FEED.url)
    assert state.url == FEED.url


def test_a_move_that_led_to_nowhere_is_forgotten() -> None:
    state = replace(STATE, polled_url="https://elsewhere.example/", etag='"1"', last_modified="then", body_hash="abc")
    twice = failed_state(failed_state(state, "a", NOW), "b", NOW)
    assert (twice.polled_url, twice.etag) == ("https://elsewhere.example/", '"1"')
    thrice = failed_state(twice, "c", NOW)
    assert (thrice.polled_url, thrice.etag, thrice.last_modified, thrice.body_hash) == (FEED.url, None, None, None)


def test_failures_back_off_and_never_kill_a_feed() -> None:
    state, waits = STATE, []
    for number in range(100):
        state = failed_state(state, f"failure {number}", NOW)
        waits.append(wait(state))
    assert waits[:3] == [1200, 2400, 4800]
    assert waits[-1] == 86400
    assert (state.status, state.failures, state.last_error) == (FeedStatus.ACTIVE, 100, "failure 99")
    assert state.interval == STATE.interval


def test_a_feed_that_never_answered_is_asked_again_by_its_agreed_interval() -> None:
    assert wait(failed_state(STATE, "down", NOW, every=30)) == 60


def test_a_failure_waits_at_least_as_long_as_asked_for() -> None:
    assert wait(failed_state(STATE, "busy", NOW, after=timedelta(hours=3))) == 3 * 3600
    assert wait(failed_state(STATE, "busy", NOW, after=timedelta(days=30))) == 86400
    assert wait(failed_state(STATE, "busy", NOW, after=timedelta(seconds=1))) == 1200


def test_success_ends_the_failures() -> None:
    state = next_state(failed_state(STATE, "down", NOW), answer(), PARSED, NOTHING_NEW, NOW)
    assert (state.failures, state.last_error) == (0, None)


@pytest.mark.parametrize(("status", "is_error"), [(200, False), (304, False), (204, True), (403, True), (404, True)])
def test_which_answers_are_errors(status: int, is_error: bool) -> None:  # noqa: FBT001 - a parameter
    error = polling.answer_error(answer(status))
    assert error == (f"{FEED.url} answered {status}" if is_error else None)


HEALTH = {
    HealthStatus.NEVER_POLLED: initial_state(FEED, NOW),
    HealthStatus.OK: replace(STATE, last_new_entry_at=NOW - timedelta(days=29)),
    HealthStatus.SILENT: replace(STATE, last_new_entry_at=NOW - timedelta(days=31)),
    HealthStatus.FAILING: replace(failed_state(STATE, "answered 404", NOW), last_new_entry_at=NOW - timedelta(days=99)),
    HealthStatus.GONE: gone_state(STATE, NOW),
    HealthStatus.OVERDUE: replace(STATE, due_at=NOW - timedelta(hours=25), last_new_entry_at=NOW - timedelta(days=99)),
}


@pytest.mark.parametrize(("status", "state"), HEALTH.items())
def test_health(status: HealthStatus, state: FeedState) -> None:
    assert health_of(state, NOW).status is status


def test_a_feed_that_never_had_an_entry_is_silent() -> None:
    assert health_of(STATE, NOW).status is HealthStatus.SILENT


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def office_hours(day: datetime) -> list[datetime]:
    """Return the full hours from 8 to 18 of a weekday."""
    return [day.replace(hour=hour) for hour in range(8, 19)] if day.weekday() < 5 else []


ARRIVALS = {
    "hourly": lambda day: [day.replace(hour=hour) for hour in range(24)],
    "office hours": office_hours,
    "daily": lambda day: [day.replace(hour=6)],
    "weekly": lambda day: [day] if day.weekday() == 2 else [],
    "weekly, ten articles in a morning": lambda day: (
        [day.replace(hour=8) + timedelta(minutes=20) * number for number in range(10)] if day.weekday() == 4 else []
    ),
}


def listen(rhythm: str, *, days: int = 63, state: FeedState = STATE, until: datetime = NOW) -> FeedState:
    """Return the state after so many days of a feed that was polled at each arrival and at the end."""
    first = until - timedelta(days=days)
    for day in (first.replace(hour=0) + timedelta(days=number) for number in range(days + 1)):
        for moment in ARRIVALS[rhythm](day):
            if moment < until:
                state = next_state(replace(state, due_at=moment), answer(), PARSED, Recorded(new=1, known=19), moment)
    return state


def silent_after(state: FeedState, silence: timedelta) -> bool:
    """Tell whether a feed that answers, but has had nothing new for so long, is called silent."""
    assert state.last_new_entry_at is not None
    now = state.last_new_entry_at + silence
    polled = next_state(replace(state, due_at=now), answer(), PARSED, NOTHING_NEW, now)
    return health_of(polled, now).status is HealthStatus.SILENT


PATIENCE = {  # rhythm: still well after, silent after
    "hourly": (23 * HOUR, 25 * HOUR),
    "office hours": (62 * HOUR, 8 * DAY),  # from Friday evening to Monday morning
    "daily": (4 * DAY, 6 * DAY),
    "weekly": (30 * DAY, 40 * DAY),
    "weekly, ten articles in a morning": (21 * DAY, 36 * DAY),
}


@pytest.mark.parametrize(("rhythm", "still_well", "silent"), [(name, *spans) for name, spans in PATIENCE.items()])
def test_a_feed_is_silent_when_it_is_later_than_its_own_rhythm_allows(
    rhythm: str, still_well: timedelta, silent: timedelta
) -> None:
    state = listen(rhythm)
    assert not silent_after(state, still_well)
    assert silent_after(state, silent)


@pytest.mark.parametrize("days", range(1, 15))
def test_a_paper_that_rests_on_sundays_is_never_silent_on_one(days: int) -> None:
    state = listen("office hours", days=days, until=datetime(2026, 11, 20, 23, 0, tzinfo=UTC))  # a Friday
    assert not silent_after(state, 62 * HOUR)


def test_a_feed_that_slows_down_is_followed() -> None:
    state = listen("daily", state=listen("hourly", until=NOW - timedelta(days=63)))
    assert not silent_after(state, 4 * DAY)


def test_of_a_feed_that_taught_nothing_yet_a_month_is_awaited() -> None:
    state = replace(STATE, last_new_entry_at=NOW)  # a state of an earlier version as well: it has no rhythm
    assert not silent_after(state, 29 * DAY)
    assert silent_after(state, 31 * DAY)


def test_an_outage_teaches_nothing() -> None:
    state = replace(STATE, rhythm=3600.0, last_new_entry_at=NOW - 9 * DAY)
    down = replace(failed_state(state, "down", NOW - DAY), due_at=NOW)
    assert next_state(down, answer(), PARSED, Recorded(new=5), NOW).rhythm == 3600.0
    # Nor does a watcher that stood still: the feed was due an hour after its last entry, and may have had news then.
    late = replace(state, due_at=state.last_new_entry_at + HOUR)
    assert next_state(late, answer(), PARSED, Recorded(new=5), NOW).rhythm == pytest.approx(3600.0)
    revived = replace(initial_state(FEED, NOW), last_new_entry_at=NOW - 99 * DAY)  # added again after it was gone
    assert next_state(revived, answer(), PARSED, Recorded(new=5), NOW).rhythm is None


def test_nobody_is_called_silent_while_nobody_listens() -> None:
    state = replace(STATE, rhythm=3600.0, polled_at=NOW - 3 * DAY, last_new_entry_at=NOW - 3 * DAY - HOUR)
    assert health_of(replace(state, due_at=NOW - HOUR), NOW).status is HealthStatus.OK
    overdue = health_of(replace(state, due_at=NOW - 3 * DAY), NOW)
    assert overdue.status is HealthStatus.OVERDUE
    assert "nobody has polled it since 2026-11-20 12:00 UTC" in overdue.sentence


@pytest.mark.parametrize(
    ("rhythm", "said"), [(30.0, "1 min"), (5400.0, "90 min"), (9000.0, "2 hours"), (6 * 86400.0, "6 days")]
)
def test_a_silent_feed_says_what_was_usual(rhythm: float, said: str) -> None:
    state = replace(STATE, rhythm=rhythm, last_new_entry_at=NOW - 40 * DAY)
    assert f"last new entry 2026-10-14 12:00 UTC, usually one every {said}." in health_of(state, NOW).sentence


def test_health_is_said_in_a_sentence() -> None:
    state = failed_state(failed_state(STATE, "https://news.example/feed answered 404", NOW), "it answered 404", NOW)
    assert (
        health_of(state, NOW).sentence == "It failed 2 times in a row: it answered 404; next try 2026-11-23 12:40 UTC."
    )


def test_what_was_wrong_with_the_last_body_is_said_until_there_is_another() -> None:
    faulty = replace(PARSED, problems=("entries without a usable link: 12", "not well-formed"))
    state = next_state(STATE, answer(), faulty, Recorded(new=1), NOW)
    said = "In what it sent last: entries without a usable link: 12; not well-formed."
    assert health_of(state, NOW).sentence.endswith(said)
    state = next_state(state, answer(304), None, Recorded(), NOW)
    assert health_of(state, NOW).sentence.endswith(said)
    failed = failed_state(state, "down", NOW)
    assert health_of(failed, NOW).sentence.endswith(said)
    state = next_state(failed, answer(body=b"<rss></rss>"), PARSED, Recorded(known=1), NOW)
    assert "In what" not in health_of(state, NOW).sentence


def test_a_long_problem_is_cut() -> None:
    state = next_state(STATE, answer(), replace(PARSED, problems=("x" * 9_999,)), Recorded(), NOW)
    assert len(state.problems[0]) == polling.MAX_PROBLEM


def test_a_gone_feed_is_not_polled() -> None:
    state = gone_state(STATE, NOW)
    assert (state.status, state.polled_at) == (FeedStatus.GONE, NOW)
    assert "410" in (state.last_error or "")


def test_a_new_entry_is_remembered() -> None:
    before = next_state(STATE, answer(), PARSED, NOTHING_NEW, NOW)
    assert before.last_new_entry_at is None
    assert next_state(before, answer(), PARSED, Recorded(new=1, known=3), NOW).last_new_entry_at == NOW
