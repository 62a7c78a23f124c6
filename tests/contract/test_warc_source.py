"""What a source of WARC files promises, on a folder and on an object store."""

import gzip
import random
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from upath import UPath

from pipeline.adapters.warc_source import MAX_LISTING, WarcFolder
from pipeline.errors import DamagedWarc, Retry, UsageError
from pipeline.model.warc import WarcListing, WarcRecord

DAY = datetime(2026, 11, 20, tzinfo=UTC)
NEXT = DAY + timedelta(days=1)
NOON = DAY + timedelta(hours=12)
HTML = ("Content-Type: text/html; charset=utf-8",)
NAME = "CC-NEWS-20261120061300-00123.warc.gz"
PAGE = "<p>Straße, 新聞</p>".encode() * 50


def everything(url: str, at: datetime) -> str:  # noqa: ARG001 - the port's signature
    return ""


def a_record(
    url: str,
    body: bytes = PAGE,
    *,
    kind: str = "response",
    at: str = "2026-11-20T12:00:00Z",
    head: tuple[str, ...] = HTML,
) -> bytes:
    http = "\r\n".join(["HTTP/1.1 200 OK", *head, "", ""]).encode() + body
    fields = f"WARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: {at}\r\nWARC-Record-ID: <urn:uuid:1>\r\n"
    named = f"{fields}Content-Type: application/http; msgtype={kind}\r\nContent-Length: {len(http)}"
    return f"WARC/1.0\r\n{named}\r\n\r\n".encode() + http + b"\r\n\r\n"


def write(root: str, name: str, *records: bytes) -> str:
    """Write the file, each record compressed on its own where the name says so; return its address."""
    path = UPath(root) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pack: Callable[[bytes], bytes] = gzip.compress if name.endswith(".gz") else bytes
    path.write_bytes(b"".join(pack(record) for record in records))
    return str(path)


def read(root: str, address: str, position: int = 0, max_bytes: int = 100_000) -> list[WarcRecord]:
    return list(WarcFolder(root, max_bytes=max_bytes).read(address, position, everything))


def bodies(records: list[WarcRecord]) -> list[bytes | str]:
    return [record.capture.body if record.capture else record.left_out for record in records]


def test_files_in_month_folders_and_beside_them(root: str) -> None:
    first = write(root, f"2026/11/{NAME}", b"")
    flat = write(root, "press.warc", b"")
    write(root, "2026/10/CC-NEWS-20261010061300-00001.warc.gz", b"")
    write(root, "2026/11/CC-NEWS-20261123061300-00001.warc.gz", b"")
    write(root, "2026/11/notes.txt", b"")
    assert WarcFolder(root).files(DAY, NEXT) == WarcListing(addresses=tuple(sorted([first, flat])))
    assert WarcFolder(first).files(DAY, NEXT).addresses == (first,)
    assert WarcFolder(root).size(first) == len(gzip.compress(b""))


@pytest.mark.parametrize("name", ["crawl/2026/11/warc.paths", "crawl/2026/11/warc.paths.gz"])
def test_a_listing_names_files_from_its_bucket_or_its_folder(root: str, name: str) -> None:
    below_root = write(root, f"crawl/2026/11/{NAME}", b"")
    beside = write(root, "crawl/2026/11/CC-NEWS-20261120081300-00124.warc.gz", b"")
    absolute = write(root, "elsewhere/CC-NEWS-20261120101300-00125.warc.gz", b"")
    gone = "crawl/2026/11/CC-NEWS-20261120121300-00126.warc.gz"
    other_day = "crawl/2026/11/CC-NEWS-20261125121300-00126.warc.gz"
    lines = [f"crawl/2026/11/{NAME}", "CC-NEWS-20261120081300-00124.warc.gz", absolute, gone, other_day]
    listing = write(root, name, "\n".join(lines).encode())
    found = WarcFolder(listing).files(DAY, NEXT)
    assert set(found.addresses) == {below_root, beside, absolute}
    assert found.problems == (f"{gone}, listed in {listing}, is missing",)


@pytest.fixture
def memory() -> Iterator[str]:
    """Return the URL of a store that is not the disk; its files go with the test."""
    yield "memory://"
    UPath("memory://bucket").fs.store.clear()


def test_a_listing_in_a_store_names_no_file_of_the_disk(memory: str, tmp_path: Path) -> None:
    on_disk = write(str(tmp_path), NAME, a_record("https://news.example/a"))
    own = write(memory, f"bucket/crawl/{NAME}", b"")
    foreign = [
        f"file://{on_disk}",
        f"file:{on_disk}",
        "s3://bucket/a.warc",
        "s3:/bucket/a.warc",
        "a/://b.warc",
        "/file:/a.warc",
        "data:,a.warc",
    ]
    lines = [on_disk, f"/bucket/crawl/{NAME}", *foreign]
    listing = write(memory, "bucket/warc.paths", "\n".join(lines).encode())
    found = WarcFolder(listing).files(DAY, NEXT)
    assert found.addresses == (own,)
    assert found.problems == (
        f"{on_disk}, listed in {listing}, is missing",
        *(
            f"{line}, listed in {listing}, is elsewhere; a listing names files of its own store"
            for line in sorted(foreign)
        ),
    )


@pytest.mark.parametrize("root", ["s3"], indirect=True)
def test_a_listing_in_a_bucket_names_no_file_of_another(root: str) -> None:
    other = UPath(f"{root.rpartition('/')[0]}-private")
    other.mkdir(exist_ok=True)
    private = write(str(other), NAME, b"")
    own = write(root, NAME, b"")
    listing = write(root, "warc.paths", f"{private}\n/{own.partition('://')[2].partition('/')[2]}".encode())
    found = WarcFolder(listing).files(DAY, NEXT)
    assert found.addresses == (own,)
    assert found.problems == (f"{private}, listed in {listing}, is elsewhere; a listing names files of its own store",)


def test_a_page_comes_as_it_was_sent(root: str) -> None:
    address = write(
        root,
        NAME,
        a_record("https://news.example/a", kind="request"),
        a_record("<https://News.example:443/b?x=1#top>", at="2026-11-20T12:00:00.123456Z"),
    )
    [record] = read(root, address)
    assert record.capture is not None
    assert record.ends == WarcFolder(root).size(address)
    assert (record.capture.url, record.capture.final_url) == ("https://news.example/b?x=1",) * 2
    assert record.capture.fetched_at == NOON.replace(microsecond=123456)
    assert (record.capture.status, record.capture.body) == (200, PAGE)
    assert record.capture.headers == (("Content-Type", "text/html; charset=utf-8"),)


def chunked(body: bytes) -> bytes:
    pieces = [body[start : start + 100] for start in range(0, len(body), 100)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


CHUNKED = "Transfer-Encoding: chunked"
SENT = {
    "gzip": ("Content-Encoding: gzip", gzip.compress(PAGE)),
    "x-gzip": ("Content-Encoding: X-GZIP", gzip.compress(PAGE)),
    "deflate": ("Content-Encoding: deflate", zlib.compress(PAGE)),
    "raw deflate": ("Content-Encoding: deflate", raw_deflate(PAGE)),
    "chunked": (CHUNKED, chunked(PAGE)),
    "chunked and gzip": (f"{CHUNKED}\r\nContent-Encoding: gzip", chunked(gzip.compress(PAGE))),
    "decoded by the crawler, headers left": (f"{CHUNKED}\r\nContent-Encoding: gzip", PAGE),
    "renamed by the crawler": (f"X-Crawler-Content-Encoding: br\r\nContent-Length: {len(PAGE)}", PAGE),
}


@pytest.mark.parametrize(("head", "sent"), SENT.values(), ids=SENT)
@pytest.mark.parametrize("root", ["folder"], indirect=True)
def test_bodies_come_decoded(root: str, head: str, sent: bytes) -> None:
    [record] = read(root, write(root, NAME, a_record("https://news.example/a", sent, head=(*HTML, head))))
    assert record.capture is not None
    assert record.capture.body == PAGE
    names = {name.lower() for name, _ in record.capture.headers}
    assert names.isdisjoint({"content-encoding", "transfer-encoding", "content-length"})


UNUSABLE = {
    "no web address": a_record("dns:news.example"),
    "truncated": a_record("https://n.example/").replace(b"WARC-Date:", b"WARC-Truncated: length\r\nWARC-Date:"),
    "unreadable": a_record("https://news.example/a", b"\x0b\x00brotli", head=(*HTML, "Content-Encoding: br")),
    "too large": a_record("https://news.example/a", b"x" * 200_000),
}
ODD = {
    "no date": a_record("https://news.example/a", at=""),
    "gzip cut off": a_record("https://n.example/", gzip.compress(PAGE)[:-9], head=("Content-Encoding: gzip",)),
    "two types": a_record("https://news.example/a").replace(
        b"WARC-Type: response", b"WARC-Type: WARC/1.0\r\nWARC-Type: response"
    ),
    "headers cut in two": a_record("https://news.example/a").replace(b"WARC-Target-URI", b"\nWARC-Target-URI"),
    "no HTTP": a_record("https://news.example/a").replace(b"HTTP/1.1 200 OK", b"what is thisss?"),
}


@pytest.mark.parametrize("root", ["folder"], indirect=True)
def test_a_record_whose_length_is_no_length_is_left_out_and_the_next_one_read(root: str) -> None:
    wrong = a_record("https://news.example/a").replace(b"Content-Length: ", b"Content-Length: 9" + b"9" * 100)
    address = write(root, NAME, wrong, a_record("https://news.example/good"))
    assert bodies(read(root, address)) == ["unreadable", PAGE]


@pytest.mark.parametrize("root", ["folder"], indirect=True)
@pytest.mark.parametrize("name", [NAME, "plain.warc"])
def test_what_cannot_be_used_is_left_out_and_the_next_one_read(root: str, name: str) -> None:
    wrong = [*UNUSABLE.items(), *(("unreadable", record) for record in ODD.values())]
    good = a_record("https://news.example/good")
    address = write(root, name, *(part for _, record in wrong for part in (record, good)))
    expected = [what for reason, _ in wrong for what in (reason, PAGE)]
    assert bodies(read(root, address)) == expected


@pytest.mark.parametrize("root", ["folder"], indirect=True)
def test_what_is_not_wanted_is_not_decoded(root: str) -> None:
    address = write(root, NAME, a_record("https://a.example/"), ODD["gzip cut off"])
    asked: list[tuple[str, datetime]] = []

    def refuse(url: str, at: datetime) -> str:
        asked.append((url, at))
        return "other site"

    assert [record.left_out for record in WarcFolder(root).read(address, 0, refuse)] == ["other site"] * 2
    assert asked == [("https://a.example/", NOON), ("https://n.example/", NOON)]


@pytest.mark.parametrize("name", [NAME, "plain.warc"])
def test_reading_goes_on_where_it_ended(root: str, name: str) -> None:
    address = write(root, name, *(a_record(f"https://news.example/{number}") for number in range(4)))
    records = read(root, address)
    assert len(records) == 4
    for done, record in enumerate(records, start=1):
        assert read(root, address, record.ends) == records[done:]


@pytest.mark.parametrize("root", ["folder"], indirect=True)
@pytest.mark.parametrize("name", [NAME, "plain.warc"])
def test_of_a_file_cut_off_anywhere_the_whole_records_are_read(root: str, name: str) -> None:
    address = write(root, name, *(a_record(f"https://news.example/{number}", b"short") for number in range(3)))
    data, records = UPath(address).read_bytes(), read(root, address)
    for cut in range(len(data)):
        UPath(address).write_bytes(data[:cut])
        found = list[WarcRecord]()
        is_whole = cut in {0, *(record.ends for record in records)}
        with nullcontext() if is_whole else pytest.raises(DamagedWarc, match=r"^cut off after byte \d+$"):
            found.extend(WarcFolder(root).read(address, 0, everything))
        assert found == [record for record in records if record.ends <= cut]


@pytest.mark.parametrize("root", ["folder"], indirect=True)
@pytest.mark.parametrize("name", [NAME, "plain.warc"])
def test_damage_is_said_and_never_breaks_anything_else(root: str, name: str) -> None:
    records = [
        a_record(f"https://news.example/{n}", chunked(gzip.compress(PAGE)), head=SENT["gzip"][:1]) for n in range(3)
    ]
    address = write(root, name, *records)
    data, dice = UPath(address).read_bytes(), random.Random(1)
    for _ in range(300):
        broken = bytearray(data)
        for _ in range(dice.randrange(1, 6)):
            broken[dice.randrange(len(data))] = dice.randrange(256)
        UPath(address).write_bytes(broken)
        try:
            read(root, address)
        except DamagedWarc as error:
            assert " after byte " in str(error)  # noqa: PT017 - any record may be the one that was hit


@pytest.mark.parametrize("root", ["folder"], indirect=True)
@pytest.mark.parametrize("name", [NAME, "plain.warc"])
def test_bombs_and_long_files_take_no_more_memory_than_one_record(root: str, name: str) -> None:
    bomb = gzip.compress(b"\0" * (300 * 2**20), 1)
    address = write(
        root,
        name,
        a_record("https://news.example/huge", b"\0" * (60 * 2**20)),
        a_record("https://news.example/bomb", bomb, head=(*HTML, "Content-Encoding: gzip")),
        a_record(
            "https://news.example/chunk", b"%x\r\n%s\r\n0\r\n\r\n" % (len(bomb), bomb), head=(CHUNKED, SENT["gzip"][0])
        ),
        *(a_record(f"https://news.example/{number}", random.Random(number).randbytes(30_000)) for number in range(500)),
    )
    tracemalloc.start()
    try:
        source = WarcFolder(root, max_bytes=2 * 2**20).read(address, 0, everything)
        left_out = [next(source).left_out for _ in range(3)]
        count = sum(record.capture is not None for record in source)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert left_out == ["too large"] * 3
    assert count == 500
    assert peak < 12 * 2**20


def test_what_is_not_there_is_one_clear_line(root: str) -> None:
    missing = f"{root}/none.warc.gz"
    with pytest.raises(Retry, match=r"none\.warc\.gz cannot be read"):
        read(root, missing)
    with pytest.raises(Retry, match=r"none\.warc\.gz cannot be read"):
        WarcFolder(root).size(missing)
    with pytest.raises(Retry, match="there is nothing at"):
        WarcFolder(f"{root}/nowhere").files(DAY, NEXT)
    listing = write(root, "warc.paths.gz", b"")
    UPath(listing).write_bytes(gzip.compress(b"a.warc.gz")[:-5])
    with pytest.raises(Retry, match="is no listing of WARC files"):
        WarcFolder(listing).files(DAY, NEXT)


@pytest.mark.parametrize("root", ["folder"], indirect=True)
@pytest.mark.parametrize("name", ["warc.paths", "warc.paths.gz"])
def test_a_listing_without_end_is_refused_by_name_and_memory_stays_small(root: str, name: str) -> None:
    listing = write(root, name, b"\n" * (100 * 2**20))
    tracemalloc.start()
    try:
        with pytest.raises(Retry, match=r"warc\.paths\S* is no listing of WARC files: larger than 16,777,216 bytes"):
            WarcFolder(listing).files(DAY, NEXT)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * MAX_LISTING


def test_an_address_that_nothing_can_open_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match="NEWSWIRE_WARCS is 'nowhere://x'"):
        WarcFolder("nowhere://x")
