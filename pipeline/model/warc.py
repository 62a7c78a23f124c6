"""WARC files that others wrote, such as a crawl's, and what a backfill reads from them."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from pipeline.model.capture import Capture


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcListing:
    """The files that may hold records of an interval, by address, and what could not be listed, a line each."""

    addresses: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcRecord:
    """A response record: its capture, or why it is left out."""

    #: Bytes from the start of the file to the record's end.
    ends: int
    #: The response, body and all decoded.
    capture: Capture | None = None
    #: Such as ``other site``; empty where there is a capture.
    left_out: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcProgress:
    """How far a WARC file was read for the records of one interval."""

    #: The file's address, with a mark of whose records were asked for.
    file: str
    since: datetime
    until: datetime
    #: Bytes of the file that are done: what stands before is in the ledger, or was left out.
    position: int = 0
    is_done: bool = False

    def resume(self, size: int) -> Self:
        """Return where to go on in a file that has so many bytes now: behind what is done; a smaller file is another one."""
        return replace(
            self, position=self.position if size >= self.position else 0, is_done=self.is_done and size == self.position
        )
