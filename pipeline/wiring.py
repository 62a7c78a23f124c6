"""The composition root: settings to adapters. The only module that names adapters.

Adapters are imported where they are opened: `newswire search` need not wait for a language model to load.
"""
# ruff: noqa: PLC0415 - see above

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline import flow
from pipeline.alerts.delivery import deliver_alerts, send_test
from pipeline.alerts.evaluation import Watched, watch_documents, watch_silence
from pipeline.backfill import passage
from pipeline.backfill.cost import Cost, estimate_past
from pipeline.backfill.discovery import discover_past
from pipeline.corrections import correct_documents
from pipeline.courtesy import give_way
from pipeline.errors import UsageError
from pipeline.model.alert import SavedSearch
from pipeline.model.capture import Batch
from pipeline.model.feed import Feed
from pipeline.model.handover import Report
from pipeline.ports import Alerts, Archive, Clock, Fetcher, Knowledge, SearchStore, WarcSource, Webhooks
from pipeline.settings import Settings
from pipeline.watch import poll_feeds

if TYPE_CHECKING:
    from pipeline.adapters.elasticsearch_store import ElasticsearchStore
    from pipeline.adapters.sql_ledger import SqlLedger
    from pipeline.enrich.annotate import Annotator


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current time, in UTC."""
        return datetime.now(UTC)


def import_adapters() -> None:
    """Import what the parts are made of, without opening any: for a process whose forks shall not have to."""
    import pipeline.adapters.elasticsearch_store
    import pipeline.adapters.host_turns
    import pipeline.adapters.http_fetcher
    import pipeline.adapters.sql_ledger
    import pipeline.adapters.sqlite_store
    import pipeline.adapters.warc_archive  # noqa: F401 - as all of them


@cache
def load_annotator() -> "Annotator":
    """Return the annotator with its gazetteer; a model loads with the first text. A fork of this process has it, too."""
    from pipeline.adapters.tagger import InstalledTagger
    from pipeline.enrich.annotate import Annotator
    from pipeline.enrich.places import load_gazetteer

    return Annotator(InstalledTagger(), load_gazetteer())


class Wiring:
    """Every part of the program, each opened on its first use."""

    def __init__(self, settings: Settings) -> None:
        """Keep the settings; nothing is opened yet."""
        self.settings = settings
        self.clock: Clock = SystemClock()
        self._sources_changed_at: int | None = None

    def close(self) -> None:
        """Give back the connections of what was opened."""
        opened = vars(self)
        for part in ("ledger", "store", "elasticsearch"):
            if part in opened:
                opened[part].close()

    @cached_property
    def ledger(self) -> "SqlLedger":
        """The ledger, migrated to this version; it also keeps what all processes know of the hosts."""
        from pipeline.adapters.sql_ledger import open_ledger

        self._make_home()
        return open_ledger(self.settings.ledger_url)

    @cached_property
    def archive(self) -> Archive:
        """The archive of captures."""
        from pipeline.adapters.warc_archive import WarcArchive

        return WarcArchive(self.settings.archive_url)

    @cached_property
    def warcs(self) -> WarcSource | None:
        """The WARC files that backfills read, where there are any."""
        from pipeline.adapters.warc_source import WarcFolder

        return WarcFolder(self.settings.warcs) if self.settings.warcs else None

    @cached_property
    def store(self) -> SearchStore:
        """The search store that the address names."""
        if urlsplit(self.settings.search_url).scheme != "sqlite":
            return self.elasticsearch
        from pipeline.adapters.sqlite_store import SqliteStore

        self._make_home()
        return SqliteStore(Path(self.settings.search_url.removeprefix("sqlite:///")), clock=self.clock)

    @cached_property
    def elasticsearch(self) -> "ElasticsearchStore":
        """The search store where only Elasticsearch will do. Raises UsageError where another is configured."""
        if urlsplit(self.settings.search_url).scheme == "sqlite":
            raise UsageError("raw Elasticsearch queries need Elasticsearch; set NEWSWIRE_SEARCH_URL to its address")
        from pipeline.adapters.elasticsearch_store import ElasticsearchStore

        return ElasticsearchStore(
            self.settings.search_url,
            clock=self.clock,
            api_key=self.settings.search_api_key,
            user=self.settings.search_user,
            password=self.settings.search_password,
            prefix=self.settings.search_alias,
        )

    @property
    def alerts(self) -> Alerts:
        """What is watched for, in the ledger's database."""
        return self.ledger.alerts

    @property
    def knowledge(self) -> Knowledge:
        """What is known of entities, in the ledger's database."""
        return self.ledger.knowledge

    @property
    def annotator(self) -> "Annotator":
        """The annotator, one for the whole process, over what is known."""
        return load_annotator().knowing(self.knowledge)

    @property
    def page_annotator(self) -> "Annotator":
        """The annotator for single pages and texts, which need no ledger: what is known counts where there is one."""
        url = self.settings.ledger_url
        is_missing = url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists()
        return load_annotator() if is_missing else self.annotator

    @asynccontextmanager
    async def fetcher(self, *, patience: timedelta | None = None, is_past: bool = False) -> AsyncIterator[Fetcher]:
        """Open the fetcher for one event loop; it waits so long for a host's turn, and past work gives way to live."""
        from pipeline.adapters.host_turns import HostTurns
        from pipeline.adapters.http_fetcher import HttpFetcher

        settings = self.settings
        delay = timedelta(seconds=settings.host_delay)
        give_way = self.give_way if is_past else None
        turns = HostTurns(self.ledger, clock=self.clock, delay=delay, patience=patience, give_way=give_way)
        async with HttpFetcher(
            clock=self.clock,
            hosts=self.ledger,
            turns=turns,
            contact=settings.contact,
            allowed_networks=settings.allowed_networks,
        ) as fetcher:
            yield fetcher

    def give_way(self) -> None:
        """Let live work go first."""
        give_way(self.ledger, self.clock)

    def add_sources(self) -> int:
        """Put what is new or changed in the sources file into the ledger, where there is a file; return how many feeds."""
        from pipeline.discover.sources import parse_sources

        path = self.settings.sources
        if path is None:
            return 0
        try:
            feeds = parse_sources(path.read_text(encoding="utf-8"), str(path))
        except OSError as error:
            raise UsageError(f"NEWSWIRE_SOURCES: {path} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise UsageError(f"NEWSWIRE_SOURCES: {path} is no UTF-8 text: {error.reason}") from error
        known = {feed.url: feed for feed, _ in self.ledger.feeds()}
        # Only those: adding a feed again would have one polled again whose server said that it is gone.
        changed = [feed for feed in feeds if known.get(feed.url) != feed]
        self.ledger.add_feeds(changed, self.clock.now())
        return len(changed)

    def feeds_of(self, publisher: str | None) -> list[Feed]:
        """Return this publisher's feeds, or all. Raises UsageError where there are none: a misspelt name would find nothing."""
        feeds = [feed for feed, _ in self.ledger.feeds()]
        found = [feed for feed in feeds if publisher in {None, feed.publisher}]
        if publisher is not None and not found:
            known = ", ".join(sorted({feed.publisher for feed in feeds}))
            raise UsageError(f"the publisher is {publisher!r}; the feeds have: {known or 'none'}")
        return found

    def refresh_sources(self) -> int:
        """Put what changed in the sources file since the last call into the ledger; return how many feeds."""
        path = self.settings.sources
        changed_at = path.stat().st_mtime_ns if path and path.exists() else None
        if changed_at == self._sources_changed_at:
            return 0
        self._sources_changed_at = changed_at  # a file that cannot be read is complained of once
        return self.add_sources()

    async def poll_feeds(self, fetcher: Fetcher, *, early: bool = False) -> Report:
        """Run that stage of the flow over these parts."""
        return await poll_feeds(ledger=self.ledger, fetcher=fetcher, clock=self.clock, early=early)

    async def fetch_batch(
        self, batch: Batch, fetcher: Fetcher, *, limit: int = flow.BATCH_SIZE, publisher: str | None = None
    ) -> Report:
        """Run that stage of the flow over these parts."""
        return await flow.fetch_batch(
            batch,
            ledger=self.ledger,
            archive=self.archive,
            fetcher=fetcher,
            clock=self.clock,
            limit=limit,
            publisher=publisher,
        )

    async def discover_past(
        self,
        since: datetime,
        until: datetime,
        fetcher: Fetcher,
        *,
        publisher: str | None = None,
        on_progress: Callable[[str], None] = lambda _: None,
    ) -> Report:
        """Put a day of the past into the inbox."""
        return await discover_past(
            self.feeds_of(publisher),
            since,
            until,
            ledger=self.ledger,
            archive=self.archive,
            fetcher=fetcher,
            clock=self.clock,
            warcs=self.warcs,
            is_any_host=self._takes_any_host(publisher),
            give_way=self.give_way,
            on_progress=on_progress,
        )

    async def estimate_past(
        self,
        since: datetime,
        until: datetime,
        fetcher: Fetcher,
        *,
        publisher: str | None = None,
        on_progress: Callable[[str], None] = lambda _: None,
    ) -> Cost:
        """Return what a day of the past would cost."""
        return await estimate_past(
            self.feeds_of(publisher),
            since,
            until,
            ledger=self.ledger,
            fetcher=fetcher,
            warcs=self.warcs,
            is_any_host=self._takes_any_host(publisher),
            on_progress=on_progress,
        )

    async def fetch_past(
        self, run: Batch, fetcher: Fetcher, *, publisher: str | None = None, limit: int
    ) -> tuple[list[Batch], Report]:
        """Fetch past entries that are due, batch after batch, each named after the run."""
        return await passage.fetch_past(
            run,
            ledger=self.ledger,
            archive=self.archive,
            fetcher=fetcher,
            clock=self.clock,
            publisher=publisher,
            limit=limit,
        )

    def extract_past(self, batches: Sequence[Batch]) -> Report:
        """Make documents of these batches."""
        return passage.extract_past(
            batches,
            ledger=self.ledger,
            archive=self.archive,
            annotator=self.annotator,
            clock=self.clock,
            give_way=self.give_way,
        )

    def index_past(self, batches: Sequence[Batch]) -> Report:
        """Write the documents of these batches."""
        return passage.index_past(
            batches,
            ledger=self.ledger,
            archive=self.archive,
            store=self.store,
            clock=self.clock,
            give_way=self.give_way,
        )

    def extract_batch(self, batch: Batch) -> Report:
        """Run that stage of the flow over these parts."""
        return flow.extract_batch(
            batch, ledger=self.ledger, archive=self.archive, annotator=self.annotator, clock=self.clock
        )

    def index_batch(self, batch: Batch) -> Report:
        """Run that stage of the flow over these parts."""
        return flow.index_batch(
            batch,
            ledger=self.ledger,
            archive=self.archive,
            store=self.store,
            clock=self.clock,
            revisits=self.settings.revisits,
        )

    def correct_documents(self) -> int:
        """Run that stage of the flow over these parts."""
        return correct_documents(ledger=self.ledger, store=self.store)

    def watch_documents(self) -> Watched:
        """Ask the saved searches about newly indexed documents, some of them."""
        return watch_documents(alerts=self.alerts, store=self.store, clock=self.clock)

    def watch_silence(self) -> Watched:
        """Ask the saved searches that wait for silence."""
        return watch_silence(alerts=self.alerts, store=self.store, clock=self.clock)

    async def send_test(self, search: SavedSearch) -> dict[str, str]:
        """Send a message to the search's webhooks."""
        async with self.webhooks() as webhooks:
            return await send_test(search, webhooks=webhooks, clock=self.clock)

    async def deliver_alerts(self) -> Counter[str]:
        """Send what is due to webhooks."""
        async with self.webhooks() as webhooks:
            return await deliver_alerts(alerts=self.alerts, webhooks=webhooks, clock=self.clock)

    @asynccontextmanager
    async def webhooks(self) -> AsyncIterator[Webhooks]:
        """Open what sends alerts, for one event loop."""
        from pipeline.adapters.http_webhooks import HttpWebhooks

        async with HttpWebhooks(clock=self.clock, allowed_networks=self.settings.webhook_networks) as webhooks:
            yield webhooks

    def _takes_any_host(self, publisher: str | None) -> bool:
        """Tell whether WARC files give the pages of every host; a publisher's are those of its own sites."""
        return self.settings.warc_hosts == "all" and publisher is None

    def _make_home(self) -> None:
        try:
            self.settings.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"NEWSWIRE_HOME: {self.settings.home} cannot be made: {error.strerror}") from error
