"""Writes in bulk: what is sent for a document, and what the server's answers mean."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from elasticsearch import Elasticsearch, helpers

from pipeline.adapters.elasticsearch_errors import BUSY, SERVER_FAILURE, describe
from pipeline.adapters.elasticsearch_query import Json
from pipeline.errors import StoreUnavailable
from pipeline.index.document import find_lede, milliseconds
from pipeline.index.mapping import Generation
from pipeline.ports import Form

VERSION_CONFLICT, NOT_FOUND = 409, 404
#: A promotion holds writers back, or the index was dropped meanwhile.
NOT_NOW = ("cluster_block_exception", "index_not_found_exception")
CHUNK_BYTES = 10 * 1024 * 1024  # a tenth of what a server takes by default
#: Documents of one request, and requests at a time: the server writes a request's documents of a month one after the other.
CHUNK, SENDERS = 250, 4


def check_forms(forms: Sequence[Form]) -> tuple[list[Form], dict[str, str]]:
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


def index_action(form: Form, target: Generation, stemmed: Collection[str]) -> Json:
    """Return what writes the document into its month, unless a newer capture is there."""
    source = {**form, "lede": find_lede(form)}
    if form["language"] in stemmed:
        # Analysed by the language's own rules, never stored: see docs/decisions/0006-search-analysis.md.
        source["stemmed"] = {form["language"]: [form["headline"], form.get("deck", ""), form["text"]]}
    return {
        "_index": target.index(datetime.fromisoformat(form["first_seen_at"])),
        "_id": form["id"],
        "_source": source,
        "version": milliseconds(datetime.fromisoformat(form["captured_at"])),
        "version_type": "external_gte",
    }


def delete_action(index: str, document_id: str, captured_at: datetime) -> Json:
    """Return what deletes the document, unless a newer capture is there.

    Without a version, the deletion would count as later than the same capture written again.
    """
    return {
        "_op_type": "delete",
        "_index": index,
        "_id": document_id,
        "version": milliseconds(captured_at),
        "version_type": "external_gte",
    }


def send_actions(client: Elasticsearch, actions: Sequence[Json], refused: dict[str, str], *, url: str) -> bool:
    """Send all, note refusals by id, and tell whether an index takes no writes now.

    Only what the server was too busy for is sent again. An older capture is no refusal: the newer one stays.
    """
    is_held = False
    for is_written, result in _send_all(client, actions):
        [(operation, written)] = result.items()
        status, error = written["status"], written.get("error")
        if is_written or status == VERSION_CONFLICT or (operation == "delete" and status == NOT_FOUND):
            continue
        if isinstance(error, Mapping) and error.get("type") in NOT_NOW:
            is_held = True
        elif status in BUSY or status >= SERVER_FAILURE:
            message = f"Elasticsearch at {url} could not write {written['_id']}: {describe(error)}"
            raise StoreUnavailable(message)
        else:
            refused[written["_id"]] = describe(error)
    return is_held


def _send_all(client: Elasticsearch, actions: Sequence[Json]) -> Iterator[tuple[bool, Json]]:
    """Yield whether each was written, and what the server says of it; large lots go by several requests at a time."""
    chunks = [actions[start : start + CHUNK] for start in range(0, len(actions), CHUNK)]
    if len(chunks) <= 1:
        yield from _send_chunk(client, actions)
        return
    with ThreadPoolExecutor(SENDERS) as pool:
        for sent in pool.map(lambda chunk: list(_send_chunk(client, chunk)), chunks):
            yield from sent


def _send_chunk(client: Elasticsearch, actions: Sequence[Json]) -> Iterator[tuple[bool, Json]]:
    return helpers.streaming_bulk(
        client,
        actions,
        max_chunk_bytes=CHUNK_BYTES,
        raise_on_error=False,
        max_retries=4,
        initial_backoff=1,
        max_backoff=30,
        retry_on_status=BUSY,
    )
