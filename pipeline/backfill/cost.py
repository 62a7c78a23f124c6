"""What a backfill would cost, before it is run: sitemaps are read, WARC files listed, and nothing is recorded."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pipeline.backfill.sitemaps import search_sitemaps
from pipeline.discover.warcs import want_sites
from pipeline.errors import NewswireError
from pipeline.fetch.politeness import PAST_TURNS
from pipeline.model.capture import Capture
from pipeline.model.feed import Entry, Feed
from pipeline.model.warc import WarcProgress
from pipeline.ports import Confinement, Fetcher, Ledger, WarcSource
from pipeline.urls import host_of

#: Compressed bytes of a page from a host that we have none of yet.
PAGE_BYTES = 30_000
#: Compressed bytes of WARC files a second; docs/operations.md says what was measured.
WARC_BYTES_A_SECOND = 50_000_000
#: Articles a second, extracted, annotated and indexed, as above.
ARTICLES_A_SECOND = 10

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Cost:
    """What one or more days cost; costs of several days add up."""

    #: URLs that sitemaps list, by ``new`` and ``known``; what WARC files hold is not known before they are read.
    urls: Counter[str] = field(default_factory=Counter)
    #: By host: for sitemaps, and for new URLs.
    sitemap_requests: Counter[str] = field(default_factory=Counter)
    page_requests: Counter[str] = field(default_factory=Counter)
    #: Expected, by host.
    page_bytes: Counter[str] = field(default_factory=Counter)
    warc_files: int = 0
    warc_bytes: int = 0
    searched: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Cost") -> None:
        """Add the other's numbers to these."""
        self.urls += other.urls
        self.sitemap_requests += other.sitemap_requests
        self.page_requests += other.page_requests
        self.page_bytes += other.page_bytes
        self.warc_files += other.warc_files
        self.warc_bytes += other.warc_bytes
        self.searched += other.searched

    @property
    def requests(self) -> Counter[str]:
        """All requests, by host."""
        return self.sitemap_requests + self.page_requests

    def seconds(self, host_delay: float) -> float:
        """Return the expected time: hosts side by side, each at its pace, then reading, extracting and indexing."""
        fetching = max(self.requests.values(), default=0) * host_delay * PAST_TURNS
        return fetching + self.warc_bytes / WARC_BYTES_A_SECOND + self.urls["new"] / ARTICLES_A_SECOND


async def estimate_past(  # noqa: PLR0913 - ports are passed by name, as everywhere
    feeds: Sequence[Feed],
    since: datetime,
    until: datetime,
    *,
    ledger: Ledger,
    fetcher: Fetcher,
    confined: Confinement,
    warcs: WarcSource | None = None,
    is_any_host: bool = False,
    on_progress: Callable[[str], None] = lambda _: None,
) -> Cost:
    """Return what ``discover_past`` of this interval, and the fetching after it, would cost."""
    cost, found = Cost(), set[str]()

    def keep(entries: Sequence[Entry]) -> None:
        urls = {entry.url for entry in entries} - found
        found.update(urls)
        known = ledger.known_urls(urls)
        cost.urls += Counter(new=len(urls) - len(known), known=len(known))
        cost.page_requests += Counter(_origin(url) for url in urls - known)

    counting = _CountingFetcher(fetcher, cost.sitemap_requests)
    cost.searched += await search_sitemaps(
        feeds, since, until, fetcher=counting, confined=confined, keep=keep, on_progress=on_progress
    )
    means = ledger.mean_capture_bytes(cost.page_requests)
    cost.page_bytes += Counter(
        {_host(origin): count * means.get(origin, PAGE_BYTES) for origin, count in cost.page_requests.items()}
    )
    cost.page_requests = Counter({_host(origin): count for origin, count in cost.page_requests.items()})
    if warcs:
        mark = want_sites(feeds, is_any_host=is_any_host).mark
        _add_warcs(cost, warcs, lambda file: ledger.warc_progress(f"{file}#{mark}", since, until), since, until)
    return cost


def _add_warcs(
    cost: Cost, warcs: WarcSource, progress_of: Callable[[str], WarcProgress], since: datetime, until: datetime
) -> None:
    """Ask for the sizes of the interval's files, and count what was not read yet."""
    try:
        listing = warcs.files(since, until)
    except NewswireError as error:
        log.warning("%s", error)
        cost.searched["WARC files failed"] += 1
        return
    for problem in listing.problems:
        log.warning("%s", problem)
        cost.searched["WARC files failed"] += 1
    for address in listing.addresses:
        try:
            size = warcs.size(address)
            progress = progress_of(address).resume(size)
            if not progress.is_done:
                cost.warc_bytes += size - progress.position
                cost.warc_files += 1
        except NewswireError as error:
            log.warning("%s", error)
            cost.searched["WARC files failed"] += 1


class _CountingFetcher:
    """A fetcher whose requests are counted by host; redirects, and robots.txt asked for on the way, are not."""

    def __init__(self, fetcher: Fetcher, requests: Counter[str]) -> None:
        self._fetcher, self._requests = fetcher, requests

    async def fetch(self, url: str, **options: Any) -> Capture:  # noqa: ANN401 - whatever the port takes
        self._requests[host_of(url)] += 1
        return await self._fetcher.fetch(url, **options)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _host(origin: str) -> str:
    return origin.partition("://")[2]
