"""HTTP responses as stored, and the batches they are stored in."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """One hop: the status and the absolute address it pointed to."""

    status: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """An HTTP response as stored: the body is decompressed, the headers are as received."""

    #: The address that was asked for.
    url: str
    #: The address that answered, after ``redirects``.
    final_url: str
    fetched_at: datetime
    status: int
    #: In order of arrival, names as sent; a name can occur twice.
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    redirects: tuple[Redirect, ...] = ()
    #: Request headers, for the archive's request record.
    request_headers: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str | None:
        """Return the first header of that name, in any case, or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A unit of work: one WARC file and the JSON lines beside it."""

    #: ``20261123T234500Z-1f2e3d4c``: when it was opened and a random part.
    id: str
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRef:
    """Where a capture's response record lies in the archive."""

    #: Relative to the archive, such as ``2026/11/23/20261123T234500Z-1f2e3d4c.5a6b7c8d.warc.gz``.
    path: str
    #: Bytes from the start of the file to the record.
    offset: int
    #: Compressed bytes of the record.
    length: int
