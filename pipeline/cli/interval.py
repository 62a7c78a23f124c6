"""The days that --from and --to name."""

from datetime import UTC, datetime

from pipeline.archive import check_first_day
from pipeline.errors import UsageError
from pipeline.search.times import read_since, read_until


def read_interval(since: str, until: str) -> tuple[datetime, datetime]:
    """Return the interval from the begin of the first day to the end of the last. Raises UsageError where there is none."""
    begin, end = read_since(since, "--from"), read_until(until, "--to")
    check_first_day(begin, f"--from {since}")
    if begin >= end:
        raise UsageError(f"--from {since} is later than --to {until}")
    if begin > datetime.now(UTC):
        raise UsageError(f"--from {since} is in the future: there is nothing yet")
    return begin, end
