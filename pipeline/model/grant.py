"""What a key of the search store lets its holder do."""

from enum import StrEnum


class Grant(StrEnum):
    """One key for each kind of process, with no more rights than that kind needs."""

    #: The flow: writes documents, and makes the indices of a new month.
    WRITER = "writer"
    #: The page and searches: read what is live, and nothing else.
    READER = "reader"
    #: Replays, promotions and retention: all of Newswire's own indices, and no other's.
    ADMIN = "admin"
