"""SearchStore on Elasticsearch 9: monthly indices behind one alias, written in bulk, each write versioned by its capture."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from elasticsearch import Elasticsearch, helpers

from pipeline.adapters import elasticsearch_scan as scan
from pipeline.adapters.elasticsearch_errors import BUSY, SERVER_FAILURE, describe, our_errors
from pipeline.adapters.elasticsearch_generations import Generations
from pipeline.adapters.elasticsearch_query import Json, read_page, search_body
from pipeline.errors import StoreUnavailable, UsageError
from pipeline.index import mapping as names
from pipeline.index.document import document_json, milliseconds
from pipeline.index.mapping import Generation
from pipeline.model.document import Document
from pipeline.model.query import Query, SearchPage
from pipeline.ports import Clock, Form, Refusal, StoreStatus

VERSION_CONFLICT, NOT_FOUND = 409, 404
CHUNK_BYTES = 10 * 1024 * 1024  # a tenth of what a server takes by default
#: How long a writer waits for a promotion to end, in all.
PATIENCE = 60.0
_PAUSE = 0.2


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
        self._stemmed = tuple(self._mapping["mappings"]["properties"]["stemmed"]["properties"])
        login = (user, password) if user and password and not api_key else None
        self._client = Elasticsearch(url, api_key=api_key, basic_auth=login, request_timeout=30)
        self._generations = Generations(self._client, prefix, url, self._mapping)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def prepare(self) -> None:
        """Create the live generation's index of this month, and check that the others have our mapping."""
        with our_errors(self._url):
            self._create_live_index(self._clock.now())
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

    def search(self, query: Query) -> SearchPage:
        """Ask the live generation."""
        return read_page(self.search_raw(search_body(query, self._stemmed)), query)

    def search_raw(self, body: Mapping[str, Any]) -> Json:
        """Return the answer of the live generation to a body in Elasticsearch's own language."""
        with our_errors(self._url):
            answer = self._client.search(
                index=self._alias, body=dict(body), ignore_unavailable=True, allow_partial_search_results=False
            )
        return dict(answer.body)

    def document(self, document_id: str) -> Form | None:
        """Look the id up in all months of the live generation."""
        found = self.search_raw({"query": {"ids": {"values": [document_id]}}, "size": 1})["hits"]["hits"]
        return found[0]["_source"] if found else None

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
            taken = [generation.name for generation in self._generations.all()]
            generation = names.next_rebuild(self._alias, self._generations.fingerprint, now, taken)
            self._generations.create(generation, {generation.index(now)}, beside=None)
        return generation.name

    def promote(self, generation: str) -> None:
        """Move the alias from the old indices to the new ones in one call."""
        with our_errors(self._url):
            self._generations.move_alias(generation)

    def drop(self, generation: str) -> None:
        """Delete the generation's indices."""
        with our_errors(self._url):
            self._generations.delete(generation)

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
            actions = [
                {
                    "_op_type": "delete",
                    "_index": hit["_index"],
                    "_id": hit["_id"],
                    # Without it, the deletion would count as later than the same capture written again.
                    "version": milliseconds(captured[hit["_id"]]),
                    "version_type": "external_gte",
                }
                for hit in hits
            ]
            self._send(actions, {})
            self._client.indices.refresh(index=indices)

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
        """Write until all stands in the generation asked for; return why documents were refused, by id."""
        sendable, refused = _sendable(forms)
        enough_at = time.monotonic() + PATIENCE
        with our_errors(self._url):
            while sendable:
                target, indices = self._generations.target(name)
                actions = [self._action(form, target) for form in sendable]
                needed = {action["_index"] for action in actions}
                beside = indices if name is None else None
                if not self._generations.create(target, needed - set(indices), beside=beside):
                    continue
                is_held = self._send(actions, refused)
                self._client.indices.refresh(index=sorted(needed), ignore_unavailable=True)
                if is_held and name is not None:  # it was live once; who names it knows what they do
                    self._generations.open(indices)
                elif is_held:
                    if time.monotonic() > enough_at:
                        message = (
                            f"{target.name} at {self._url} takes no writes since a promotion began; if none is under "
                            f"way any more, end it: newswire index promote, of {target.name} or of another"
                        )
                        raise StoreUnavailable(message)
                    time.sleep(_PAUSE)
                elif name is not None or self._generations.live()[0] in {target, None}:
                    break
        return refused

    def _action(self, form: Form, target: Generation) -> Json:
        source = dict(form)
        if form["language"] in self._stemmed:
            # Analysed by the language's own rules, never stored: see docs/decisions/0006-search-analysis.md.
            source["stemmed"] = {form["language"]: [form["headline"], form.get("deck", ""), form["text"]]}
        return {
            "_index": target.index(datetime.fromisoformat(form["first_seen_at"])),
            "_id": form["id"],
            "_source": source,
            "version": milliseconds(datetime.fromisoformat(form["captured_at"])),
            "version_type": "external_gte",
        }

    def _send(self, actions: Sequence[Json], refused: dict[str, str]) -> bool:
        """Send in bulk, note refusals, and tell whether the index takes no writes for now.

        An older capture is no refusal: the newer one stays.
        """
        is_held = False
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
            [written] = result.values()
            status, error = written["status"], written.get("error")
            if is_written or status in {VERSION_CONFLICT, NOT_FOUND}:
                continue
            if isinstance(error, Mapping) and error.get("type") == "cluster_block_exception":
                is_held = True
            elif status in BUSY or status >= SERVER_FAILURE:
                message = f"Elasticsearch at {self._url} could not write {written['_id']}: {describe(error)}"
                raise StoreUnavailable(message)
            else:
                refused[written["_id"]] = describe(error)
        return is_held


def _sendable(forms: Sequence[Form]) -> tuple[list[Form], dict[str, str]]:
    """Return what can be sent, and why the rest cannot, by id."""
    sendable, refused = list[Form](), dict[str, str]()
    for form in forms:
        try:
            # The server would take broken Unicode in, and no reader would get the document out again.
            json.dumps(form, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            refused[form["id"]] = str(error)
        else:
            sendable.append(form)
    return sendable, refused


def _pattern(generation: Generation) -> str:
    """Match the generation's indices; the first generation's name begins those of its rebuilds too."""
    return f"{generation.name}-*" if generation.rebuilt else f"{generation.name}-*,-{generation.name}-r*"
