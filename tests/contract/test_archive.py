"""What every archive promises, on a folder and on an object store."""

import gzip
import random
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from upath import UPath

from pipeline.adapters.warc_archive import WarcArchive
from pipeline.archive import name_batch, open_batch
from pipeline.errors import StoreUnavailable, UsageError
from pipeline.model.capture import Batch, Capture, CaptureRef, Redirect

NOW = datetime(2026, 11, 23, 23, 59, 58, 123456, tzinfo=UTC)


@pytest.fixture
def archive(root: str) -> WarcArchive:
    return WarcArchive(root)


def make_capture(number: int = 0, at: datetime = NOW) -> Capture:
    return Capture(
        url=f"https://example.org/r/{number}",
        final_url=f"https://example.org/a/{number}?x=1",
        fetched_at=at,
        status=200,
        headers=(("Content-Type", "text/html; charset=utf-8"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")),
        body=f"<p>Page {number}: ä € 新聞</p>".encode() + bytes(range(256)),
        redirects=(
            Redirect(status=301, url="https://example.org/b"),
            Redirect(status=302, url="https://example.org/c"),
        ),
        request_headers=(("User-Agent", "Newswire"), ("Accept", "*/*")),
    )


def keep(archive: WarcArchive, captures: list[Capture], at: datetime = NOW) -> list[CaptureRef]:
    with archive.open_batch(open_batch(at)) as writer:
        return [writer.add(capture) for capture in captures]


def test_a_capture_comes_back_as_it_went_in(archive: WarcArchive) -> None:
    captures = [make_capture(number) for number in range(3)]
    refs = keep(archive, captures)
    assert [archive.read(ref) for ref in reversed(refs)] == captures[::-1]


def test_an_answer_without_a_body_or_with_an_odd_status_is_kept(archive: WarcArchive) -> None:
    odd = Capture(url="http://e.org/", final_url="http://e.org/", fetched_at=NOW, status=799)
    [ref] = keep(archive, [odd])
    assert archive.read(ref) == odd


def test_a_header_cannot_break_the_record(archive: WarcArchive) -> None:
    nasty = Capture(
        url="http://e.org/",
        final_url="http://e.org/",
        fetched_at=NOW,
        status=200,
        headers=(("X-A", "a\r\n\r\nWARC/1.1"),),
    )
    refs = keep(archive, [nasty, make_capture()])
    assert archive.read(refs[0]).headers == (("X-A", "a WARC/1.1"),)
    assert archive.read(refs[1]) == make_capture()


def test_captures_of_an_interval_are_found_again(archive: WarcArchive) -> None:
    times = [NOW - timedelta(days=1), NOW, NOW + timedelta(seconds=2)]  # the last belongs to the next day
    refs = [keep(archive, [make_capture(number, at)], NOW - timedelta(days=1))[0] for number, at in enumerate(times)]
    found = list(archive.scan(NOW - timedelta(hours=1), NOW + timedelta(seconds=2)))
    assert found == [(refs[1], make_capture(1, NOW))]
    assert len(list(archive.scan(NOW - timedelta(days=2), NOW + timedelta(days=1)))) == 3


def test_a_batch_that_is_opened_again_loses_nothing(archive: WarcArchive) -> None:
    batch = open_batch(NOW)
    refs = []
    for number in range(2):
        with archive.open_batch(batch) as writer:
            refs.append(writer.add(make_capture(number)))
    assert [archive.read(ref).url for ref in refs] == ["https://example.org/r/0", "https://example.org/r/1"]


def test_two_tries_of_one_batch_at_once_keep_their_captures_apart(archive: WarcArchive) -> None:
    batch = open_batch(NOW)
    with archive.open_batch(batch) as stalled:
        first = stalled.add(make_capture(1))
        with archive.open_batch(batch) as again:
            second = again.add(make_capture(2))
    kept = {first: make_capture(1), second: make_capture(2)}
    assert {ref: archive.read(ref) for ref in (first, second)} == kept
    assert dict(archive.scan(NOW, NOW + timedelta(seconds=1))) == kept


def test_imported_captures_lie_among_those_of_their_day(archive: WarcArchive) -> None:
    captures = [make_capture(number, NOW - timedelta(days=400)) for number in range(3)]
    refs = archive.import_captures(name_batch(captures[0].fetched_at, "1f2e3d4c"), captures)
    day = (NOW - timedelta(days=400)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert list(archive.scan(day, day + timedelta(days=1))) == list(zip(refs, captures, strict=True))
    assert [archive.read(ref) for ref in refs] == captures


def test_an_import_that_is_repeated_changes_nothing(archive: WarcArchive, root: str) -> None:
    captures = [make_capture(number) for number in range(3)]
    batch = name_batch(NOW, "1f2e3d4c")
    refs = archive.import_captures(batch, captures)
    before = (UPath(root) / refs[0].path).read_bytes()
    assert archive.import_captures(name_batch(NOW, "1f2e3d4c"), captures) == refs
    assert (UPath(root) / refs[0].path).read_bytes() == before
    assert len(list(archive.scan(NOW, NOW + timedelta(seconds=1)))) == 3


def test_records_have_ids_of_their_own(archive: WarcArchive, root: str) -> None:
    paths = {ref.path for _ in range(2) for ref in keep(archive, [make_capture(1), make_capture(1)])}
    ids = []
    for path in paths:
        with (UPath(root) / path).open("rb") as stream:
            ids += [record.headers.get("WARC-Record-ID") for record in ArchiveIterator(stream)]
    assert len(ids) == len(set(ids)) == 14


def test_what_an_import_left_half_written_is_dropped(archive: WarcArchive, root: str) -> None:
    [ref] = archive.import_captures(name_batch(NOW, "1f2e3d4c"), [make_capture()])
    half = UPath(root) / f"{ref.path}.1f2e3d4c.part"
    half.write_bytes(b"half")
    now = datetime.now(UTC)
    assert archive.drop_lines(now - timedelta(hours=1)) == 0  # under way, perhaps, whatever day its captures are of
    assert archive.drop_lines(now + timedelta(hours=1)) == 1
    assert not half.exists()
    assert archive.read(ref) == make_capture()


def test_what_is_renamed_while_it_is_looked_for_is_not_dropped(
    archive: WarcArchive, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = name_batch(NOW, "1f2e3d4c")
    archive.write_lines(batch, "fetched", [b"1"])
    [lines] = UPath(root).glob("*/*/*/*.jsonl")
    whole = {part: lines.with_name(part.removesuffix(".part")) for part in ("a.warc.gz.part", "b.jsonl.part")}
    for part in whole:
        lines.with_name(part).write_bytes(b"whole by now")
    glob = type(lines).glob

    def glob_and_rename(self: UPath, pattern: str) -> list[UPath]:
        found = list(glob(self, pattern))
        for path in found:
            if path.suffix == ".part":
                path.rename(whole[path.name])
        return found

    monkeypatch.setattr(type(lines), "glob", glob_and_rename)
    assert archive.drop_lines(datetime.now(UTC) + timedelta(days=999)) == 1
    assert [target.read_bytes() for target in whole.values()] == [b"whole by now"] * 2


def test_other_tools_read_it(archive: WarcArchive, root: str) -> None:
    [ref] = keep(archive, [make_capture(4)])
    with (UPath(root) / ref.path).open("rb") as stream:
        records = [
            (record.record_type, record.headers.get("WARC-Target-URI"), record.reader.read())
            for record in ArchiveIterator(stream, verify_digests=True)
        ]
    kinds = [kind for kind, _, _ in records]
    assert kinds == [WarcRecordType.warcinfo, WarcRecordType.response, WarcRecordType.request, WarcRecordType.metadata]
    assert records[1][1:] == ("https://example.org/a/4?x=1", make_capture(4).body)


def test_every_record_is_compressed_on_its_own(archive: WarcArchive, root: str) -> None:
    refs = keep(archive, [make_capture(number) for number in range(2)])
    data = (UPath(root) / refs[1].path).read_bytes()
    cut = data[refs[1].offset : refs[1].offset + refs[1].length]
    assert gzip.decompress(cut).startswith(b"WARC/1.1\r\n")
    assert refs[1].offset + refs[1].length == len(data)


@pytest.mark.parametrize("root", ["folder"], indirect=True)
def test_a_file_cut_off_anywhere_gives_its_whole_captures(archive: WarcArchive, root: str) -> None:
    captures = [make_capture(number) for number in range(3)]
    refs = keep(archive, captures)
    path = Path(root) / refs[0].path
    data = path.read_bytes()
    for cut in range(0, len(data), 11):
        path.write_bytes(data[:cut])
        whole = [capture for ref, capture in zip(refs, captures, strict=True) if ref.offset + ref.length <= cut]
        assert [capture for _, capture in archive.scan(NOW, NOW + timedelta(seconds=1))] == whole


def test_lines_are_replaced_as_a_whole(archive: WarcArchive) -> None:
    batch = open_batch(NOW)
    archive.write_lines(batch, "fetched", [b"1", b"2"])
    archive.write_lines(batch, "fetched", [b"3"])
    assert list(archive.read_lines(batch, "fetched")) == [b"3"]
    with pytest.raises(UsageError, match="no documents lines"):
        list(archive.read_lines(batch, "documents"))


def test_lines_that_two_write_at_once_are_those_of_the_last_to_end(archive: WarcArchive) -> None:
    batch = open_batch(NOW)

    def write_meanwhile() -> Iterator[bytes]:
        yield b"1"
        archive.write_lines(batch, "fetched", [b"other"])
        yield b"2"

    archive.write_lines(batch, "fetched", write_meanwhile())
    assert list(archive.read_lines(batch, "fetched")) == [b"1", b"2"]


def test_only_old_lines_are_dropped(archive: WarcArchive) -> None:
    old, new = open_batch(NOW - timedelta(days=8)), open_batch(NOW)
    for batch in (old, new):
        archive.write_lines(batch, "fetched", [b"1"])
    assert archive.drop_lines(NOW - timedelta(days=7), dry_run=True) == 1
    assert list(archive.read_lines(old, "fetched")) == [b"1"]
    assert archive.drop_lines(NOW - timedelta(days=7)) == 1
    assert archive.drop_lines(NOW - timedelta(days=7)) == 0
    assert list(archive.read_lines(new, "fetched")) == [b"1"]


def test_files_of_others_are_left_alone(archive: WarcArchive, root: str) -> None:
    archive.write_lines(open_batch(NOW), "fetched", [b"1"])
    [lines] = UPath(root).glob("*/*/*/*.jsonl")
    foreign = lines.with_name("notes.jsonl")
    foreign.write_bytes(b"mine")
    assert archive.drop_lines(NOW + timedelta(days=1)) == 1
    assert foreign.exists()


def test_what_is_not_there_is_said(archive: WarcArchive) -> None:
    with pytest.raises(UsageError, match="no file 2026/11/23/none"):
        archive.read(CaptureRef(path="2026/11/23/none.warc.gz", offset=0, length=10))
    assert list(archive.scan(NOW, NOW + timedelta(days=3))) == []


def test_a_disk_that_fails_is_one_clear_line(tmp_path: Path) -> None:
    blocked = tmp_path / "archive"
    blocked.write_text("a file, not a folder")
    with (
        pytest.raises(StoreUnavailable, match=r"the archive .* cannot be used: Not a directory"),
        WarcArchive(str(blocked)).open_batch(open_batch(NOW)),
    ):
        pass


@contextmanager
def full_disk(at: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes: what is left of a write has room again afterwards."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (at, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def fill_disk(archive: WarcArchive, batch: Batch, size: int) -> None:
    """Add a capture, one with a body of that size, for which there is no room, and another when there is again."""
    with archive.open_batch(batch) as writer:
        kept = writer.add(make_capture(1))
        large = replace(make_capture(2), body=random.Random(2).randbytes(size))
        with full_disk(kept.offset + kept.length + 10), pytest.raises(StoreUnavailable, match="used: File too large"):
            writer.add(large)
        with pytest.raises(StoreUnavailable, match="could not be kept"):
            writer.add(make_capture(3))


@pytest.mark.parametrize("scheme", ["", "file://"])
@pytest.mark.parametrize("size", [100, 100_000])  # within the stream's buffer, and beyond it
def test_after_a_write_that_fails_nothing_is_added_and_what_was_kept_stays_whole(
    scheme: str, size: int, tmp_path: Path
) -> None:
    archive, batch = WarcArchive(f"{scheme}{tmp_path}"), open_batch(NOW)
    with pytest.raises(StoreUnavailable):
        fill_disk(archive, batch, size)
    [(first, kept)] = archive.scan(NOW, NOW + timedelta(seconds=1))
    assert kept == make_capture(1)
    assert (tmp_path / first.path).stat().st_size == first.offset + first.length
    with archive.open_batch(batch) as writer:
        second = writer.add(make_capture(2))
    assert second.path != first.path
    found = list(archive.scan(NOW, NOW + timedelta(seconds=1)))
    assert sorted(found, key=str) == sorted([(first, make_capture(1)), (second, make_capture(2))], key=str)


def test_a_report_is_kept_and_replaced_whole(archive: WarcArchive) -> None:
    assert archive.read_report("replay-a") is None
    archive.write_report("replay-a", b'{"documents": 1}')
    archive.write_report("replay-a", b'{"documents": 2}')
    assert archive.read_report("replay-a") == b'{"documents": 2}'
    assert archive.read_report("replay-b") is None


def test_a_report_that_was_left_half_written_is_dropped(archive: WarcArchive, root: str) -> None:
    archive.write_report("replay-a", b"{}")
    half = UPath(root) / "reports" / "replay-a.json.1f2e3d4c.part"
    half.write_bytes(b"{")
    assert archive.drop_lines(datetime.now(UTC) + timedelta(hours=1)) == 1
    assert not half.exists()
    assert archive.read_report("replay-a") == b"{}"


def test_reports_are_no_captures_and_no_handovers(archive: WarcArchive) -> None:
    archive.write_report("replay-a", b"{}")
    assert list(archive.scan(NOW - timedelta(days=1), NOW + timedelta(days=1))) == []
    assert archive.drop_lines(NOW + timedelta(days=999)) == 0
    assert archive.read_report("replay-a") == b"{}"
