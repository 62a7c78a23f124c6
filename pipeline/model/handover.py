"""What one stage hands to the next: lines beside the WARC file, and the numbers of what it did."""

from collections import Counter
from dataclasses import dataclass, field

from pipeline.model.capture import CaptureRef
from pipeline.model.document import Document
from pipeline.model.fate import Claim, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One line of a batch's ``fetched`` hand-over."""

    claim: Claim
    capture: CaptureRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """One line of a batch's ``documents`` hand-over."""

    claim: Claim
    document: Document


@dataclass(slots=True, kw_only=True)
class Report:
    """What a stage did, in numbers; reports add up."""

    feeds: Counter[str] = field(default_factory=Counter)
    #: Entries put into the inbox, by ``new`` and ``changed``; of a backfill's, ``new`` and ``known``.
    entries: Counter[str] = field(default_factory=Counter)
    #: What a backfill looked through: sitemaps, WARC files and their records, by what became of them.
    searched: Counter[str] = field(default_factory=Counter)
    #: Claims taken, handed on to the next stage, put back unvisited, and put back after a visit that failed.
    claimed: int = 0
    passed: int = 0
    unvisited: int = 0
    postponed: int = 0
    settled: Counter[Reason] = field(default_factory=Counter)
    #: Ids of the stories that have begun or grown.
    stories: set[str] = field(default_factory=set)

    def add(self, other: "Report") -> None:
        """Add the other's numbers to these."""
        self.feeds += other.feeds
        self.entries += other.entries
        self.searched += other.searched
        self.claimed += other.claimed
        self.passed += other.passed
        self.unvisited += other.unvisited
        self.postponed += other.postponed
        self.settled += other.settled
        self.stories |= other.stories
