"""Given names: which are variants of one name, and which short forms stand for which."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files

from pipeline.enrich.names.sounds import ABJADS, script_of, sounds_of

#: What spellings of one language after another leave open, read the usual way.
_USUAL = str.maketrans(
    {
        "2": "i",
        "y": "i",
        "Y": "i",
        "w": "v",
        "U": "u",
        "1": "x",
        "3": "c",
        "4": "k",
        "W": "u",
        "q": "k",
        "G": "g",
        "N": "",
    }
    | {"A": "a", "H": "h", "D": "d", "T": "t"}
)


@lru_cache(maxsize=10_000)
def given_names_of(word: str) -> frozenset[str]:
    """Return the given names that the folded word is a variant of, such as alexander; none for what is no known given name."""
    return _tables()[0].get(_plain(word), frozenset())


@lru_cache(maxsize=10_000)
def long_forms_of(word: str) -> frozenset[str]:
    """Return the given names that the folded word is a short form of."""
    return _tables()[1].get(_plain(word), frozenset())


def variants() -> frozenset[str]:
    """Return every given name that is known, each in one spelling."""
    return frozenset(name for names in _tables()[0].values() for name in names)


def _plain(word: str) -> str:
    """Return the sounds read the usual way; those of scripts without vowels are apart: Ali is no Li, and Umar no Muammar."""
    sounds = sounds_of(word.replace("ё", "е"))
    is_unvowelled = script_of(word) in ABJADS
    plain = re.sub(r"(.)\1+", r"\1", (sounds if is_unvowelled else sounds.replace("'", "")).translate(_USUAL))
    return f"*{plain}" if is_unvowelled else plain


@cache
def _tables() -> tuple[Mapping[str, frozenset[str]], Mapping[str, frozenset[str]]]:
    tables = tomllib.loads(files("pipeline.enrich").joinpath("data", "given_names.toml").read_text(encoding="utf-8"))
    variants = _by_sound({name: f"{name} {others}" for name, others in tables["variants"].items()})
    alone = {name: name for name in tables["nicknames"] if _plain(name) not in variants}
    variants = {**variants, **_by_sound(alone)}
    full = {name: variants[_plain(name)] for name in tables["nicknames"]}
    short: dict[str, frozenset[str]] = {}
    for name, words in tables["nicknames"].items():
        for word in words.split():
            short[_plain(word)] = short.get(_plain(word), frozenset()) | full[name]
    return variants, short


def _by_sound(names: Mapping[str, str]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for name, words in names.items():
        for word in words.split():
            found.setdefault(_plain(word), set()).add(name)
    return {word: frozenset(those) for word, those in found.items()}
