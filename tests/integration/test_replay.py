"""Replaying archived captures into a rebuilt generation, over what a real pass has archived, on each search store."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from examples.newsroom.server import Newsroom
from pipeline.cli.ingest import run_ingest
from pipeline.errors import Reject, UsageError
from pipeline.extract.article import extract_article
from pipeline.model.article import Article
from pipeline.model.capture import Capture
from pipeline.model.fate import Reason
from pipeline.model.feed import Entry, Feed, Rules
from pipeline.model.query import Query, Sort
from pipeline.model.rebuild import Interval
from pipeline.ports import Form
from pipeline.reading import Reader
from pipeline.replay.promotion import promote_rebuild
from pipeline.replay.rebuild import (
    ALWAYS,
    begin_rebuild,
    compare_rebuild,
    open_rebuild,
    read_rebuild,
    rebuild_generation,
)
from pipeline.wiring import Wiring
from tests.fixtures.documents import document
from tests.fixtures.elasticsearch import server_settings
from tests.fixtures.ingested import open_home

NEVER = Interval(since=datetime(1999, 1, 1, tzinfo=UTC), until=datetime(1999, 1, 2, tzinfo=UTC))
DOCUMENTS = 25  # that the newsroom makes


@pytest.fixture
def wiring(search_settings: dict[str, str], ingested_home: Path) -> Iterator[Wiring]:
    """Give the parts after one pass over the newsroom."""
    wiring = open_home(ingested_home, **search_settings)
    if search_settings:
        wiring.store.prepare()
        wiring.store.copy(embedded_forms(ingested_home), generation=wiring.store.status()[0].generation)
    yield wiring
    wiring.close()


def embedded_forms(home: Path) -> list[Form]:
    """Return what the embedded store of the home holds."""
    with closing(open_home(home)) as wiring:
        return list(wiring.store.documents(wiring.store.status()[0].generation))


def ingest_correction(wiring: Wiring, newsroom: Newsroom, sources: Path) -> None:
    """Take in another newsroom, whose correction comes between two passes."""
    newsroom.write_sources(sources)
    wiring.settings = replace(wiring.settings, sources=sources)
    wiring.add_sources()
    asyncio.run(run_ingest(wiring))
    newsroom.publish_correction()
    asyncio.run(run_ingest(wiring))


def live_forms(wiring: Wiring) -> dict[str, Form]:
    return {form["id"]: form for form in wiring.store.documents(wiring.store.status()[0].generation)}


def change_rules(wiring: Wiring, publisher: str, rules: Rules) -> Feed:
    """Give a feed rules of its own: what a new version of the code is to all articles, it is to the feed's."""
    [feed] = [feed for feed, _ in wiring.ledger.feeds() if feed.publisher == publisher]
    changed = Feed(url=feed.url, publisher=feed.publisher, language=feed.language, rules=rules)
    wiring.ledger.add_feeds([changed], wiring.clock.now())
    return changed


def refuse(monkeypatch: pytest.MonkeyPatch, *ends: str) -> None:
    """Let the code of today find no article at addresses that end so."""

    def extract(_: Reader, capture: Capture, entry: Entry, rules: Rules) -> Article:
        if capture.url.endswith(ends):
            raise Reject(Reason.PAYWALL)
        return extract_article(capture, entry, rules)

    monkeypatch.setattr("pipeline.reading.Reader.extract", extract)


def today(wiring: Wiring) -> Interval:
    return Interval(since=wiring.clock.now() - timedelta(days=1), until=wiring.clock.now() + timedelta(days=1))


def test_documents_of_other_captures_are_copied_as_they_are(wiring: Wiring) -> None:
    change_rules(wiring, "Strombote", Rules(remove=("p",)))  # would change every document of it
    before = live_forms(wiring)
    generation = begin_rebuild(wiring)
    report = rebuild_generation(generation, NEVER, parts=wiring)
    assert (report.captures, report.written, report.copied) == (0, 0, DOCUMENTS)
    assert {form["id"]: form for form in wiring.store.documents(generation)} == before
    promote_rebuild(generation, parts=wiring)
    assert live_forms(wiring) == before


def test_documents_of_the_interval_are_made_anew(wiring: Wiring) -> None:
    [feed] = [feed for feed, _ in wiring.ledger.feeds() if feed.publisher == "Strombote"]
    before, tally = live_forms(wiring), wiring.ledger.tally()
    change_rules(wiring, "Strombote", Rules(remove=("p:first-of-type",)))
    generation = begin_rebuild(wiring)
    report = rebuild_generation(generation, today(wiring), parts=wiring)
    assert (report.written, report.copied, report.kept.total()) == (DOCUMENTS - report.left_out.total(), 0, 0)
    comparison = compare_rebuild(generation, parts=wiring)
    found = comparison.differences
    theirs = {key for key, form in before.items() if form["feed_url"] == feed.url}
    assert found.changed + found.only_live.documents == len(theirs)
    assert {"text", "content_hash"} <= {each.field for each in found.fields}
    assert comparison.left_out == dict(report.left_out)
    assert live_forms(wiring) == before
    assert wiring.ledger.tally() == tally


def test_what_is_no_article_any_more_is_left_out_and_stays_out(wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "/local/flood-gate-test")
    generation = begin_rebuild(wiring)
    report = rebuild_generation(generation, today(wiring), parts=wiring)
    assert report.left_out == Counter({Reason.PAYWALL: 1})
    comparison = compare_rebuild(generation, parts=wiring)
    assert comparison.left_out == {Reason.PAYWALL: 1}
    [sample] = comparison.differences.only_live.samples
    assert sample.endswith("/local/flood-gate-test")
    promote_rebuild(generation, parts=wiring)
    assert len(live_forms(wiring)) == DOCUMENTS - 1
    assert wiring.store.search(Query(limit=0)).total == DOCUMENTS - 1


def test_days_are_replayed_into_one_generation_in_any_order(wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    generation = begin_rebuild(wiring)
    rebuild_generation(generation, NEVER, parts=wiring)  # brings everything over
    refuse(monkeypatch, "/local/flood-gate-test")
    rebuild_generation(generation, today(wiring), parts=wiring)
    report = rebuild_generation(generation, Interval(since=NEVER.until, until=NEVER.until), parts=wiring)
    assert report.left_out == Counter({Reason.PAYWALL: 1})
    assert len(list(wiring.store.documents(generation))) == DOCUMENTS - 1
    rebuild = read_rebuild(generation, wiring)
    assert rebuild is not None
    assert len(rebuild.intervals) == 3


def test_a_document_whose_capture_is_lost_is_kept(wiring: Wiring, caplog: pytest.LogCaptureFixture) -> None:
    [path] = (wiring.settings.home / "archive").rglob("*.warc.gz")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    generation = begin_rebuild(wiring)
    report = rebuild_generation(generation, ALWAYS, parts=wiring)
    assert "is cut off after byte" in caplog.text
    assert 0 < report.written < DOCUMENTS
    assert report.kept == Counter({"capture is not in the archive": DOCUMENTS - report.written})
    assert compare_rebuild(generation, parts=wiring).differences.changed == 0


def test_a_page_that_breaks_the_code_keeps_its_document(wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Article:
        raise ZeroDivisionError

    monkeypatch.setattr("pipeline.reading.Reader.extract", fail)
    before = live_forms(wiring)
    generation = begin_rebuild(wiring)
    report = rebuild_generation(generation, ALWAYS, parts=wiring)
    assert report.kept == Counter({str(Reason.BUG): DOCUMENTS})
    assert {form["id"]: form for form in wiring.store.documents(generation)} == before


def test_what_live_runs_write_during_the_rebuild_is_promoted(
    wiring: Wiring, newsroom: Newsroom, tmp_path: Path
) -> None:
    generation = begin_rebuild(wiring)
    rebuild_generation(generation, ALWAYS, parts=wiring)
    ingest_correction(wiring, newsroom, tmp_path / "sources.toml")
    before = live_forms(wiring)
    promotion = promote_rebuild(generation, parts=wiring)
    assert promotion.report.taken == len(before) - DOCUMENTS == DOCUMENTS
    assert live_forms(wiring) == before
    asyncio.run(run_ingest(wiring))
    assert live_forms(wiring) == before


def test_a_rebuild_waits_until_it_is_promoted_or_dropped(wiring: Wiring) -> None:
    old = wiring.store.status()[0].generation
    assert open_rebuild(wiring) is None
    generation = begin_rebuild(wiring)
    assert open_rebuild(wiring) == generation
    promote_rebuild(generation, parts=wiring)
    assert open_rebuild(wiring) is None
    promote_rebuild(old, parts=wiring)
    assert open_rebuild(wiring) is None


def test_a_replay_never_goes_into_the_live_generation(wiring: Wiring) -> None:
    with pytest.raises(UsageError, match="is live"):
        rebuild_generation(wiring.store.status()[0].generation, ALWAYS, parts=wiring)


def test_a_generation_that_lost_much_is_not_promoted_by_mistake(
    wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, ".html")
    generation = begin_rebuild(wiring)
    left_out = rebuild_generation(generation, ALWAYS, parts=wiring).left_out[Reason.PAYWALL]
    assert left_out > DOCUMENTS / 10
    with pytest.raises(UsageError, match=f"holds {DOCUMENTS - left_out} documents.*--force"):
        promote_rebuild(generation, parts=wiring)
    assert len(live_forms(wiring)) == DOCUMENTS
    promote_rebuild(generation, parts=wiring, is_forced=True)
    assert len(live_forms(wiring)) == DOCUMENTS - left_out


def test_the_newest_capture_of_an_article_decides(
    wiring: Wiring, newsroom: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest_correction(wiring, newsroom, tmp_path / "sources.toml")  # two captures of one article
    before = live_forms(wiring)
    hits = wiring.store.search(Query(text='"lake superior"', sort=Sort.NEWEST)).hits
    corrected = max((before[hit.id] for hit in hits if "great-lakes" in hit.url), key=lambda form: form["captured_at"])
    newest = datetime.fromisoformat(corrected["captured_at"])

    def extract(_: Reader, capture: Capture, entry: Entry, rules: Rules) -> Article:
        if capture.fetched_at == newest:
            raise Reject(Reason.PAYWALL)
        return extract_article(capture, entry, rules)

    monkeypatch.setattr("pipeline.reading.Reader.extract", extract)
    generation = begin_rebuild(wiring)
    report = rebuild_generation(generation, ALWAYS, parts=wiring)
    assert report.left_out == Counter({Reason.PAYWALL: 1})
    assert corrected["id"] not in {form["id"] for form in wiring.store.documents(generation)}


def test_what_no_archive_knows_is_promoted_too(wiring: Wiring) -> None:
    generation = begin_rebuild(wiring)
    rebuild_generation(generation, ALWAYS, parts=wiring)
    wiring.store.write([document("from elsewhere")])
    promote_rebuild(generation, parts=wiring)
    assert document("from elsewhere").id in live_forms(wiring)


@pytest.mark.elasticsearch
def test_a_rebuild_takes_over_from_an_index_of_another_mapping(
    ingested_home: Path, elasticsearch_client: Elasticsearch, elasticsearch_url: str, elasticsearch_prefix: str
) -> None:
    wiring = open_home(ingested_home, **server_settings(elasticsearch_url, elasticsearch_prefix))
    old = f"{elasticsearch_prefix}-0a1b2c3d-2026.11"
    mapping = {"dynamic": False, "properties": {"id": {"type": "keyword"}}}
    elasticsearch_client.indices.create(index=old, mappings=mapping, aliases={elasticsearch_prefix: {}})
    for form in embedded_forms(ingested_home):
        outdated = {**form, "mood": "a field that there is no more"}
        at = int(datetime.fromisoformat(form["captured_at"]).timestamp() * 1000)
        elasticsearch_client.index(
            index=old, id=form["id"], document=outdated, version=at, version_type="external", refresh=True
        )
    generation = begin_rebuild(wiring)
    report = rebuild_generation(generation, ALWAYS, parts=wiring)
    assert (report.written, report.refused) == (DOCUMENTS, 0)
    changed = {each.field: each.documents for each in compare_rebuild(generation, parts=wiring).differences.fields}
    assert changed == {"mood": DOCUMENTS}
    promote_rebuild(generation, parts=wiring)
    wiring.store.prepare()
    assert wiring.store.search(Query(limit=0)).total == DOCUMENTS
    wiring.close()
