"""A rebuilt generation: which captures it was made of anew, what became of them, and how it differs from the live one."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.model.fate import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """The times ``since <= t < until``."""

    since: datetime
    until: datetime

    def holds(self, time: datetime) -> bool:
        """Tell whether the time lies in it."""
        return self.since <= time < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """What the archive remembers of a rebuilt generation."""

    generation: str
    begun_at: datetime
    #: Documents of captures in these are made anew, all others are copied as they are.
    intervals: tuple[Interval, ...] = ()
    promoted_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Replayed:
    """What a replay did, in numbers of documents but for ``captures``; they add up."""

    #: Read from the archive.
    captures: int = 0
    #: Made anew from their captures.
    written: int = 0
    #: Of captures outside the interval, as they are.
    copied: int = 0
    #: Of captures in the interval that could not be read again, and why: copied as they are.
    kept: Counter[str] = field(default_factory=Counter)
    #: What the code no longer takes for an article, and why: not in the rebuilt generation.
    left_out: Counter[Reason] = field(default_factory=Counter)
    #: What the search store would not take.
    refused: int = 0

    @property
    def taken(self) -> int:
        """How many documents the generation was given."""
        return self.written + self.copied + self.kept.total()

    def add(self, other: "Replayed") -> None:
        """Add the other's numbers to these."""
        self.captures += other.captures
        self.written += other.written
        self.copied += other.copied
        self.kept += other.kept
        self.left_out += other.left_out
        self.refused += other.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field of one document, before and after, as JSON shortened to where the two part."""

    id: str
    url: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChanges:
    """How many documents say something else in that field."""

    field: str
    documents: int
    samples: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneSided:
    """Documents that only one of two generations has."""

    documents: int = 0
    #: Addresses of some.
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """What two streams of documents have in common, and what not."""

    #: On each side.
    live_documents: int
    rebuilt_documents: int
    only_live: OneSided
    only_rebuilt: OneSided
    #: In both, with another value in at least one field.
    changed: int
    #: Most changed first.
    fields: tuple[FieldChanges, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A rebuilt generation beside the live one."""

    generation: str
    #: None where nothing is live yet.
    live: str | None
    compared_at: datetime
    intervals: tuple[Interval, ...]
    left_out: dict[Reason, int]
    differences: Differences
