"""Writes in bulk: what is sent for a document, and what the server's answers mean."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from elasticsearch import ApiError, Elasticsearch, helpers

from pipeline.adapters.elasticsearch_errors import (
    BUSY,
    REFUSED,
    SERVER_FAILURE,
    TOO_LARGE,
    UNREADABLE,
    describe,
    describe_answer,
    refused_login,
)
from pipeline.adapters.elasticsearch_query import Json
from pipeline.errors import StoreUnavailable
from pipeline.index.document import find_lede, milliseconds
from pipeline.index.mapping import Generation
from pipeline.ports import Form

VERSION_CONFLICT, NOT_FOUND = 409, 404
#: A promotion holds writers back, the disk is full, or the index was dropped or closed meanwhile.
NOT_NOW = ("cluster_block_exception", "index_not_found_exception", "index_closed_exception")
#: Failures of the server's own that may pass, such as a shard that moves.
BROKEN = (500, 502, 504)
CHUNK_BYTES = 10 * 1024 * 1024  # a tenth of what a server takes by default
#: Seconds before what the server was too busy for is sent again; the double, four and eight times so long after that.
FIRST_WAIT = 1.0
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
    named = [[entity["kind"], entity["id"], entity["name"]] for entity in form["entities"]]
    source = {**form, "lede": find_lede(form), "named": [json.dumps(each, ensure_ascii=False) for each in named]}
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


@dataclass(slots=True)
class Sent:
    """What became of actions, by id; the others were done, or a newer capture is there, which is no refusal."""

    #: The server will never do these: why.
    refused: dict[str, str] = field(default_factory=dict)
    #: Their index takes no writes now: why.
    held: dict[str, str] = field(default_factory=dict)


def send_actions(client: Elasticsearch, actions: Sequence[Json], *, url: str) -> Sent:
    """Send all; what the server was too busy for, or failed at, is sent again, and nothing else.

    What it fails at every time, while it writes others into the same index, it refuses: a batch must not wait for one document
    for ever. So it does what it refuses to take alone in a request. Raises StoreUnavailable where it goes on being busy, fails
    at all of them, or does not answer for each; UsageError where it does not allow writing; ApiError where it can read none of
    several requests: that is no document's fault.
    """
    sent, busy, broken = Sent(), dict[str, str](), dict[str, tuple[str, str]]()
    unanswered, written_to = {action["_id"] for action in actions}, set[str]()
    unread = list[ApiError]()
    for is_written, result in _send_all(client, actions):
        [(operation, answer)] = result.items()
        key, status, error = answer["_id"], answer["status"], answer.get("error")
        unanswered.discard(key)
        if is_written or status == VERSION_CONFLICT or (operation == "delete" and status == NOT_FOUND):
            written_to.add(answer["_index"])
        elif isinstance(error, Mapping) and error.get("type") in NOT_NOW:
            sent.held[key] = describe(error)
        elif alone := answer.get("exception"):
            sent.refused[key] = f"the request with it alone is refused ({status}): {describe_answer(alone)}"
            unread += [alone] if status == UNREADABLE else []
        elif status in REFUSED:
            raise refused_login(url, status, describe(error))
        elif status in BUSY:
            busy[key] = describe(error)
        elif status >= SERVER_FAILURE:
            broken[key] = (answer["_index"], describe(error))
        else:
            sent.refused[key] = describe(error)
    busy |= dict.fromkeys(unanswered, "it did not say what became of it")
    busy |= {key: why for key, (index, why) in broken.items() if index not in written_to}
    if len(unread) == len(actions) > 1:
        raise unread[-1]
    if busy:
        key, why = next(iter(busy.items()))
        message = f"Elasticsearch at {url} could not write {key} and {len(busy) - 1} more of {len(actions)}: {why}"
        raise StoreUnavailable(message)
    sent.refused |= {key: why for key, (_, why) in broken.items()}
    return sent


def check_held(sent: Sent, url: str) -> None:
    """Raise StoreUnavailable where an index took no writes."""
    for key, why in sent.held.items():
        message = f"Elasticsearch at {url} takes no writes now, such as {key}: {why}"
        raise StoreUnavailable(message)


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
    """Send them; what a request held that was refused for its body goes again by halves, at last each document alone."""
    refused = set[str]()
    for is_written, result in helpers.streaming_bulk(
        client,
        actions,
        max_chunk_bytes=CHUNK_BYTES,
        raise_on_error=False,
        ignore_status=(UNREADABLE, TOO_LARGE),  # of a whole request: told of each of its documents, as an exception
        max_retries=4,
        initial_backoff=FIRST_WAIT,
        max_backoff=30,
        retry_on_status=(*BUSY, *BROKEN),
    ):
        [answer] = result.values()
        if "exception" in answer and len(actions) > 1:
            refused.add(answer["_id"])
        else:
            yield is_written, result
    left = [action for action in actions if action["_id"] in refused]
    middle = (len(left) + 1) // 2
    for half in (left[:middle], left[middle:]):
        if half:
            yield from _send_chunk(client, half)
