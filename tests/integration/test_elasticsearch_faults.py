"""Elasticsearch fails in every way that it has: nothing is lost, nothing is written twice, only what failed goes again.

The flow is the real one over the newsroom, and so is the server; a proxy between them fails by script.
"""

import asyncio
import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from examples.newsroom.server import Newsroom
from pipeline import archive
from pipeline.adapters import elasticsearch_bulk, elasticsearch_client
from pipeline.cli.ingest import run_ingest
from pipeline.corrections import amend_documents
from pipeline.errors import StoreUnavailable, UsageError
from pipeline.flow import LEASE
from pipeline.index.document import document_json, milliseconds
from pipeline.index.mapping import parse_index
from pipeline.index.roles import live_template, template_name
from pipeline.model import codec, handover
from pipeline.model.article import TextSource
from pipeline.model.capture import Batch
from pipeline.model.document import Document
from pipeline.model.evidence import Timestamp
from pipeline.model.fate import Fate, Reason
from pipeline.wiring import Wiring
from tests.fixtures import elasticsearch_proxy as proxies
from tests.fixtures.command import Newswire
from tests.fixtures.elasticsearch_proxy import ElasticsearchProxy, Fault
from tests.fixtures.ingested import Extracted, open_home

pytestmark = pytest.mark.elasticsearch

BUSY, KIND_OF_BUSY = 429, "es_rejected_execution_exception"
MALFORMED, KIND_OF_MALFORMED = 400, "document_parsing_exception"
UNREADABLE, TOO_LARGE = 400, 413
FLOOD = {"index.blocks.read_only_allow_delete": True}
LIFTED = {"index.blocks.read_only_allow_delete": None}


class Desk:
    """The batch, to be indexed through the proxy, and what came of it."""

    def __init__(self, wiring: Wiring, batch: Batch, proxy: ElasticsearchProxy, client: Elasticsearch) -> None:
        self.wiring = wiring
        self.batch = batch
        self.proxy = proxy
        self.client = client
        self.alias = wiring.settings.search_alias
        self.lines = [codec.decode(line, handover.Extracted) for line in wiring.archive.read_lines(batch, "documents")]
        #: What is to be indexed, by id; of two addresses of one article, the first.
        self.documents: dict[str, Document] = {line.document.id: line.document for line in reversed(self.lines)}

    @property
    def environ(self) -> dict[str, str]:
        """What the command needs to work on the same stores."""
        return {"NEWSWIRE_SEARCH_URL": self.proxy.url, "NEWSWIRE_SEARCH_ALIAS": self.alias}

    @property
    def some(self) -> list[str]:
        return sorted(self.documents)[3:6]

    def reopen(self) -> None:
        """Let the store be opened anew, on its next use."""
        self.wiring.close()
        del self.wiring.store, self.wiring.elasticsearch

    def index(self) -> handover.Report:
        return self.wiring.index_batch(self.batch)

    def replay_dead_letters(self, newswire: Newswire) -> None:
        """Send what the store refused through the flow again; the newsroom is closed: pages are read from the archive."""
        newswire.environ |= self.environ
        letters = self.wiring.ledger.dead_letters()
        refused = [letter.url for letter in letters if letter.reason is Reason.STORE_REFUSED]
        newswire("dead-letters", "replay", *refused)
        assert self.wiring.ledger.tally().pending == len(refused) > 0
        asyncio.run(run_ingest(self.wiring, early=False))

    def stored(self) -> dict[str, int]:
        """Return the version of each document in the index, past the proxy; a document twice is an error."""
        self.client.indices.refresh(index=self.alias)
        answer = self.client.search(index=self.alias, size=1000, version=True, source=False)
        hits = answer["hits"]["hits"]
        assert len({hit["_id"] for hit in hits}) == len(hits)
        return {hit["_id"]: hit["_version"] for hit in hits}

    def assert_all_is_there(self, *, but: tuple[str, ...] | list[str] = ()) -> None:
        """Everything is in the index as it was captured, and settled; ``but`` are dead letters that hold their documents."""
        expected = {key: milliseconds(each.captured_at) for key, each in self.documents.items() if key not in but}
        assert self.stored() == expected
        tally = self.wiring.ledger.tally()
        assert tally.is_balanced
        assert tally.pending == 0
        assert tally.fates[Fate.INDEXED] == len(expected)
        ledger = self.wiring.ledger
        refused = [each.url for each in ledger.dead_letters() if each.reason is Reason.STORE_REFUSED]
        letters = [letter for letter in map(ledger.dead_letter, refused) if letter]
        held = [json.loads(letter.document) for letter in letters if letter.document]
        assert sorted(form["id"] for form in held) == sorted(but)
        assert all(form["text"] == self.documents[form["id"]].article.text for form in held)
        assert self.proxy.is_spent

    def assert_nothing_is_settled(self) -> None:
        """All of the batch is pending."""
        tally = self.wiring.ledger.tally()
        assert tally.is_balanced
        assert Fate.INDEXED not in tally.fates
        assert Fate.DEAD_LETTER not in tally.fates
        assert tally.pending == len(self.documents) + 1


@pytest.fixture
def desk(
    extracted: Extracted,
    elasticsearch_proxy: ElasticsearchProxy,
    elasticsearch_client: Elasticsearch,
    elasticsearch_prefix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Desk]:
    monkeypatch.setattr(elasticsearch_bulk, "FIRST_WAIT", 0)
    shutil.copytree(extracted.home, tmp_path / "home")
    wiring = open_home(
        tmp_path / "home", NEWSWIRE_SEARCH_URL=elasticsearch_proxy.url, NEWSWIRE_SEARCH_ALIAS=elasticsearch_prefix
    )
    wiring.store.prepare()
    yield Desk(wiring, extracted.batch, elasticsearch_proxy, elasticsearch_client)
    wiring.close()


# What goes again


def test_only_what_the_server_was_too_busy_for_goes_again(desk: Desk) -> None:
    desk.proxy.fail(proxies.refuse_items(BUSY, KIND_OF_BUSY, only=desk.some))
    desk.index()
    first, second = desk.proxy.bulks
    assert sorted(first) == sorted(desk.documents)
    assert sorted(second) == desk.some
    assert set(desk.proxy.written.values()) == {1}
    desk.assert_all_is_there()


def test_what_stays_too_busy_is_pending_and_comes_in_later(desk: Desk) -> None:
    desk.proxy.fail(*5 * [proxies.refuse_items(BUSY, KIND_OF_BUSY, "queue is full", only=desk.some)])
    with pytest.raises(StoreUnavailable, match="queue is full"):
        desk.index()
    assert [sorted(ids) == desk.some for ids in desk.proxy.bulks] == [False, True, True, True, True]
    desk.assert_nothing_is_settled()
    desk.index()
    desk.assert_all_is_there()


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_request_that_fails_goes_again(desk: Desk, status: int) -> None:
    desk.proxy.fail(*2 * [proxies.refuse_request(status, "no_shard_available_action_exception")])
    desk.index()
    assert set(desk.proxy.written.values()) == {1}
    desk.assert_all_is_there()


def test_a_server_without_an_answer_settles_nothing(desk: Desk) -> None:
    desk.proxy.fail(*200 * [proxies.refuse_request(503, "cluster_block_exception", "no master")])
    with pytest.raises(StoreUnavailable, match="no master"):
        desk.index()
    assert not desk.proxy.written
    desk.assert_nothing_is_settled()
    desk.proxy.mend()
    desk.index()
    desk.assert_all_is_there()


@pytest.mark.parametrize(
    "fault",
    [proxies.cut_before, proxies.cut_after, proxies.answer_half, proxies.answer_broken, proxies.answer_for_some],
)
def test_an_answer_that_is_lost_costs_nothing(desk: Desk, fault: Fault) -> None:
    desk.proxy.fail(fault)
    try:
        desk.index()
    except StoreUnavailable:
        desk.assert_nothing_is_settled()
        desk.index()
    desk.assert_all_is_there()


def test_an_answer_that_comes_too_late_costs_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.proxy.fail(proxies.answer_never)
    with monkeypatch.context() as patched:
        patched.setattr(elasticsearch_client, "TIMEOUT", 3)
        desk.reopen()
        with pytest.raises(StoreUnavailable, match="does not answer"):
            desk.index()
    desk.assert_nothing_is_settled()
    assert sorted(desk.stored()) == sorted(desk.documents)  # it was done, and is done again
    desk.reopen()
    desk.index()
    assert set(desk.proxy.written.values()) == {2}
    desk.assert_all_is_there()


def test_an_answer_that_is_lost_after_an_index_was_made_costs_nothing(desk: Desk) -> None:
    desk.client.indices.delete(index=f"{desk.alias}-*")
    for path in (f"/{desk.alias}-", "/_aliases"):
        desk.proxy.fail(proxies.cut_after, path=path)
    desk.index()
    desk.assert_all_is_there()


# What never goes


def test_refused_documents_are_dead_letters_that_show_them(desk: Desk, newswire: Newswire) -> None:
    desk.proxy.fail(proxies.refuse_items(MALFORMED, KIND_OF_MALFORMED, "failed to parse", only=desk.some))
    desk.index()
    assert len(desk.proxy.bulks) == 1
    newswire.environ |= desk.environ
    letters = json.loads(newswire("dead-letters", "list", "--json").stdout)
    refused = [letter for letter in letters if letter["reason"] == Reason.STORE_REFUSED]
    assert len(refused) == len(desk.some)
    assert all("failed to parse" in letter["detail"] for letter in refused)
    shown = json.loads(newswire("dead-letters", "show", refused[0]["url"]).stdout)
    assert shown["document"]["text"] == desk.documents[shown["document"]["id"]].article.text


@pytest.mark.parametrize(
    ("times", "status", "kind"),
    [(1, MALFORMED, KIND_OF_MALFORMED), (5, 500, "null_pointer_exception")],
    ids=["an error of the document's own", "a document that breaks the server"],
)
def test_refused_documents_come_in_after_the_mend_and_hold_up_no_neighbours(
    desk: Desk, newswire: Newswire, times: int, status: int, kind: str
) -> None:
    desk.proxy.fail(*times * [proxies.refuse_items(status, kind, only=desk.some)])
    desk.index()
    desk.assert_all_is_there(but=desk.some)
    desk.replay_dead_letters(newswire)
    assert set(desk.proxy.written.values()) == {1}
    desk.assert_all_is_there()


def test_what_the_mapping_refuses_comes_in_after_the_mend(desk: Desk, newswire: Newswire) -> None:
    def limit_nested(most: int | None) -> None:
        desk.client.indices.put_settings(index=f"{desk.alias}-*", settings={"index.mapping.nested_objects.limit": most})

    annotations = {key: each.annotation for key, each in desk.documents.items()}
    nested = {key: len(each.entities) + len(each.quotes) for key, each in annotations.items()}
    most = max(nested.values()) - 1
    limit_nested(most)
    desk.index()
    desk.assert_all_is_there(but=[key for key, count in nested.items() if count > most])
    limit_nested(None)
    desk.replay_dead_letters(newswire)
    desk.assert_all_is_there()


# Requests that never go


def test_requests_that_are_too_large_go_again_by_halves(desk: Desk) -> None:
    largest = max(len(json.dumps(document_json(each))) for each in desk.documents.values())
    desk.proxy.fail(*100 * [proxies.refuse_bodies(TOO_LARGE, above=4 * largest)])
    desk.index()
    desk.proxy.mend()
    assert len(desk.proxy.bulks) > 1
    assert set(desk.proxy.written.values()) == {1}
    desk.assert_all_is_there()


@pytest.mark.parametrize("status", [UNREADABLE, TOO_LARGE])
def test_a_document_that_no_request_may_hold_is_a_dead_letter_and_comes_in_after_the_mend(
    desk: Desk, newswire: Newswire, status: int
) -> None:
    [refused] = desk.some[:1]
    desk.proxy.fail(*100 * [proxies.refuse_bodies(status, holding=[refused])])
    desk.index()
    desk.proxy.mend()
    assert len(desk.proxy.bulks) <= 1 + 2 * math.ceil(math.log2(len(desk.documents)))
    desk.assert_all_is_there(but=[refused])
    [letter] = [each for each in desk.wiring.ledger.dead_letters() if each.reason is Reason.STORE_REFUSED]
    assert letter.detail == f"the request with it alone is refused ({status}): {status} Refused made up"
    desk.replay_dead_letters(newswire)
    assert set(desk.proxy.written.values()) == {1}
    desk.assert_all_is_there()


def test_a_server_that_can_read_no_request_is_not_the_documents_fault(desk: Desk) -> None:
    desk.proxy.fail(*200 * [proxies.refuse_bodies(UNREADABLE, above=0)])
    with pytest.raises(UsageError, match=r"refuses the request \(400\): 400 Refused made up"):
        desk.index()
    desk.assert_nothing_is_settled()
    desk.proxy.mend()
    desk.index()
    desk.assert_all_is_there()


# What is nobody's fault


def test_a_server_that_breaks_on_every_document_is_not_their_fault(desk: Desk) -> None:
    desk.proxy.fail(*5 * [proxies.refuse_items(500, "already_closed_exception", "engine is closed")])
    with pytest.raises(StoreUnavailable, match="engine is closed"):
        desk.index()
    desk.assert_nothing_is_settled()
    desk.index()
    desk.assert_all_is_there()


def test_a_right_that_is_missing_is_not_the_documents_fault(desk: Desk) -> None:
    desk.proxy.fail(proxies.refuse_items(403, "security_exception", "action [indices:data/write] is unauthorized"))
    with pytest.raises(UsageError, match=r"does not let this login.*unauthorized"):
        desk.index()
    desk.assert_nothing_is_settled()


# Indices that take nothing


def test_a_full_disk_is_said_at_once_and_nothing_is_fetched(
    desk: Desk, newswire: Newswire, newsroom: Newsroom, tmp_path: Path
) -> None:
    def block(settings: dict[str, bool | None]) -> None:
        desk.client.indices.put_settings(index=f"{desk.alias}-*", settings=settings)

    desk.proxy.fail(proxies.meanwhile(lambda: block(FLOOD)))
    with pytest.raises(StoreUnavailable, match=r"takes no writes.*disk"):
        desk.index()
    with pytest.raises(StoreUnavailable, match=r"takes no writes.*disk"):
        desk.index()
    assert not desk.proxy.written
    desk.assert_nothing_is_settled()

    newsroom.write_sources(tmp_path / "sources.toml")
    newswire.environ |= desk.environ
    said = newswire("ingest", expect=1, environ={"NEWSWIRE_SOURCES": str(tmp_path / "sources.toml")}).stderr
    assert "takes no writes" in said
    assert not newsroom.requests

    block(LIFTED)
    desk.index()
    assert set(desk.proxy.written.values()) == {1}
    desk.assert_all_is_there()


def test_a_cluster_that_takes_no_new_index_is_not_a_refused_login(desk: Desk) -> None:
    desk.client.indices.delete(index=f"{desk.alias}-*")
    blocked = proxies.refuse_request(403, "cluster_block_exception", "cluster create-index blocked (api)")
    desk.proxy.fail(blocked, path=f"/{desk.alias}-")
    with pytest.raises(StoreUnavailable, match=r"takes no writes.*create-index blocked"):
        desk.index()
    desk.index()
    desk.assert_all_is_there()


def test_a_correction_that_is_refused_is_said(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.index()
    key = desk.some[0]
    desk.proxy.fail(proxies.refuse_items(MALFORMED, KIND_OF_MALFORMED, "the reason"))
    amend_documents(desk.wiring.store, {key: {"story": "another"}})
    assert f"{key} stays as it was, for the correction was refused" in caplog.text
    assert "the reason" in caplog.text


def test_a_promotion_meanwhile_gets_all_of_them(desk: Desk) -> None:
    rebuilt = desk.wiring.store.begin_generation()
    desk.proxy.fail(proxies.meanwhile(lambda: desk.wiring.store.promote(rebuilt)))
    desk.index()
    desk.assert_all_is_there()
    [live] = [each for each in desk.wiring.store.status() if each.is_live]
    assert live.generation == rebuilt


@pytest.mark.parametrize("has_template", [False, True], ids=["no template", "the template of the grants"])
def test_an_index_that_is_deleted_meanwhile_is_made_again(desk: Desk, *, has_template: bool) -> None:
    index = next(iter(desk.client.indices.get(index=f"{desk.alias}-*")))
    if has_template:
        generation = parse_index(index, desk.alias)
        assert generation
        desk.client.indices.put_index_template(name=template_name(desk.alias), **live_template(generation))
    desk.proxy.fail(proxies.meanwhile(lambda: desk.client.indices.delete(index=index)))
    try:
        desk.index()
    finally:
        desk.client.options(ignore_status=404).indices.delete_index_template(name=template_name(desk.alias))
    desk.assert_all_is_there()
    desk.wiring.store.prepare()  # of the right mapping


def test_an_index_of_another_mapping_takes_nothing_until_it_is_rebuilt(desk: Desk) -> None:
    desk.client.indices.delete(index=f"{desk.alias}-*")
    desk.client.indices.create(index=f"{desk.alias}-0a1b2c3d-2026.11", aliases={desk.alias: {}})
    with pytest.raises(UsageError, match="newswire index rebuild"):
        desk.index()
    assert not desk.proxy.bulks
    desk.assert_nothing_is_settled()
    desk.wiring.store.promote(desk.wiring.store.begin_generation())
    desk.index()
    desk.assert_all_is_there()


# Earlier versions


def revise(desk: Desk) -> tuple[Document, Batch]:
    """Let a feed announce a change of an article, and extract the changed page in a batch of its own; return what was before."""
    wiring, now = desk.wiring, desk.wiring.clock.now()
    line = next(each for each in desk.lines if each.document.article.text_source is TextSource.PAGE)
    before = line.document
    assert before.capture
    entry = replace(line.claim.entry, updated=Timestamp(raw="now", value=now, source="feed"))
    wiring.ledger.record_entries([entry], now)
    batch = archive.open_batch(now)
    [claim] = wiring.ledger.claim(batch, now, limit=1, lease=LEASE)
    page = wiring.archive.read(before.capture)
    with wiring.archive.open_batch(batch) as writer:
        ref = writer.add(replace(page, body=page.body.replace(b"</p>", b" A correction.</p>"), fetched_at=now))
    wiring.archive.write_lines(batch, "fetched", [codec.encode(handover.Fetched(claim=claim, capture=ref))])
    wiring.extract_batch(batch)
    return before, batch


@pytest.mark.parametrize(
    ("fault", "is_refused"),
    [
        (proxies.refuse_items(MALFORMED, KIND_OF_MALFORMED, "the reason"), True),
        (proxies.refuse_bodies(TOO_LARGE, above=0), True),
        (proxies.refuse_items(403, "cluster_block_exception", "the reason"), False),
    ],
    ids=["refused", "too large", "not now"],
)
def test_nothing_is_replaced_before_its_earlier_version_is_kept(
    desk: Desk, newswire: Newswire, fault: Fault, *, is_refused: bool
) -> None:
    desk.index()
    before, batch = revise(desk)
    desk.proxy.fail(fault)
    if is_refused:
        assert desk.wiring.index_batch(batch).settled == {Reason.STORE_REFUSED: 1}
        letter = desk.wiring.ledger.dead_letter(before.article.url)
        assert letter
        assert "earlier version could not be kept" in letter.detail
        assert letter.document
        assert "A correction." in json.loads(letter.document)["text"]
    else:
        with pytest.raises(StoreUnavailable, match=r"takes no writes.*the reason"):
            desk.wiring.index_batch(batch)
        assert desk.wiring.ledger.tally().pending == 1
    assert desk.wiring.store.versions(before.id) == ()
    assert desk.stored()[before.id] == milliseconds(before.captured_at)

    if is_refused:
        desk.replay_dead_letters(newswire)
    else:
        desk.wiring.index_batch(batch)
    [version] = desk.wiring.store.versions(before.id)
    assert version.form["text"] == before.article.text
    assert desk.stored()[before.id] > milliseconds(before.captured_at)
    after = desk.wiring.store.document(before.id)
    assert after
    assert "A correction." in after["text"]
