"""When a feed is polled next: what one poll learned, as the state for the next one. Pure: the time is given.

The interval follows the feed: longer while nothing is new, shorter the more is. What the other side asks for (ttl, sy:,
max-age, Retry-After) is a least time, never a reason to come sooner. Where the user says how often to poll, that holds
instead; a failing feed and a Retry-After are waited for all the same.
"""

import hashlib
import math
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus

from pipeline.discover.parsed import ParsedFeed
from pipeline.model.capture import Capture
from pipeline.model.feed import Feed, FeedState, FeedStatus
from pipeline.ports import Recorded

DEFAULT_INTERVAL = 600.0
SHORTEST_INTERVAL = 60.0
LONGEST_INTERVAL = 6 * 3600.0
#: However long a server asks us to stay away, and however often a feed failed.
LONGEST_WAIT = 24 * 3600.0
#: A feed is called silent after so many of its own rhythm: a weekly letter may leave out a month, an hourly wire half a day.
PATIENT_FOR = 5
#: But not before: the busiest desk has quiet nights, and its rhythm is that of its days.
SHORTEST_SILENCE = timedelta(days=1)
#: What a feed is taken for before it has taught us: with PATIENT_FOR, a new feed has a month.
UNKNOWN_RHYTHM = timedelta(days=6).total_seconds()
#: A pause so long counts for two thirds of all that was learned before; a learned rhythm follows a change in some weeks.
MEMORY = timedelta(days=7).total_seconds()
#: Polled so much later than it was due, it is not the feed that is late.
OVERDUE = timedelta(days=1)

# Growth and the usual decrease mirror each other, so that about every second poll finds something new.
_NOTHING_NEW = 1.5
_SOMETHING_NEW = 1 / 1.5
_MOSTLY_NEW = 1 / 2
#: No known entry left in the feed: some may have come and gone between two polls.
_ALL_NEW = 1 / 4

#: Characters of one problem that are kept with the feed; some quote what the feed holds.
MAX_PROBLEM = 200

#: Failures after which a permanent redirect is forgotten: some lead to nowhere, by mistake.
_PATIENCE = 3
_PERMANENT = {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT}


class HealthStatus(StrEnum):
    """How a feed is doing."""

    OK = "ok"
    FAILING = "failing"
    GONE = "gone"
    SILENT = "silent"
    #: Its time to be polled has long passed: nobody polls.
    OVERDUE = "overdue"
    NEVER_POLLED = "never polled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a feed is doing, in a word and in a sentence."""

    status: HealthStatus
    sentence: str


def initial_state(feed: Feed, now: datetime) -> FeedState:
    """Return the state of a feed that was never polled: due at once."""
    return FeedState(url=feed.url, polled_url=feed.url, due_at=now, interval=DEFAULT_INTERVAL)


def is_unchanged(state: FeedState, capture: Capture) -> bool:
    """Tell whether there is nothing to parse: the server says so (304), or the body is that of the last poll."""
    return capture.status == HTTPStatus.NOT_MODIFIED or _body_hash(capture) == state.body_hash


def answer_error(capture: Capture) -> str | None:
    """Return what is wrong with the answer's status, or None where it is a feed's body or 304."""
    if capture.status in {HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION, HTTPStatus.NOT_MODIFIED}:
        return None
    return f"{capture.final_url} answered {capture.status}"


def next_state(
    state: FeedState,
    capture: Capture,
    parsed: ParsedFeed | None,
    recorded: Recorded,
    now: datetime,
    *,
    every: float | None = None,
) -> FeedState:
    """Return the state after a successful poll; ``parsed`` is None where ``is_unchanged``.

    ``every`` are the seconds that the user wants between two polls, where the feed's own rhythm is not to decide.
    """
    # What the feed itself asks for is kept in the interval, since a 304 does not repeat it.
    asked = min(parsed.least_interval, LONGEST_WAIT) if parsed else 0.0
    interval = every or max(_adapt(state, recorded, is_unchanged=parsed is None), asked)
    wait = every or min(max(interval, _max_age(capture)), LONGEST_WAIT)
    is_new_body = capture.status != HTTPStatus.NOT_MODIFIED
    return replace(
        state,
        polled_url=_moved_to(capture) or state.polled_url,
        status=FeedStatus.ACTIVE,
        due_at=now + timedelta(seconds=wait),
        interval=interval,
        etag=capture.header("ETag") or (None if is_new_body else state.etag),
        last_modified=capture.header("Last-Modified") or (None if is_new_body else state.last_modified),
        body_hash=_body_hash(capture) if is_new_body else state.body_hash,
        polled_at=now,
        last_new_entry_at=now if recorded.new else state.last_new_entry_at,
        rhythm=learn_rhythm(state, now) if recorded.new else state.rhythm,
        failures=0,
        last_error=None,
        problems=tuple(problem[:MAX_PROBLEM] for problem in parsed.problems) if parsed else state.problems,
    )


def failed_state(
    state: FeedState, error: str, now: datetime, *, after: timedelta | None = None, every: float | None = None
) -> FeedState:
    """Return the state after a failed poll: tried again ever later, but for ever; not before ``after`` has passed.

    ``every`` is the feed's agreed interval in seconds, which a feed that never answered has not taken on yet.
    """
    failures = state.failures + 1
    backoff = (every or state.interval) * 2.0 ** min(failures, 20)
    wait = min(max(backoff, after.total_seconds() if after else 0.0), LONGEST_WAIT)
    failed = replace(state, due_at=now + timedelta(seconds=wait), polled_at=now, failures=failures, last_error=error)
    if failures < _PATIENCE or state.polled_url == state.url:
        return failed
    return replace(failed, polled_url=state.url, etag=None, last_modified=None, body_hash=None)


def delayed_state(state: FeedState, now: datetime, wait: timedelta) -> FeedState:
    """Return the state of a feed that was not asked, since its host's turns were taken: the same, but due later."""
    return replace(state, due_at=now + wait)


def gone_state(state: FeedState, now: datetime) -> FeedState:
    """Return the state after a 410: not polled again until the user adds the feed again."""
    error = f"{state.polled_url} answered 410: the feed is gone for good"
    return replace(state, status=FeedStatus.GONE, polled_at=now, last_error=error)


def learn_rhythm(state: FeedState, now: datetime) -> float | None:
    """Return the seconds between arrivals (polls that found something new) after one more arrival.

    An exponentially weighted mean in which each pause weighs by its own length: the pause that one meets who looks at a
    random moment. A plain mean forgets a weekend among a week's hundred arrivals, and a paper whose desk works from
    Monday to Friday would be called silent every Sunday.
    """
    # The first arrival ends no pause; and while nobody could listen, or the feed was gone, nobody knows of any.
    if state.last_new_entry_at is None or state.polled_at is None or state.failures:
        return state.rhythm
    # Polled later than it was due, the entry may have waited for us.
    pause = max((min(now, state.due_at) - state.last_new_entry_at).total_seconds(), 0.0)
    known = UNKNOWN_RHYTHM if state.rhythm is None else state.rhythm
    return known + (pause - known) * (1 - math.exp(-pause / MEMORY))


def longest_silence(state: FeedState) -> timedelta:
    """Return how long the feed may have nothing new before it is called silent."""
    known = UNKNOWN_RHYTHM if state.rhythm is None else state.rhythm
    return max(SHORTEST_SILENCE, timedelta(seconds=PATIENT_FOR * known))


def health_of(state: FeedState, now: datetime) -> Health:
    """Return how the feed is doing, and what was wrong with what it sent last, so that no entry is left out unsaid."""
    health = _health_of_polls(state, now)
    if not state.problems:
        return health
    return replace(health, sentence=f"{health.sentence} In what it sent last: {'; '.join(state.problems)}.")


def _health_of_polls(state: FeedState, now: datetime) -> Health:
    """Return how polling the feed goes."""
    if state.status is FeedStatus.GONE:
        sentence = "The server said that the feed is gone; add it again to have it polled again."
        return Health(status=HealthStatus.GONE, sentence=sentence)
    if state.polled_at is None:
        return Health(status=HealthStatus.NEVER_POLLED, sentence="It has not been polled yet.")
    if state.failures:
        times = "once" if state.failures == 1 else f"{state.failures} times in a row"
        sentence = f"It failed {times}: {state.last_error}; next try {_minute(state.due_at)}."
        return Health(status=HealthStatus.FAILING, sentence=sentence)
    if now - state.due_at > OVERDUE:
        sentence = f"It was due {_minute(state.due_at)}, and nobody has polled it since {_minute(state.polled_at)}."
        return Health(status=HealthStatus.OVERDUE, sentence=sentence)
    return _health_of_news(state, state.polled_at)


def _health_of_news(state: FeedState, polled_at: datetime) -> Health:
    """Return how a feed is doing that answers."""
    if state.last_new_entry_at is None:
        return Health(status=HealthStatus.SILENT, sentence="It answers, but never had an entry.")
    news = f"last new entry {_minute(state.last_new_entry_at)}"
    usual = "" if state.rhythm is None else f", usually one every {_span(state.rhythm)}"
    if polled_at - state.last_new_entry_at > longest_silence(state):  # silent as far as we have listened
        sentence = f"It answers, but is later than its own rhythm allows: {news}{usual}."
        return Health(status=HealthStatus.SILENT, sentence=sentence)
    return Health(status=HealthStatus.OK, sentence=f"It answers; {news}, next poll {_minute(state.due_at)}.")


def _adapt(state: FeedState, recorded: Recorded, *, is_unchanged: bool) -> float:
    total = recorded.new + recorded.changed + recorded.known
    fresh = recorded.new + recorded.changed
    if state.polled_at is None or state.failures:  # everything is new, and says nothing about the pace
        return state.interval
    if not fresh:
        # Slowing down never shortens an interval that the feed itself asked for.
        slower = min(state.interval * _NOTHING_NEW, LONGEST_INTERVAL)
        return max(state.interval, slower) if is_unchanged else slower
    most = _ALL_NEW if recorded.new == total else _MOSTLY_NEW
    faster = state.interval * (most if fresh * 2 >= total else _SOMETHING_NEW)
    return min(max(faster, SHORTEST_INTERVAL), LONGEST_INTERVAL)


def _max_age(capture: Capture) -> float:
    match = re.search(r"(?:^|[,\s])max-age=\"?(\d{1,9})", capture.header("Cache-Control") or "", re.IGNORECASE)
    return float(match[1]) if match else 0.0


def _moved_to(capture: Capture) -> str | None:
    """Return where permanent redirects led from the start; after a temporary one, nothing permanent is known."""
    address = None
    for redirect in capture.redirects:
        if redirect.status not in _PERMANENT:
            break
        address = redirect.url
    return address


def _body_hash(capture: Capture) -> str:
    return hashlib.sha256(capture.body).hexdigest()


def _span(seconds: float) -> str:
    """Return a length of time in the largest unit of which there are two."""
    for unit, length in (("days", 86400), ("hours", 3600)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds / 60, 1):.0f} min"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}"
