"""Texts that are printed more than once: what is remembered of a text, and what it took from another."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What is left of a text to find its copies by; nothing of a text too short. See ``reprints/fingerprints.py``.

    Each is hashes, ascending.
    """

    #: What two texts with some sentences in common share; hashes of 4 bytes.
    keys: bytes
    #: The smallest of all passages; hashes of 3 bytes.
    passages: bytes
    #: The smallest of all shingles; as above.
    shingles: bytes


class Standing(IntEnum):
    """How good a right an article has to be called the original; the smaller goes first."""

    #: The publisher is the agency that the article names as its source.
    AGENCY = 0
    #: The article names an agency, by byline or dateline.
    NAMES_AGENCY = 1
    NONE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Printing:
    """An article as the search for copies knows it."""

    article_id: str
    fingerprint: Fingerprint
    standing: Standing
    #: When it was published or first seen, whichever came first: a publisher's clock may run ahead.
    printed_at: datetime
    #: An older capture of the article never replaces what a newer one said.
    captured_at: datetime

    @property
    def rank(self) -> tuple[int, datetime, str]:
        """The order in which articles claim to be the original, the best first; never equal for two articles."""
        return self.standing, self.printed_at, self.article_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Reprint:
    """What an article took from the article that is taken for its original."""

    #: Article id of the original.
    reprint_of: str
    #: Shingles that both have, of all that either has: 1 for equal texts (the Jaccard coefficient).
    similarity: float
    #: The share of its shingles that the original does not have.
    own_share: float
