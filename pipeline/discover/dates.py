"""Times as feeds and sitemaps write them: RFC 822 with its habits, and ISO 8601."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pipeline.model.evidence import Precision, Timestamp

#: Names by hours east of Greenwich. Only those with one meaning in news feeds: IST, for one, is Indian, Irish or Israeli.
_NAMES = {
    -8: "PST",
    -7: "MST PDT",
    -6: "CST MDT",
    -5: "EST CDT",
    -4: "EDT",
    0: "Z UT UTC GMT WET",
    1: "WEST BST CET MEZ",
    2: "CEST MESZ EET",
    3: "EEST MSK",
    8: "SGT HKT",
    9: "JST KST",
    10: "AEST",
    11: "AEDT",
}
_ZONES = {name: hours for hours, names in _NAMES.items() for name in names.split()}
_ZONE = re.compile(r" ?(?<![A-Za-z])([A-Z]{1,4})$")
_SPACE_BEFORE_OFFSET = re.compile(r"(?<=\d)\s+(?=[+-]\d\d:?\d\d$)")
#: Outside are programs' zeros and infinities (year 1, 1900, 1970, 9999), never times of publication.
_YEARS = range(1971, 2200)


def read_timestamp(raw: str, source: str) -> Timestamp | None:
    """Return the time that the text says, keeping its offset, or None where it says none that can be read."""
    text = " ".join(raw.split())
    numeric = _ZONE.sub(_offset_of, text).replace("-0000", "+0000")
    moment = _read_iso(numeric) or _read_rfc822(numeric)
    if moment is None or moment.year not in _YEARS:
        return None
    return Timestamp(
        raw=text,
        value=moment if moment.tzinfo else moment.replace(tzinfo=UTC),
        source=source,
        precision=Precision.MINUTE if re.search(r"\d:\d|T\d", text) else Precision.DAY,
        has_offset=moment.tzinfo is not None,
    )


def _offset_of(zone: re.Match[str]) -> str:
    hours = _ZONES.get(zone[1])
    return zone[0] if hours is None else f" {hours:+03d}00"


def _read_iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(_SPACE_BEFORE_OFFSET.sub("", text))
    except ValueError:
        return None


def _read_rfc822(text: str) -> datetime | None:
    if re.search(r"\b[AP]M\b", text, re.IGNORECASE):  # the library reads the hour and overlooks the afternoon
        return None
    try:
        return parsedate_to_datetime(text if ":" in text else f"{text} 00:00")
    except (ValueError, TypeError, IndexError, OverflowError):  # some nonsense breaks the library
        return None
