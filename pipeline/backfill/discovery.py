"""A day of the past into the inbox: what WARC files hold of it, and what the sources' sitemaps list."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from pipeline.backfill.sitemaps import search_sitemaps
from pipeline.backfill.warcs import import_warcs
from pipeline.discover.warcs import want_sites
from pipeline.errors import UsageError
from pipeline.model.feed import Entry, Feed
from pipeline.model.handover import Report
from pipeline.ports import Archive, Clock, Confinement, Fetcher, Ledger, WarcSource


async def discover_past(  # noqa: PLR0913 - ports are passed by name, as everywhere
    feeds: Sequence[Feed],
    since: datetime,
    until: datetime,
    *,
    ledger: Ledger,
    archive: Archive,
    fetcher: Fetcher,
    confined: Confinement,
    clock: Clock,
    warcs: WarcSource | None = None,
    is_any_host: bool = False,
    give_way: Callable[[], None] = lambda: None,
    on_progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Put the articles of ``since <= t < until`` that WARC files hold or sitemaps list into the inbox, behind the live ones.

    WARC files come first, since what they hold need not be fetched. A file or a site that fails is counted and said; the
    others go on. ``is_any_host`` takes what WARC files hold of sites that no feed is of; ``give_way`` comes before each piece
    of work.
    """
    report = Report()
    if warcs:
        report.add(
            import_warcs(
                want_sites(feeds, is_any_host=is_any_host),
                since,
                until,
                source=warcs,
                ledger=ledger,
                archive=archive,
                clock=clock,
                give_way=give_way,
                on_progress=on_progress,
            )
        )

    def keep(entries: Sequence[Entry]) -> None:
        give_way()
        recorded = ledger.record_entries(entries, clock.now(), past=True)
        report.entries += Counter(new=recorded.new, known=recorded.known)

    report.searched += await search_sitemaps(
        feeds, since, until, fetcher=fetcher, confined=confined, keep=keep, on_progress=on_progress
    )
    return report


def cut_future(since: datetime, until: datetime, now: datetime) -> tuple[datetime, datetime]:
    """Return the interval up to now. Raises UsageError where it has not begun."""
    if since >= now:
        raise UsageError(f"the interval from {since:%Y-%m-%d %H:%M} UTC is in the future: there is nothing yet")
    return since, min(until, now)
