"""Word lists of this stage, by language, kept as TOML beside the code, read once when first needed."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from babel import Locale

from pipeline.enrich.speech import Gender, load_speech

#: Languages that news is written in and that have names of countries of their own.
_LANGUAGES = (
    "am ar az be bg bn cs da de el es et fa fi fr he hi hr hu hy id it ja ka kk ko lt lv mk nl no pl pt ro ru sk sl sq sr sv "
    "sw ta th tr uk ur uz vi zh zh_Hant"
)
_LEAST_LATIN = 5
_CODE = 2  # letters; longer ones are regions of the world


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
    """Return the words of the language; of what has no file, it has none."""
    file = files("pipeline.enrich").joinpath("data", f"{language}.toml")
    tables = tomllib.loads(file.read_text(encoding="utf-8")) if language.isalpha() and file.is_file() else {}
    return Words(
        articles=frozenset(tables.get("articles", ())),
        titles=frozenset(tables.get("titles", ())),
        generic=frozenset(tables.get("generic", ())),
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
        countries=_countries_in_many_languages() | tables["countries"],
        organizations=tables["organizations"],
        bodies=tables["bodies"],
        legal_forms=frozenset(tables["legal_forms"]),
    )


def _countries_in_many_languages() -> dict[str, str]:
    """Return the countries' codes by their names in the languages of news, as Unicode's CLDR has them.

    A short name in Latin letters is left out: Vietnamese calls Great Britain by what elsewhere is a given name.
    """
    found: dict[str, str] = {}
    for language in _LANGUAGES.split():
        for code, name in Locale.parse(language).territories.items():
            is_long = len(name) >= _LEAST_LATIN or not name.isascii()
            if len(code) == _CODE and code.isalpha() and is_long:
                found.setdefault(name, code)
    return found
