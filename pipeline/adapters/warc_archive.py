"""The archive as WARC 1.1 files (ISO 28500:2017), gzip-compressed record by record, on a folder or any fsspec store.

A capture is three records, one after the other: the response, its request, and a metadata record with the address asked
for and the redirects. A CaptureRef spans the three. Bodies are stored decompressed, so that every reader sees the same
bytes; the encoding as received stands in ``X-Crawler-…`` headers.
"""

import logging
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from io import BytesIO, UnsupportedOperation
from typing import Any, BinaryIO
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from upath import UPath
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.timeutils import datetime_to_iso_date, iso_date_to_datetime
from warcio.warcwriter import WARCWriter

from pipeline import archive
from pipeline.adapters.storage import open_storage
from pipeline.adapters.warc_records import read_members
from pipeline.errors import DamagedWarc, StoreUnavailable, UsageError
from pipeline.model.capture import Batch, Capture, CaptureRef, Redirect

_VERSION = "WARC/1.1"
_log = logging.getLogger(__name__)


class WarcArchive:
    """Keeps the promises of ``ports.Archive``."""

    def __init__(self, url: str) -> None:
        """Take a folder or a URL that universal-pathlib reads; nothing is touched yet."""
        self._root, self._errors = open_storage(url, "NEWSWIRE_ARCHIVE_URL")

    @contextmanager
    def open_batch(self, batch: Batch) -> Iterator["WarcWriter"]:
        """Write a new part of the batch; whole records survive a crash on a folder, a closed file on an object store."""
        with self._one_line_errors():
            path = self._free_part(batch)
            target = self._root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as stream:
                writer = WarcWriter(stream, path, batch.opened_at)
                yield writer
                writer.flush()

    def import_captures(self, batch: Batch, captures: Sequence[Capture]) -> tuple[CaptureRef, ...]:
        """Write beside and rename: a reader, or whoever imports the same, sees the whole file or none, and the same bytes."""
        with self._one_line_errors():
            path = archive.warc_name(batch, 1)
            target = self._root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
            with part.open("wb") as stream:
                writer = WarcWriter(stream, path, batch.opened_at)
                refs = tuple(writer.add(capture) for capture in captures)
                writer.flush()
            part.rename(target)
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
        with self._one_line_errors():
            _replace(self._root / archive.lines_name(batch, name), (line + b"\n" for line in lines))

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
            for path in [*self._root.glob("*/*/*/*.jsonl"), *self._root.glob("*/*/*/*.part")]:
                if self._is_older(path, before):
                    dropped += 1
                    if not dry_run:
                        path.unlink(missing_ok=True)  # another maintenance may have been quicker
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
        with self._one_line_errors():
            _replace(self._root / archive.report_name(name), [content])

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

    def _free_part(self, batch: Batch) -> str:
        part = 1
        while (self._root / archive.warc_name(batch, part)).exists():
            part += 1
        return archive.warc_name(batch, part)


class WarcWriter:
    """Appends captures to one open WARC file and knows at which byte each begins.

    The same captures under the same path give the same bytes.
    """

    def __init__(self, stream: BinaryIO, path: str, opened_at: datetime) -> None:
        """Begin the file with its warcinfo record."""
        self._stream, self._path, self._offset = stream, path, 0
        self._buffer = BytesIO()
        self._records = WARCWriter(self._buffer, gzip=True, warc_version=_VERSION)
        software = {"software": f"newswire/{version('newswire')}", "format": "WARC File Format 1.1"}
        information = self._records.create_warcinfo_record(path.rpartition("/")[2], software)
        information.rec_headers.replace_header("WARC-Date", _warc_date(opened_at))
        information.rec_headers.replace_header("WARC-Record-ID", self._record_id("warcinfo"))
        self._write(information)
        self._append()

    def add(self, capture: Capture) -> CaptureRef:
        """Append the capture's three records in one write."""
        date = _warc_date(capture.fetched_at)
        response = self._records.create_warc_record(
            capture.final_url,
            "response",
            payload=BytesIO(capture.body),
            http_headers=StatusAndHeaders(
                _status_line(capture.status), _writable(capture.headers), protocol="HTTP/1.1"
            ),
            warc_headers_dict={"WARC-Record-ID": self._record_id("response"), "WARC-Date": date},
        )
        self._write(response)
        address = urlsplit(capture.final_url)
        request_line = f"GET {address.path or '/'}{'?' + address.query if address.query else ''} HTTP/1.1"
        concurrent = {"WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID"), "WARC-Date": date}
        request = self._records.create_warc_record(
            capture.final_url,
            "request",
            http_headers=StatusAndHeaders(request_line, _writable(capture.request_headers), is_http_request=True),
            warc_headers_dict={"WARC-Record-ID": self._record_id("request"), **concurrent},
        )
        self._write(request)
        fields = [f"requested: {capture.url}", *(f"redirect: {hop.status} {hop.url}" for hop in capture.redirects)]
        metadata = self._records.create_warc_record(
            capture.final_url,
            "metadata",
            payload=BytesIO("".join(f"{line}\r\n" for line in fields).encode()),
            warc_content_type="application/warc-fields",
            warc_headers_dict={"WARC-Record-ID": self._record_id("metadata"), **concurrent},
        )
        self._write(metadata)
        return self._append()

    def flush(self) -> None:
        """Bring what was written to the disk."""
        _sync(self._stream)

    def _record_id(self, kind: str) -> str:
        """Return the id of the record that comes now: made of its place, which no other record has."""
        return f"<{uuid5(NAMESPACE_URL, f'{self._path}#{self._offset}/{kind}').urn}>"

    def _write(self, record: Any) -> None:  # noqa: ANN401 - warcio has no types
        self._records.write_record(record)
        record.raw_stream.close()  # warcio leaves a temporary file open, in which it counted the digest

    def _append(self) -> CaptureRef:
        data = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        ref = CaptureRef(path=self._path, offset=self._offset, length=len(data))
        self._stream.write(data)
        self._stream.flush()
        self._offset += len(data)
        return ref


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


def _warc_date(at: datetime) -> str:
    return str(datetime_to_iso_date(at.astimezone(UTC).replace(tzinfo=None), use_micros=True))


def _status_line(status: int) -> str:
    known = {known.value: known.phrase for known in HTTPStatus}
    return f"{status} {known.get(status, 'Unknown')}"


def _writable(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers without line breaks or undecodable bytes: a record's framing must not depend on a server."""
    return [
        (name, " ".join(value.split()).encode("utf-8", "backslashreplace").decode("utf-8")) for name, value in headers
    ]


def _replace(target: UPath, content: Iterable[bytes]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    with part.open("wb") as stream:
        stream.writelines(content)
        _sync(stream)
    part.rename(target)


def _sync(stream: BinaryIO) -> None:
    stream.flush()
    try:
        number = stream.fileno()
    except (AttributeError, UnsupportedOperation):  # an object store has no file number: closing is its commit
        return
    os.fsync(number)
