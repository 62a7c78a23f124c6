"""Where captures are kept, and where those of others are read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from pipeline.model.capture import Batch, Capture, CaptureRef
from pipeline.model.warc import WarcListing, WarcRecord


class BatchWriter(Protocol):
    """Adds captures to one open batch."""

    def add(self, capture: Capture) -> CaptureRef:
        """Append the capture and return where its response record lies.

        Raises StoreUnavailable where it cannot be kept; then nothing more can be added here, and what was, stays.
        """
        ...


class Archive(Protocol):
    """Keeps every capture for good, one WARC file a batch, and a batch's hand-over between tasks beside it."""

    def open_batch(self, batch: Batch) -> AbstractContextManager[BatchWriter]:
        """Open the batch for writing; what was added is durable when the context ends.

        A batch can be opened again, also while another try is still at it: nothing that either added is lost.
        """
        ...

    def import_captures(self, batch: Batch, captures: Sequence[Capture]) -> tuple[CaptureRef, ...]:
        """Keep these as the batch's only file, whole or not at all; with the same captures, it can be repeated at any time."""
        ...

    def read(self, ref: CaptureRef) -> Capture:
        """Return the capture that ``add`` was given, byte for byte. Raises UsageError where there is none."""
        ...

    def scan(self, since: datetime, until: datetime) -> Iterator[tuple[CaptureRef, Capture]]:
        """Yield the captures fetched in ``since <= t < until``, batch by batch, to the last whole record of each file."""
        ...

    def write_lines(self, batch: Batch, name: str, lines: Iterable[bytes]) -> None:
        """Replace the hand-over ``name`` of the batch by these JSON lines, all or nothing."""
        ...

    def read_lines(self, batch: Batch, name: str) -> Iterator[bytes]:
        """Yield the lines that ``write_lines`` was given. Raises UsageError where there are none."""
        ...

    def drop_lines(self, before: datetime, *, dry_run: bool = False) -> int:
        """Remove the hand-overs of batches opened before then; return how many (``dry_run``: would be removed)."""
        ...

    def write_report(self, name: str, content: bytes) -> None:
        """Keep a JSON report beside the captures, replacing one of that name, all or nothing."""
        ...

    def read_report(self, name: str) -> bytes | None:
        """Return the report of that name, or None."""
        ...


class WarcSource(Protocol):
    """WARC files that others wrote; they are only read.

    Raises Retry where the files, or one of them, cannot be had now.
    """

    def files(self, since: datetime, until: datetime) -> WarcListing:
        """Return the files that may hold records dated in ``since <= t < until``, in order of name."""
        ...

    def size(self, address: str) -> int:
        """Return the bytes of the file. Raises DamagedWarc where it is empty."""
        ...

    def read(self, address: str, position: int, why_left_out: Callable[[str, datetime], str]) -> Iterator[WarcRecord]:
        """Yield the response records from that byte on, one at a time, in constant memory.

        ``why_left_out`` is given a record's URL and date; where it says why, the record is not read. One that is too large, or
        that cannot be decoded, is left out too. Where the file is damaged or cut off, DamagedWarc is raised after its last
        whole record.
        """
        ...
