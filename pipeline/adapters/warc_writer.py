"""Writing one WARC file: whole captures, one after the other, or, after a write that failed, no more of them."""

import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from io import BytesIO, UnsupportedOperation
from typing import Any, BinaryIO
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from warcio.statusandheaders import StatusAndHeaders
from warcio.timeutils import datetime_to_iso_date
from warcio.warcwriter import WARCWriter

from pipeline.errors import StoreUnavailable
from pipeline.model.capture import Capture, CaptureRef

_VERSION = "WARC/1.1"


class WarcWriter:
    """Appends captures to one open WARC file and knows at which byte each begins.

    The same captures under the same path give the same bytes. After a write that failed, none is taken any more.
    """

    def __init__(
        self,
        stream: BinaryIO,
        path: str,
        opened_at: datetime,
        clear_errors: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """Begin the file with its warcinfo record; ``clear_errors`` makes StoreUnavailable of what the stream raises."""
        self._stream, self._path, self._offset = stream, path, 0
        self._clear_errors = clear_errors
        self._has_failed = False
        self._buffer = BytesIO()
        self._records = WARCWriter(self._buffer, gzip=True, warc_version=_VERSION)
        software = {"software": f"newswire/{version('newswire')}", "format": "WARC File Format 1.1"}
        information = self._records.create_warcinfo_record(path.rpartition("/")[2], software)
        information.rec_headers.replace_header("WARC-Date", _warc_date(opened_at))
        information.rec_headers.replace_header("WARC-Record-ID", self._record_id("warcinfo"))
        self._write(information)
        self._append()

    def add(self, capture: Capture) -> CaptureRef:
        """Append the capture's three records in one write. Raises StoreUnavailable, and from then on at every call."""
        with self._clear_errors():  # of temporary files, too
            self._write_records(capture)
            return self._append()

    def flush(self) -> None:
        """Bring what was written to the disk."""
        self._check_usable()
        sync(self._stream)

    def _write_records(self, capture: Capture) -> None:
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
        self._check_usable()
        try:
            self._stream.write(data)
            self._stream.flush()
        except BaseException:
            self._has_failed = True
            _cut(self._stream, self._offset)
            raise
        self._offset += len(data)
        return ref

    def _check_usable(self) -> None:
        # Room may come again while others of the batch are under way: what they added would have another place than told.
        if self._has_failed:
            raise StoreUnavailable(f"an earlier capture could not be kept, so {self._path} takes no more")


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


def _cut(stream: BinaryIO, length: int) -> None:
    """End a file for good after so many bytes, without what the stream still holds back.

    Where it cannot be cut either, it ends within a record, as after a crash. An object store has no file that grows: it gets
    the whole of what was written, or nothing.
    """
    if file := getattr(stream, "raw", None):
        with suppress(OSError):
            file.truncate(length)
        file.close()


def sync(stream: BinaryIO) -> None:
    """Bring what was written to the disk; on an object store, closing does it."""
    stream.flush()
    try:
        number = stream.fileno()
    except (AttributeError, UnsupportedOperation):  # an object store has no file number: closing is its commit
        return
    os.fsync(number)
