"""SearchStore on Elasticsearch 9: monthly indices behind one alias, written in bulk, each write versioned by its capture."""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

from elasticsearch import ApiError, Elasticsearch, NotFoundError, helpers

from pipeline.adapters.elasticsearch_errors import BUSY, SERVER_FAILURE, describe, our_errors
from pipeline.adapters.elasticsearch_query import Json, read_page, search_body
from pipeline.errors import StoreUnavailable, UsageError
from pipeline.index import mapping as names
from pipeline.index.document import document_json, milliseconds
from pipeline.index.mapping import Generation
from pipeline.model.document import Document
from pipeline.model.query import Query, SearchPage
from pipeline.ports import Clock, Refusal, StoredMonth, StoreStatus

VERSION_CONFLICT = 409
CHUNK_BYTES = 10 * 1024 * 1024  # a tenth of what a server takes by default


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
        prefix: str = "articles",
    ) -> None:
        """Connect nowhere yet. ``url`` carries no credentials; ``prefix`` names the alias and begins every index's name."""
        self._url = url
        self._clock = clock
        self._alias = prefix
        self._mapping = names.read_mapping()
        self._fingerprint = names.fingerprint(self._mapping)
        self._stemmed = tuple(self._mapping["mappings"]["properties"]["stemmed"]["properties"])
        login = (user, password) if user and password and not api_key else None
        self._client = Elasticsearch(url, api_key=api_key, basic_auth=login, request_timeout=30)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def prepare(self) -> None:
        """Create the live generation's index of this month, and check that the others have our mapping."""
        with self._answering():
            live, indices = self._live()
            self._create_indices(live, {live.index(self._clock.now())} - set(indices), is_live=True)
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
        with self._answering():
            target, indices = self._target(generation)
            needed = {target.index(document.first_seen_at) for document in documents}
            self._create_indices(target, needed - set(indices), is_live=generation is None)
            actions, refused = self._read_actions(documents, target)
            refused |= self._write_bulk(actions)
            if documents:
                self._client.indices.refresh(index=sorted(needed))
        return tuple(Refusal(document=each, detail=refused[each.id]) for each in documents if each.id in refused)

    def search(self, query: Query) -> SearchPage:
        """Ask the live generation."""
        return read_page(self.search_raw(search_body(query, self._stemmed)), query)

    def search_raw(self, body: Mapping[str, Any]) -> Json:
        """Return the answer of the live generation to a body in Elasticsearch's own language."""
        with self._answering():
            answer = self._client.search(
                index=self._alias, body=dict(body), ignore_unavailable=True, allow_partial_search_results=False
            )
        return dict(answer.body)

    def document(self, document_id: str) -> Mapping[str, object] | None:
        """Look the id up in all months of the live generation."""
        found = self.search_raw({"query": {"ids": {"values": [document_id]}}, "size": 1})["hits"]["hits"]
        return found[0]["_source"] if found else None

    def status(self) -> tuple[StoreStatus, ...]:
        """Count each generation."""
        with self._answering():
            live = self._indices_behind_alias()
            found = [
                StoreStatus(
                    generation=generation.name,
                    documents=self._client.count(index=_pattern(generation))["count"],
                    is_live=bool(live & set(indices)),
                    indices=tuple(indices),
                )
                for generation, indices in self._generations().items()
            ]
        return tuple(sorted(found, key=lambda status: (not status.is_live, status.generation)))

    def begin_generation(self) -> str:
        """Create the index of this month under a name that carries the time."""
        now = self._clock.now()
        with self._answering():
            taken = [generation.name for generation in self._generations()]
            generation = names.next_rebuild(self._alias, self._fingerprint, now, taken)
            self._create_indices(generation, {generation.index(now)}, is_live=False)
        return generation.name

    def promote(self, generation: str) -> None:
        """Move the alias from the old indices to the new ones in one call."""
        with self._answering():
            indices = self._indices_of(generation)
            actions = names.alias_actions(self._alias, self._indices_behind_alias(), indices)
            if actions:
                self._client.indices.update_aliases(actions=actions)

    def drop(self, generation: str) -> None:
        """Delete the indices by their full names: many servers refuse patterns here."""
        with self._answering():
            indices = self._indices_of(generation)
            if self._indices_behind_alias() & set(indices):
                message = f"{generation} is live: promote another generation before dropping it"
                raise UsageError(message)
            for index in indices:
                self._client.indices.delete(index=index)

    def months(self) -> tuple[StoredMonth, ...]:
        """Count each index of the live generation; an empty one is no month."""
        with self._answering():
            _, indices = self._live()
            counts = [(each, self._client.count(index=index)["count"]) for index, each in self._dated(indices)]
        return tuple(StoredMonth(month=month, documents=count) for month, count in counts if count)

    def drop_months(self, before: date) -> tuple[StoredMonth, ...]:
        """Delete the months' indices by their full names, once the index of this month is there to carry the alias."""
        dropped = []
        with self._answering():
            live, indices = self._live()
            current = live.index(self._clock.now())
            old = [(index, month) for index, month in self._dated(indices) if month < before and index != current]
            if old:
                self._create_indices(live, {current} - set(indices), is_live=True)
            for index, month in old:
                documents = self._client.count(index=index)["count"]
                self._client.indices.delete(index=index)
                dropped.append(StoredMonth(month=month, documents=documents))
        return tuple(dropped)

    def _dated(self, indices: Sequence[str]) -> list[tuple[str, date]]:
        """Return the indices with their months, oldest first; one that is no month's is left alone."""
        dated = [(index, names.parse_month(index, self._alias)) for index in indices]
        return [(index, month) for index, month in sorted(dated) if month]

    def _live(self) -> tuple[Generation, list[str]]:
        """Return the live generation and its indices; the first generation of our mapping where nothing is live yet."""
        indices = sorted(self._indices_behind_alias())
        generations = {names.parse_index(index, self._alias) for index in indices}
        if None in generations or len(generations) > 1:
            message = (
                f"the alias {self._alias} at {self._url} points to indices that do not belong together: "
                f"{', '.join(indices[:5])}; remove it from those that are not one generation of Newswire's"
            )
            raise UsageError(message)
        live = next((each for each in generations if each), Generation(self._alias, self._fingerprint))
        names.check_fingerprint(live, self._fingerprint)
        return live, indices

    def _target(self, name: str | None) -> tuple[Generation, list[str]]:
        if name is None:
            return self._live()
        indices = self._indices_of(name)
        generation = names.parse_index(indices[0], self._alias)
        assert generation  # _indices_of finds no others
        names.check_fingerprint(generation, self._fingerprint)
        return generation, indices

    def _indices_behind_alias(self) -> set[str]:
        try:
            return set(self._client.indices.get_alias(name=self._alias))
        except NotFoundError:
            if self._client.indices.exists(index=self._alias):
                message = (
                    f"{self._alias} at {self._url} is an index, but Newswire needs that name for an alias: rename it"
                )
                raise UsageError(message) from None
            return set()

    def _generations(self) -> dict[Generation, list[str]]:
        """Return the indices of each generation."""
        generations: dict[Generation, list[str]] = {}
        for index in sorted(self._client.indices.get_alias(index=f"{self._alias}-*")):
            generation = names.parse_index(index, self._alias)
            if generation:
                generations.setdefault(generation, []).append(index)
        return generations

    def _indices_of(self, name: str) -> list[str]:
        for generation, indices in self._generations().items():
            if generation.name == name:
                return indices
        message = f"there is no generation {name!r}; newswire index status lists them"
        raise UsageError(message)

    def _create_indices(self, generation: Generation, indices: set[str], *, is_live: bool) -> None:
        """Create what is missing. Two writers may do so at once: the second finds it done."""
        meta = {**self._mapping["mappings"]["_meta"], "fingerprint": generation.fingerprint}
        for index in sorted(indices):
            try:
                self._client.indices.create(
                    index=index,
                    settings=self._mapping["settings"],
                    mappings={**self._mapping["mappings"], "_meta": meta},
                    aliases={self._alias: {}} if is_live else {},
                )
            except ApiError as error:
                if error.error != "resource_already_exists_exception":
                    raise
                if is_live:
                    self._client.indices.put_alias(index=index, name=self._alias)

    def _read_actions(self, documents: Sequence[Document], target: Generation) -> tuple[list[Json], dict[str, str]]:
        """Return the bulk actions, and why documents that cannot be sent are refused, by id."""
        actions, refused = [], {}
        for document in documents:
            form = document_json(document)
            try:
                # The server would take broken Unicode in, and no reader would get the document out again.
                json.dumps(form, ensure_ascii=False).encode()
            except UnicodeEncodeError as error:
                refused[document.id] = str(error)
            else:
                actions.append(self._action(document, form, target))
        return actions, refused

    def _action(self, document: Document, form: Json, target: Generation) -> Json:
        language = document.annotation.language
        if language in self._stemmed:
            # Analysed by the language's own rules, never stored: see docs/decisions/0006-search-analysis.md.
            form["stemmed"] = {language: [form["headline"], form.get("deck", ""), form["text"]]}
        return {
            "_index": target.index(document.first_seen_at),
            "_id": document.id,
            "_source": form,
            "version": milliseconds(document.captured_at),
            "version_type": "external_gte",
        }

    def _write_bulk(self, actions: Sequence[Json]) -> dict[str, str]:
        """Return why documents were refused, by id. An older capture is no refusal: the newer one stays."""
        refused = {}
        results = helpers.streaming_bulk(
            self._client,
            actions,
            max_chunk_bytes=CHUNK_BYTES,
            raise_on_error=False,
            max_retries=4,
            initial_backoff=1,
            max_backoff=30,
            retry_on_status=BUSY,
        )
        for is_written, result in results:
            written = result["index"]
            if is_written or written["status"] == VERSION_CONFLICT:
                continue
            detail = describe(written.get("error"))
            if written["status"] in BUSY or written["status"] >= SERVER_FAILURE:
                message = f"Elasticsearch at {self._url} could not write {written['_id']}: {detail}"
                raise StoreUnavailable(message)
            refused[written["_id"]] = detail
        return refused

    def _answering(self) -> AbstractContextManager[None]:
        return our_errors(self._url)


def _pattern(generation: Generation) -> str:
    """Match the generation's indices; the first generation's name begins those of its rebuilds too."""
    return f"{generation.name}-*" if generation.rebuilt else f"{generation.name}-*,-{generation.name}-r*"
