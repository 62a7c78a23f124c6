"""The steps: old months leave the search store, settled URLs lose what is heavy, and a report says how everything is.

Captures are never touched, and no URL, fate or reason is forgotten. Whatever breaks off is done by the next run.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from pipeline.discover.polling import Health, HealthStatus, health_of
from pipeline.model.fate import Fate, Reason, Tally
from pipeline.ports import Archive, Clock, Ledger, SearchStore, StoredMonth

#: URLs or texts pruned in one transaction: some hundredths of a second, for which nobody else can write.
PRUNED_AT_ONCE = 500
#: Seconds between two of them. SQLite has no queue: who waits asks again every tenth of a second, and must find a gap.
PAUSE = 0.1
#: A hand-over is read within minutes; a task may be cleared and run again for so long.
HANDOVER_AGE = timedelta(days=7)
#: Nobody waits for a host whose times have passed; the rest is margin.
HOST_AGE = timedelta(days=1)
#: Stories that nothing joined for so long are closed; longer than the window, for backfills go through the past in pieces.
STORY_AGE = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """The months that left the search store, and the first month that stays; None where all do."""

    kept_from: date | None = None
    months: tuple[StoredMonth, ...] = ()
    #: Earlier forms of documents that were replaced in months before.
    versions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """How many URLs lost what is heavy, and how many texts, hand-overs, hosts and robots.txt files are gone."""

    urls: int = 0
    #: By which copies were found.
    texts: int = 0
    handovers: int = 0
    hosts: int = 0
    #: That take no more articles in.
    stories: int = 0
    #: Of saved searches, as old as what is pruned.
    alerts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSums:
    """A month of first sight: the documents in the index, and the articles that the ledger knows to have been indexed."""

    month: date
    documents: int
    articles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintained:
    """What maintenance did (in a dry run: would do), and how everything is."""

    is_dry_run: bool
    retired: Retired
    pruned: Pruned
    tally: Tally
    months: tuple[MonthSums, ...]
    #: URLs that need a person.
    dead_letters: Mapping[Reason, int]
    #: Health by feed.
    feeds: Mapping[str, Health]

    @property
    def missing(self) -> int:
        """How many articles the index should hold, and does not."""
        kept = [each for each in self.months if not is_retired(each.month, self.retired)]
        return sum(max(each.articles - each.documents, 0) for each in kept)

    @property
    def feeds_by_health(self) -> Mapping[HealthStatus, int]:
        """How many feeds are how."""
        counts = Counter(health.status for health in self.feeds.values())
        return {status: counts[status] for status in HealthStatus if counts[status]}


def retire_months(*, store: SearchStore, clock: Clock, retention_months: int | None, dry_run: bool) -> Retired:
    """Drop the months that lie more than ``retention_months`` before the current one; None keeps all.

    With them go the earlier forms of documents that were replaced in those months.
    """
    if retention_months is None:
        return Retired()
    kept_from = first_kept_month(clock.now(), retention_months)
    old = tuple(each for each in store.months() if each.month < kept_from)
    return Retired(
        kept_from=kept_from,
        months=old if dry_run else store.drop_months(kept_from),
        versions=store.drop_versions(kept_from, dry_run=dry_run),
    )


def prune(
    *,
    ledger: Ledger,
    archive: Archive,
    clock: Clock,
    prune_days: int,
    reprint_days: int,
    dry_run: bool,
    pause: float = PAUSE,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Pruned:
    """Take what is heavy from URLs settled more than ``prune_days`` ago, and drop old hand-overs and hosts.

    Texts captured more than ``reprint_days`` ago are forgotten. Progress counts URLs and texts.
    """
    now = clock.now()
    settled_before, captured_before = now - timedelta(days=prune_days), now - timedelta(days=reprint_days)

    def repeat(prune_some: Callable[[], int]) -> int:
        done = 0
        while count := prune_some():
            done += count
            on_progress(count)
            time.sleep(pause)
        return done

    if dry_run:
        urls, texts = ledger.count_prunable(settled_before), ledger.count_forgettable(captured_before)
    else:
        urls = repeat(lambda: ledger.prune(settled_before, now, limit=PRUNED_AT_ONCE))
        texts = repeat(lambda: ledger.forget_printings(captured_before, limit=PRUNED_AT_ONCE))
    return Pruned(
        urls=urls,
        texts=texts,
        handovers=archive.drop_lines(now - HANDOVER_AGE, dry_run=dry_run),
        hosts=ledger.drop_hosts(now - HOST_AGE, dry_run=dry_run),
        stories=ledger.close_stories(now - STORY_AGE, dry_run=dry_run),
        alerts=ledger.alerts.drop_alerts(settled_before, dry_run=dry_run),
    )


def make_report(
    *, ledger: Ledger, store: SearchStore, clock: Clock, retired: Retired, pruned: Pruned, dry_run: bool
) -> Maintained:
    """Return what was done, with the health of the feeds, the dead letters, and the sums of ledger and index."""
    now = clock.now()
    # Before the store: a document is written first and its article kept then, so that what is just coming in is not missed.
    articles = ledger.articles_by_month()
    documents = {each.month: each.documents for each in store.months()}
    reasons = ledger.reasons()
    return Maintained(
        is_dry_run=dry_run,
        retired=retired,
        pruned=pruned,
        tally=ledger.tally(),
        months=tuple(
            MonthSums(month=month, documents=documents.get(month, 0), articles=articles.get(month, 0))
            for month in sorted(articles.keys() | documents.keys())
        ),
        dead_letters={reason: count for reason, count in reasons.items() if reason.fate is Fate.DEAD_LETTER},
        feeds={feed.url: health_of(state, now) for feed, state in ledger.feeds()},
    )


def first_kept_month(now: datetime, retention_months: int) -> date:
    """Return the first day of the oldest month that stays: so many whole months, and the current one."""
    today = now.astimezone(UTC).date()
    months = max(today.year * 12 + today.month - 1 - retention_months, 12)  # not before the calendar begins
    return date(months // 12, months % 12 + 1, 1)


def is_retired(month: date, retired: Retired) -> bool:
    """Tell whether the month is older than the retention."""
    return retired.kept_from is not None and month < retired.kept_from
