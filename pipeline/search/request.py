"""What the user asked, option by option, as a Query."""

import math
from collections.abc import Sequence

from pipeline.errors import UsageError
from pipeline.model.query import Circle, Query, Sort
from pipeline.search.grammar import parse_text
from pipeline.search.times import read_since, read_until

MAX_LIMIT = 1000
HALF_EQUATOR_KM = 20_038  # no two places are further apart


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
    story: str | None = None,
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
        story=story,
        originals_only=originals_only,
        folds_reprints=folds_reprints,
    )
    if query.since and query.until and query.since >= query.until:
        message = f"--since {since} is not before --until {until}"
        raise UsageError(message)
    return query


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
