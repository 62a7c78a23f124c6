"""The composition root: settings to adapters. The only module that names adapters.

Adapters are imported where they are opened: `newswire search` need not wait for a language model to load.
"""
# ruff: noqa: PLC0415 - see above

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline.courtesy import give_way
from pipeline.enrich.annotate import Source
from pipeline.errors import UsageError
from pipeline.model.entity import Annotation
from pipeline.ports import Alerts, Archive, Clock, Fetcher, Knowledge, KnownNames, SearchStore, WarcSource, Webhooks
from pipeline.reading import Reader
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.adapters.confinement import ForkedProcesses
    from pipeline.adapters.elasticsearch_grants import ElasticsearchGrants
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
    import pipeline.adapters.confinement
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


@cache
def confine(*, seconds: float, megabytes: int) -> "ForkedProcesses":
    """Return where pages and feeds are read, within these limits: its processes, too, load a model once for this one's life."""
    from pipeline.adapters.confinement import ForkedProcesses

    return ForkedProcesses(seconds=seconds, megabytes=megabytes)


def annotate_here(sources: tuple[Source, ...], knowledge: KnownNames | None) -> tuple[Annotation, ...]:
    """Annotate the texts with the annotator of the process that this is called in."""
    annotator = load_annotator()
    return (annotator.knowing(knowledge) if knowledge else annotator).annotate_texts(sources)


class Parts:
    """Every part of the program, each opened on its first use."""

    def __init__(self, settings: Settings) -> None:
        """Keep the settings; nothing is opened yet."""
        self.settings = settings
        self.clock: Clock = SystemClock()

    def close(self) -> None:
        """Give back the connections of what was opened."""
        opened = vars(self)
        for part in ("ledger", "store", "elasticsearch", "grants"):
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

        self._make_home()
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
            ca=self.settings.search_ca,
            prefix=self.settings.search_alias,
            alone=lambda: self.ledger.alone(),  # noqa: PLW0108 - who only reads opens no ledger
        )

    @cached_property
    def grants(self) -> "ElasticsearchGrants":
        """Who may do what in Elasticsearch. Raises UsageError where that is no Elasticsearch, or nobody is logged in."""
        settings = self.settings
        if urlsplit(settings.search_url).scheme == "sqlite":
            raise UsageError("roles and keys are Elasticsearch's; set NEWSWIRE_SEARCH_URL to its address")
        if not (settings.search_user and settings.search_password):
            raise UsageError(
                "roles and keys are made by an administrator of Elasticsearch, not by a key: set NEWSWIRE_SEARCH_USER and "
                "NEWSWIRE_SEARCH_PASSWORD to the login of one who may manage security"
            )
        from pipeline.adapters.elasticsearch_grants import ElasticsearchGrants

        return ElasticsearchGrants(
            settings.search_url,
            user=settings.search_user,
            password=settings.search_password,
            alias=settings.search_alias,
            ca=settings.search_ca,
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
    def confined(self) -> "ForkedProcesses":
        """Where what strangers wrote is read."""
        return confine(seconds=self.settings.page_seconds, megabytes=self.settings.page_megabytes)

    @property
    def reader(self) -> Reader:
        """What reads pages, over what is known."""
        return Reader(self.confined, annotate_here, self.knowledge)

    @property
    def page_reader(self) -> Reader:
        """The reader of single pages and texts, which need no ledger: what is known counts where there is one."""
        url = self.settings.ledger_url
        is_missing = url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists()
        return Reader(self.confined, annotate_here, None) if is_missing else self.reader

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
            timeout=settings.fetch_seconds,
        ) as fetcher:
            yield fetcher

    @asynccontextmanager
    async def webhooks(self) -> AsyncIterator[Webhooks]:
        """Open what sends alerts, for one event loop."""
        from pipeline.adapters.http_webhooks import HttpWebhooks

        async with HttpWebhooks(clock=self.clock, allowed_networks=self.settings.webhook_networks) as webhooks:
            yield webhooks

    def give_way(self) -> None:
        """Let live work go first."""
        give_way(self.ledger, self.clock)

    def _make_home(self) -> None:
        """Make the folder, where there is none, for its owner alone."""
        try:
            self.settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"NEWSWIRE_HOME: {self.settings.home} cannot be made: {error.strerror}") from error
