"""SearchStore on Elasticsearch 9: monthly indices behind one alias, written in bulk, each write versioned by its capture."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipeline.adapters import elasticsearch_bulk as bulk
from pipeline.adapters import elasticsearch_scan as scan
from pipeline.adapters import elasticsearch_watch as watch
from pipeline.adapters.elasticsearch_client import open_client
from pipeline.adapters.elasticsearch_errors import our_errors
from pipeline.adapters.elasticsearch_generations import Generations
from pipeline.adapters.elasticsearch_query import Json
from pipeline.adapters.elasticsearch_reader import Reader
from pipeline.adapters.elasticsearch_versions import Versions
from pipeline.adapters.elasticsearch_writer import Writer
from pipeline.errors import UsageError
from pipeline.index import mapping as names
from pipeline.index.document import document_json
from pipeline.index.mapping import Generation
from pipeline.model.document import Document
from pipeline.model.query import Query, SearchPage
from pipeline.model.version import Version
from pipeline.ports import Asked, Clock, Entities, Form, Matched, Refusal, StoredMonth, StoreStatus
from pipeline.search.names import name_key, read_expression


class ElasticsearchStore:
    """Promises what ports.SearchStore does."""

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        api_key: str | None = None,
        user: str | None = None,
        password: str | None = None,
        ca: Path | None = None,
        prefix: str = "articles",
        alone: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Connect nowhere yet. ``url`` carries no credentials; ``prefix`` names the alias and begins every index's name.

        ``alone`` keeps all other processes that revise documents out of a block: the server cannot, as it cannot compare
        what a document was with what it is while versions are the captures' times.
        """
        self._url = url
        self._alone = alone
        self._clock = clock
        self._alias = prefix
        self._mapping = names.read_mapping()
        self._stemmed = tuple(self._mapping["mappings"]["properties"]["stemmed"]["properties"])
        self._client = open_client(url, api_key=api_key, user=user, password=password, ca=ca)
        self._generations = Generations(self._client, prefix, url, self._mapping)
        self._reader = Reader(self._client, prefix, clock, self._stemmed)
        self._writer = Writer(self._client, self._generations, url, self._stemmed)
        self._versions = Versions(self._client, prefix, url)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def prepare(self) -> None:
        """Create the live generation's index of this month, and check that the others have our mapping."""
        with our_errors(self._url):
            self._create_live_index(self._clock.now())
            self._generations.check_disk([self._alias])
            for index, found in self._client.indices.get_mapping(index=self._alias).items():
                differing = names.differing_fields(found["mappings"], self._mapping["mappings"])
                if differing:
                    message = (
                        f"the index {index} was changed by hand: its mapping differs in {', '.join(differing[:5])}; "
                        "run newswire index rebuild, then newswire index promote"
                    )
                    raise UsageError(message)

    def write(self, documents: Sequence[Document], *, generation: str | None = None) -> tuple[Refusal, ...]:
        """Upsert in bulk; only what the server was too busy for is sent again."""
        refused = self._write([document_json(document) for document in documents], generation)
        return tuple(Refusal(document=each, detail=refused[each.id]) for each in documents if each.id in refused)

    def revise(self, ids: Collection[str], change: Callable[[Form], Form]) -> Mapping[str, str]:
        """Read them and write them anew, alone: an update on the server would lose what is analysed but not stored."""
        refused, keys = dict[str, str](), list(ids)
        for start in range(0, len(keys), scan.PAGE):
            with self._alone(), our_errors(self._url):
                for generation, indices in self._generations.ours().items():
                    forms = list(scan.read_documents(self._client, indices, keys[start : start + scan.PAGE]))
                    revised = [(form, change(form)) for form in forms]
                    refused |= self._write([new for old, new in revised if new != old], generation.name)
        return refused

    def search(self, query: Query) -> SearchPage:
        """Ask the live generation."""
        with our_errors(self._url):
            return self._reader.search(query)

    def entities_of(self, query: Query) -> Entities:
        """Look the names up."""
        with our_errors(self._url):
            return {name_key(term): ids for term, ids in self._reader.entities_of(read_expression(query)).items()}

    def match(self, asked: Sequence[Asked], document_ids: Sequence[str]) -> Matched:
        """Look the documents up, then ask their indices all queries in one request."""
        with our_errors(self._url):
            return watch.match_documents(self._client, self._alias, asked, document_ids, self._stemmed)

    def count(self, asked: Sequence[tuple[Asked, Sequence[datetime]]]) -> tuple[tuple[int, ...] | UsageError, ...]:
        """Ask all in one request."""
        with our_errors(self._url):
            return watch.count_documents(self._client, self._alias, asked, self._stemmed)

    def export(self, query: Query) -> Iterator[Form]:
        """Scroll through what the alias holds now."""
        with our_errors(self._url):
            yield from self._reader.export(query)

    def search_raw(self, body: Mapping[str, Any]) -> Json:
        """Return the answer of the live generation to a body in Elasticsearch's own language."""
        with our_errors(self._url):
            return self._reader.ask(body)

    def search_versions_raw(self, body: Mapping[str, Any]) -> Json:
        """Return the answer of the earlier versions to such a body. Raises UsageError while there are none."""
        with our_errors(self._url):
            return self._versions.ask(dict(body))

    def document(self, document_id: str) -> Form | None:
        """Look the id up in all months of the live generation."""
        with our_errors(self._url):
            return self._reader.document(document_id)

    def keep_versions(self, versions: Sequence[Version]) -> Mapping[str, str]:
        """Write them into indices of their own."""
        with our_errors(self._url):
            return self._versions.keep(versions)

    def versions(
        self, article_id: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[Version, ...]:
        """Ask those indices."""
        with our_errors(self._url):
            return self._versions.find(article_id, since, until)

    def naming(self, entity_id: str, *, everywhere: bool = False) -> Iterator[Form]:
        """Page through a point in time."""
        with our_errors(self._url):
            generations = self._generations.ours().values() if everywhere else [self._generations.live()[1]]
            for indices in filter(None, generations):
                yield from scan.scan_documents(self._client, indices, naming=entity_id)

    def status(self) -> tuple[StoreStatus, ...]:
        """Count each generation."""
        with our_errors(self._url):
            live = self._generations.behind_alias()
            found = [
                StoreStatus(
                    generation=generation.name,
                    documents=self._client.count(index=_pattern(generation))["count"],
                    is_live=bool(live & set(indices)),
                    indices=tuple(indices),
                )
                for generation, indices in self._generations.all().items()
            ]
        return tuple(sorted(found, key=lambda status: (not status.is_live, status.generation)))

    def begin_generation(self) -> str:
        """Create the index of this month under a name that carries the time."""
        now = self._clock.now()
        with our_errors(self._url):
            self._generations.lift_blocks()
            taken = [generation.name for generation in self._generations.all()]
            generation = names.next_rebuild(self._alias, self._generations.fingerprint, now, taken)
            self._generations.create(generation, {generation.index(now)}, beside=None)
        return generation.name

    def promote(self, generation: str) -> None:
        """Move the alias from the old indices to the new ones in one call."""
        with our_errors(self._url):
            self._generations.move_alias(generation)
        self._reader.forget()

    def drop(self, generation: str) -> None:
        """Delete the generation's indices."""
        with our_errors(self._url):
            self._generations.delete(generation)

    def months(self) -> tuple[StoredMonth, ...]:
        """Count each index of the live generation; an empty one is no month."""
        with our_errors(self._url):
            _, indices = self._generations.target(None)
            counts = [(each, self._client.count(index=index)["count"]) for index, each in self._dated(indices)]
        return tuple(StoredMonth(month=month, documents=count) for month, count in counts if count)

    def drop_months(self, before: date) -> tuple[StoredMonth, ...]:
        """Delete the months' indices by their full names, once the index of this month is there to carry the alias."""
        dropped = []
        with our_errors(self._url):
            live, indices = self._generations.target(None)
            current = live.index(self._clock.now())
            old = [(index, month) for index, month in self._dated(indices) if month < before and index != current]
            if old:
                self._create_live_index(self._clock.now())
            for index, month in old:
                documents = self._client.count(index=index)["count"]
                self._client.indices.delete(index=index, ignore_unavailable=True)
                dropped.append(StoredMonth(month=month, documents=documents))
        return tuple(dropped)

    def drop_versions(self, before: date, *, dry_run: bool = False) -> int:
        """Delete the months' indices by their full names."""
        with our_errors(self._url):
            return self._versions.drop(before, dry_run=dry_run)

    def _dated(self, indices: Sequence[str]) -> list[tuple[str, date]]:
        """Return the indices with their months, oldest first; one that is no month's is left alone."""
        dated = [(index, names.parse_month(index, self._alias)) for index in indices]
        return [(index, month) for index, month in sorted(dated) if month]

    def documents(self, generation: str) -> Iterator[Form]:
        """Page through a point in time."""
        with our_errors(self._url):
            _, indices = self._generations.named(generation)
            yield from scan.scan_documents(self._client, indices)

    def missing(self, generation: str, *, since: Mapping[str, int] | None = None) -> Iterator[Form]:
        """Compare ids and versions, and read only what is missing."""
        with our_errors(self._url):
            _, others = self._generations.named(generation)
            _, indices = self._generations.live()
            if indices and indices != others:
                yield from scan.scan_missing(self._client, indices, others, since)

    def marks(self) -> Mapping[str, int]:
        """Return sequence numbers by index."""
        with our_errors(self._url):
            _, indices = self._generations.live()
            return scan.last_writes(self._client, indices) if indices else {}

    def copy(self, forms: Sequence[Form], *, generation: str) -> Mapping[str, str]:
        """Write them in bulk, from here: what is analysed but not stored, the server could not copy."""
        return self._write(forms, generation)

    def remove(self, captured: Mapping[str, datetime], *, generation: str) -> None:
        """Delete by query and version: the month of a document is not known here."""
        with our_errors(self._url):
            _, indices = self._generations.named(generation)
            body = {"query": {"ids": {"values": list(captured)}}, "size": len(captured), "_source": False}
            hits = self._client.search(index=indices, body=body)["hits"]["hits"] if captured else []
            actions = [bulk.delete_action(hit["_index"], hit["_id"], captured[hit["_id"]]) for hit in hits]
            bulk.check_held(bulk.send_actions(self._client, actions, url=self._url), self._url)
            self._client.indices.refresh(index=indices)
        self._reader.forget()

    @contextmanager
    def hold_writers(self) -> Iterator[None]:
        """Close the live indices; the old generation stays closed, so that no late writer writes where nobody reads."""
        with our_errors(self._url):
            live, _ = self._generations.live()
            if live and live.fingerprint == self._generations.fingerprint:
                self._create_live_index(self._clock.now())  # so that no writer has to, while it is closed
            closed = self._generations.close()
        try:
            yield
        finally:
            with our_errors(self._url):
                if closed and self._generations.behind_alias() & set(closed):
                    self._generations.open(closed)

    def _create_live_index(self, first_seen_at: datetime) -> None:
        while True:
            live, indices = self._generations.target(None)
            if self._generations.create(live, {live.index(first_seen_at)} - set(indices), beside=indices):
                return

    def _write(self, forms: Sequence[Form], name: str | None) -> dict[str, str]:
        with our_errors(self._url):
            refused = self._writer.write(forms, name)
        self._reader.forget()
        return refused


def _pattern(generation: Generation) -> str:
    """Match the generation's indices; the first generation's name begins those of its rebuilds too."""
    return f"{generation.name}-*" if generation.rebuilt else f"{generation.name}-*,-{generation.name}-r*"
