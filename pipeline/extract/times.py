"""Texts read as times: in the ways that pages of many languages write them; a zone is never guessed."""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import cache

from pipeline.extract.text import clean_line
from pipeline.extract.words import load_words
from pipeline.model.evidence import Precision, Timestamp

_TIME = (
    r"(?:\D{0,12}?(?:(?P<noon>오전|오후|上午|下午|午前|午後)\s*)?(?P<hour>\d{1,2})\s?[:.h時时시：]\s?(?P<minute>\d{2})[分분]?"
    r"(?::(?P<second>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[ap]\.?m\b\.?)?)?"
)
_AFTERNOON = frozenset({"오후", "下午", "午後"})
_TIME_BEFORE = re.compile(
    r"^\D{0,20}(?P<hour>\d{1,2})[:h](?P<minute>\d{2})\s*(?P<half>[ap]\.?m\b\.?)?(?!\d)", re.IGNORECASE
)
_ZONE = r"(?:\s*(?:Uhr\s*)?\(?(?:(?:GMT|UTC)(?=[+-]\d))?(?P<zone>[+-]\d{1,2}:?(?:\d{2})?|[A-Z]{1,4})\b\)?)?"
_FORMS = tuple(
    re.compile(form + _TIME + _ZONE, re.IGNORECASE)
    for form in (
        r"(?<!\d)(?P<year>\d{4})[-/.]\s?(?P<month>\d{1,2})[-/.]\s?(?P<day>\d{1,2})(?!\d)\.?",
        r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?!\d)",
        r"(?<!\d)(?P<year>\d{4})\s*[年년]\s*(?P<month>\d{1,2})\s*[月월]\s*(?P<day>\d{1,2})",
        r"(?<!\d)(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})",
        r"(?<!\d)(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|\.)?\s+(?:de\s+)?(?P<name>[^\W\d_]{2,14})\.?,?\s+(?:de\s+)?(?P<year>\d{4})",
        r"(?<![^\W\d_])(?P<name>[^\W\d_]{3,14})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})",
        r"(?<!\d)(?P<first>\d{1,2})/(?P<second_number>\d{1,2})/(?P<year>\d{4})",
    )
)
_COMPACT_TIME = re.compile(r"^(\d{8})T(\d{2})(\d{2})(\d{2})?")
_EPOCH = re.compile(r"^\d{10}(?:\d{3})?$")
_OLDEST_YEAR = 1900
_NOON = 12


def parse_timestamp(raw: str, source: str, language: str | None = None) -> Timestamp | None:
    """Return the time that the text says, or None; without an offset it is in UTC by convention and says so.

    ``language`` (BCP 47) settles 3/4/2023: month first in en-US, day first elsewhere, and nothing in plain ``en``.
    """
    text = clean_line(raw)
    if _EPOCH.match(text):
        value = datetime.fromtimestamp(int(text[:10]), UTC)
        return Timestamp(raw=raw, value=value, source=source) if value.year >= _OLDEST_YEAR else None
    text = _COMPACT_TIME.sub(r"\1T\2:\3", text)
    for form in _FORMS:
        for found in form.finditer(text):
            groups = found.groupdict()
            before = None if groups["hour"] else _TIME_BEFORE.search(text[: found.start()])
            stamp = _from_groups(raw, source, groups | (before.groupdict() if before else {}), language)
            if stamp:
                return stamp
    return None


def is_date_word(word: str, *, with_months: bool) -> bool:
    """Tell whether the word is a day of the week, leads to a date as "updated" does, or is a month, which may be a name too."""
    return word.lower() in _lead_words() or (with_months and word.lower() in _months())


def _from_groups(raw: str, source: str, groups: dict[str, str | None], language: str | None) -> Timestamp | None:
    month, day = _month_and_day(groups, language)
    hour, minute = int(groups["hour"] or 0), int(groups["minute"] or 0)
    half = (groups["half"] or "").lower()
    if half or groups.get("noon"):
        is_afternoon = half.startswith("p") or groups.get("noon") in _AFTERNOON
        hour = hour % _NOON + (_NOON if is_afternoon else 0)
    offset = _offset(groups["zone"]) if groups["hour"] else None
    try:
        value = datetime(
            int(groups["year"] or 0), month, day, hour, minute, int(groups["second"] or 0), tzinfo=offset or UTC
        )
        value.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if value.year < _OLDEST_YEAR or (value.year, value.month, value.day) == (1970, 1, 1):  # an unset clock
        return None
    precision = Precision.MINUTE if groups["hour"] else Precision.DAY
    return Timestamp(raw=raw, value=value, source=source, precision=precision, has_offset=offset is not None)


def _month_and_day(groups: dict[str, str | None], language: str | None) -> tuple[int, int]:
    """Return month and day; 0 for a month that nothing tells."""
    if groups.get("name"):
        return _months().get((groups["name"] or "").lower(), 0), int(groups["day"] or 0)
    if groups.get("month"):
        return int(groups["month"] or 0), int(groups["day"] or 0)
    first, second = int(groups["first"] or 0), int(groups["second_number"] or 0)
    tag = (language or "").lower().replace("_", "-")
    if first > _NOON or (second <= _NOON and tag not in {"", "en", "en-us"}):
        return second, first
    if second > _NOON or tag == "en-us":
        return first, second
    return 0, 0


def _offset(zone: str | None) -> timezone | None:
    if not zone:
        return None
    if zone[0] in "+-":
        digits = zone[1:].replace(":", "")
        hours, minutes = (digits[:2], digits[2:]) if len(digits) != 3 else (digits[:1], digits[1:])  # noqa: PLR2004 - "530"
        delta = timedelta(hours=int(hours), minutes=int(minutes or 0))
    else:
        hours_from_utc = load_words("dates")["zones"].get(zone.upper())
        if hours_from_utc is None:
            return None
        delta = timedelta(hours=hours_from_utc)
    return timezone(-delta if zone[0] == "-" else delta) if delta < timedelta(hours=15) else None


@cache
def _months() -> dict[str, int]:
    return {name: int(number) for number, names in load_words("dates")["months"].items() for name in names}


@cache
def _lead_words() -> frozenset[str]:
    return frozenset(load_words("dates")["lead"]["words"])
