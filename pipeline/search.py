"""What the user asked, as a Query; and the small grammar of its text, which both search stores build from."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from pipeline.errors import UsageError
from pipeline.model.query import Circle, Query, Sort

MAX_LIMIT = 1000
MAX_TERMS = 64  # more is a pasted text, not a question, and costs the stores a clause a word
HALF_EQUATOR_KM = 20_038  # no two places are further apart

#: Quotation marks as keyboards, word processors and languages write them.
_QUOTES = '"“”„‟«»'
_TERM = re.compile(rf"(?P<minus>-?)(?:[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)[{_QUOTES}]?|(?P<word>[^\s{_QUOTES}]+))")


class Match(StrEnum):
    """How a term is looked for."""

    WORD = "word"
    #: The words next to each other, as written.
    PHRASE = "phrase"
    #: Words that begin so.
    PREFIX = "prefix"


@dataclass(frozen=True, slots=True)
class Term:
    """A part of the query's text; every one must hold."""

    text: str
    match: Match = Match.WORD
    is_excluded: bool = field(default=False, kw_only=True)


def parse_text(text: str) -> tuple[Term, ...]:
    """Return the terms of a query's text; signs alone mean nothing, and a quote that never ends runs to the end.

    Raises UsageError only for more than 64 terms.
    """
    terms = tuple(term for match in _TERM.finditer(text) if (term := _read_term(match)))
    if len(terms) > MAX_TERMS:
        message = f"the query has {len(terms)} words and phrases; at most {MAX_TERMS} can be asked at once"
        raise UsageError(message)
    return terms


def make_query(  # noqa: PLR0913 - one argument for each option of the command line
    text: str = "",
    *,
    people: Sequence[str] = (),
    organizations: Sequence[str] = (),
    places: Sequence[str] = (),
    publishers: Sequence[str] = (),
    languages: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    near: str | None = None,
    sort: str = Sort.RELEVANCE,
    limit: int = 10,
    with_facets: bool = False,
    originals_only: bool = False,
    folds_reprints: bool = False,
) -> Query:
    """Return the query that these words of the user mean. Raises UsageError naming what cannot be understood."""
    if not 0 <= limit <= MAX_LIMIT:
        message = f"--limit is {limit}; it must be from 0 to {MAX_LIMIT}"
        raise UsageError(message)
    if sort not in set(Sort):
        message = f"--sort is {sort!r}; it must be one of: {', '.join(Sort)}"
        raise UsageError(message)
    parse_text(text)
    query = Query(
        text=text,
        people=tuple(people),
        organizations=tuple(organizations),
        places=tuple(places),
        publishers=tuple(publishers),
        languages=tuple(language.lower() for language in languages),
        since=read_since(since) if since else None,
        until=read_until(until) if until else None,
        near=read_circle(near) if near else None,
        sort=Sort(sort),
        limit=limit,
        with_facets=with_facets,
        originals_only=originals_only,
        folds_reprints=folds_reprints,
    )
    if query.since and query.until and query.since >= query.until:
        message = f"--since {since} is not before --until {until}"
        raise UsageError(message)
    return query


def read_since(text: str, option: str = "--since") -> datetime:
    """Return the first moment of a day, or the time as given; UTC where no offset is written."""
    day = _read_date(text)
    return _start_of(day) if day else _read_time(option, text)


def read_until(text: str, option: str = "--until") -> datetime:
    """Return the first moment no longer meant: of the next day for a day, else the time as given."""
    day = _read_date(text)
    if day is None:
        return _read_time(option, text)
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return _start_of(day + timedelta(days=1))


def read_circle(text: str) -> Circle:
    """Return the circle that ``LAT,LON,KM`` means."""
    try:
        latitude, longitude, kilometres = (float(part) for part in text.split(","))
    except ValueError as error:
        message = f"--near is {text!r}; write latitude, longitude and kilometres, such as 35.7,51.4,100"
        raise UsageError(message) from error
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):  # noqa: PLR2004 - degrees
        message = f"--near is {text!r}; latitude is from -90 to 90 and longitude from -180 to 180"
        raise UsageError(message)
    if not (math.isfinite(kilometres) and 0 < kilometres <= HALF_EQUATOR_KM):
        message = f"--near is {text!r}; the kilometres must be more than 0 and at most {HALF_EQUATOR_KM}"
        raise UsageError(message)
    return Circle(latitude=latitude, longitude=longitude, kilometres=kilometres)


def _read_term(match: re.Match[str]) -> Term | None:
    phrase, word, is_excluded = match["phrase"], match["word"], bool(match["minus"])
    text = word if phrase is None else phrase
    if not any(character.isalnum() for character in text):
        return None
    if phrase is not None:
        return Term(text, Match.PHRASE, is_excluded=is_excluded)
    return Term(text.rstrip("*"), Match.PREFIX if text.endswith("*") else Match.WORD, is_excluded=is_excluded)


def _read_date(text: str) -> date | None:
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
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
