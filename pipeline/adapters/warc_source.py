"""WARC files that others wrote, in a folder, an object store, or a listing; read record by record."""

import gzip
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from typing import Any

from upath import UPath
from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeadersParserException
from warcio.timeutils import iso_date_to_datetime

from pipeline.adapters.http_body import ENCODINGS, Inflater
from pipeline.adapters.storage import open_storage
from pipeline.adapters.warc_records import RawRecord, read_members, read_plain
from pipeline.archive import day_folders
from pipeline.discover.warcs import month_folders, read_listing, select_files
from pipeline.errors import DamagedWarc, Reject, Retry
from pipeline.model.capture import Capture
from pipeline.model.warc import WarcListing, WarcRecord
from pipeline.urls import normalise_url

#: A record, with its headers; the same cap as for pages that we fetch.
MAX_BYTES = 10 * 1024 * 1024
#: A listing, inflated: 100,000 paths of 160 characters.
MAX_LISTING = 16 * 1024 * 1024

_CHUNK = 1 << 16
_LISTINGS = (".paths", ".paths.gz", ".txt")
#: What opens as an address of some kind, however many slashes it has.
_SCHEME = re.compile(r"[^/]*:/|.*://|data:", re.IGNORECASE)
#: They describe the body as sent; the body handed on is decoded (docs/decisions/0004).
_TRANSFER_HEADERS = {"content-encoding", "transfer-encoding", "content-length"}
#: What warcio and zlib raise on records that cannot be read.
_UNREADABLE = (
    ArchiveLoadFailed,
    AttributeError,  # warcio, of a record whose headers an empty line cuts in two
    StatusAndHeadersParserException,
    EOFError,
    LookupError,
    OverflowError,  # a length of many digits
    StopIteration,
    TypeError,
    ValueError,
    zlib.error,
)


class WarcFolder:
    """Promises what ports.WarcSource does."""

    def __init__(self, url: str, *, max_bytes: int = MAX_BYTES) -> None:
        """Take a folder, a listing file, or a URL of one; nothing is touched yet. Raises UsageError where it is none."""
        self._root, self._errors = open_storage(url, "NEWSWIRE_WARCS")
        self._max_bytes = max_bytes

    def files(self, since: datetime, until: datetime) -> WarcListing:
        """List the files of the interval's months, those beside the month folders, or those that the listing names."""
        with self._one_line_errors(self._root):
            if self._root.name.endswith(_LISTINGS):
                return self._listed(since, until)
            if self._root.is_file():
                return WarcListing(addresses=(str(self._root),))
            if not self._root.is_dir():
                raise Retry(f"NEWSWIRE_WARCS: there is nothing at {self._root}")
            # Of months, as crawls have them, and of days, as our own archive has.
            below = [*month_folders(since, until), *day_folders(since, until)]
            folders = [self._root, *(self._root / folder for folder in below)]
            names = [str(path) for folder in folders if folder.is_dir() for path in folder.iterdir()]
        return WarcListing(addresses=select_files(names, since, until))

    def size(self, address: str) -> int:
        """Ask the folder or the store."""
        path = UPath(address)
        with self._one_line_errors(path):
            size = int(path.stat().st_size)
        if not size:
            raise DamagedWarc(f"{path} is empty")
        return size

    def read(self, address: str, position: int, why_left_out: Callable[[str, datetime], str]) -> Iterator[WarcRecord]:
        """Yield response records; only the one at hand is in memory."""
        path = UPath(address)
        read = read_members if address.lower().endswith(".gz") else read_plain
        with self._one_line_errors(path), path.open("rb") as stream:
            stream.seek(position)
            for raw in read(stream, position, limit=self._max_bytes):
                record = self._read_record(raw, why_left_out)
                if record:
                    yield record

    def _read_record(self, raw: RawRecord, why_left_out: Callable[[str, datetime], str]) -> WarcRecord | None:
        if raw.data is None:
            return WarcRecord(ends=raw.ends, left_out="too large")
        fields = _warc_fields(raw.data)
        if fields.get("warc-type") != "response":
            return None
        try:
            url = normalise_url(fields.get("warc-target-uri", "").strip("<>"))
            fetched_at = iso_date_to_datetime(fields.get("warc-date", ""), tz_aware=True)
            # Half a page would be known already to whoever has all of it: another file, a sitemap, a feed.
            if reason := why_left_out(url, fetched_at) or ("truncated" if "warc-truncated" in fields else ""):
                return WarcRecord(ends=raw.ends, left_out=reason)
            capture = _read_capture(raw.data, url, fetched_at, self._max_bytes)
        except Reject:
            return WarcRecord(ends=raw.ends, left_out="no web address")
        except _UNREADABLE:
            return WarcRecord(ends=raw.ends, left_out="unreadable")
        return WarcRecord(ends=raw.ends, capture=capture, left_out="" if capture else "too large")

    def _listed(self, since: datetime, until: datetime) -> WarcListing:
        with self._root.open("rb") as file:
            data = file.read(MAX_LISTING + 1)
        try:
            text = _decode_listing(data)
        except (OSError, EOFError, zlib.error, ValueError) as error:
            raise Retry(f"NEWSWIRE_WARCS: {self._root} is no listing of WARC files: {error}") from error
        chosen = select_files(read_listing(text), since, until)
        own = [line for line in chosen if self._is_own(line)]
        found = {line: address for line, address in self._resolve(own) if address}
        missing = {line: "missing" for line in own if line not in found}
        foreign = {line: "elsewhere; a listing names files of its own store" for line in chosen if line not in own}
        problems = tuple(f"{line}, listed in {self._root}, is {what}" for line, what in (missing | foreign).items())
        return WarcListing(addresses=tuple(found.values()), problems=problems)

    def _is_own(self, line: str) -> bool:
        """Tell whether the line names a file of the listing's own store: whoever wrote it may not send us anywhere else.

        A bucket is a store; ``file:/`` is an address to whoever opens it, too.
        """
        if "::" in line or not _SCHEME.match(line.lstrip("/")):
            return "::" not in line
        return line.startswith(f"{self._root.protocol}://") and UPath(line).drive == self._root.drive

    def _resolve(self, lines: Iterable[str]) -> Iterator[tuple[str, str | None]]:
        """Yield where each line's file lies: its address, or a path below the listing's folder or one of its parents.

        Crawls list paths from their bucket's root, some with a slash before them; a copy of some folders has its root elsewhere.
        """
        bases = list(self._root.parents)
        top = self._root.absolute().parents[-1]
        for line in lines:
            if _SCHEME.match(line) or line.startswith("/"):
                path = UPath(line) if _SCHEME.match(line) else top / line.lstrip("/")
                yield line, str(path) if path.exists() else None
                continue
            base = next((base for base in bases if (base / line).exists()), None)
            if base is not None:
                bases = [base, *(other for other in bases if other != base)]
            yield line, str(base / line) if base is not None else None

    @contextmanager
    def _one_line_errors(self, path: UPath) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            reason = getattr(error, "strerror", None) or error
            raise Retry(f"{path} cannot be read: {reason}") from error


def _decode_listing(data: bytes) -> str:
    """Return the listing's text. Raises OSError, EOFError, zlib.error or ValueError where it is broken or too large."""
    if data.startswith(b"\x1f\x8b"):
        with gzip.open(BytesIO(data)) as inflated:
            data = inflated.read(MAX_LISTING + 1)
    if len(data) > MAX_LISTING:
        raise ValueError(f"larger than {MAX_LISTING:,} bytes")
    return data.decode()


def _warc_fields(data: bytes) -> Mapping[str, str]:
    """Return the record's own header fields by lower-case name; parsing all of the record would take ten times as long."""
    lines = data.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").split("\r\n")[1:]
    return {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _read_capture(data: bytes, url: str, fetched_at: datetime, limit: int) -> Capture | None:
    """Return the capture with its body decoded; None where that is larger than the limit. Raises one of _UNREADABLE."""
    record = next(ArchiveIterator(BytesIO(data)))
    headers = record.http_headers
    if headers is None:  # warcio takes another header for the record's type than we do, where there are two
        raise ValueError("no HTTP message")
    body = _decode_body(record, limit)
    if body is None:
        return None
    return Capture(
        url=url,
        final_url=url,
        fetched_at=fetched_at,
        status=int(headers.get_statuscode()),
        headers=tuple(
            (f"X-Crawler-{name}" if name.lower() in _TRANSFER_HEADERS else name, value)
            for name, value in headers.headers
        ),
        body=body,
    )


def _decode_body(record: Any, limit: int) -> bytes | None:  # noqa: ANN401 - warcio has no types
    """Return the body without its transfer and content encoding, inflated step by step; None beyond the limit.

    Some crawlers decode bodies and leave the headers as they were: what does not begin as its header says is taken as it is.
    """
    is_chunked = (record.http_headers.get_header("Transfer-Encoding") or "").strip().lower() == "chunked"
    sent: bytes = (ChunkedDataReader(record.raw_stream) if is_chunked else record.raw_stream).read()
    encoding = (record.http_headers.get_header("Content-Encoding") or "").strip().lower()
    if encoding in {"", "identity"} or not sent or _is_decoded(sent, encoding):
        return sent
    inflater, body = Inflater(encoding), bytearray()
    for piece in inflater.feed(sent):
        body += piece
        if len(body) > limit:
            return None
    return bytes(body + inflater.finish())


def _is_decoded(sent: bytes, encoding: str) -> bool:
    """Tell whether the body is plain although a header says otherwise. Raises ValueError where we cannot decode it."""
    if encoding not in ENCODINGS:
        raise ValueError(encoding)
    try:
        next(Inflater(encoding).feed(sent[:_CHUNK]))
    except zlib.error:
        return True
    return False
