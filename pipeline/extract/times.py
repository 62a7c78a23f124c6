"""Texts read as times: in the ways that pages of many languages write them; a zone is never guessed."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo

from pipeline.extract.text import clean_line
from pipeline.extract.words import load_words
from pipeline.model.evidence import Precision, Timestamp

#: A month's name; blanks belong to some Arabic ones, dots to abbreviated Thai ones, and marks beside letters to those of India.
_NAME = r"(?:(?:كانون|تشرين)\s\w{3,6}|[^\W\d_]\.?[^\s\d.,:;/|()\[\]_-]{1,18}(?:\.[^\W\d_](?=\.))?)"
_DAY_FIRST = r"(?<!\d)(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|ª|\.)?\s?[ -]\s?(?:de\s+|d['’])?"
_TIME = (
    r"(?:\D{0,14}?(?:(?P<noon>오전|오후|上午|下午|晚上|午前|午後)\s*)?(?P<hour>\d{1,2})\s?(?:[:.h時时點点시：]|heures)\s?"
    r"(?P<minute>\d{2}(?!\d)|\d(?=[分분]))[分분]?(?::(?P<second>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[ap]\.?m\b\.?|[مص](?!\w))?)?"
)
_AFTERNOON = frozenset({"오후", "下午", "晚上", "午後"})
_TIME_BEFORE = re.compile(
    r"^\D{0,20}(?P<hour>\d{1,2})[:h](?P<minute>\d{2})(?!\d)\s*(?P<half>[ap]\.?m\b\.?)?"
    r"(?:\s*\(?(?P<zone>[A-Z]{2,5})\b)?",
    re.IGNORECASE,
)
_ZONE = r"(?:\s*(?:Uhr\s*)?\(?(?:(?:GMT|UTC)(?=[+-]\d))?(?P<zone>[+-]\d{1,2}:?(?:\d{2})?|[A-ZМСК]{1,4})\b\)?)?"
_FORMS = tuple(
    re.compile(form + _ZONE, re.IGNORECASE)
    for form in (
        r"(?<!\d)(?P<year>\d{4})[-/.]\s?(?P<month>\d{1,2})[-/.]\s?(?P<day>\d{1,2})(?!\d)\.?" + _TIME,
        r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?!\d)" + _TIME,
        r"(?<!\d)(?P<year>\d{1,4})\s*[年년]\s*(?P<month>\d{1,2})\s*[月월]\s*(?P<day>\d{1,2})" + _TIME,
        r"(?<!\d)(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4}|\d{2}(?![\d.:]))" + _TIME,
        rf"{_DAY_FIRST}(?P<name>{_NAME})[.,-]?,?\s?(?:del?\s+|\s)?(?P<year>\d{{4}}|(?<=\.\s)\d{{2}}(?![\d.:]))" + _TIME,
        r"(?<!\d)(?P<day>\d{1,2})\s+tháng\s+(?P<month>\d{1,2}),?\s+(?:năm\s+)?(?P<year>\d{4})" + _TIME,
        rf"(?<![^\W\d_])(?P<name>{_NAME})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})" + _TIME,
        rf"(?<!\d)(?P<year>\d{{4}})(?:\.|\s?m\.)?\s+(?P<name>{_NAME})\.?\s+(?P<day>\d{{1,2}})(?!\d)(?:\.|\s?d\.)?"
        + _TIME,
        rf"(?<!\d)(?P<year>\d{{4}})\.\s+gada\s+(?P<day>\d{{1,2}})\.\s+(?P<name>{_NAME})" + _TIME,
        r"(?<!\d)(?P<first>\d{1,2})(?P<dash>[/-])(?P<second_number>\d{1,2})(?P=dash)(?P<year>\d{4}|\d{2}(?![\d/:-]))"
        + _TIME,
        (
            rf"(?P<name>{_NAME})\s+(?P<day>\d{{1,2}})\s+(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?P<half>(?!))?"
            r"(?=\s[A-Z]{2,5}\s(?P<year>\d{4}))"
        ),
    )
)
#: Written without separators, or with the plus sign of the offset lost on the way.
_MENDS = (
    (re.compile(r"^(\d{8})T?(\d{2})(\d{2})(\d{2})?(?!\d)"), r"\1T\2:\3"),
    (re.compile(r"(T\d{2}:\d{2}:\d{2}) (\d{2}:\d{2})$"), r"\1+\2"),
    (re.compile("\u2212"), "-"),
)
#: How machines write it; years that may be of another calendar are left to the forms.
_ISO = re.compile(r"(?:19|20)\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_FEWEST_DIGITS = 3  # of a date with a year
_EPOCH = re.compile(r"^(?:/?Date\()?(\d{10})(?:\d{3})?(?:\.\d+)?\)?/?$")
_OLDEST_YEAR = 1900
_UNSET_YEAR = 1970  # of a clock that nobody set
_TOO_FAR = timedelta(hours=15)  # no clock is as far from UTC
_DATE_LINE, _DATE_LETTERS, _DATE_DIGITS = 50, 25, 6  # characters at most, letters at most, digits at least
_NOON = 12
_BUDDHIST_YEARS, _BUDDHIST = range(2443, 2643), 543  # of the Thai calendar
_PERSIAN_YEARS = range(1279, 1479)


def parse_timestamp(raw: str, source: str, language: str | None = None) -> Timestamp | None:
    """Return the time that the text says, or None; without an offset it is in UTC by convention and says so.

    ``language`` (BCP 47) settles 3/4/2023: month first in en-US, day first elsewhere, and nothing in plain ``en``.
    """
    text = clean_line(raw)
    if _ISO.fullmatch(text) and (stamp := _from_iso(raw, text, source)):
        return stamp
    if sum(map(str.isdigit, text)) < _FEWEST_DIGITS:
        return None
    if epoch := _EPOCH.match(text):
        value = datetime.fromtimestamp(int(epoch[1]), UTC)
        return Timestamp(raw=raw, value=value, source=source) if value.year >= _OLDEST_YEAR else None
    for fault, mended in _MENDS:
        text = fault.sub(mended, text)
    for form in _FORMS:
        for found in form.finditer(text):
            groups = found.groupdict()
            groups["era"] = next((era for era in _eras() if text[: found.start()].endswith(era)), None)
            before = None if groups["hour"] else _TIME_BEFORE.search(text[: found.start()])
            stamp = _from_groups(raw, source, groups | (before.groupdict() if before else {}), language)
            if stamp:
                return stamp
    return None


def is_date_word(word: str, *, with_months: bool) -> bool:
    """Tell whether the word is a day of the week, leads to a date as "updated" does, or is a month, which may be a name too."""
    return word.lower() in _lead_words() or (with_months and word.lower() in _months())


def is_date_line(text: str) -> bool:
    """Tell whether a short text is a date and next to nothing else: "Stand: 13.03.2023, 14:05 Uhr"."""
    digits, letters = sum(map(str.isdigit, text)), sum(map(str.isalpha, text))
    is_short = len(text) <= _DATE_LINE and letters <= _DATE_LETTERS and digits >= _DATE_DIGITS
    return is_short and parse_timestamp(text, "page") is not None


def _from_iso(raw: str, text: str, source: str) -> Timestamp | None:
    """Return the time, or None where its numbers are none of a time that the forms would read the same."""
    try:
        value = datetime.fromisoformat(text).replace(microsecond=0)
    except ValueError:
        return None
    offset = value.utcoffset()
    if value.year == _UNSET_YEAR or (offset is not None and abs(offset) >= _TOO_FAR):
        return None
    return Timestamp(
        raw=raw,
        value=value if offset is not None else value.replace(tzinfo=UTC),
        source=source,
        has_offset=offset is not None,
    )


def _from_groups(raw: str, source: str, groups: dict[str, str | None], language: str | None) -> Timestamp | None:
    month, day = _month_and_day(groups, language)
    hour, minute = int(groups["hour"] or 0), int(groups["minute"] or 0)
    half = (groups["half"] or "").lower()
    if half or groups.get("noon"):
        is_afternoon = half[:1] in {"p", "م"} or groups.get("noon") in _AFTERNOON
        hour = hour % _NOON + (_NOON if is_afternoon else 0)
    try:
        date = _civil_date(_year(groups), month, day, is_named=bool(groups.get("name")))
        clock = datetime.combine(date, time(hour, minute, int(groups["second"] or 0)))
        offset = _offset(groups["zone"], clock) if groups["hour"] else None
        value = clock.replace(tzinfo=offset or UTC)
        value.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if value.year < _OLDEST_YEAR or (value.year, value.month, value.day) == (1970, 1, 1):  # an unset clock
        return None
    precision = Precision.MINUTE if groups["hour"] else Precision.DAY
    return Timestamp(raw=raw, value=value, source=source, precision=precision, has_offset=offset is not None)


def _year(groups: dict[str, str | None]) -> int:
    """Return the year in the calendar it is written in; two digits are of this century, those of an era count from it."""
    year = int(groups["year"] or 0)
    if groups["era"]:
        return year + _eras()[groups["era"]]
    return year + 2000 if len(groups["year"] or "") == 2 else year  # noqa: PLR2004 - digits


def _civil_date(year: int, month: int, day: int, *, is_named: bool) -> date:
    """Return the date in the civil calendar; Thai and Persian years are told by their number. Raises ValueError for none."""
    if year in _BUDDHIST_YEARS:
        year -= _BUDDHIST
    if year not in _PERSIAN_YEARS or (is_named and month <= _NOON):
        return date(year, month, day)
    month = month - _NOON if is_named else month
    if not 1 <= month <= _NOON or not 1 <= day <= 31:  # noqa: PLR2004 - days of a month
        raise ValueError(month, day)
    # Eight leap years in 33; the year 1 began on 21 March 622 (Borkowski, "The Persian calendar for 3000 years", 1996).
    days = 365 * (year - 1) + (8 * year + 21) // 33 + 31 * (month - 1) - max(0, month - 7) + day - 1
    return date(622, 3, 21) + timedelta(days=days)


def _month_and_day(groups: dict[str, str | None], language: str | None) -> tuple[int, int]:
    """Return month and day; 0 for a month that nothing tells."""
    if groups.get("name"):
        name = (groups["name"] or "").lower()
        return _months().get(name) or _months().get(name.rstrip(".")) or 0, int(groups["day"] or 0)
    if groups.get("month"):
        return int(groups["month"] or 0), int(groups["day"] or 0)
    first, second = int(groups["first"] or 0), int(groups["second_number"] or 0)
    tag = (language or "").lower().replace("_", "-")
    if first > _NOON or (second <= _NOON and tag not in {"", "en", "en-us"}):
        return second, first
    if second > _NOON or tag == "en-us":
        return first, second
    return 0, 0


def _offset(zone: str | None, clock: datetime) -> timezone | None:
    """Return the offset that the zone has at this time, or None where it is none that is known."""
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
        if isinstance(hours_from_utc, str):  # a place: the abbreviation stands for summer and winter alike
            delta = ZoneInfo(hours_from_utc).utcoffset(clock) or timedelta()
        else:
            delta = timedelta(hours=hours_from_utc)
    return timezone(-delta if zone[0] == "-" else delta) if delta < _TOO_FAR else None


@cache
def _months() -> dict[str, int]:
    return {name: int(number) for number, names in load_words("dates")["months"].items() for name in names}


@cache
def _eras() -> dict[str, int]:
    return dict(load_words("dates")["eras"])


@cache
def _lead_words() -> frozenset[str]:
    return frozenset(load_words("dates")["lead"]["words"])
