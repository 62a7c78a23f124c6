"""The whole flow over loopback HTTP, from feeds to search, once on each search store.

The newsroom's README says which fate each URL must have; this suite holds the flow to it.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from examples.newsroom.server import Newsroom
from examples.press import Press
from pipeline import reading
from pipeline.cli.ingest import run_ingest
from pipeline.errors import StoreUnavailable
from pipeline.model.fate import Fate, Reason
from pipeline.model.handover import Report
from pipeline.model.query import Query, Sort
from pipeline.replay.promotion import promote_rebuild
from pipeline.replay.rebuild import ALWAYS, begin_rebuild, compare_rebuild, rebuild_generation
from pipeline.wiring import Wiring
from tests.fixtures import hostile
from tests.fixtures.alerts import a_search
from tests.fixtures.entries import LEASE, a_batch, an_entry
from tests.fixtures.ingested import open_home
from tests.fixtures.newsroom import expected_fates


@pytest.fixture
def wiring(search_settings: dict[str, str], tmp_path: Path, newsroom: Newsroom) -> Iterator[Wiring]:
    newsroom.write_sources(tmp_path / "sources.toml")
    wiring = open_home(tmp_path / "home", NEWSWIRE_SOURCES=str(tmp_path / "sources.toml"), **search_settings)
    wiring.store.prepare()
    wiring.add_sources()
    yield wiring
    wiring.close()


def ingest(wiring: Wiring) -> Report:
    return asyncio.run(run_ingest(wiring))


def stored_versions(wiring: Wiring) -> dict[str, object]:
    hits = wiring.store.search(Query(sort=Sort.NEWEST, limit=1000)).hits
    return {hit.id: wiring.store.document(hit.id) for hit in hits}


def test_every_url_has_its_fate_and_the_sums_balance(wiring: Wiring) -> None:
    ingest(wiring)
    tally = wiring.ledger.tally()
    assert Counter(tally.fates) == expected_fates()
    assert tally.pending == 0
    assert tally.is_balanced
    assert wiring.store.search(Query(limit=0)).total == tally.fates[Fate.INDEXED]


def test_pages_that_break_what_reads_them_cost_themselves_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three pages of one batch, each its own way; what it takes to read them is real, the function that does is ours."""
    monkeypatch.setattr(reading, "extract_article", hostile.extract_attacked)
    with Press() as press:
        press.write_sources(tmp_path / "sources.toml")
        urls = press.publish(range(1, 7))
        limits = {"NEWSWIRE_PAGE_SECONDS": "6", "NEWSWIRE_PAGE_MEGABYTES": "1024"}
        wiring = open_home(tmp_path / "home", NEWSWIRE_SOURCES=str(tmp_path / "sources.toml"), **limits)
        wiring.store.prepare()
        wiring.add_sources()
        ingest(wiring)
    reasons = {letter.url.rpartition("-")[2]: letter.reason for letter in wiring.ledger.dead_letters()}
    assert reasons == {"2": Reason.TIMEOUT, "3": Reason.OUT_OF_MEMORY, "4": Reason.CRASH}
    assert wiring.ledger.tally().fates == {Fate.INDEXED: len(urls) - len(reasons), Fate.DEAD_LETTER: len(reasons)}
    wiring.close()


def test_saved_searches_are_asked_about_all_that_was_indexed(wiring: Wiring) -> None:
    wiring.alerts.save_search(a_search("strikes", "strike valparaíso", "any first"))
    ingest(wiring)
    watched = wiring.watch_documents()
    assert watched.documents == wiring.ledger.tally().fates[Fate.INDEXED]
    assert {str(alert.condition) for alert in watched.alerts} == {"any", "first"}
    assert all(alert.shown and "strike" in alert.shown.sentence for alert in watched.alerts)
    assert wiring.watch_documents().documents == 0


def test_a_second_run_changes_nothing(wiring: Wiring, newsroom: Newsroom) -> None:
    ingest(wiring)
    tally, documents = wiring.ledger.tally(), stored_versions(wiring)
    asked = len(newsroom.requests)
    report = ingest(wiring)
    assert [(visit.url, visit.status) for visit in newsroom.requests[asked:]] == [
        (visit.url, 304) for visit in newsroom.requests[asked:] if visit.url in newsroom.feeds
    ]
    assert len(newsroom.requests) - asked == 3
    assert report.feeds == Counter({"not modified": 3})
    assert report.claimed == 0
    assert wiring.ledger.tally() == tally
    assert stored_versions(wiring) == documents


def test_a_correction_becomes_a_new_version(wiring: Wiring, newsroom: Newsroom) -> None:
    ingest(wiring)
    newsroom.publish_correction()
    report = ingest(wiring)
    assert report.settled == Counter({Reason.NEW_VERSION: 1})
    assert Counter(wiring.ledger.tally().fates) == expected_fates()
    [hit] = wiring.store.search(Query(text='"lake superior"', publishers=("The Meridian Review",), limit=1)).hits
    document = wiring.store.document(hit.id)
    assert document is not None
    [state] = wiring.ledger.articles([hit.id]).values()
    assert state.version == 2
    assert str(document["content_hash"]) == state.content_hash
    [before] = wiring.store.versions(hit.id)
    assert before.number == 1
    assert before.difference.size
    assert before.difference.added
    assert before.form["captured_at"] < document["captured_at"]


def test_the_feeds_own_text_stands_in_for_a_wall(wiring: Wiring, newsroom: Newsroom) -> None:
    [address] = [f"{newsroom.origins['harbour']}/science/seagrass-survey"]
    newsroom.edit(
        address, "<html><title>Before you continue</title><body><p>Accept cookies to continue.</p></body></html>"
    )
    ingest(wiring)
    [hit] = wiring.store.search(Query(text="seagrass", publishers=("Harbour Courier",), limit=1)).hits
    document = wiring.store.document(hit.id)
    assert document is not None
    assert document["text_source"] == "feed"


def test_an_edited_source_page_that_vanishes_is_gone(wiring: Wiring, newsroom: Newsroom) -> None:
    newsroom.remove("/local/flood-gate-test")
    ingest(wiring)
    assert wiring.ledger.tally().fates[Fate.GONE] == expected_fates()[Fate.GONE] + 1


def test_a_store_that_is_down_loses_nothing(wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise StoreUnavailable("the search store does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(wiring.store, "write", refuse)
        with pytest.raises(StoreUnavailable):
            ingest(wiring)
    tally = wiring.ledger.tally()
    assert tally.is_balanced
    assert tally.pending == expected_fates()[Fate.INDEXED] + expected_fates()[Fate.DUPLICATE]


@pytest.mark.parametrize("search_settings", ["sqlite"], indirect=True)
def test_a_host_that_answers_byte_by_byte_holds_up_no_other_and_loses_nothing(wiring: Wiring) -> None:
    wiring.settings = replace(wiring.settings, fetch_seconds=3.0)
    asked: list[bytes] = []

    async def begin_to_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        if path == b"/robots.txt":
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            asked.append(path)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<")
            await reader.read()  # until the other side has had enough
        writer.close()

    async def run() -> Report:
        async with await asyncio.start_server(begin_to_answer, "127.0.0.1", 0) as server:
            origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            slow = [an_entry(number, url=f"{origin}/{number}", publisher="Slow") for number in range(20)]
            wiring.ledger.record_entries(slow, wiring.clock.now() - timedelta(minutes=1))
            return await run_ingest(wiring)

    report = asyncio.run(run())
    tally = wiring.ledger.tally()
    assert Counter(tally.fates) == expected_fates()
    assert (tally.pending, tally.is_balanced, report.postponed, report.unvisited, len(asked)) == (20, True, 2, 18, 2)
    later = wiring.clock.now() + timedelta(minutes=10)
    again = wiring.ledger.claim(a_batch("later", later), later, limit=50, lease=LEASE)
    assert (len(again), sum(claim.attempts for claim in again)) == (20, 2)


def test_a_replay_rebuilds_the_same_documents(wiring: Wiring, newsroom: Newsroom) -> None:
    ingest(wiring)
    newsroom.publish_correction()
    ingest(wiring)
    documents = stored_versions(wiring)
    asked = len(newsroom.requests)
    generation = begin_rebuild(wiring)
    report = rebuild_generation(generation, ALWAYS, parts=wiring)
    assert (report.written, report.copied, report.kept.total()) == (len(documents), 0, 0)
    differences = compare_rebuild(generation, parts=wiring).differences
    assert (differences.live_documents, differences.rebuilt_documents) == (len(documents), len(documents))
    assert (differences.changed, differences.fields) == (0, ())
    promote_rebuild(generation, parts=wiring)
    assert wiring.store.status()[0].generation == generation
    assert len(newsroom.requests) == asked
    assert stored_versions(wiring) == documents
