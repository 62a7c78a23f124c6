"""The words that bylines are read by, each language's own, as tables and patterns; made when first needed."""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from pipeline.extract.words import load_words

#: One blank or more, tried from the first alone.
_BLANKS = r"\s(?<!\s\s)\s*+"


@cache
def opening_pattern(language: str | None) -> re.Pattern[str]:
    """Match what leads to the name in a sentence: "Ein Kommentar von", "Analysis by"."""
    phrases = {phrase for key in _languages(language) for phrase in load_words("bylines")["openings"].get(key, ())}
    forms = (re.escape(phrase).replace(r"\*", r"[^,;|]{1,50}?") for phrase in sorted(phrases))
    return re.compile(rf"^(?:{'|'.join(forms) or '(?!)'})\s+", re.IGNORECASE)


@cache
def han_label_pattern() -> re.Pattern[str]:
    """Match what a reporter is called before the name, wherever it stands: nothing separates Chinese words."""
    return re.compile(rf"(?:{_any_of(load_words('bylines')['prefixes'], ('within',))})\s*[:：]?\s*")


@cache
def label_kinds() -> dict[str, str]:
    """Return what each label says of the name behind it: that it is an author's, a source's, or another's."""
    return {label: kind for kind, labels in load_words("bylines")["credits"].items() for label in labels}


@lru_cache(maxsize=1_000)  # a pattern of all labels takes long to make
def label_pattern(written: tuple[str, ...]) -> re.Pattern[str]:
    """Match one of these labels with its colon; those that end in "by" need none, nor do those of languages without blanks."""
    labels = sorted(written, key=len, reverse=True)
    bare = "|".join(
        re.escape(label) for label in labels if label.endswith((" by", " von", " par", " por", "사진", "글"))
    )
    colon = "|".join(map(re.escape, labels))
    return re.compile(rf"(?<!\w)((?:{colon})(?:\s*[:：]|[/／＝=｜])|(?:{bare or '(?!)'})\s)\s*", re.IGNORECASE)


@cache
def place_names() -> frozenset[str]:
    """Return places that stand in bylines as if they were names, in small letters."""
    return frozenset(load_words("bylines")["places"]["words"])


def _languages(language: str | None) -> tuple[str, ...]:
    return ("any", primary_language(language))


def primary_language(language: str | None) -> str:
    """Return the language without its country: patterns are made for each language; English where none is told."""
    return (language or "en").lower().replace("_", "-").partition("-")[0]


@cache
def prefixes_of(language: str | None) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Return the words that lead to a name by their initials: those that a blank follows, and those that need none."""
    table = load_words("bylines")["prefixes"]
    return _by_initial(_phrases_of(table, _languages(language))), _by_initial(_phrases_of(table, ("joined",)))


def _by_initial(words: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    return {initial: tuple(word for word in words if word[0] == initial) for initial in {word[0] for word in words}}


@cache
def suffix_pattern() -> re.Pattern[str]:
    """Match what is written behind a name without a blank, at the end."""
    return re.compile(rf"(?<!\s)\s*+(?:{_any_of(load_words('bylines')['suffixes'], ('joined',))})\s*+(?:=\s*+)?$")


@cache
def conjunction_pattern(language: str | None) -> re.Pattern[str]:
    """Match the words between two names, with the blanks around them."""
    return re.compile(
        rf"{_BLANKS}({_any_of(load_words('bylines')['conjunctions'], _languages(language))})\s++", re.IGNORECASE
    )


@cache
def base_pattern(language: str | None) -> re.Pattern[str]:
    """Where somebody reports from, or for whom, up to the end."""
    return re.compile(rf"{_BLANKS}(?:{_any_of(load_words('bylines')['bases'], _languages(language))})\s.*", re.DOTALL)


class _Roles(NamedTuple):
    """Words that say what somebody is: single ones, those of several words, and parts of words."""

    words: frozenset[str]
    phrases: tuple[str, ...]
    #: Those that only a person is, so that a name may stand before them.
    persons: frozenset[str]
    stems: tuple[str, ...]


@cache
def role_words() -> _Roles:
    """Return the words that say what somebody is."""
    table = load_words("bylines")["roles"]
    words, persons = [*table["words"], *table["persons"], *table["beats"]], frozenset(table["persons"])
    return _Roles(frozenset(words), tuple(word for word in words if " " in word), persons, tuple(table["stems"]))


def _any_of(table: dict[str, list[str]], keys: Iterable[str]) -> str:
    return "|".join(map(re.escape, _phrases_of(table, keys)))


def _phrases_of(table: dict[str, list[str]], keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({phrase for key in keys for phrase in table.get(key, ())}, key=len, reverse=True))
