"""Days and times as users write them."""

from datetime import UTC, date, datetime, time, timedelta

from pipeline.errors import UsageError

_MINUTE = timedelta(minutes=1)


def read_since(text: str, option: str = "--since") -> datetime:
    """Return the first moment of a day, or the time as given; UTC where no offset is written."""
    day = _read_day(text)
    return _start_of(day) if day else _read_time(option, text)


def read_until(text: str, option: str = "--until") -> datetime:
    """Return the first moment no longer meant: of the next day for a day, else the time as given."""
    day = _read_day(text)
    if day is None:
        return _read_time(option, text)
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return _start_of(day + timedelta(days=1))


def read_date(text: str, option: str) -> tuple[datetime, datetime]:
    """Return the first moment of a day, or of the minute of a time, and the first moment after it."""
    if _read_day(text):
        return read_since(text, option), read_until(text, option)
    minute = _read_time(option, text).replace(second=0, microsecond=0)
    last = datetime.max.replace(tzinfo=UTC)
    return minute, minute + _MINUTE if last - minute > _MINUTE else last


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _read_time(option: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{option} is {text!r}; write a day such as 2026-11-23 or a time such as 2026-11-23T18:30+01:00"
        raise UsageError(message) from error
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise UsageError(f"{option} is {text!r}; in UTC that lies outside the years 1 to 9999") from error


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
