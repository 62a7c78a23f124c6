"""The sources file: which feeds to poll, in TOML.

A source is a table ``[[sources]]`` with ``feed`` and ``publisher`` and, where known, ``language`` (``"en"``), ``section``,
``country`` (``"GB"``), ``sitemaps`` (a list) and ``poll_every`` (seconds between two polls, as agreed with the publisher).
Its table ``[sources.rules]`` has CSS selectors, one or a list: ``remove`` is cut from the page, ``keep`` is the body.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import soupsieve

from pipeline.errors import Reject, UsageError
from pipeline.model.feed import Feed, Rules
from pipeline.urls import normalise_url, site_of

_KEYS = ("feed", "publisher", "language", "section", "country", "sitemaps", "poll_every", "rules")
_RULES = ("remove", "keep")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_SHORTEST, _LONGEST = 0.1, 86_400
_HEADER = re.compile(r"^\s*\[\[\s*sources\s*\]\]")


_Value = str | float | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class _Source:
    """One table of the file, and how messages call it."""

    place: str
    values: Mapping[str, Any]

    def refuse(self, message: str) -> UsageError:
        return UsageError(f"{self.place}: {message}")

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            raise self.refuse(f'{name} is {value!r}; write a text, such as {name} = "…"')
        return value.strip()

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name, [])
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(part, str) and part.strip() for part in listed):
            raise self.refuse(f'{name} is {value!r}; write a list of texts, such as {name} = ["…"]')
        return tuple(part.strip() for part in listed)

    def seconds(self, name: str) -> float | None:
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool) or not _SHORTEST <= value <= _LONGEST:
            raise self.refuse(f"{name} is {value!r}; write seconds from {_SHORTEST} to {_LONGEST}, such as {name} = 5")
        return float(value)

    def url(self, name: str, value: str) -> str:
        try:
            return normalise_url(value)
        except Reject as error:
            raise self.refuse(
                f"{name}: {error.detail}; write a whole address such as https://news.example/feed"
            ) from error

    def check_keys(self, known: tuple[str, ...]) -> None:
        unknown = next((key for key in self.values if key not in known), None)
        if unknown is not None:
            raise self.refuse(f"unknown key {unknown!r}; known are {', '.join(known)}")


def find_rules(feeds: Iterable[Feed], url: str) -> Rules | None:
    """Return the rules of the source of the address's site, the first with any where it has several; None where it has none."""
    own = [feed.rules for feed in feeds if site_of(feed.url) == site_of(url)]
    return next(filter(None, own), own[0] if own else None)


def parse_sources(text: str, name: str = "sources") -> tuple[Feed, ...]:
    """Return the feeds of a sources file in their order. Raises UsageError naming the entry, its line and what to write."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name}: not TOML: {error}") from error
    unknown = next((key for key in document if key != "sources"), None)
    if unknown is not None:
        raise UsageError(f"{name}: unknown table {unknown!r}; each feed is a table of its own, [[sources]]")
    tables = document.get("sources", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise UsageError(f"{name}: sources must be written as [[sources]], one for each feed")
    places: dict[str, str] = {}
    feeds = []
    for place, table in zip(_places(text, len(tables), name), tables, strict=True):
        feed = _read_source(_Source(place, table))
        if feed.url in places:
            raise UsageError(
                f"{place}: the feed {feed.url} is there already, in {places[feed.url]}; remove one of them"
            )
        places[feed.url] = place
        feeds.append(feed)
    return tuple(feeds)


def write_sources(feeds: Iterable[Feed]) -> str:
    """Return the feeds as a sources file, which ``parse_sources`` reads back."""
    return "\n".join(_write_source(feed) for feed in feeds)


def _places(text: str, count: int, name: str) -> list[str]:
    """Return how each source is called in messages: by number, and by line where the lines can be told."""
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if _HEADER.match(line)]
    if len(lines) != count:
        return [f"{name}, source {number}" for number in range(1, count + 1)]
    return [f"{name}, source {number} (line {line})" for number, line in enumerate(lines, start=1)]


def _read_source(source: _Source) -> Feed:
    source.check_keys(_KEYS)
    url, publisher = source.text("feed"), source.text("publisher")
    if url is None:
        raise source.refuse('feed is missing; write feed = "https://…"')
    if publisher is None:
        raise source.refuse(f'publisher of {url} is missing; write publisher = "…"')
    language, country = source.text("language"), source.text("country")
    if language is not None and not _LANGUAGE.fullmatch(language):
        raise source.refuse(f'language is {language!r}; write its code in small letters, such as language = "en"')
    if country is not None and not _COUNTRY.fullmatch(country):
        raise source.refuse(f'country is {country!r}; write its code in capitals, such as country = "GB"')
    rules = source.values.get("rules", {})
    if not isinstance(rules, dict):
        raise source.refuse("rules must be a table; write [sources.rules] and below it remove = [] or keep = []")
    return Feed(
        url=source.url("feed", url),
        publisher=publisher,
        language=language,
        section=source.text("section"),
        country=country,
        poll_every=source.seconds("poll_every"),
        sitemaps=tuple(source.url("sitemaps", sitemap) for sitemap in source.texts("sitemaps")),
        rules=_read_rules(_Source(f"{source.place}, rules", rules)),
    )


def _read_rules(source: _Source) -> Rules:
    source.check_keys(_RULES)
    rules = Rules(remove=source.texts("remove"), keep=source.texts("keep"))
    for selector in rules.remove + rules.keep:
        try:
            soupsieve.compile(selector)
        except (soupsieve.SelectorSyntaxError, NotImplementedError) as error:
            reason = str(error).partition("\n")[0]
            raise source.refuse(f"{selector!r} is not a CSS selector that can be used ({reason})") from error
    return rules


def _write_source(feed: Feed) -> str:
    values: dict[str, _Value] = {
        "feed": feed.url,
        "publisher": feed.publisher,
        "language": feed.language,
        "section": feed.section,
        "country": feed.country,
        "sitemaps": feed.sitemaps,
        "poll_every": feed.poll_every,
    }
    lines = ["[[sources]]", *_write_values(values)]
    if feed.rules:
        lines += ["[sources.rules]", *_write_values({"remove": feed.rules.remove, "keep": feed.rules.keep})]
    return "\n".join(lines) + "\n"


def _write_values(values: Mapping[str, _Value]) -> list[str]:
    # JSON's texts and lists are TOML's, but for DEL, which JSON leaves bare.
    dumped = {
        key: json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f") for key, value in values.items() if value
    }
    return [f"{key} = {value}" for key, value in dumped.items()]
