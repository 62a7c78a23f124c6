"""WARC files in the layout of CC-NEWS: which of them may hold an interval's records, and whose a record is.

A file is named by the time it was begun, as in ``CC-NEWS-20261120061300-00123.warc.gz``, lies in a folder of its year and
month, and is written until the next one begins, so that records can lie past midnight.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from urllib.parse import urlsplit

from pipeline.model.feed import Entry, Feed
from pipeline.urls import site_of

#: Longest that one file is written to; a listing may lack the file that came next.
LONGEST = timedelta(days=1)
#: A page fetched before a file was begun can lie in it, since records wait to be written.
SLACK = timedelta(minutes=10)

_NAME = re.compile(r"\.warc(?:\.gz)?$", re.IGNORECASE)
_BEGUN = re.compile(r"(?<!\d)(20\d{12})(?:\d{3})?(?!\d)")  # some crawlers write milliseconds


def begun_at(name: str) -> datetime | None:
    """Return when the file of that name was begun, or None where the name does not tell."""
    match = _BEGUN.search(name.rpartition("/")[2])
    try:
        return datetime.strptime(match[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC) if match else None
    except ValueError:
        return None


def select_files(names: Iterable[str], since: datetime, until: datetime) -> tuple[str, ...]:
    """Return the WARC files among these that may hold records of ``since <= t < until``, in order of name.

    A file whose name tells no time may hold anything.
    """
    files = sorted({name for name in names if _NAME.search(name)})
    begun = {name: begun for name in files if (begun := begun_at(name))}
    times = sorted(set(begun.values()))
    following = dict(pairwise(times))

    def may_hold(name: str) -> bool:
        if name not in begun:
            return True
        first, longest = begun[name], begun[name] + LONGEST
        last = min(following.get(first, longest), longest)
        return first - SLACK < until and last + SLACK > since

    return tuple(filter(may_hold, files))


def month_folders(since: datetime, until: datetime) -> Iterator[str]:
    """Yield the folders, such as ``2026/11``, of the files that may hold records of the interval."""
    day = (since.astimezone(UTC) - LONGEST - SLACK).replace(day=1)
    last = until.astimezone(UTC) + SLACK
    while (day.year, day.month) <= (last.year, last.month):
        yield f"{day:%Y/%m}"
        day = (day + timedelta(days=31)).replace(day=1)


def read_listing(text: str) -> tuple[str, ...]:
    """Return the paths of a listing file (``warc.paths``), one a line."""
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedSites:
    """Whose pages are taken from WARC files: the sources' own, or any host's."""

    sources: Mapping[str, Feed]
    is_any_host: bool = False

    def source_of(self, url: str) -> Feed | None:
        """Return whose the page is, or None where it is not wanted; an unknown host is its own publisher."""
        site = site_of(url)
        if site in self.sources:
            return self.sources[site]
        parts = urlsplit(url)
        return Feed(url=f"{parts.scheme}://{parts.netloc}/", publisher=site) if self.is_any_host else None

    @property
    def mark(self) -> str:
        """A short text that is another for other sites: a file may hold what was left out before."""
        asked = "any host" if self.is_any_host else "\n".join(sorted(self.sources))
        return hashlib.sha256(asked.encode()).hexdigest()[:8]


def want_sites(feeds: Iterable[Feed], *, is_any_host: bool = False) -> WantedSites:
    """Return the sites that the feeds and their sitemaps lie on; of several feeds on one site, the first counts."""
    sources: dict[str, Feed] = {}
    for feed in feeds:
        for address in (feed.url, *feed.sitemaps):
            sources.setdefault(site_of(address), feed)
    return WantedSites(sources=sources, is_any_host=is_any_host)


def as_entry(url: str, feed: Feed) -> Entry:
    """Return what is known of a page before it is read: whose it is. A WARC file claims nothing else."""
    return Entry(
        url=url,
        feed_url=feed.url,
        publisher=feed.publisher,
        language=feed.language,
        section=feed.section,
        country=feed.country,
    )
