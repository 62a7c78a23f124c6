"""The timeline of the page: spans of a readable number, none lost, each leading into its own search."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.model.query import Query, Span
from pipeline.model.story import Member
from pipeline.web.address import Address, address_query
from pipeline.web.stories import story_times
from pipeline.web.timeline import LEAST_SPANS, MOST_SPANS, Timeline, draw_timeline, make_timeline

HERE = Address((("q", 'a "b" & <c>'),))


def days(*offsets: int, first: datetime = datetime(2026, 1, 5, tzinfo=UTC), count: int = 3) -> list[Span]:
    return [Span(start=first + timedelta(days=offset), count=count) for offset in offsets]


def made(spans: list[Span], query: Query | None = None) -> Timeline:
    timeline = make_timeline(spans, query or Query(), HERE)
    assert timeline
    return timeline


@pytest.mark.parametrize(
    ("length", "step", "bars"),
    [(1, "day", 14), (30, "day", 31), (61, "day", 62), (62, "week", 14), (400, "week", 58), (900, "month", 30)],
)
def test_the_step_follows_from_how_long_it_is(length: int, step: str, bars: int) -> None:
    timeline = made(days(*range(length + 1)))
    assert (timeline.step, len(timeline.bars)) == (step, bars)
    assert sum(bar.count for bar in timeline.bars) == 3 * (length + 1)


def test_decades_are_shown_by_years() -> None:
    timeline = made(days(*range(0, 9000, 30)))
    assert (timeline.step, len(timeline.bars)) == ("year", 25)


def test_two_days_are_shown_by_hours() -> None:
    since = datetime(2026, 1, 5, tzinfo=UTC)
    hours = [Span(start=since + timedelta(hours=at), count=1) for at in (3, 40)]
    timeline = made(hours, Query(since=since, until=since + timedelta(days=2)))
    assert (timeline.step, len(timeline.bars)) == ("hour", 48)
    assert str(timeline.tallest.address).endswith("&since=2026-01-05T03%3A00&until=2026-01-05T04%3A00")


def test_one_day_alone_is_no_timeline() -> None:
    assert make_timeline(days(0), Query(), HERE) is None
    assert make_timeline([], Query(), HERE) is None


def test_a_wrong_date_does_not_press_all_others_into_one_bar() -> None:
    timeline = made([*days(-15_000, count=1), *days(*range(40)), *days(9000, count=1)])
    assert (timeline.step, len(timeline.bars)) == ("day", 40)
    assert timeline.earlier
    assert timeline.later
    assert (timeline.earlier.count, timeline.earlier.address.value("until")) == (1, "2026-01-04")
    assert (timeline.later.count, timeline.later.address.value("since")) == (1, "2026-02-14")


def test_what_the_newest_bar_holds_is_counted_though_a_day_of_it_is_a_stray() -> None:
    today = datetime(2026, 11, 26, tzinfo=UTC)
    spans = [
        *days(-1900, first=today, count=1),
        *days(*range(-99, 0), first=today, count=200),
        *days(0, first=today, count=150),
    ]
    timeline = made(spans)
    newest = timeline.bars[-1]
    assert (timeline.step, str(newest.address)) == ("week", f"{HERE}&since=2026-11-23&until=2026-11-29")
    assert newest.count == 750
    assert timeline.earlier
    assert timeline.earlier.count == 1


@given(
    st.dictionaries(
        st.one_of(st.integers(0, 30), st.integers(0, 800), st.integers(600, 640)),
        st.sampled_from([1, 1, 2, 5, 50, 200]),
        min_size=2,
        max_size=12,
    )
)
@example({0: 1, 48: 1, 55: 150, 56: 148})
def test_strays_are_in_a_bar_or_beyond_all_bars(counts: dict[int, int]) -> None:
    spans = [span for offset in sorted(counts) for span in days(offset, count=counts[offset])]
    timeline = made(spans)
    bars = [bar for bar in (timeline.earlier, *timeline.bars, timeline.later) if bar]
    assert sum(bar.count for bar in bars) == sum(counts.values())
    for bar in bars:
        asked = address_query(bar.address)
        since, until = asked.since or spans[0].start, asked.until or datetime.max.replace(tzinfo=UTC)
        assert bar.count == sum(span.count for span in spans if since <= span.start < until)


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(st.datetimes(timezones=st.just(UTC)), st.integers(1, 500), max_size=40),
    st.sampled_from(
        [
            (datetime(1001, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)),
            (datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 7, tzinfo=UTC)),
            (datetime(2026, 9, 3, 15, 30, tzinfo=UTC), datetime(2027, 3, 5, tzinfo=UTC)),
            (datetime(2001, 9, 3, tzinfo=UTC), datetime(2027, 3, 5, 1, tzinfo=UTC)),
        ]
    ),
)
def test_every_article_is_in_one_bar_whose_search_means_just_its_span(
    counts: dict[datetime, int], range_: tuple[datetime, datetime]
) -> None:
    since, until = range_
    within = {since + (at - since) % (until - since): n for at, n in counts.items()}
    whole = {at.replace(minute=0, second=0, microsecond=0): n for at, n in within.items()}
    spans = [Span(start=at, count=whole[at]) for at in sorted(whole)]
    query = Query(since=since, until=until)
    timeline = make_timeline(spans, query, HERE)
    if timeline is None:
        assert len(spans) < 2
        return
    beyond = [bar for bar in (timeline.earlier, timeline.later) if bar]
    assert sum(bar.count for bar in (*timeline.bars, *beyond)) == sum(whole.values())
    assert LEAST_SPANS <= len(timeline.bars) <= MOST_SPANS
    for bar in filter(lambda bar: bar.count, timeline.bars):
        asked = address_query(bar.address)
        assert (asked.since, asked.until) == (max(bar.start, since), min(bar.end, until))


def test_no_bar_leads_beyond_what_was_asked() -> None:
    since, until = datetime(2026, 8, 6, tzinfo=UTC), datetime(2026, 11, 26, tzinfo=UTC)
    query = Query(since=since, until=until)
    timeline = make_timeline(days(*range(112), first=since, count=1), query, HERE.within(since, until))
    assert timeline
    first, last = timeline.bars[0], timeline.bars[-1]
    assert (timeline.step, first.count, last.count) == ("week", 4, 3)
    assert str(first.address).endswith("&since=2026-08-06&until=2026-08-09")
    assert str(last.address).endswith("&since=2026-11-23&until=2026-11-25")


def test_what_is_too_far_away_is_looked_for_within_what_was_asked() -> None:
    since, until = datetime(1900, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)
    timeline = made([*days(-15_000, count=1), *days(*range(40)), *days(9000, count=1)], Query(since=since, until=until))
    assert timeline.earlier
    assert timeline.later
    assert str(timeline.earlier.address).endswith("&since=1900-01-01&until=2026-01-04")
    assert str(timeline.later.address).endswith("&since=2026-02-14&until=2089-12-31")


def test_a_long_story_is_drawn_by_days_and_a_short_one_is_not() -> None:
    first = datetime(2026, 1, 5, 22, tzinfo=UTC)
    members = [
        Member(article_id=str(at), headline="", publisher="", language="en", url="", at=first + timedelta(hours=5 * at))
        for at in range(8)
    ]
    timeline = story_times("s1", members)
    assert timeline
    assert [bar.count for bar in timeline.bars if bar.count] == [1, 5, 2]
    assert str(timeline.tallest.address) == "?story=s1&since=2026-01-06&until=2026-01-06"
    assert story_times("s1", members[:7]) is None


def test_the_drawing_escapes_what_was_asked_and_holds_no_style_and_no_script() -> None:
    drawn = draw_timeline(made(days(0, 4)), "/mount")
    links = re.findall('<a tabindex="-1" href="([^"]*)">', drawn)
    assert len(links) == 2
    assert dict(parse_qsl(links[0].removeprefix("/mount/?").replace("&amp;", "&")))["q"] == 'a "b" & <c>'
    assert "5 January 2026: 3 articles" in drawn
    assert not re.search(r"<script|<style| style=| on\w+=|<c>", drawn)
