"""What the sources' sitemaps list for an interval; each sitemap is asked for once, however many feeds share the site."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urljoin

from pipeline.boundary import boundary, gather
from pipeline.discover.sitemaps import (
    MAX_BYTES,
    NotASitemap,
    SitemapEntry,
    may_list,
    read_sitemap,
)
from pipeline.fetch.robots import read_robots
from pipeline.model.fate import Reason
from pipeline.model.feed import Entry, Feed
from pipeline.ports import Confinement, Fetcher

#: An index of sitemaps lists files; more levels than two are a mistake or a trap.
MAX_DEPTH = 3
MAX_SITEMAPS = 1000  # of one source
#: Entries handed on at once; a sitemap may list 50,000.
CHUNK = 1000
#: Sources searched at a time: a sitemap may be 50 MiB, and all of it is in memory while it is read.
CONCURRENCY = 4

log = logging.getLogger(__name__)


async def search_sitemaps(
    feeds: Sequence[Feed],
    since: datetime,
    until: datetime,
    *,
    fetcher: Fetcher,
    confined: Confinement,
    keep: Callable[[Sequence[Entry]], None],
    on_progress: Callable[[str], None] = lambda _: None,
) -> Counter[str]:
    """Give ``keep`` what the feeds' sitemaps date in ``since <= t < until``; return what was met, in numbers.

    A sitemap that fails is counted and said; its siblings and the other sources go on.
    """
    search = _Search(since=since, until=until, fetcher=fetcher, confined=confined, keep=keep)
    slots = asyncio.Semaphore(CONCURRENCY)

    async def search_one(feed: Feed) -> None:
        async with slots:
            on_progress(f"sitemaps of {feed.publisher}")
            await search.search_source(feed)

    await gather([search_one(feed) for feed in feeds])
    return search.counts


@dataclass(slots=True, kw_only=True)
class _Search:
    since: datetime
    until: datetime
    fetcher: Fetcher
    confined: Confinement
    keep: Callable[[Sequence[Entry]], None]
    counts: Counter[str] = field(default_factory=Counter)
    #: Every address asked for so far: an index may list itself, and two feeds may share a site.
    asked: set[str] = field(default_factory=set)

    async def search_source(self, feed: Feed) -> None:
        """Search the configured sitemaps, else those that robots.txt names, else the place where most sites have one."""
        await self._walk(feed.sitemaps, feed)
        robots_url = urljoin(feed.url, "/robots.txt")
        if feed.sitemaps or robots_url in self.asked:
            return
        self.asked.add(robots_url)
        named: tuple[str, ...] = ()
        with boundary(self._failure("sources failed", f"sitemaps of {feed.publisher}")):
            named = read_robots(await self.fetcher.fetch(robots_url)).sitemaps
            usual = urljoin(feed.url, "/sitemap.xml")
            if not named and not await self._walk((usual,), feed, is_guess=True):
                self.counts["sources without sitemaps"] += 1
                log.warning(
                    "%s has no sitemaps: robots.txt names none, and there is none at %s; if it has some elsewhere, "
                    "name them in the sources file: sitemaps = [...]",
                    feed.publisher,
                    usual,
                )
        await self._walk(named, feed)

    async def _walk(self, addresses: Sequence[str], feed: Feed, *, is_guess: bool = False) -> bool:
        """Read the source's sitemaps and what indexes list that may date from the interval; tell whether a guess is a sitemap."""
        waiting, read = [(address, 1) for address in reversed(addresses)], 0
        while waiting:
            url, depth = waiting.pop()
            if url in self.asked:
                continue
            if read == MAX_SITEMAPS:
                self.counts["sitemaps left out"] += len(waiting) + 1
                log.warning("%s: more than %d sitemaps; the others were left out", feed.publisher, MAX_SITEMAPS)
                break
            self.asked.add(url)
            read += 1
            self.counts["sitemaps"] += 1
            with boundary(self._failure("sitemaps failed", "sitemap")):
                try:
                    children = await self._read(url, feed)
                except NotASitemap:
                    if is_guess and depth == 1:
                        self.counts["sitemaps"] -= 1  # there is none
                        return False
                    raise
                if depth < MAX_DEPTH:
                    waiting += [(child, depth + 1) for child in children]
                elif children:
                    self.counts["sitemaps left out"] += len(children)
                    log.warning("%s: an index below %d others; what it lists was left out", url, depth - 1)
        return True

    async def _read(self, url: str, feed: Feed) -> list[str]:
        """Hand on the sitemap's entries of the interval; return its children that may list some."""
        capture = await self.fetcher.fetch(url, obey_robots=False, max_bytes=MAX_BYTES, even_if_slow=True)
        if capture.status != HTTPStatus.OK:
            raise NotASitemap(f"{url} answered {capture.status}")
        sitemap = await asyncio.to_thread(self.confined.call, read_sitemap, capture.body, capture.final_url)
        if sitemap.cut_off:
            self.counts["sitemaps cut off"] += 1
            log.warning("sitemap: %s", sitemap.cut_off)
        within = [_as_entry(listed, feed) for listed in sitemap.entries if self._is_within(listed)]
        for start in range(0, len(within), CHUNK):
            self.keep(within[start : start + CHUNK])
        return [child.url for child in sitemap.children if may_list(child, self.since, self.until)]

    def _is_within(self, listed: SitemapEntry) -> bool:
        """Tell whether the entry dates from the interval; one without any date cannot be placed and is left to the feeds."""
        dated = listed.published or listed.modified
        if dated is None:
            self.counts["addresses without a date"] += 1
            return False
        is_within = self.since <= dated.value < self.until
        self.counts["addresses of other days"] += not is_within
        return is_within

    def _failure(self, counted_as: str, what: str) -> Callable[[Reason, str], None]:
        """Return what counts and says a failure; it is none of the feed, which may work well."""

        def fail(_: Reason, detail: str) -> None:
            self.counts[counted_as] += 1
            log.warning("%s: %s", what, detail)

        return fail


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
