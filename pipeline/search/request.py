"""What the user asked, option by option, as a Query."""

import math
import unicodedata
from collections.abc import Sequence

from pipeline.errors import UsageError
from pipeline.model.query import Circle, Query, Sort
from pipeline.search.expression import During, overlap, required_time
from pipeline.search.grammar import parse_text
from pipeline.search.tiles import CLOSEST_ZOOM, read_tile
from pipeline.search.times import read_since, read_until

MAX_LIMIT = 1000
MAX_HITS = 10_000  # how far pages reach: further on, each costs a store all before it
MAX_VALUES, MAX_VALUE = 64, 1000  # of all filters, and characters of one
SEARCH_SECONDS = 10  # then a search is stopped
#: Of ``like``.
NO_SUCH_DOCUMENT = "--like: no article in the index has the id {!r}; give the address or the id of one that is there"
TOO_SLOW = (
    f"the search was stopped after {SEARCH_SECONDS} seconds; narrow it, by --since for instance, or try again later"
)
LEAST_KM = 0.001  # a metre: a place's coordinates are no finer
HALF_EQUATOR_KM = 20_038  # no two places are further apart


def make_query(  # noqa: PLR0913 - one argument for each option of the command line
    text: str = "",
    *,
    people: Sequence[str] = (),
    organizations: Sequence[str] = (),
    places: Sequence[str] = (),
    publishers: Sequence[str] = (),
    languages: Sequence[str] = (),
    sections: Sequence[str] = (),
    entities: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    near: str | None = None,
    area: str | None = None,
    sort: str = Sort.RELEVANCE,
    limit: int = 10,
    page: int = 1,
    with_facets: bool = False,
    explains: bool = False,
    story: str | None = None,
    like: str | None = None,
    reprints_of: Sequence[str] = (),
    originals_only: bool = False,
    folds_reprints: bool = False,
) -> Query:
    """Return the query that these words of the user mean. Raises UsageError naming what cannot be understood."""
    if not 0 <= limit <= MAX_LIMIT:
        message = f"--limit is {limit}; it must be from 0 to {MAX_LIMIT}"
        raise UsageError(message)
    _check_page(page, limit)
    if sort not in set(Sort):
        message = f"--sort is {sort!r}; it must be one of: {', '.join(Sort)}"
        raise UsageError(message)
    expression = parse_text(text)
    filters = {"person": people, "organization": organizations, "place": places, "publisher": publishers}
    filters |= {"language": languages, "section": sections, "entity": entities}
    _check_number(sum(map(len, filters.values())))
    for name, values in filters.items():
        _check_values(name, values)
    for name, value in {"story": story, "like": like}.items():
        _check_values(name, () if value is None else (value,))
    query = Query(
        text=text,
        people=tuple(people),
        organizations=tuple(organizations),
        places=tuple(places),
        publishers=tuple(publishers),
        languages=tuple(language.lower() for language in languages),
        sections=tuple(sections),
        entities=tuple(entities),
        since=read_since(since) if since is not None else None,
        until=read_until(until) if until is not None else None,
        near=read_circle(near) if near is not None else None,
        area=read_area(area) if area is not None else None,
        sort=Sort(sort),
        limit=limit,
        page=page,
        with_facets=with_facets,
        explains=explains,
        story=story,
        like=like,
        reprints_of=tuple(reprints_of),
        originals_only=originals_only,
        folds_reprints=folds_reprints,
    )
    if query.since and query.until and query.since >= query.until:
        message = f"--since {since} is not before --until {until}"
        raise UsageError(message)
    overlap([During(query.since, query.until), required_time(expression)])
    return query


def _check_page(page: int, limit: int) -> None:
    if page < 1:
        message = f"--page is {page}; the first is 1"
        raise UsageError(message)
    if page * limit > MAX_HITS and page > 1:
        message = (
            f"--page {page} of {limit} hits reaches beyond the first {MAX_HITS:,}; narrow the search, by --until for "
            "instance, or write all of it: --export jsonl"
        )
        raise UsageError(message)


def _check_number(values: int) -> None:
    if values > MAX_VALUES:
        raise UsageError(f"the filters have {values} values in all; at most {MAX_VALUES} can be asked at once")


def _check_values(name: str, values: Sequence[str]) -> None:
    for value in values:
        if len(value) > MAX_VALUE:
            message = f"--{name} has {len(value)} characters; at most {MAX_VALUE}"
            raise UsageError(message)
        if not value.strip():
            message = f"--{name} is empty; leave it away to search without it"
            raise UsageError(message)
        if any(unicodedata.category(character) in {"Cc", "Cs"} for character in value):
            message = f"--{name} is {value!r}; it holds characters that are no text"
            raise UsageError(message)


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
    if not (math.isfinite(kilometres) and LEAST_KM <= kilometres <= HALF_EQUATOR_KM):
        message = f"--near is {text!r}; the kilometres must be from {LEAST_KM} to {HALF_EQUATOR_KM}"
        raise UsageError(message)
    return Circle(latitude=latitude, longitude=longitude, kilometres=kilometres)


def read_area(text: str) -> str:
    """Return the tile of the map that ``ZOOM/X/Y`` means."""
    try:
        return "/".join(map(str, read_tile(text.strip())))
    except ValueError as error:
        message = f"--area is {text!r}; write a tile of the map, zoom/x/y, such as 5/20/12; the closest zoom is {CLOSEST_ZOOM}"
        raise UsageError(message) from error
