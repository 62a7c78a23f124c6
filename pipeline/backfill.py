"""Past articles: what the sources' sitemaps list for an interval goes into the inbox, as if a feed had announced it."""

import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urljoin

from pipeline.discover.sitemaps import ChildSitemap, SitemapEntry, parse_sitemap
from pipeline.errors import NewswireError, StoreUnavailable
from pipeline.fetch.robots import read_robots
from pipeline.model.feed import Entry, Feed
from pipeline.model.handover import Report
from pipeline.ports import Clock, Fetcher, Ledger

#: An index of sitemaps lists files; more levels than two are a mistake or a trap.
MAX_DEPTH = 3
MAX_SITEMAPS = 1000

log = logging.getLogger(__name__)


async def discover_past(
    feeds: Sequence[Feed],
    since: datetime,
    until: datetime,
    *,
    ledger: Ledger,
    fetcher: Fetcher,
    clock: Clock,
    on_progress: Callable[[], None] = lambda: None,
) -> Report:
    """Put the articles that the feeds' sitemaps date in ``since <= t < until`` into the inbox.

    A site whose sitemaps fail is counted and said; the other sites go on. Each site is asked once, however many feeds it has.
    """
    report = Report()
    asked = set[str]()
    for feed in feeds:
        try:
            for address in await _sitemaps_of(feed, fetcher):
                if address not in asked:
                    asked.add(address)
                    async for entries in _walk(address, since, until, fetcher, report):
                        recorded = ledger.record_entries([_as_entry(e, feed) for e in entries], clock.now())
                        report.entries += Counter(new=recorded.new, changed=recorded.changed)
            report.feeds["searched"] += 1
        except StoreUnavailable:
            raise
        except NewswireError as error:
            report.feeds["failed"] += 1
            log.warning("sitemaps of %s: %s", feed.publisher, error)
        on_progress()
    return report


async def _sitemaps_of(feed: Feed, fetcher: Fetcher) -> tuple[str, ...]:
    """Return the configured sitemaps, else those that robots.txt names, else the place where most sites have one."""
    if feed.sitemaps:
        return feed.sitemaps
    robots = await fetcher.fetch(urljoin(feed.url, "/robots.txt"))
    return read_robots(robots).sitemaps or (urljoin(feed.url, "/sitemap.xml"),)


async def _walk(
    address: str, since: datetime, until: datetime, fetcher: Fetcher, report: Report
) -> AsyncIterator[list[SitemapEntry]]:
    """Yield the entries of the interval, sitemap by sitemap; an index is followed into what may hold such entries."""
    waiting, read = [(address, 1)], 0
    while waiting and read < MAX_SITEMAPS:
        url, depth = waiting.pop()
        read += 1
        capture = await fetcher.fetch(url)
        sitemap = parse_sitemap(capture.body, capture.final_url)
        report.feeds["sitemaps"] += 1
        yield [entry for entry in sitemap.entries if _is_within(entry, since, until)]
        if depth < MAX_DEPTH:
            waiting += [(child.url, depth + 1) for child in sitemap.children if _may_hold(child, since)]


def _is_within(entry: SitemapEntry, since: datetime, until: datetime) -> bool:
    """Tell whether the entry dates from the interval; one without any date cannot be placed and is left to the feeds."""
    dated = entry.published or entry.modified
    return dated is not None and since <= dated.value < until


def _may_hold(child: ChildSitemap, since: datetime) -> bool:
    """Tell whether the file can list something of the interval: not if it was last changed before it began."""
    return child.modified is None or child.modified.value >= since - timedelta(days=1)


def _as_entry(listed: SitemapEntry, feed: Feed) -> Entry:
    return Entry(
        url=listed.url,
        feed_url=feed.url,
        publisher=feed.publisher,
        title=listed.title,
        published=listed.published,
        language=listed.language or feed.language,
        section=feed.section,
        country=feed.country,
    )
