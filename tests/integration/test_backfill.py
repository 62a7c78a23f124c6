"""Past days over real parts: sitemaps and WARC files into ledger, archive and index; imports that are killed and go on."""

import asyncio
import gzip
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from upath import UPath
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from examples.press import PUBLISHER, Press
from pipeline.archive import open_batch
from pipeline.model.fate import Fate, Reason, Tally
from pipeline.model.handover import Report
from pipeline.model.query import Query, Sort
from pipeline.settings import read_settings
from pipeline.wiring import Wiring
from tests.fixtures.command import Newswire

DAY = date(2026, 11, 20)
SINCE = datetime(2026, 11, 20, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=1)
NOON = SINCE + timedelta(hours=12)
NAME = "2026/11/CC-NEWS-20261120061300-00123.warc.gz"


@dataclass
class Past:
    """A press with a past, and an installation that reads it."""

    press: Press
    folder: Path

    @property
    def warcs(self) -> Path:
        return self.folder / "warcs"

    @property
    def environ(self) -> dict[str, str]:
        return {
            "NEWSWIRE_HOME": str(self.folder / "home"),
            "NEWSWIRE_SOURCES": str(self.folder / "sources.toml"),
            "NEWSWIRE_WARCS": str(self.warcs),
            "NEWSWIRE_ALLOWED_NETWORKS": "127.0.0.0/8",
            "NEWSWIRE_HOST_DELAY": "0",
        }

    def wiring(self, **more: str) -> Wiring:
        wiring = Wiring(read_settings(self.environ | more))
        wiring.add_sources()
        return wiring

    @property
    def pages_asked_for(self) -> int:
        return sum(count for path, count in self.press.visits.items() if "/report-" in path)


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    with Press() as press:
        press.write_sources(tmp_path / "sources.toml")
        (tmp_path / "warcs").mkdir()
        yield Past(press, tmp_path)


def discover(wiring: Wiring, since: datetime = SINCE, until: datetime = UNTIL, publisher: str | None = None) -> Report:
    async def run() -> Report:
        async with wiring.fetcher() as fetcher:
            return await wiring.discover_past(since, until, fetcher, publisher=publisher)

    return asyncio.run(run())


def drain(wiring: Wiring) -> Report:
    async def run() -> Report:
        async with wiring.fetcher() as fetcher:
            batches, report = await wiring.fetch_past(open_batch(wiring.clock.now()), fetcher, limit=10_000)
        report.add(wiring.extract_past(batches))
        report.add(wiring.index_past(batches))
        return report

    wiring.store.prepare()
    return asyncio.run(run())


def write_pages(path: Path, *pages: tuple[str, datetime, str, str]) -> None:
    """Write a WARC file of pages: URL, when, status line, content type."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for url, at, status, kind in pages:
            record = writer.create_warc_record(
                url,
                "response",
                payload=BytesIO(b"<html><p>A page.</p></html>"),
                http_headers=StatusAndHeaders(status, [("Content-Type", kind)], protocol="HTTP/1.1"),
                warc_headers_dict={"WARC-Date": f"{at:%Y-%m-%dT%H:%M:%SZ}"},
            )
            writer.write_record(record)
            record.raw_stream.close()


def test_pages_of_warc_files_are_indexed_without_asking_anybody(past: Past) -> None:
    crawled = past.press.write_warc(past.warcs / NAME, DAY, range(120))
    wiring = past.wiring()
    report = discover(wiring)
    assert report.entries == Counter(new=120)
    assert report.searched == Counter({"records imported": 120, "WARC files": 1, "sitemaps": 1})
    archived = list(wiring.archive.scan(SINCE, UNTIL))
    assert sorted(capture.url for _, capture in archived) == sorted(crawled)
    assert {capture.fetched_at for _, capture in archived} == {NOON}

    report = drain(wiring)
    assert report.settled == Counter({Reason.NEW: 120})
    assert past.pages_asked_for == 0
    assert list(wiring.archive.scan(SINCE, UNTIL)) == archived
    hits = wiring.store.search(Query(sort=Sort.NEWEST, limit=200, publishers=(PUBLISHER,))).hits
    assert sorted(hit.url for hit in hits) == sorted(crawled)
    document = wiring.store.document(hits[0].id)
    assert document is not None
    assert document["captured_at"] == "2026-11-20T12:00:00+00:00"


def test_what_a_warc_file_holds_need_not_be_fetched_though_sitemaps_list_it(past: Past) -> None:
    listed = past.press.file_past(DAY, range(30))
    past.press.write_warc(past.warcs / NAME, DAY, range(10))
    wiring = past.wiring()
    report = discover(wiring)
    assert report.entries == Counter(new=30, known=10)
    assert drain(wiring).settled == Counter({Reason.NEW: 30})
    assert past.pages_asked_for == 20
    assert wiring.ledger.tally() == Tally(seen=len(listed), pending=0, fates={Fate.INDEXED: 30})

    documents = {hit.id: wiring.store.document(hit.id) for hit in wiring.store.search(Query(limit=100)).hits}
    again = discover(wiring)
    assert again.entries == Counter(known=30)
    assert again.searched["WARC files read before"] == 1
    assert drain(wiring).claimed == 0
    assert {hit.id: wiring.store.document(hit.id) for hit in wiring.store.search(Query(limit=100)).hits} == documents


def test_every_record_that_is_left_out_is_counted_by_why(past: Past) -> None:
    known = past.press.file_past(DAY, range(1))[0]
    origin, html = past.press.origin, "text/html"
    write_pages(
        past.warcs / NAME,
        (f"{origin}/a", NOON, "200 OK", html),
        (f"{origin}/a", NOON, "200 OK", html),
        (known, NOON, "200 OK", html),
        ("http://elsewhere.example/a", NOON, "200 OK", html),
        (f"{origin}/b", UNTIL, "200 OK", html),
        (f"{origin}/c", NOON, "404 Not Found", html),
        (f"{origin}/d.pdf", NOON, "200 OK", "application/pdf"),
    )
    wiring = past.wiring()
    [feed, _] = wiring.ledger.feeds()[0]
    discover(past.wiring(NEWSWIRE_WARCS=""))  # the sitemap's entry first
    report = discover(wiring, publisher=feed.publisher)
    assert report.searched == Counter(
        {
            "sitemaps": 2,
            "WARC files": 1,
            "records imported": 1,
            "records left out: known already": 2,
            "records left out: other site": 1,
            "records left out: other day": 1,
            "records left out: not 200": 1,
            "records left out: not HTML": 1,
        }
    )
    # The next day's run finds what lies past midnight, in the same file.
    assert discover(wiring, UNTIL, UNTIL + timedelta(days=1)).searched["records imported"] == 1


def test_any_host_is_its_own_publisher(past: Past) -> None:
    html = "text/html"
    write_pages(
        past.warcs / NAME,
        ("http://www.elsewhere.example/a", NOON, "200 OK", html),
        (f"{past.press.origin}/b", NOON, "200 OK", html),
    )
    assert discover(past.wiring()).entries == Counter(new=1)
    # Another choice of hosts reads the file anew.
    wiring = past.wiring(NEWSWIRE_WARC_HOSTS="all")
    assert discover(wiring).entries == Counter(new=1)
    found = wiring.ledger.entry("http://www.elsewhere.example/a")
    assert found is not None
    assert (found[0].publisher, found[0].feed_url) == ("elsewhere.example", "http://www.elsewhere.example/")
    report = drain(wiring)
    assert report.settled.total() == 2
    assert wiring.ledger.tally().pending == 0


def test_a_damaged_file_is_read_as_far_as_it_goes_and_on_when_it_is_whole(
    past: Past, caplog: pytest.LogCaptureFixture
) -> None:
    path, other = past.warcs / NAME, past.warcs / NAME.replace("0613", "0713")
    past.press.write_warc(path, DAY, range(100))
    past.press.write_warc(other, DAY, range(200, 210))
    whole = path.read_bytes()
    # The records are much of a size: seven tenths is where one ends, and the cut is to be within the next.
    path.write_bytes(whole[: len(whole) * 7 // 10 + 200])
    wiring = past.wiring()
    report = discover(wiring)
    imported = report.searched["records imported"]
    assert 60 < imported - 10 < 80  # about seven in ten; the other file's ten are whole
    assert report.searched["WARC files failed"] == 1
    assert f"{path} is cut off after byte" in caplog.text
    assert "what stands before it was read" in caplog.text

    path.write_bytes(whole)
    assert discover(wiring).searched["records imported"] == 110 - imported
    assert discover(wiring).searched["WARC files read before"] == 2
    assert len(list(wiring.archive.scan(SINCE, UNTIL))) == 110


@pytest.mark.parametrize("no_records", [b"", gzip.compress(b"hi\n")], ids=["empty", "no WARC"])
def test_a_file_without_records_fails_until_it_has_some(
    past: Past, no_records: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = past.warcs / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(no_records)
    wiring = past.wiring()
    for _ in range(2):
        searched = discover(wiring).searched
        assert (searched["WARC files failed"], searched["WARC files"]) == (1, 0)
    assert f"{path} is {'damaged after byte 0' if no_records else 'empty'}" in caplog.text
    past.press.write_warc(path, DAY, range(5))
    assert discover(wiring).searched["records imported"] == 5


def test_a_file_that_grew_is_read_on_and_a_smaller_one_is_another(past: Past) -> None:
    path, part = past.warcs / NAME, past.folder / "part.warc.gz"
    past.press.write_warc(path, DAY, range(100))
    wiring = past.wiring()
    assert discover(wiring).searched["records imported"] == 100
    past.press.write_warc(part, DAY, range(100, 110))
    with path.open("ab") as stream:
        stream.write(part.read_bytes())
    grown = discover(wiring).searched
    assert (grown["records imported"], grown["records left out: known already"]) == (10, 0)
    past.press.write_warc(path, DAY, range(200, 205))
    assert discover(wiring).searched["records imported"] == 5
    assert discover(wiring).searched["WARC files read before"] == 1


def test_records_that_are_no_responses_are_read_once_too(past: Past) -> None:
    path = past.warcs / NAME
    past.press.write_warc(path, DAY, range(5))
    with path.open("ab") as stream:
        writer = WARCWriter(stream, gzip=True)
        writer.write_record(writer.create_warcinfo_record("a", {"software": "a crawler"}))
    wiring = past.wiring()
    discover(wiring)
    assert discover(wiring).searched["WARC files read before"] == 1


def test_a_file_that_is_missing_from_a_listing_is_said_and_the_others_go_on(
    past: Past, caplog: pytest.LogCaptureFixture
) -> None:
    past.press.write_warc(past.warcs / NAME, DAY, range(5))
    past.press.file_past(DAY, range(10, 15))
    missing = NAME.replace("0613", "0913")
    (past.warcs / "warc.paths.gz").write_bytes(gzip.compress(f"{NAME}\n{missing}\n".encode()))
    report = discover(past.wiring(NEWSWIRE_WARCS=str(past.warcs / "warc.paths.gz")))
    assert report.entries == Counter(new=10)
    assert report.searched["WARC files failed"] == 1
    assert f"{missing}, listed in" in caplog.text


def test_a_bucket_that_cannot_be_read_is_said_and_the_sitemaps_go_on(
    past: Past, caplog: pytest.LogCaptureFixture
) -> None:
    past.press.file_past(DAY, range(5))
    report = discover(past.wiring(NEWSWIRE_WARCS=str(past.folder / "nowhere")))
    assert report.entries == Counter(new=5)
    assert report.searched["WARC files failed"] == 1
    assert "NEWSWIRE_WARCS: there is nothing at" in caplog.text


def test_warc_files_in_a_bucket(past: Past, root: str) -> None:
    past.press.write_warc(past.folder / "a.warc.gz", DAY, range(60))
    target = UPath(root) / "crawl" / NAME
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes((past.folder / "a.warc.gz").read_bytes())
    wiring = past.wiring(NEWSWIRE_WARCS=f"{root}/crawl", NEWSWIRE_ARCHIVE_URL=f"{root}/archive")
    assert discover(wiring).entries == Counter(new=60)
    assert drain(wiring).settled == Counter({Reason.NEW: 60})


def test_live_articles_are_not_in_the_way_of_past_ones_nor_the_other_way_round(past: Past) -> None:
    past.press.file_past(DAY, range(5))
    past.press.publish(range(100, 103))
    wiring = past.wiring()
    discover(wiring)

    async def poll() -> Report:
        async with wiring.fetcher() as fetcher:
            return await wiring.poll_feeds(fetcher)

    asyncio.run(poll())
    assert drain(wiring).settled == Counter({Reason.NEW: 5})
    assert wiring.ledger.tally().pending == 3


#: Runs the import, says where it is, and waits there for a line; the test kills it instead.
KILLED = """
import asyncio, sys
from datetime import datetime
from pipeline.adapters.sql_ledger import SqlLedger
from pipeline.adapters.warc_archive import WarcArchive, WarcWriter
from pipeline.settings import read_settings
from pipeline.wiring import Wiring

place, number = sys.argv[1], int(sys.argv[2])
kind, name = {
    "in the archive's file": (WarcWriter, "flush"),
    "before the ledger": (SqlLedger, "record_captures"),
    "behind the ledger": (SqlLedger, "record_captures"),
}[place]
original, calls = getattr(kind, name), 0

def stop_there(self, *arguments, **named):
    global calls
    calls += 1
    if calls == number and place != "behind the ledger":
        print("here", flush=True)
        sys.stdin.readline()
    result = original(self, *arguments, **named)
    if calls == number and place == "behind the ledger":
        print("here", flush=True)
        sys.stdin.readline()
    return result

setattr(kind, name, stop_there)

async def run():
    wiring = Wiring(read_settings())
    wiring.add_sources()
    async with wiring.fetcher() as fetcher:
        since, until = map(datetime.fromisoformat, sys.argv[3:5])
        await wiring.discover_past(since, until, fetcher)

asyncio.run(run())
"""


def kill_import(past: Past, place: str, number: int) -> None:
    """Run the import in a process of its own, and kill it where it says that it is there."""
    interval = [SINCE.isoformat(), UNTIL.isoformat()]
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, place, str(number), *interval],
        env=os.environ | past.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        process.kill()
    assert process.returncode == -9


def state(past: Past) -> tuple[dict[str, bytes], Tally, list[tuple[str, object]]]:
    """Return the archive's files, the sums, and what each URL has, after what is left was imported."""
    wiring = past.wiring()
    discover(wiring)
    archive = past.folder / "home/archive"
    files = {str(path.relative_to(archive)): path.read_bytes() for path in archive.rglob("*.warc.gz")}
    late = datetime.now(UTC) + timedelta(hours=1)
    batch_claims = wiring.ledger.claim(open_batch(late), late, limit=1000, lease=timedelta(minutes=1), past=True)
    claims = [(claim.entry.url, claim.capture) for claim in batch_claims]
    for ref, capture in wiring.archive.scan(SINCE, UNTIL):
        assert (capture.url, ref) in claims
    tally = wiring.ledger.tally()
    wiring.close()
    return files, tally, sorted(claims, key=str)


@pytest.mark.parametrize("place", ["in the archive's file", "before the ledger", "behind the ledger"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_import_that_is_killed_ends_like_one_that_is_not(past: Past, place: str, number: int) -> None:
    past.press.write_warc(past.warcs / NAME, DAY, range(130))
    undisturbed = state(past)
    assert undisturbed[1].seen == 130
    shutil.rmtree(past.folder / "home")
    kill_import(past, place, number)
    assert state(past) == undisturbed


def test_killed_again_and_again_it_still_comes_to_its_end(past: Past) -> None:
    past.press.write_warc(past.warcs / NAME, DAY, range(130))
    undisturbed = state(past)
    shutil.rmtree(past.folder / "home")
    for place in ("in the archive's file", "before the ledger", "behind the ledger", "before the ledger"):
        kill_import(past, place, 1)
    assert state(past) == undisturbed


def test_two_imports_of_one_file_at_once_keep_each_record_once(past: Past) -> None:
    past.press.write_warc(past.warcs / NAME, DAY, range(130))
    undisturbed = state(past)
    shutil.rmtree(past.folder / "home")
    past.wiring().ledger.tally()  # the tables are there
    command = [sys.executable, "-c", KILLED, "before the ledger", "0", SINCE.isoformat(), UNTIL.isoformat()]
    running = [
        subprocess.Popen(command, env=os.environ | past.environ, cwd=Path(__file__).parents[2]) for _ in range(2)
    ]
    assert [process.wait() for process in running] == [0, 0]
    files, tally, claims = state(past)
    assert (tally, [url for url, _ in claims]) == (undisturbed[1], [url for url, _ in undisturbed[2]])
    assert set(undisturbed[0]) <= set(files)


def test_the_command_says_the_cost_first_and_does_nothing(newswire: Newswire, past: Past) -> None:
    newswire.environ |= past.environ
    past.press.file_past(DAY, range(30))
    past.press.file_past(date(2026, 11, 21), range(30, 40))
    past.press.write_warc(past.warcs / NAME, DAY, range(50, 70))
    days = ("--from", "2026-11-20", "--to", "2026-11-21")
    newswire("backfill", "--from", "2026-11-21", "--to", "2026-11-21")
    before, asked = newswire("ledger", "--json").stdout, past.pages_asked_for

    cost = json.loads(newswire("backfill", *days, "--dry-run", "--json").stdout)
    host = past.press.origin.removeprefix("http://")
    size = (past.warcs / NAME).stat().st_size
    assert cost["urls"] == {"new": 30, "known": 10}
    # The index and both days' sitemaps, for each day: which zone the site's days are in is not known.
    assert cost["requests"] == {host: 6 + 30}
    assert cost["warc_files"] == 1
    assert cost["bytes"]["warcs"] == size
    assert 30 * 500 < cost["bytes"]["pages"] < 30 * 5000  # as those that we have, not as the default
    assert set(cost) == {"from", "to", "urls", "requests", "bytes", "warc_files", "seconds", "searched", "assumed"}
    said = newswire("backfill", *days, "--dry-run").stdout
    for line in ("URLs in sitemaps: 30 new, 10 known", "WARC files: 1,", "expected time: ", "nothing was recorded"):
        assert line in said
    assert newswire("ledger", "--json").stdout == before
    assert past.pages_asked_for == asked

    done = json.loads(newswire("backfill", *days, "--json").stdout)
    assert done["articles"] == {"new": 50}
    assert done["pending"] == 0
    assert past.pages_asked_for == asked + 30
    assert json.loads(newswire("backfill", *days, "--dry-run", "--json").stdout)["warc_files"] == 0


def test_a_limit_holds_for_all_days_together(newswire: Newswire, past: Past) -> None:
    newswire.environ |= past.environ
    past.press.file_past(DAY, range(30))
    days = ("--from", "2026-11-20", "--to", "2026-11-21", "--publisher", PUBLISHER)
    assert "10 new" in newswire("backfill", *days, "--limit", "10").stdout
    assert json.loads(newswire("ledger", "--json").stdout)["pending"] == 20
    assert "20 new" in newswire("backfill", *days).stdout


def test_it_fails_only_where_nothing_that_was_asked_could_be_read(newswire: Newswire, past: Past) -> None:
    newswire.environ |= past.environ
    (past.folder / "sources.toml").write_text(
        '[[sources]]\nfeed = "http://127.0.0.1:9/rss"\npublisher = "Nobody There"\n'
    )
    past.press.write_warc(past.warcs / NAME, DAY, range(1))
    days = ("--from", "2026-11-20", "--to", "2026-11-20")
    for read in ("1 WARC files", "1 WARC files read before"):
        said = newswire("backfill", *days, expect=0).stdout
        assert "1 sources failed" in said
        assert read in said
    (past.warcs / NAME).write_bytes(b"")
    newswire("backfill", *days, expect=1)


def test_the_future_is_cut_off_and_bad_input_is_one_line(newswire: Newswire, past: Past) -> None:
    newswire.environ |= past.environ
    year = datetime.now(UTC).year
    done = json.loads(
        newswire("backfill", "--from", f"{datetime.now(UTC):%Y-%m-%d}", "--to", f"{year + 5}-01-01", "--json").stdout
    )
    assert done["to"] < f"{year + 1}"
    error = newswire("backfill", "--from", f"{year + 5}-01-01", "--to", f"{year + 5}-01-02", expect=2).stderr
    assert "is in the future: there is nothing yet" in error
    for command in ("backfill", "replay"):
        error = newswire(command, "--from", "0001-01-01", "--to", "2026-11-20", expect=2).stderr
        assert "0001-01-01 is too early: days begin with 1990-01-01" in error
        assert "Traceback" not in error
    days = ("--from", "2026-11-20", "--to", "2026-11-20")
    error = newswire("backfill", *days, "--publisher", "Nobody", expect=2).stderr
    assert f"the publisher is 'Nobody'; the feeds have: {PUBLISHER}" in error
    error = newswire("backfill", *days, expect=2, environ={"NEWSWIRE_WARC_HOSTS": "some"}).stderr
    assert "NEWSWIRE_WARC_HOSTS is 'some'; write sources" in error
