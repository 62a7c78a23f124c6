"""The archive as WARC 1.1 files (ISO 28500:2017), gzip-compressed record by record, on a folder or any fsspec store.

A capture is three records, one after the other: the response, its request, and a metadata record with the address asked
for and the redirects. A CaptureRef spans the three. Bodies are stored decompressed, so that every reader sees the same
bytes; the encoding as received stands in ``X-Crawler-…`` headers.
"""

import logging
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, BinaryIO

from upath import UPath
from warcio.archiveiterator import ArchiveIterator
from warcio.timeutils import iso_date_to_datetime

from pipeline import archive
from pipeline.adapters.storage import open_storage
from pipeline.adapters.warc_records import read_members
from pipeline.adapters.warc_writer import WarcWriter, sync
from pipeline.errors import DamagedWarc, StoreUnavailable, UsageError
from pipeline.model.capture import Batch, Capture, CaptureRef, Redirect

_log = logging.getLogger(__name__)


class WarcArchive:
    """Keeps the promises of ``ports.Archive``."""

    def __init__(self, url: str) -> None:
        """Take a folder or a URL that universal-pathlib reads; nothing is touched yet."""
        self._root, self._errors = open_storage(url, "NEWSWIRE_ARCHIVE_URL")

    @contextmanager
    def open_batch(self, batch: Batch) -> Iterator[WarcWriter]:
        """Write a file that nobody else writes to; whole records survive a crash on a folder, a closed one on an object store.

        Another try of the batch may still be at work: an object store shows its file only when that is closed.
        """
        with self._one_line_errors():
            path = archive.warc_name(batch, secrets.token_hex(4))
            target = self._root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as stream:
                writer = WarcWriter(stream, path, batch.opened_at, self._one_line_errors)
                yield writer
                writer.flush()

    def import_captures(self, batch: Batch, captures: Sequence[Capture]) -> tuple[CaptureRef, ...]:
        """Write beside and rename: a reader, or whoever imports the same, sees the whole file or none, and the same bytes."""
        with self._one_line_errors():
            path = archive.warc_name(batch)
            with _write_beside(self._root / path) as stream:
                writer = WarcWriter(stream, path, batch.opened_at, self._one_line_errors)
                refs = tuple(writer.add(capture) for capture in captures)
                writer.flush()
        return refs

    def read(self, ref: CaptureRef) -> Capture:
        """Return the capture at that place."""
        with self._one_line_errors():
            try:
                with (self._root / ref.path).open("rb") as stream:
                    stream.seek(ref.offset)
                    records = BytesIO(stream.read(ref.length))
            except FileNotFoundError:
                raise UsageError(f"no file {ref.path} in the archive {self._root}; was it moved or pruned?") from None
            for _, capture in _read_captures(records, ref.path):
                return capture
        raise UsageError(f"no capture at byte {ref.offset} of {ref.path} in the archive {self._root}")

    def scan(self, since: datetime, until: datetime) -> Iterator[tuple[CaptureRef, Capture]]:
        """Yield the captures of the interval file by file; a file cut off in the middle ends at its last whole record."""
        with self._one_line_errors():
            for folder in archive.day_folders(since, until):
                if not (self._root / folder).is_dir():
                    continue
                for path in sorted(self._root / folder / name.name for name in (self._root / folder).glob("*.warc.gz")):
                    with path.open("rb") as stream:
                        for ref, capture in _read_captures(stream, f"{folder}/{path.name}"):
                            if since <= capture.fetched_at < until:
                                yield ref, capture

    def write_lines(self, batch: Batch, name: str, lines: Iterable[bytes]) -> None:
        """Write beside and rename, so that a reader sees all lines or none."""
        with self._one_line_errors(), _write_beside(self._root / archive.lines_name(batch, name)) as stream:
            stream.writelines(line + b"\n" for line in lines)

    def read_lines(self, batch: Batch, name: str) -> Iterator[bytes]:
        """Yield the lines one by one."""
        with self._one_line_errors():
            try:
                stream = (self._root / archive.lines_name(batch, name)).open("rb")
            except FileNotFoundError:
                raise UsageError(f"batch {batch.id} has no {name} lines in the archive {self._root}") from None
            with stream:
                for line in stream:
                    yield line.rstrip(b"\n")

    def drop_lines(self, before: datetime, *, dry_run: bool = False) -> int:
        """Remove old hand-overs, and what a crash left half written; other files there are left alone."""
        dropped = 0
        with self._one_line_errors():
            patterns = ("*/*/*/*.jsonl", "*/*/*/*.part", "reports/*.part")
            for path in [path for pattern in patterns for path in self._root.glob(pattern)]:
                # One may have been renamed since it was listed, as it is whole, or dropped by somebody else.
                with suppress(FileNotFoundError):
                    if self._is_older(path, before):
                        if not dry_run:
                            path.unlink()
                        dropped += 1
        return dropped

    def _is_older(self, path: UPath, before: datetime) -> bool:
        """Tell whether nobody is at the file any more: by its batch's time, or, half written, by its own.

        A batch of imported captures is named after the day of the captures, however long ago that was.
        """
        if path.suffix == ".part":
            return datetime.fromtimestamp(path.stat().st_mtime, UTC) < before
        try:
            return archive.parse_batch(path.name.partition(".")[0]).opened_at < before
        except UsageError:
            return False

    def write_report(self, name: str, content: bytes) -> None:
        """Write beside and rename."""
        with self._one_line_errors(), _write_beside(self._root / archive.report_name(name)) as stream:
            stream.write(content)

    def read_report(self, name: str) -> bytes | None:
        """Return the whole file."""
        with self._one_line_errors():
            path = self._root / archive.report_name(name)
            return path.read_bytes() if path.exists() else None

    @contextmanager
    def _one_line_errors(self) -> Iterator[None]:
        """Turn what disks and object stores raise into one clear line; the task is retried and nothing is settled."""
        try:
            yield
        except self._errors as error:
            reason = getattr(error, "strerror", None) or error
            raise StoreUnavailable(f"the archive {self._root} cannot be used: {reason}") from error


def _read_captures(stream: BinaryIO, path: str) -> Iterator[tuple[CaptureRef, Capture]]:
    """Yield the captures of one WARC stream; the end of a file cut off by a crash is the end of the captures."""
    response: dict[str, Any] = {}
    for begins, ends, data in _whole_members(stream, path):
        record = next(ArchiveIterator(BytesIO(data)))
        body = record.content_stream().read()
        if record.rec_type == "response":
            response = _read_response(record, body) | {"begins": begins}
        elif record.rec_type == "request" and response:
            response["request_headers"] = tuple(record.http_headers.headers)
        elif record.rec_type == "metadata" and response:
            first = response.pop("begins")
            capture = Capture(**response, **_read_metadata(body))
            yield CaptureRef(path=path, offset=first, length=ends - first), capture
            response = {}


def _whole_members(stream: BinaryIO, path: str) -> Iterator[tuple[int, int, bytes]]:
    try:
        for member in read_members(stream):
            yield member.begins, member.ends, member.data or b""
    except DamagedWarc as error:
        _log.warning("%s is %s; what stands before it was read", path, error)


def _read_response(record: Any, body: bytes) -> dict[str, Any]:  # noqa: ANN401 - warcio has no types
    return {
        "final_url": record.rec_headers.get_header("WARC-Target-URI"),
        "fetched_at": iso_date_to_datetime(record.rec_headers.get_header("WARC-Date"), tz_aware=True),
        "status": int(record.http_headers.get_statuscode()),
        "headers": tuple(record.http_headers.headers),
        "body": body,
    }


def _read_metadata(body: bytes) -> dict[str, Any]:
    lines = [line.partition(": ") for line in body.decode().splitlines()]
    hops = [value.partition(" ") for name, _, value in lines if name == "redirect"]
    return {
        "url": next(value for name, _, value in lines if name == "requested"),
        "redirects": tuple(Redirect(status=int(status), url=url) for status, _, url in hops),
    }


@contextmanager
def _write_beside(target: UPath) -> Iterator[BinaryIO]:
    """Let a file be written under a name that no other writer has, and rename it when it is whole and on the disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    with part.open("wb") as stream:
        yield stream
        sync(stream)
    part.rename(target)
