"""What the templates need to show words of strangers: marks without other markup, links that are links, readable times."""

import html
import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from pipeline.model.evidence import Precision
from pipeline.urls import is_web_address

_MARKED = re.compile(r"<mark>([^<]*+(?:<(?!/?mark>)[^<]*+)*+)</mark>")

LANGUAGES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "pt": "Portuguese",
    "ru": "Russian",
    "und": "Unknown",
    "zh": "Chinese",
}


def keep_marks(snippet: str) -> Markup:
    """Return the snippet with its pairs of ``<mark>`` as markup and everything else escaped, once."""
    parts = [escape(html.unescape(part)) for part in _MARKED.split(snippet)]
    return Markup("").join(
        Markup("<mark>{}</mark>").format(part) if index % 2 else part for index, part in enumerate(parts)
    )


def web_link(address: object) -> str | None:
    """Return the address where it is one of http or https with a host, else None."""
    return str(address) if is_web_address(str(address)) else None


def host_name(address: str) -> str:
    """Return the host of an http or https address."""
    return urlsplit(address).hostname or ""


def show_time(time: datetime | str, precision: str = Precision.MINUTE) -> str:
    """Return the time in words, in the offset that it was written with; a day alone where no more is known."""
    moment = datetime.fromisoformat(time) if isinstance(time, str) else time
    day = f"{moment.day} {moment:%B %Y}"
    if precision == Precision.DAY:
        return day
    return f"{day}, {moment:%H:%M} {moment.tzname() or ''}".rstrip()


def in_utc(moment: datetime) -> datetime:
    """Return the same moment in UTC: times of several outlets stand in one order."""
    return moment.astimezone(UTC)


def show_span(first: datetime, last: datetime) -> str:
    """Return the days (UTC) from one time to another, in words."""
    begin, end = in_utc(first), in_utc(last)
    if begin.date() == end.date():
        return show_time(begin, Precision.DAY)
    return f"{show_time(begin, Precision.DAY)} to {show_time(end, Precision.DAY)}"


def show_start(start: datetime, step: str) -> str:
    """Return the hour, day, week, month or year that begins then (UTC), in words."""
    day = show_time(start, Precision.DAY)
    match step:
        case "hour":
            return f"{day}, {start:%H:%M}"
        case "week":
            return f"week of {day}"
        case "month":
            return f"{start:%B} {start.year}"
        case "year":
            return str(start.year)
    return day


def count(number: int, one: str, several: str) -> str:
    """Return the number with what is counted."""
    return f"{number:,} {one if number == 1 else several}"


def is_day(text: str) -> bool:
    """Tell whether a date field can show the text: a day, or nothing yet."""
    return not text or re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None


def show_language(code: str) -> str:
    """Return the English name of the language, or its code."""
    return LANGUAGES.get(code, code)
