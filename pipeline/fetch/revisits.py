"""When an indexed article is visited again, to see whether it was changed or withdrawn."""

from collections.abc import Sequence
from datetime import datetime, timedelta

#: After the publication or first sight, whichever came first.
REVISITS = (timedelta(hours=1), timedelta(hours=24), timedelta(days=7))


def next_revisit(seen_at: datetime, now: datetime, revisits: Sequence[timedelta]) -> datetime | None:
    """Return the first of the times after ``seen_at`` that is still to come, or None."""
    return min((seen_at + after for after in revisits if seen_at + after > now), default=None)


def rest_until(first_seen_at: datetime, visited_at: datetime, now: datetime) -> datetime:
    """Return until when a page is left alone of which a visit brought nothing new, whatever its feed says: a tenth of its age.

    So the visits of a page whose feed says something else at each poll grow with the logarithm of its age.
    """
    return visited_at + (now - first_seen_at) / 10
