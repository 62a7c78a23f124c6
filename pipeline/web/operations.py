"""How the feeds fare and how every URL ended, as pages over the ledger."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from fastapi import FastAPI, Request, Response

from pipeline.discover.polling import Health, HealthStatus, health_of
from pipeline.errors import UsageError
from pipeline.model.fate import Fate
from pipeline.model.feed import Feed, FeedState
from pipeline.ports import Clock, Ledger
from pipeline.web.address import check_parameters
from pipeline.web.render import METHODS, Pages

#: Days that the ledger's page looks back.
DAYS = 14
#: Rows of one page: more is not read, and the command lists all.
MOST_ROWS = 200
#: What needs a person stands first.
CARE = (
    HealthStatus.FAILING,
    HealthStatus.GONE,
    HealthStatus.OVERDUE,
    HealthStatus.SILENT,
    HealthStatus.NEVER_POLLED,
    HealthStatus.OK,
)


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed, what is known of it, and how it is doing."""

    feed: Feed
    state: FeedState
    health: Health


@dataclass(frozen=True, slots=True)
class Sums:
    """Counts by row and fate, and those fates of them that occur."""

    rows: Mapping[str, Counter[Fate]]

    @property
    def fates(self) -> list[Fate]:
        """The columns, in the order of ``Fate``."""
        return [fate for fate in Fate if any(counts[fate] for counts in self.rows.values())]


def add_operation_pages(app: FastAPI, ledger: Ledger, clock: Clock, pages: Pages) -> None:
    """Add ``/feeds`` and ``/ledger``."""

    @app.api_route("/feeds", methods=METHODS)
    def show_feeds(request: Request, health: str = "") -> Response:
        check_parameters(request.query_params.multi_items(), {"health"})
        if health and health not in CARE:
            raise UsageError(f"health is {health!r}; it must be one of: {', '.join(CARE)}")
        rows = list_feeds(ledger, clock.now())
        counts = Counter(row.health.status for row in rows)
        chosen = [row for row in rows if health in {"", row.health.status}]
        shown, more = chosen[:MOST_ROWS], len(chosen) - MOST_ROWS
        return pages.render(request, "feeds.html", rows=shown, more=more, counts=counts, care=CARE, health=health)

    @app.api_route("/ledger", methods=METHODS)
    def show_ledger(request: Request, day: str = "") -> Response:
        check_parameters(request.query_params.multi_items(), {"day"})
        now = clock.now()
        midnight = datetime(now.year, now.month, now.day, tzinfo=UTC)
        settled = ledger.settled_by_day(midnight - timedelta(days=DAYS - 1))
        chosen = read_day(day) if day else None
        return pages.render(
            request,
            "ledger.html",
            tally=ledger.tally(),
            reasons=ledger.reasons(),
            days=sum_by_day(settled),
            publishers=sum_by_publisher(settled, chosen),
            day=chosen,
            look_back=DAYS,
            dead_letters=ledger.dead_letters(limit=MOST_ROWS),
        )


def list_feeds(ledger: Ledger, now: datetime) -> list[FeedRow]:
    """Return all feeds, those first that need a person."""
    rows = [FeedRow(feed, state, health_of(state, now)) for feed, state in ledger.feeds()]
    return sorted(rows, key=lambda row: (CARE.index(row.health.status), row.feed.publisher, row.feed.url))


def sum_by_day(settled: Mapping[tuple[date, str, Fate], int]) -> Sums:
    """Return the counts of each day, newest first."""
    rows: dict[str, Counter[Fate]] = {}
    for (day, _, fate), count in sorted(settled.items(), reverse=True):
        rows.setdefault(day.isoformat(), Counter())[fate] += count
    return Sums(rows)


def sum_by_publisher(settled: Mapping[tuple[date, str, Fate], int], day: date | None) -> Sums:
    """Return the counts of each publisher on that day, or on all days, busiest first."""
    rows: dict[str, Counter[Fate]] = {}
    for (settled_on, publisher, fate), count in settled.items():
        if day in {None, settled_on}:
            rows.setdefault(publisher, Counter())[fate] += count
    return Sums(dict(sorted(rows.items(), key=lambda row: (-row[1].total(), row[0]))[:MOST_ROWS]))


def read_day(text: str) -> date:
    """Return the day. Raises UsageError for what is none."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"day is {text!r}; it must be a date, such as 2026-11-26") from error
