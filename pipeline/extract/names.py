"""Names in a printed byline: roles, places, addresses and dates cut, agencies told apart."""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from pipeline.extract.text import clean_line
from pipeline.extract.times import is_date_word
from pipeline.extract.words import load_words
from pipeline.model.article import Byline

_MAX_WORDS = 6
_MAX_PARTICLE = 5
_MAX_NAME = 60
_EMAIL = re.compile(r"\S+@\S+|(?<!\S)@\w+")
_ADDRESS = re.compile(r"^(?:https?:)?//|^www\.|/|[^\W_]{2}\.[a-z]{2,4}$", re.IGNORECASE)
_SEPARATOR = re.compile(
    r"\s*(?:[,;|/&•·*(){}\[\]<>\n、，；／｜・【】（）]|\s[-–—]\s|\s\+\s|(?<!\w)[-–—]|[-–—](?!\w))\s*"
)
_ASIDE = re.compile(r"\(([^()]{1,80})\)|（([^（）]{1,80})）")
_LATIN = re.compile(r"^[A-Za-zÀ-ɏ'’.-]+$")
_INITIALS = re.compile(r"^[A-ZÀ-Þ]{2,5}$")
_HAN = re.compile(r"^[\u3400-\u9fff\uac00-\ud7af\s]+$")
_MAX_HAN_NAME = 4


@lru_cache(maxsize=1_000)  # a page says the same in several places
def parse_byline(raw: str, language: str | None = None) -> Byline:
    """Return the names of a printed byline in the order given, and the agency; roles, places, addresses and dates cut."""
    language = _primary(language)  # patterns are made for each language, not for each of its countries
    line = _EMAIL.sub(" , ", clean_line(raw))
    asides = [text for pair in _ASIDE.findall(line) for text in pair if text]
    text = _cut_prefix(_ASIDE.sub(" , ", line), language)
    parts = [part for part in _SEPARATOR.split(_conjunctions(language).sub(",", text)) if part]
    authors: dict[str, None] = {}
    agency = None
    for part in parts:
        names, employer = _read_part(part, language)
        agency = agency or employer
        authors.update(dict.fromkeys(names))
    agency = agency or next(filter(None, map(_agency, asides)), None)
    if any(" " in name for name in authors):  # beside full names a single word is a place or a paper
        authors = {name: None for name in authors if " " in name or not _LATIN.match(name)}
    return Byline(authors=tuple(authors), agency=agency, raw=raw)


def _read_part(part: str, language: str | None) -> tuple[list[str], str | None]:
    """Return the names in a part of a byline, mostly one or none, and the agency in it."""
    name = _cut_date(_cut_prefix(part, language)).strip(" .:：-–—\"'“”„«»")
    agency = _agency(name)
    if agency or not name:
        return [], agency
    name, _, employer = name.partition(" for ")
    name = _cut_role(_bases().sub("", name).strip(" .:-–—"))
    names = name.split() if _HAN.match(name) and all(len(word) in {2, 3, 4} for word in name.split()) else [name]
    return [_recase(name) for name in names if _is_name(name)], _agency(employer)


def _is_name(text: str) -> bool:
    words = text.split()
    if not (1 < len(text) <= _MAX_NAME and len(words) <= _MAX_WORDS) or any(map(str.isdigit, text)):
        return False
    if words[0][0].islower() or words[-1][0].islower() or _INITIALS.match(text):
        return False
    if any(word[0].islower() and len(word) > _MAX_PARTICLE for word in words):  # "van", "della", but not "this"
        return False
    if _ADDRESS.search(text):
        return False
    return not _HAN.match(text) or len(text) <= _MAX_HAN_NAME


def _cut_date(text: str) -> str:
    """Return the text up to a date in it."""
    words = text.split()
    at = next((place for place, word in enumerate(words) if any(map(str.isdigit, word))), len(words))
    while at and is_date_word(words[at - 1].strip(".,:"), with_months=at < len(words)):
        at -= 1
    return " ".join(words[:at])


def _cut_role(text: str) -> str:
    """Return the text, the name after a role such as in "Redakteurin Ida Brekke", or nothing where there is but a role."""
    lower = text.lower()
    if any(phrase in lower for phrase in _roles().phrases):
        return ""
    words = text.split()
    last = next((at for at in range(len(words) - 1, -1, -1) if _is_role(words[at].lower().strip(".:'’"))), None)
    if last is None:
        return text
    after = words[last + 1 :]
    return " ".join(after) if len(after) > 1 and all(word[0].isupper() for word in after) else ""


@lru_cache(maxsize=5_000)
def _is_role(word: str) -> bool:
    roles = _roles()
    return word in roles.words or word.removesuffix("s") in roles.words or any(stem in word for stem in roles.stems)


def _recase(name: str) -> str:
    """Names in capitals throughout are a matter of the page's style."""
    return name.title() if name.isupper() and len(name.split()) > 1 else name


def _agency(text: str) -> str | None:
    found: str | None = load_words("bylines")["agencies"].get(text.strip(" .").lower())
    return found


def _cut_prefix(text: str, language: str | None) -> str:
    bare = _prefixes(language).sub("", text.lstrip(" :："))
    return _suffixes().sub("", bare)


def _languages(language: str | None) -> tuple[str, ...]:
    return ("any", _primary(language))


def _primary(language: str | None) -> str:
    return (language or "en").lower().replace("_", "-").partition("-")[0]


@cache
def _prefixes(language: str | None) -> re.Pattern[str]:
    table = load_words("bylines")
    spaced, joined = _any_of(table["prefixes"], _languages(language)), _any_of(table["prefixes"], ("joined",))
    return re.compile(rf"^(?:(?:{spaced})(?!\w)\s*[:：]?\s*|(?:{joined})\s*[:：/／|]?\s*)+", re.IGNORECASE)


@cache
def _suffixes() -> re.Pattern[str]:
    return re.compile(rf"\s*(?:{_any_of(load_words('bylines')['suffixes'], ('joined',))})\s*=?\s*$")


@cache
def _conjunctions(language: str | None) -> re.Pattern[str]:
    return re.compile(rf"\s(?:{_any_of(load_words('bylines')['conjunctions'], _languages(language))})\s", re.IGNORECASE)


@cache
def _bases() -> re.Pattern[str]:
    """Where somebody reports from, or for whom, up to the end."""
    return re.compile(rf"\s+(?:{_any_of(load_words('bylines')['bases'], ('any',))})\s+.*$")


class _Roles(NamedTuple):
    """Words that say what somebody is: single ones, those of several words, and parts of words."""

    words: frozenset[str]
    phrases: tuple[str, ...]
    stems: tuple[str, ...]


@cache
def _roles() -> _Roles:
    table = load_words("bylines")["roles"]
    words = table["words"]
    return _Roles(frozenset(words), tuple(word for word in words if " " in word), tuple(table["stems"]))


def _any_of(table: dict[str, list[str]], keys: Iterable[str]) -> str:
    phrases = {phrase for key in keys for phrase in table.get(key, ())}
    return "|".join(map(re.escape, sorted(phrases, key=len, reverse=True)))
