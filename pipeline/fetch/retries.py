"""When a failed visit is tried again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

#: After the first, second, third and fourth failed visit: the first soon, since news is news; together longer than an hour.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 4, 16, 64))
_LONGEST_ASKED = timedelta(hours=24)


def retry_at(
    attempts: int, now: datetime, after: timedelta | None, randomness: float, waits: Sequence[timedelta] = WAITS
) -> datetime | None:
    """Return when to visit again, or None where a visit more than there are ``waits`` has failed: usually the fifth.

    ``attempts`` are the visits that failed before this one; ``after`` is the least wait that the server asked for, and
    ``randomness`` (0 to 1) adds up to half of the wait, so that what failed together does not come back together.
    """
    if attempts >= len(waits):
        return None
    return now + max(waits[attempts] * (1 + randomness / 2), min(after or timedelta(0), _LONGEST_ASKED))
