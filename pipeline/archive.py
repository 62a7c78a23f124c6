"""Where a batch lies in the archive: names only; adapters/warc_archive.py reads and writes."""

import re
import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from pipeline.errors import UsageError
from pipeline.model.capture import Batch

#: There was no web before; the arithmetic of days breaks at the year 1.
FIRST_DAY = datetime(1990, 1, 1, tzinfo=UTC)

_ID = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]{8}")
_ID_TIME = "%Y%m%dT%H%M%SZ"


def open_batch(now: datetime) -> Batch:
    """Return a new batch, whose id sorts by time and is unique without asking anybody."""
    return name_batch(now, secrets.token_hex(4))


def name_batch(opened_at: datetime, digest: str) -> Batch:
    """Return the batch of that time and of the first eight of these hex digits, the same one at each call."""
    opened_at = opened_at.astimezone(UTC).replace(microsecond=0)
    return Batch(id=f"{opened_at:{_ID_TIME}}-{digest[:8]}", opened_at=opened_at)


def parse_batch(batch_id: str) -> Batch:
    """Return the batch of that id. Raises UsageError where it is none."""
    match = _ID.fullmatch(batch_id)
    if not match:
        raise UsageError(f"{batch_id!r} is no batch id; one looks like 20261123T234500Z-1f2e3d4c")
    return Batch(id=batch_id, opened_at=datetime.strptime(match[1], _ID_TIME).replace(tzinfo=UTC))


def check_first_day(begin: datetime, said: str) -> None:
    """Raise UsageError where an interval, which begins as ``said``, begins before FIRST_DAY."""
    if begin < FIRST_DAY:
        raise UsageError(f"{said} is too early: days begin with {FIRST_DAY:%Y-%m-%d}")


def warc_name(batch: Batch, writer: str = "") -> str:
    """Return the path of the batch's only WARC file, or of this writer's: two tries may be at a batch at once."""
    suffix = f".{writer}" if writer else ""
    return f"{_folder(batch.opened_at)}/{batch.id}{suffix}.warc.gz"


def lines_name(batch: Batch, name: str) -> str:
    """Return the path of the batch's hand-over of that name."""
    return f"{_folder(batch.opened_at)}/{batch.id}.{name}.jsonl"


def report_name(name: str) -> str:
    """Return the path of the report of that name."""
    return f"reports/{name}.json"


def day_folders(since: datetime, until: datetime) -> Iterator[str]:
    """Yield the folders that can hold captures fetched in the interval; a batch may have been opened the day before."""
    day: date = (since.astimezone(UTC) - timedelta(days=1)).date()
    while day <= until.astimezone(UTC).date():
        yield f"{day:%Y/%m/%d}"
        day += timedelta(days=1)


def _folder(opened_at: datetime) -> str:
    return f"{opened_at:%Y/%m/%d}"
