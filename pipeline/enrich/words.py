"""Word lists of this stage, by language, kept as TOML beside the code, read once when first needed."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from pipeline.enrich.speech import Gender, load_speech


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What stands beside names in one language; all in lower case but ``demonyms``."""

    articles: frozenset[str] = frozenset()
    titles: frozenset[str] = frozenset()
    generic: frozenset[str] = frozenset()
    #: Matches a verb of saying, as a whole word.
    cue: re.Pattern[str] = re.compile(r"(?!)")
    #: Titles and roles of one gender.
    genders: Mapping[str, Gender] = field(default_factory=dict)
    #: Adjectives and peoples with their country's code, "" for those of no one country.
    demonyms: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    """Names that news never spells out: of countries with their codes, of organizations with what they stand for."""

    countries: Mapping[str, str]
    organizations: Mapping[str, str]
    #: Names of seats that mean a body of a country, with its code: Kremlin, White House.
    bodies: Mapping[str, str]
    #: "GmbH" and the like, in lower case: a company is the same with and without.
    legal_forms: frozenset[str]


@cache
def load_words(language: str) -> Words:
    """Return the words of the language; a language without a file has none."""
    file = files("pipeline.enrich").joinpath("data", f"{language}.toml")
    if not (language.isalpha() and file.is_file()):
        return Words()
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    return Words(
        articles=frozenset(tables["articles"]),
        titles=frozenset(tables["titles"]),
        generic=frozenset(tables["generic"]),
        cue=load_speech(language).cue,
        genders=load_speech(language).genders,
        demonyms=load_demonyms(language),
    )


@cache
def load_demonyms(language: str) -> Mapping[str, str]:
    """Return the adjectives and peoples of the language with their country's code, "" for those of no one country."""
    file = files("pipeline.enrich").joinpath("data", "demonyms", f"{language}.toml")
    if not (language.isalpha() and file.is_file()):
        return {}
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    return {stem + ending: code for ending in tables["endings"] for stem, code in tables["stems"].items()}


@cache
def load_known_names() -> KnownNames:
    """Return the names known in no one language."""
    tables = tomllib.loads(files("pipeline.enrich").joinpath("data", "names.toml").read_text(encoding="utf-8"))
    return KnownNames(
        countries=tables["countries"],
        organizations=tables["organizations"],
        bodies=tables["bodies"],
        legal_forms=frozenset(tables["legal_forms"]),
    )
