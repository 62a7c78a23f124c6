"""How a word of a name sounds, whatever its script, and how far two words are apart.

The code has one character a sound. Small letters are themselves; x is kh, c is ts, y the semivowel. S Z C J are sh, zh, ch, dj;
T D G are th, dh, gh; N a nasal and F the g of ng, which other spellings leave out. Some spellings leave open what is meant: 1 is
a Latin ch, 2 a Latin j, 3 a Latin c before e and i, 4 another Latin c, U a Latin ou; A W Y H are the letters of Arabic and Hebrew
that are vowels or consonants.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files

from anyascii import anyascii


class Script(StrEnum):
    """Scripts that are read in a way of their own; every other is read by its usual romanization."""

    LATIN = "latin"
    CYRILLIC = "cyrillic"
    GREEK = "greek"
    ARABIC = "arabic"
    HEBREW = "hebrew"
    HAN = "cjk"
    HANGUL = "hangul"
    OTHER = "other"


#: Written without their short vowels.
ABJADS = frozenset({Script.ARABIC, Script.HEBREW})
_VOWELS = frozenset("aeiouU")
_GLIDES = frozenset("yWYHA'NFh")

#: What one sound costs instead of another, where less than 1: the same name in another language's spelling.
_PAIRS = {
    **dict.fromkeys(("1C", "1x", "1S", "2y", "2Z", "2J", "2i", "3c", "3s", "Uu", "AW", "Fg", "4k"), 0.0),
    **dict.fromkeys(("Aa", "Wo", "Wu", "WU", "Wv", "Ww", "Yi", "Ye", "Yy", "Y2", "Hh", "Ha", "He"), 0.0),
    **dict.fromkeys(
        ("ck", "3C", "1k", "1h", "2x", "2h", "4c", "xh", "gh", "wv", "dD", "tT", "wu", "yi", "ae", "F2", "FG"), 0.1
    ),
    **dict.fromkeys(("Ae", "Ao", "Ai", "Hi", "Yu", "HY", "qk", "Gg", "cz", "sz", "ou", "ei", "oU", "ie", "Yo"), 0.15),
    **dict.fromkeys(
        ("Gx", "Gq", "gq", "4C", "2C", "SZ", "CJ", "ZJ", "cs", "cC", "zD", "kg", "xk", "wU", "Uv", "vu", "Gh"), 0.2
    ),
    **dict.fromkeys(("ao", "au", "oe", "ui", "eu", "Gk", "Ss", "Zz", "Jz", "rl", "Ts", "Jg", "zJ", "2g", "ct"), 0.3),
    **dict.fromkeys(("nm", "nN", "Cc", "CS", "Cx", "hx"), 0.4),
}
_SUBSTITUTION = {
    pair: cost for written, cost in _PAIRS.items() for pair in ((written[0], written[1]), (written[1], written[0]))
}
#: What only another script confuses: Arabic has no p and v, Greek no b and d of one letter.
_ACROSS = {
    "bp": 0.15,
    "pb": 0.15,
    "dt": 0.3,
    "td": 0.3,
    "vf": 0.15,
    "fv": 0.15,
    "bv": 0.3,
    "vb": 0.3,
    "fp": 0.3,
    "pf": 0.3,
}
_OTHER_VOWEL = 0.35
#: What a sound costs that the other spelling lacks, where less than 1.
_SKIP = {
    "y": 0.15,
    "Y": 0.15,
    "W": 0.3,
    "H": 0.1,
    "A": 0.1,
    "'": 0.0,
    "N": 0.1,
    "F": 0.25,
    "h": 0.45,
    "w": 0.6,
    **dict.fromkeys(_VOWELS, 0.25),
}
_SHORT_VOWEL = 0.04  # a vowel that the other side's script does not write


#: Its ts and dz are the t and d of its neighbours.
_BELARUSIAN = re.compile(r"[ao]usk|ў")


def script_of(word: str) -> Script:
    """Return the script of the word's first letter."""
    for character in word:
        if character.isalpha():
            name = unicodedata.name(character, "").lower()
            first = name.partition(" ")[0]
            if first in {"hiragana", "katakana"}:
                return Script.OTHER
            return Script(first) if first in Script._value2member_map_ else Script.OTHER
    return Script.OTHER


@lru_cache(maxsize=50_000)
def sounds_of(word: str) -> str:
    """Return how the folded word sounds; empty for what has no sound."""
    script = script_of(word)
    if script in {Script.OTHER, Script.HAN, Script.HANGUL}:
        word, table = anyascii(word).lower(), Script.LATIN
    else:
        table = script
    pattern, values = _letters(table)
    coded = pattern.sub(lambda found: values[found[0]], _without_marks(word, values))
    if not coded.isascii():
        coded = anyascii(coded)
    coded = re.sub(r"[^A-Za-z1234']", "", coded)
    if script is Script.OTHER:  # the dot of Indian scripts is the nasal of the consonant behind it
        coded = re.sub(r"m(?=[cCdDgGjkKtTsS])", "n", coded)
    coded = coded.replace("dZ", "J").replace("ts", "c").replace("ng", "nF")
    coded = re.sub(r"(?<=[aeio])h$", "H", coded)
    if _BELARUSIAN.search(word):
        coded = re.sub(
            r"ci", "ti", coded.replace("dzi", "di").replace("dze", "de").replace("Usk", "owsk").replace("ausk", "owsk")
        )
    return re.sub(r"(.)\1+", r"\1", coded)


def weigh(sounds: str) -> float:
    """Return how much there is to compare: consonants count one, vowels and what may be silent less."""
    return sum(0.3 if sound in _VOWELS or sound in _GLIDES else 1.0 for sound in sounds)


@lru_cache(maxsize=100_000)
def distance(one: str, other: str, scripts: tuple[Script, Script]) -> float:
    """Return what it costs to turn one into the other, over the larger weight: 0 for the same, 1 for nothing in common."""
    vowel = _SHORT_VOWEL if ABJADS & {*scripts} and scripts[0] is not scripts[1] else _SKIP["a"]
    is_across = scripts[0] is not scripts[1]
    row = [0.0]
    for sound in other:
        row.append(row[-1] + _skip(sound, vowel))
    for mine in one:
        skipped = _skip(mine, vowel)
        above = row
        row = [above[0] + skipped]
        for index, theirs in enumerate(other):
            row.append(
                min(
                    above[index + 1] + skipped,
                    row[-1] + _skip(theirs, vowel),
                    above[index] + _substitute(mine, theirs, is_across),
                )
            )
    return row[-1] / max(weigh(one), weigh(other), 1.0)


def _skip(sound: str, vowel: float) -> float:
    return vowel if sound in _VOWELS else _SKIP.get(sound, 1.0)


def _substitute(mine: str, theirs: str, is_across: bool) -> float:  # noqa: FBT001 - private
    if mine == theirs:
        return 0.0
    if is_across and (cost := _ACROSS.get(mine + theirs)) is not None:
        return cost
    both_vowels = mine in _VOWELS and theirs in _VOWELS
    return _SUBSTITUTION.get((mine, theirs), _OTHER_VOWEL if both_vowels else 1.0)


def _without_marks(word: str, values: Mapping[str, str]) -> str:
    """Return the word without accents, but for letters that sound otherwise with theirs."""
    composed = unicodedata.normalize("NFC", word)
    return "".join(
        character
        if character in values
        else "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
        for character in composed
    )


@cache
def _letters(script: Script) -> tuple[re.Pattern[str], Mapping[str, str]]:
    """Return the pattern that finds the script's letters, longest groups first, and how they sound."""
    values: Mapping[str, str] = _load_letters()[script]
    return re.compile("|".join(map(re.escape, sorted(values, key=len, reverse=True)))), values


@cache
def _load_letters() -> Mapping[str, Mapping[str, str]]:
    source = files("pipeline.enrich").joinpath("data", "letters.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))
