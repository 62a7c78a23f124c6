"""When the articles found were published: spans of a readable number, drawn as bars that lead into a search of that span."""

from bisect import bisect
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import MINYEAR, UTC, datetime, timedelta
from itertools import accumulate, pairwise

import svg
from markupsafe import Markup, escape

from pipeline.model.query import Query, Span
from pipeline.search.summary import timeline_step
from pipeline.web.address import Address
from pipeline.web.markup import count, show_start

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: The longest time that is shown by days.
DAYS_AT_MOST = timedelta(days=62)
#: The step of the bars by the longest time that is shown in it; what is longer is shown by years.
STEPS = (
    ("hour", timedelta(days=4)),
    ("day", DAYS_AT_MOST),
    ("week", timedelta(weeks=60)),
    ("month", timedelta(days=2190)),
)
#: Two bars alone would be two blocks, and a thousand years no drawing: what is earlier is only counted then.
LEAST_SPANS, MOST_SPANS = 14, 100
#: A single day or hour is no line of time.
LEAST_POINTS = 2
#: A few wrong dates would press all the others into one bar: this share is left out at either end where that helps so much.
STRAY_SHARE, STRAY_GAIN = 0.01, 4
#: Of all articles, what is no stray at least.
CORE_SHARE = 0.9
#: Of the drawing; it is stretched to the width that there is.
HEIGHT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A span, how many articles are of it, and the search that finds them, within what was asked."""

    start: datetime
    end: datetime
    count: int
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Bars without gaps, and what lies too far away from them; ``step`` is hour, day, week, month or year."""

    step: str
    bars: tuple[Bar, ...]
    earlier: Bar | None = None
    later: Bar | None = None

    @property
    def tallest(self) -> Bar:
        """The first of the spans with most articles."""
        return max(self.bars, key=lambda bar: bar.count)


def make_timeline(spans: Sequence[Span], query: Query, address: Address) -> Timeline | None:
    """Return the timeline of these days or hours, ``address`` being their search; None where all are of one span."""
    if len(spans) < LEAST_POINTS:
        return None
    core = _without_strays(spans)
    first, last = core[0].start, core[-1].start
    if query.since and query.until and query.until - query.since < DAYS_AT_MOST:
        first, last = query.since, query.until - timedelta(microseconds=1)
    finest = 0 if timeline_step(query) == HOUR else 1
    step = next((name for name, most in STEPS[finest:] if last - first < most), "year")
    starts = _starts(step, first, last)
    counts = _count(spans, starts)  # a stray too, where the bars reach beyond the core
    bars = [
        Bar(start=start, end=end, count=counts[start], address=_within(address, query, start, end))
        for start, end in pairwise(starts)
    ]
    earlier = _rest(spans, end=starts[0], address=_within(address, query, None, starts[0]))
    later = _rest(spans, start=starts[-1], address=_within(address, query, starts[-1], None))
    return Timeline(step=step, bars=tuple(bars), earlier=earlier, later=later)


def draw_timeline(timeline: Timeline, root: str) -> Markup:
    """Return the bars as SVG without styles or scripts; its links are for pointers, and a table stands beside for all others."""
    tallest = max(timeline.tallest.count, 1)
    bars: list[svg.Element] = []
    for index, bar in enumerate(timeline.bars):
        if not bar.count:
            continue
        height = round(max(HEIGHT * bar.count / tallest, 2), 2)
        shapes: list[svg.Element] = [
            svg.Title(text=f"{show_start(bar.start, timeline.step)}: {count(bar.count, 'article', 'articles')}"),
            svg.Rect(x=index, y=0, width=1, height=HEIGHT, class_=["span"]),
            svg.Rect(x=index + 0.1, y=round(HEIGHT - height, 2), width=0.8, height=height, class_=["bar"]),
        ]
        # The library writes attributes as they are: what comes from an address is escaped here.
        bars.append(svg.A(href=escape(f"{root}/{bar.address}"), tabindex=-1, elements=shapes))
    box = svg.ViewBoxSpec(0, 0, len(timeline.bars), HEIGHT)
    stretched = svg.PreserveAspectRatio("none")
    drawing = svg.SVG(viewBox=box, preserveAspectRatio=stretched, extra={"aria-hidden": "true"}, elements=bars)
    return Markup(drawing.as_str())  # noqa: S704 - escaped above


def _without_strays(spans: Sequence[Span]) -> Sequence[Span]:
    """Return the spans without the outermost few, where what remains is that much shorter."""
    counts = [span.count for span in spans]
    spare = max(sum(counts) * STRAY_SHARE, 1)
    before, behind = (sum(total <= spare for total in accumulate(order)) for order in (counts, counts[::-1]))
    core = spans[before : len(spans) - behind]
    if sum(span.count for span in core) < sum(counts) * CORE_SHARE:
        return spans
    shorter = max(core[-1].start - core[0].start, LEAST_SPANS * DAY)
    return core if spans[-1].start - spans[0].start >= STRAY_GAIN * shorter else spans


def _starts(step: str, first: datetime, last: datetime) -> list[datetime]:
    """Return where the spans from the one to the other begin, and where the last ends; earlier ones where they are too few."""
    starts = [_floor(step, last)]
    while len(starts) < LEAST_SPANS or (starts[-1] > first and len(starts) < MOST_SPANS):
        if starts[-1].year == MINYEAR:
            break
        starts.append(_floor(step, starts[-1] - timedelta(microseconds=1)))
    return [*reversed(starts), _next(step, starts[0])]


def _floor(step: str, moment: datetime) -> datetime:
    moment = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if step == "hour":
        return moment
    day = moment.replace(hour=0)
    match step:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "year":
            return day.replace(month=1, day=1)
    return day


def _next(step: str, start: datetime) -> datetime:
    longest = {"hour": HOUR, "day": DAY, "week": 7 * DAY, "month": 31 * DAY, "year": 366 * DAY}[step]
    return _floor(step, min(start, datetime.max.replace(tzinfo=UTC) - longest) + longest)


def _count(spans: Sequence[Span], starts: Sequence[datetime]) -> Counter[datetime]:
    counts = Counter[datetime]()
    for span in spans:
        if starts[0] <= span.start < starts[-1]:
            counts[starts[bisect(starts, span.start) - 1]] += span.count
    return counts


def _within(address: Address, query: Query, start: datetime | None, end: datetime | None) -> Address:
    """Return the address of that time, as far as the query reaches: a week may begin before what was asked."""
    since = max((each for each in (query.since, start) if each), default=None)
    until = min((each for each in (query.until, end) if each), default=None)
    return address.within(since, until)


def _rest(
    spans: Sequence[Span], *, address: Address, start: datetime | None = None, end: datetime | None = None
) -> Bar | None:
    """Return what is of before the one, or since the other; None where nothing is."""
    rest = [span for span in spans if (end and span.start < end) or (start and span.start >= start)]
    if not rest:
        return None
    count = sum(span.count for span in rest)
    return Bar(start=rest[0].start, end=rest[-1].start, count=count, address=address)
