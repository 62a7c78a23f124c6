"""How a language says who speaks: verbs of saying, pronouns, roles, places where things are said; TOML beside the code."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

_NOTHING = re.compile(r"(?!)")
#: A name in the patterns of places where something is said: capitalised words, or one letter such as X.
_NAME = r"[^\W\d_a-z]\w*(?:[ -](?:(?:of|de|du|la|for) )?[^\W\d_a-z]\w*){0,4}"


class Gender(StrEnum):
    """Whom a pronoun or a title can mean."""

    MALE = "male"
    FEMALE = "female"
    PLURAL = "plural"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """The words of one language around quotations, in lower case."""

    #: Matches a verb of saying, with the pronoun that is part of it ("explique-t-il").
    cue: re.Pattern[str] = _NOTHING
    #: "According to": the speaker follows.
    attribution: re.Pattern[str] = _NOTHING
    turns: frozenset[str] = frozenset()
    passives: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()
    prepositions: frozenset[str] = frozenset()
    determiners: frozenset[str] = frozenset()
    #: Before somebody unnamed: "a spokesman".
    indefinites: frozenset[str] = frozenset()
    adverbs: frozenset[str] = frozenset()
    subordinators: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    bodies: frozenset[str] = frozenset()
    #: Before words in quotation marks that nobody said.
    scare: re.Pattern[str] = _NOTHING
    #: "On Tuesday" between a verb and its subject, or before the subject.
    time: re.Pattern[str] = _NOTHING
    pronoun: re.Pattern[str] = _NOTHING
    pronouns: Mapping[str, Gender] = field(default_factory=dict)
    #: Titles and roles of one gender.
    genders: Mapping[str, Gender] = field(default_factory=dict)
    venues: tuple[re.Pattern[str], ...] = ()
    #: Places of a quotation whose name is an organization's.
    media: tuple[re.Pattern[str], ...] = ()
    #: Endings of Russian verbs and surnames that tell the gender, longest first.
    endings: tuple[tuple[str, Gender], ...] = ()
    #: Whether the speaker can stand after the verb although the words come later: "Dann sagte sie: …".
    inverts: bool = False
    #: Spanish and Russian leave "he" and "she" out.
    drops_subject: bool = False
    #: Russian sets names of companies and works off with the marks of quotations.
    marks_names: bool = False


@cache
def load_speech(language: str) -> Speech:
    """Return the words of the language; a language without a file has none."""
    file = files("pipeline.enrich").joinpath("data", "speech", f"{language}.toml")
    if not (language.isalpha() and file.is_file()):
        return Speech()
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    pronouns = {word: Gender(gender) for word, gender in tables["pronouns"].items()}
    sets = (
        *("turns", "passives", "agents", "prepositions", "determiners", "indefinites", "adverbs", "subordinators"),
        *("roles", "bodies"),
    )
    return Speech(
        **{name: frozenset(tables[name]) for name in sets},
        cue=_cue(tables),
        attribution=_words(tables["attributions"]),
        scare=re.compile(rf"{_words(tables['scares']).pattern}\s*$", re.IGNORECASE),
        time=re.compile(rf"\b(?:{'|'.join(tables['times'])})\b", re.IGNORECASE),
        pronoun=_words(pronouns),
        pronouns=pronouns,
        genders={word: Gender(gender) for gender, words in tables["genders"].items() for word in words},
        venues=tuple(_venue(pattern, tables["audiences"]) for pattern in tables["venues"]),
        media=tuple(_venue(pattern, ()) for pattern in tables.get("media", ())),
        endings=tuple((end, Gender(gender)) for end, gender in sorted(tables.get("endings", {}).items(), key=_length)),
        inverts=tables["inverts"],
        drops_subject=tables["drops_subject"],
        marks_names=tables.get("marks_names", False),
    )


@cache
def load_given_names() -> Mapping[str, Gender]:
    """Return the gender of given names, in lower case, that are nearly always of one."""
    tables = tomllib.loads(files("pipeline.enrich").joinpath("data", "genders.toml").read_text(encoding="utf-8"))
    male, female = set(tables["male"].split()), set(tables["female"].split())
    return dict.fromkeys(male - female, Gender.MALE) | dict.fromkeys(female - male, Gender.FEMALE)


def _cue(tables: Mapping[str, Any]) -> re.Pattern[str]:
    finite = rf"{_either(tables['cues'])}{tables.get('suffix', '')}"
    if "participles" not in tables:
        return re.compile(rf"\b{finite}\b", re.IGNORECASE)
    compound = rf"{tables['auxiliary']}{_either(tables['participles'])}"
    return re.compile(rf"\b(?:{compound}|{finite})\b", re.IGNORECASE)


def _venue(pattern: str, audiences: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern with a capitalised name, or one of the audiences, in the place of {name}."""
    opening, _, rest = pattern.partition("{name}")
    name = rf"(?:[Tt]he )?({_NAME}|{_either(audiences)}\b)" if "{name}" in pattern else ""
    return re.compile(rf"\b(?i:{opening}){name}{rest}")


def _length(row: tuple[str, str]) -> int:
    return -len(row[0])


def _words(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"\b{_either(words)}\b", re.IGNORECASE)


def _either(words: Iterable[str]) -> str:
    ordered = sorted(words, key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, ordered))})" if ordered else "(?!)"
