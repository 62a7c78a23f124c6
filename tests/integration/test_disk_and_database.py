"""What the disk, the database and the clock do to a run: it stops with one clear line, and a later one loses nothing."""

import asyncio
import errno
import logging
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from examples.newsroom.server import Newsroom
from examples.servers import ServerMissing, open_postgresql
from pipeline.adapters import sql_database
from pipeline.adapters.warc_writer import WarcWriter
from pipeline.archive import open_batch
from pipeline.cli.ingest import run_ingest
from pipeline.errors import StoreUnavailable
from pipeline.flow import LEASE
from pipeline.model.capture import Batch, Capture, CaptureRef
from pipeline.model.evidence import Timestamp
from pipeline.model.fate import Fate
from pipeline.model.query import Hit, Query
from pipeline.settings import read_settings
from pipeline.wiring import Wiring
from tests.fixtures.clocks import ShiftedClock
from tests.fixtures.disk import SmallDisk
from tests.fixtures.newsroom import expected_fates


@pytest.fixture
def open_wiring(tmp_path: Path, newsroom: Newsroom) -> Iterator[Callable[..., Wiring]]:
    """Return what opens the wiring over the newsroom, with more settings."""
    newsroom.write_sources(tmp_path / "sources.toml")
    opened: list[Wiring] = []

    def open_one(**more: object) -> Wiring:
        settings = {
            "NEWSWIRE_HOME": str(tmp_path / "home"),
            "NEWSWIRE_SOURCES": str(tmp_path / "sources.toml"),
            "NEWSWIRE_ALLOWED_NETWORKS": "127.0.0.0/8",
            "NEWSWIRE_HOST_DELAY": "0",
        }
        wiring = Wiring(read_settings(settings | {f"NEWSWIRE_{name}": str(value) for name, value in more.items()}))
        wiring.clock = ShiftedClock()
        wiring.store.prepare()
        wiring.add_sources()
        opened.append(wiring)
        return wiring

    yield open_one
    for wiring in opened:
        wiring.close()


def ingest(wiring: Wiring) -> None:
    asyncio.run(run_ingest(wiring))


def what_stops(wiring: Wiring) -> str:
    """Ingest; return what the error said, or nothing."""
    try:
        ingest(wiring)
    except StoreUnavailable as error:
        return str(error)
    return ""


def pass_time(wiring: Wiring, time: timedelta) -> None:
    wiring.clock.shift += time


def documents(wiring: Wiring) -> int:
    return wiring.store.search(Query(limit=0)).total


def assert_all_ended(wiring: Wiring) -> None:
    tally = wiring.ledger.tally()
    ended = Counter(tally.fates)
    ended[Fate.INDEXED] += ended.pop(Fate.UNCHANGED, 0)  # visited again, which says the same
    assert ended == expected_fates()
    assert (tally.pending, tally.is_balanced) == (0, True)
    assert documents(wiring) == ended[Fate.INDEXED]
    now = wiring.clock.now()
    archived = {ref for ref, _ in wiring.archive.scan(now - timedelta(days=1), now + timedelta(days=1))}
    assert len(archived) >= sum(expected_fates().values()) - expected_fates()[Fate.REFUSED]


def after_lines(monkeypatch: pytest.MonkeyPatch, wiring: Wiring, name: str, act: Callable[[], object]) -> None:
    """Have something happen once, in the middle of a batch: when its lines of that name have been written."""
    write, acts = wiring.archive.write_lines, [act]

    def write_lines(batch: Batch, lines_name: str, lines: Iterable[bytes]) -> None:
        write(batch, lines_name, lines)
        if lines_name == name and acts:
            acts.pop()()

    monkeypatch.setattr(wiring.archive, "write_lines", write_lines)


def test_an_archive_whose_disk_is_full_settles_nothing_and_goes_on_when_there_is_room(
    open_wiring: Callable[..., Wiring], small_disk: Callable[[int], SmallDisk]
) -> None:
    disk = small_disk(16)
    wiring = open_wiring(ARCHIVE_URL=disk.folder)
    stopped = 0
    for kilobytes in (16, 64, 128):  # it is full at the first page, among the pages, at the documents …
        disk.enlarge(kilobytes)
        said = what_stops(wiring)
        stopped += bool(said)
        assert not said or ("No space left on device" in said and str(disk.folder) in said)
        tally = wiring.ledger.tally()
        assert tally.is_balanced
        assert documents(wiring) == tally.fates.get(Fate.INDEXED, 0)
        pass_time(wiring, LEASE)
    assert stopped > 1
    disk.enlarge(20_000)
    ingest(wiring)
    assert_all_ended(wiring)


def test_a_disk_that_gets_room_again_in_the_middle_of_a_batch_settles_nothing_that_was_not_kept(
    open_wiring: Callable[..., Wiring],
    small_disk: Callable[[int], SmallDisk],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    disk = small_disk(64)
    wiring = open_wiring(ARCHIVE_URL=disk.folder)
    add = WarcWriter.add

    def add_or_make_room(self: WarcWriter, capture: Capture) -> CaptureRef:
        try:
            return add(self, capture)
        except Exception:
            disk.enlarge(20_000)
            raise

    with monkeypatch.context() as patch:
        patch.setattr(WarcWriter, "add", add_or_make_room)
        assert "No space left on device" in what_stops(wiring)
    assert wiring.ledger.tally().fates == {}
    ingest(wiring)
    assert_all_ended(wiring)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []  # no trace
    assert len(list(disk.folder.rglob("*.warc.gz"))) > 1


def test_a_disk_that_fails_to_keep_what_was_written_is_not_believed(
    open_wiring: Callable[..., Wiring], monkeypatch: pytest.MonkeyPatch
) -> None:
    wiring = open_wiring()
    with monkeypatch.context() as broken:

        def fsync(_: int) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        broken.setattr(os, "fsync", fsync)
        with pytest.raises(StoreUnavailable, match="Input/output error"):
            ingest(wiring)
    assert not wiring.ledger.tally().fates
    ingest(wiring)
    assert_all_ended(wiring)


def lock_ledger(url: str) -> sqlite3.Connection | psycopg.Connection:
    """Return a connection that keeps every other writer out until it is closed."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        return connection
    postgresql = psycopg.connect(url.replace("+psycopg", ""))
    postgresql.execute(f"SELECT pg_advisory_xact_lock({sql_database._LOCK_KEY})")
    return postgresql


@pytest.mark.parametrize(
    ("database", "moment"),
    [("sqlite", "fetched"), pytest.param("postgresql", "documents", marks=pytest.mark.postgresql)],
)
def test_a_ledger_that_somebody_locks_in_the_middle_of_a_run_is_waited_for_and_then_left_to_the_next_run(
    database: str, moment: str, open_wiring: Callable[..., Wiring], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    is_sqlite = database == "sqlite"
    ledger_url = f"sqlite:///{tmp_path}/ledger.sqlite" if is_sqlite else request.getfixturevalue("postgresql_url")
    monkeypatch = request.getfixturevalue("monkeypatch")
    monkeypatch.setattr(sql_database, "_PATIENCE", 2)
    wiring = open_wiring(LEDGER_URL=ledger_url)
    locks: list[sqlite3.Connection | psycopg.Connection] = []
    after_lines(monkeypatch, wiring, moment, lambda: locks.append(lock_ledger(ledger_url)))
    with pytest.raises(StoreUnavailable, match=r"the ledger .* cannot be used"):
        ingest(wiring)
    with closing(locks.pop()):
        tally = wiring.ledger.tally()  # reading is free
        assert tally.is_balanced
        assert not tally.fates.get(Fate.INDEXED)
    pass_time(wiring, LEASE)
    ingest(wiring)
    assert_all_ended(wiring)


@pytest.mark.postgresql
def test_a_postgresql_that_is_killed_in_the_middle_of_a_run_loses_nothing(
    open_wiring: Callable[..., Wiring], monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        with open_postgresql() as server:
            wiring = open_wiring(LEDGER_URL=server.make_database("ledger"))
            after_lines(monkeypatch, wiring, "documents", server.kill)
            with pytest.raises(StoreUnavailable, match=r"the ledger .* cannot be used"):
                ingest(wiring)
            server.start()
            tally = wiring.ledger.tally()
            assert tally.is_balanced
            pass_time(wiring, LEASE)
            after_lines(monkeypatch, wiring, "fetched", lambda: (server.kill(), server.start()))
            ingest(wiring)
            assert_all_ended(wiring)
            wiring.close()
    except ServerMissing as error:
        pytest.skip(str(error))


def test_a_clock_that_jumps_back_loses_nothing_and_no_older_capture_replaces_a_newer_one(
    open_wiring: Callable[..., Wiring], newsroom: Newsroom
) -> None:
    wiring = open_wiring()
    pass_time(wiring, timedelta(hours=3))
    ingest(wiring)
    before = lake_superior(wiring)
    pass_time(wiring, timedelta(hours=-3))
    newsroom.publish_correction()
    ingest(wiring)
    assert_all_ended(wiring)
    assert lake_superior(wiring) == before  # an older capture, by the clock, never replaces a newer one
    pass_time(wiring, timedelta(hours=6))
    announce_again(wiring)
    ingest(wiring)  # the next visit of the page, with the right time, brings what it says
    assert_all_ended(wiring)
    assert lake_superior(wiring) != before


def test_a_clock_that_jumps_forward_ends_leases_early_and_loses_nothing(open_wiring: Callable[..., Wiring]) -> None:
    """The run that held the claims goes on beside the one that took them over: each page is fetched twice, and settled once."""
    wiring = open_wiring()

    async def fetch() -> Batch:
        async with wiring.fetcher() as fetcher:
            await wiring.poll_feeds(fetcher, early=True)
            batch = open_batch(wiring.clock.now())
            assert (await wiring.fetch_batch(batch, fetcher)).passed
            return batch

    early = asyncio.run(fetch())
    pass_time(wiring, 2 * LEASE)
    ingest(wiring)
    assert_all_ended(wiring)
    wiring.extract_batch(early)
    wiring.index_batch(early)
    assert_all_ended(wiring)


def lake_superior(wiring: Wiring) -> str:
    """Return the hash of the corrected article's content, on which index and ledger agree."""
    hit = find_lake_superior(wiring)
    document, state = wiring.store.document(hit.id), wiring.ledger.articles([hit.id])[hit.id]
    assert document is not None
    assert document["content_hash"] == state.content_hash
    return state.content_hash


def find_lake_superior(wiring: Wiring) -> Hit:
    [hit] = wiring.store.search(Query(text='"lake superior"', publishers=("The Meridian Review",), limit=1)).hits
    return hit


def announce_again(wiring: Wiring) -> None:
    """Let the article's feed say that it has changed."""
    now = wiring.clock.now()
    known = wiring.ledger.entry(find_lake_superior(wiring).url)
    assert known
    wiring.ledger.record_entries([replace(known[0], updated=Timestamp(raw="now", value=now, source="feed"))], now)
