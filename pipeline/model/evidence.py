"""Values with their evidence: what was written, what we read in it, and where it stood."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Precision(StrEnum):
    """How exactly a time is known."""

    MINUTE = "minute"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A text and where it came from, such as ``json-ld``, ``meta:og:title``, ``page:h1``, ``feed`` or ``url``."""

    value: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """A time as written (``raw``), as read (``value``, aware, keeping the offset that was written) and where it stood."""

    raw: str
    value: datetime
    source: str
    precision: Precision = Precision.MINUTE
    #: False where the source wrote no offset: then ``value`` is in UTC by convention, not by knowledge.
    has_offset: bool = True
