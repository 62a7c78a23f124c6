"""Where and when a text was written, and for which agency: "MINSK, March 13 (Reuters) -" before its first sentence."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

from pipeline.extract.names import find_agency, parse_byline
from pipeline.extract.times import is_date_word, parse_timestamp
from pipeline.extract.words import load_words
from pipeline.model.article import Byline, Dateline
from pipeline.model.evidence import Precision, Timestamp

_LONGEST = 110  # characters
_FIRST_PART = 60  # characters; a place, an agency or a day says less
_AROUND = " .\"'“”„»«"
_PLACE_WORDS, _PLACE = 4, 32
_SHORT_WORD = 3  # letters: "de", "am"
_MAX_LATE = timedelta(days=2)  # a paper dated ahead
#: What may end a dateline; each end is tried, the longest that reads as one wins.
_END = re.compile(r"(?<![-–—―−=)\]】］।/:.])[-–—―−=)\]】］।/:.]++(?:\s+|$)|(?:[-–—―−]{2,}|[)）】］।])\s*")
#: Blanks stand alone in a line that was cleaned.
_BETWEEN = re.compile(
    r"\s{0,2}(?:([(\[（［/])|[)\]）］】【,،，、;:।=＝|/]|(?<=[^\W\d_]{4})\.(?=\s|$)|\s[-–—―−]+(?=\s|$)|[-–—―−]{2,}|\.?[-–—](?=\s|$)|\s(?=\d{1,2}\.\s\w))\s{0,2}"
)
_DAY = re.compile(
    r"^(?:\D{2,3}\s)?(?:(?P<day>\d{1,2})(?:\.|er|st|nd|rd|th|º)?\s?(?:de\s)?(?P<name>[^\s\d.]{3,14})\.?"
    r"|(?P<first>[^\s\d.]{3,14})\.?\s(?P<second>\d{1,2})(?:st|nd|rd|th)?)(?:\s(?:de\s)?(?P<year>\d{4}))?$"
)
_NUMBERS = re.compile(r"^\d{1,2}[./]\s?\d{1,2}[./]?(?:\s?\d{4})?$|^\d{4}$")
_DASH_END = re.compile(r"[-–—―−]\s*$")

_OPENING, _KOREAN_OPENING = frozenset("【［["), frozenset("([")
_CHINESE = (
    r"^[（(]?(?P<agency>AGENCIES)?(?:(?:记者|記者)(?P<name>[^\W\d]{2,3}))?(?P<place>[^\W\d]{2,6}?)"
    r"(?:(?P<month>\d{1,2})月)?(?P<day>\d{1,2})日[电電讯訊](?:[）)]|\s*[（(](?:记者|記者)\s*(?P<names>[^（）()]{2,20})[）)])?\s*"
)
_JAPANESE = (
    r"^[【［\[](?P<place>[^】］\]＝=\d\s\uac00-\ud7af]{2,12}?)\s*+(?:(?P<day>\d{1,2})日\s*+)?(?P<agency>AGENCIES)?"
    r"(?:[＝=](?P<names>[^】］\]]{2,12}))?[】］\]](?:\s*[-–—]\s)?\s*"
)
_KOREAN = (
    r"^[(\[](?P<place>[^=()\[\]]{2,16})=(?P<agency>[^()\[\]=]{2,12})[)\]]"
    r"(?:\s*(?P<names>[^=]{2,30}?)(?:기자|특파원)(?:\s*=)?)?\s*"
)


def find_dateline(paragraphs: list[str], published: Timestamp | None) -> Dateline | None:
    """Return what stands before the first sentence of the text, or None. ``published`` tells the year that it leaves out."""
    for text in paragraphs[:2]:  # a sub-heading may come first
        head = text[:_LONGEST]
        found = _read_unspaced(head, published) or _read_spaced(head, published)
        if found:
            return found
    return None


def complete_byline(byline: Byline, dateline: Dateline | None, paragraphs: list[str]) -> Byline:
    """Return the byline with what only the text tells: the names and agency of its dateline, or the agency that signs it."""
    named = dateline.authors if dateline else ()
    if named and not byline.authors:
        byline = replace(byline, authors=named, raw=dateline.raw if dateline else None, source="page:dateline")
    agency = byline.agency or (dateline.agency if dateline else None) or _signing_agency(paragraphs)
    return replace(byline, agency=agency)


def _signing_agency(paragraphs: list[str]) -> str | None:
    """Return the agency in brackets at the end of the text."""
    last = paragraphs[-1][-60:].rstrip(" .") if paragraphs else ""
    signed = last.rpartition("(")[2] if last.endswith(")") else ""
    return next((agency for text in re.split(r"[/,)]", signed) if (agency := _agency(text))), None)


def _read_unspaced(head: str, published: Timestamp | None) -> Dateline | None:
    """Read the forms of China, Korea and Japan, each where its sign is there: it takes long to make their patterns."""
    forms = (
        (_CHINESE, "日" in head),
        (_KOREAN, head[:1] in _KOREAN_OPENING and "=" in head),
        (_JAPANESE, head[:1] in _OPENING),
    )
    for form in (form for form, has_sign in forms if has_sign):
        found = _unspaced_form(form).match(head)
        groups = found.groupdict() if found else {}
        agency, names = find_agency(groups.get("agency") or ""), groups.get("names") or groups.get("name")
        if found and (agency or names or groups.get("day")):
            return Dateline(
                place=groups["place"].strip(),
                date=_dated(groups.get("month"), groups.get("day"), found[0], published),
                agency=agency,
                authors=parse_byline(names or "", "zh").authors,
                raw=found[0].strip(),
            )
    return None


def _read_spaced(head: str, published: Timestamp | None) -> Dateline | None:
    """Read place, date and agency in any order, up to the last end at which all words are of these."""
    found = None
    first = _BETWEEN.split(head[:_FIRST_PART], maxsplit=1)[0]
    start = first.strip(_AROUND) or next((text for text, _ in _parts(head)), "")
    if not (_is_place(start) or _agency(start) or _read_day(start, published)):
        return None
    for end in _END.finditer(head):
        found = _read_parts(head[: end.end()].strip(), published) or found
    return found


def _read_parts(raw: str, published: Timestamp | None) -> Dateline | None:
    place = agency = stranger = None
    date: Timestamp | None = None
    is_dated = False
    for part, is_bracketed in _parts(raw):
        told = _agency(part)
        if told:
            agency = agency or told
        elif is_date := _read_day(part, published):
            date, is_dated = date or (is_date if isinstance(is_date, Timestamp) else None), True
        elif is_bracketed and stranger is None and part[0].isupper() and len(part) <= _PLACE:
            stranger = part
        elif _is_place(part) and (place is None or "," in raw):
            place = place or part
        else:
            return None
    ends_in_dash = bool(_DASH_END.search(raw))
    is_capital = place is not None and place.isupper() and place.lower() not in _kickers()
    is_one = (
        (agency and (ends_in_dash or raw[-1] in ")）]/।" or is_dated))
        or (place and is_dated and ends_in_dash)
        or (is_capital and ends_in_dash and (stranger or "—" in raw or "--" in raw))
    )
    if not is_one or (stranger and not (agency or is_dated or is_capital)):
        return None
    return Dateline(place=place, date=date, agency=agency or stranger, raw=raw)


def _parts(raw: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts between commas, dashes and brackets, and whether a bracket opens before each."""
    pieces = _BETWEEN.split(raw)
    brackets = [None, *pieces[1::2]]
    for part, bracket in zip(pieces[::2], brackets, strict=True):
        text = part.strip(_AROUND)
        if text:
            yield text, bracket is not None


def _agency(text: str) -> str | None:
    """Return the agency that the whole text names."""
    found: str | None = load_words("bylines")["agencies"].get(text.strip(" .").lower())
    return found


def _read_day(part: str, published: Timestamp | None) -> Timestamp | bool:
    """Return the date that the part says; True where it says one that cannot be told, False where it says none."""
    found = _DAY.match(part)
    if found:
        name, day = found["name"] or found["first"], found["day"] or found["second"]
        if not is_date_word(name.lower(), with_months=True):
            return False
        if found["year"]:
            return _as_day(parse_timestamp(f"{day} {name} {found['year']}", "page:text"), part) or True
        years = (published.value.year, published.value.year - 1) if published else ()
        stamps = (_as_day(parse_timestamp(f"{day} {name} {year}", "page:text"), part) for year in years)
        return next((s for s in stamps if s and published and s.value <= published.value + _MAX_LATE), True)
    if _NUMBERS.match(part):
        return _as_day(parse_timestamp(part, "page:text"), part) or True
    return all(is_date_word(word.strip("."), with_months=False) for word in part.split())


def _as_day(stamp: Timestamp | None, raw: str) -> Timestamp | None:
    return replace(stamp, raw=raw, precision=Precision.DAY) if stamp else None


def _dated(month: str | None, day: str | None, raw: str, published: Timestamp | None) -> Timestamp | None:
    """Return the day, of the month in which the article appeared or the one before where no month is told."""
    if not (day and published):
        return None
    latest = published.value.replace(tzinfo=UTC) + _MAX_LATE
    for back in range(370 if month else 32):
        at = latest - timedelta(days=back)
        if at.day == int(day) and (not month or at.month == int(month)):
            value = datetime(at.year, at.month, at.day, tzinfo=UTC)
            return Timestamp(
                raw=raw.strip(), value=value, source="page:text", precision=Precision.DAY, has_offset=False
            )
    return None


def _is_place(text: str) -> bool:
    words = text.split()
    if len(text) > _PLACE or not 0 < len(words) <= _PLACE_WORDS or any(map(str.isdigit, text)):
        return False
    return not words[0][0].islower() and all(not w[0].islower() or len(w) <= _SHORT_WORD for w in words)


@cache
def _kickers() -> frozenset[str]:
    return frozenset(load_words("bylines")["kickers"]["words"])


@cache
def _unspaced_form(form: str) -> re.Pattern[str]:
    names = [name for name in load_words("bylines")["agencies"] if not name.isascii()]
    agencies = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.compile(form.replace("AGENCIES", agencies))
