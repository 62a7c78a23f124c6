"""What the program does, over its parts: each stage of the flow as one call, as commands and DAGs make it."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from pipeline import flow
from pipeline.alerts.delivery import deliver_alerts, send_test
from pipeline.alerts.evaluation import Watched, watch_documents, watch_silence
from pipeline.backfill import passage
from pipeline.backfill.cost import Cost, estimate_past
from pipeline.backfill.discovery import discover_past
from pipeline.corrections import correct_all_documents
from pipeline.discover.sources import parse_sources
from pipeline.errors import UsageError
from pipeline.knowledge.decisions import Deciding
from pipeline.model.alert import SavedSearch
from pipeline.model.capture import Batch
from pipeline.model.feed import Feed
from pipeline.model.handover import Report
from pipeline.parts import Parts
from pipeline.ports import Fetcher
from pipeline.settings import Settings
from pipeline.watch import poll_feeds

#: What is on its way longer than this has been given up; maintenance runs once a day.
DECISION_AGE = timedelta(days=2)


class Wiring(Parts):
    """The parts, and the stages of the flow over them."""

    def __init__(self, settings: Settings) -> None:
        """Keep the settings; nothing is opened yet."""
        super().__init__(settings)
        self._sources_changed_at: int | None = None

    def read_sources(self) -> tuple[Feed, ...]:
        """Return the feeds of the sources file, none where no file is named. Raises UsageError."""
        path = self.settings.sources
        if path is None:
            return ()
        try:
            return parse_sources(path.read_text(encoding="utf-8"), str(path))
        except OSError as error:
            raise UsageError(f"NEWSWIRE_SOURCES: {path} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise UsageError(f"NEWSWIRE_SOURCES: {path} is no UTF-8 text: {error.reason}") from error

    def add_sources(self) -> int:
        """Put what is new or changed in the sources file into the ledger, where there is a file; return how many feeds."""
        listed = self.read_sources()
        if not listed:
            return 0
        known = {feed.url: feed for feed, _ in self.ledger.feeds()}
        # Only those: adding a feed again would have one polled again whose server said that it is gone.
        changed = [feed for feed in listed if known.get(feed.url) != feed]
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
        return await poll_feeds(
            ledger=self.ledger, fetcher=fetcher, confined=self.confined, clock=self.clock, early=early
        )

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
            retries=self.settings.retries,
            revisits=self.settings.revisits,
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
            confined=self.confined,
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
            confined=self.confined,
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
            retries=self.settings.retries,
        )

    def extract_past(self, batches: Sequence[Batch]) -> Report:
        """Make documents of these batches."""
        return passage.extract_past(
            batches,
            ledger=self.ledger,
            archive=self.archive,
            reader=self.reader,
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
            batch,
            ledger=self.ledger,
            archive=self.archive,
            reader=self.reader,
            clock=self.clock,
            revisits=self.settings.revisits,
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

    def correct_documents(self) -> None:
        """Run that stage of the flow over these parts, until nothing is left to tell."""
        correct_all_documents(ledger=self.ledger, store=self.store)

    def apply_decisions(self, since: datetime) -> None:
        """Apply what people decided on entities since then to all documents."""
        Deciding(self.knowledge, self.store, self.clock.now()).apply_since(since)

    def catch_up_documents(self) -> None:
        """Have every document say what is known by now, whatever broke off or came late."""
        self.apply_decisions(self.clock.now() - DECISION_AGE)
        self.correct_documents()

    def watch_documents(self) -> Watched:
        """Ask the saved searches about newly indexed documents, some of them."""
        return watch_documents(ledger=self.ledger, store=self.store, clock=self.clock)

    def watch_silence(self) -> Watched:
        """Ask the saved searches that wait for silence."""
        return watch_silence(ledger=self.ledger, store=self.store, clock=self.clock)

    async def send_test(self, search: SavedSearch) -> dict[str, str]:
        """Send a message to the search's webhooks."""
        async with self.webhooks() as webhooks:
            return await send_test(search, webhooks=webhooks, clock=self.clock)

    async def deliver_alerts(self) -> Counter[str]:
        """Send what is due to webhooks."""
        async with self.webhooks() as webhooks:
            return await deliver_alerts(alerts=self.alerts, webhooks=webhooks, clock=self.clock)

    def _takes_any_host(self, publisher: str | None) -> bool:
        """Tell whether WARC files give the pages of every host; a publisher's are those of its own sites."""
        return self.settings.warc_hosts == "all" and publisher is None
