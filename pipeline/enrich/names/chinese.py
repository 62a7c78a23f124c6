"""Chinese names: their syllables in pinyin, from characters, pinyin, Wade-Giles or the Cyrillic of Palladius.

A syllable has a set of readings: Wade-Giles without its apostrophes, as newspapers print it, leaves open whether ch is zh or ch.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import product

from anyascii import anyascii

from pipeline.enrich.names.sounds import Script, script_of

Syllables = tuple[frozenset[str], ...]

#: Of one surname and one given name, both doubled at most.
_MOST_SYLLABLES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tables:
    """data/chinese.toml."""

    surnames: frozenset[str]
    double_surnames: frozenset[str]
    surname_readings: Mapping[str, str]
    initials: tuple[str, ...]
    finals: tuple[str, ...]
    alone: tuple[str, ...]
    wade_initials: Mapping[str, tuple[str, ...]]
    wade_finals: Mapping[str, str]
    wade_alone: Mapping[str, str]
    palladius_initials: Mapping[str, tuple[str, ...]]
    palladius_finals: Mapping[str, str]
    palladius_alone: Mapping[str, str]


@lru_cache(maxsize=4_000)
def read_chinese(words: tuple[str, ...]) -> tuple[Syllables, Syllables] | None:
    """Return the syllables of the surname and of the given name, or None where the words are no Chinese name.

    The surname comes first or, as Western papers have it, last.
    """
    script = script_of(words[0]) if words else Script.OTHER
    if script is Script.HAN:
        return _read_characters("".join(words))
    if script not in {Script.LATIN, Script.CYRILLIC}:
        return None
    syllables = [_read_word(word, script) for word in words]
    if script is Script.LATIN and (None in syllables or any("-" in word or "'" in word for word in words)):
        syllables = [_read_wade(word) for word in words]
    read = [syllable for syllable in syllables if syllable]
    if len(read) < len(words) or not 2 <= sum(map(len, read)) <= _MOST_SYLLABLES:  # noqa: PLR2004 - one at least beside the surname
        return None
    return _part(read)


def _part(words: Sequence[Syllables]) -> tuple[Syllables, Syllables] | None:
    first, last = words[0], words[-1]
    if _is_surname(first):
        return first, tuple(syllable for word in words[1:] for syllable in word)
    if len(words) > 1 and _is_surname(last):
        return last, tuple(syllable for word in words[:-1] for syllable in word)
    return None


def _is_surname(word: Syllables) -> bool:
    return len(word) <= 2 and any("".join(reading) in _tables().surnames for reading in product(*word))  # noqa: PLR2004 - Ouyang


def _read_characters(word: str) -> tuple[Syllables, Syllables] | None:
    if not 2 <= len(word) <= 4 or any(script_of(character) is not Script.HAN for character in word):  # noqa: PLR2004 - as above
        return None
    read = [anyascii(character).lower() for character in word]
    read[0] = _tables().surname_readings.get(word[0], read[0])
    size = 2 if "".join(read[:2]) in _tables().double_surnames and len(word) > 2 else 1  # noqa: PLR2004 - Ouyang and at least one more
    syllables = tuple(frozenset({syllable}) for syllable in read)
    return syllables[:size], syllables[size:]


@lru_cache(maxsize=10_000)
def _read_word(word: str, script: Script) -> Syllables | None:
    if script is Script.CYRILLIC:
        return _split(word.replace("-", "").replace("ъ", ""), _palladius())
    plain = word.replace("-", "").replace("ü", "v")
    return _split(plain, pinyin()) if plain.isascii() else None


@lru_cache(maxsize=10_000)
def _read_wade(word: str) -> Syllables | None:
    parts = [part for part in re.split(r"[- ]", word.replace("ü", "u")) if part]
    read = [_wade_syllable(part) for part in parts]
    return tuple(syllable for syllable in read if syllable) if all(read) and read else None


def _wade_syllable(part: str) -> frozenset[str]:
    if part in _tables().wade_alone:
        return frozenset({_tables().wade_alone[part]})
    found = {part} & pinyin().keys()
    for initial, values in _tables().wade_initials.items():
        if part.startswith(initial):
            rest = part.removeprefix(initial).lstrip("'")
            final = _tables().wade_finals.get(rest, rest)
            # "chien" is jian, "chan" is zhan: before i and u of its kind ch is palatal.
            return frozenset(value + final for value in values) & pinyin().keys()
    for final, value in _tables().wade_finals.items():
        if part.endswith(final) and part.removesuffix(final) in _tables().initials:
            found |= {part.removesuffix(final) + value} & pinyin().keys()
    return frozenset(found)


def _split(word: str, table: dict[str, frozenset[str]], most: int = _MOST_SYLLABLES) -> Syllables | None:
    """Return the fewest syllables that make the word, the longest first; None where it takes more than ``most``.

    Without that bound, "xian" again and again, which also reads as "xi-an", took twice as long for each four letters more.
    """
    if not word:
        return ()
    if not most:
        return None
    best: Syllables | None = None
    for size in range(min(6, len(word)), 0, -1):
        if word[:size] in table:
            rest = _split(word[size:], table, most - 1)
            if rest is not None and (best is None or len(rest) + 1 < len(best)):
                best = (table[word[:size]], *rest)
    return best


@cache
def pinyin() -> dict[str, frozenset[str]]:
    """Return every syllable that the rules of pinyin allow; some of them exist in no word, which does no harm."""
    front = frozenset("jqx")
    syllables = set(_tables().alone)
    for initial, final in product(_tables().initials, _tables().finals):
        if initial in front and final[0] not in "iu":
            continue
        if initial in front and final in {"ua", "uai", "uang", "ui", "uo"}:
            continue
        if (
            initial in {"zh", "ch", "sh", "r", "z", "c", "s", "g", "k", "h", "f", "w"}
            and final.startswith("i")
            and len(final) > 1
        ):
            continue
        if initial in {"g", "k", "h", "f", "w"} and final == "i":
            continue
        syllables.add(initial + final)
    return {syllable: frozenset({syllable}) for syllable in syllables}


def surnames_of_china() -> frozenset[str]:
    """Return the surnames that are known, in pinyin."""
    return _tables().surnames


@cache
def _palladius() -> dict[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    for (initial, values), (final, sound) in product(
        _tables().palladius_initials.items(), _tables().palladius_finals.items()
    ):
        readings = {value + sound for value in values if _agrees(value, final, sound)} & pinyin().keys()
        if final == "о":
            readings |= {value + "o" for value in values if value in {"b", "p", "m", "f"}}
        if readings:
            table.setdefault(initial + final, set()).update(readings)
    for written, sound in _tables().palladius_alone.items():
        table.setdefault(written, set()).add(sound)
    return {written: frozenset(readings) for written, readings in table.items()}


def _agrees(initial: str, final: str, sound: str) -> bool:
    """Tell whether j, q and x stand before a soft vowel, and z, c and s before a hard one, as their Cyrillic has it."""
    is_soft = final[0] in "иеюя"
    if initial in {"j", "q", "x"}:
        return is_soft
    return not (initial in {"z", "c", "s"} and is_soft) or sound == ""


@cache
def _tables() -> _Tables:
    tables = tomllib.loads(files("pipeline.enrich").joinpath("data", "chinese.toml").read_text(encoding="utf-8"))
    return _Tables(
        surnames=frozenset(tables["surnames"].split()),
        double_surnames=frozenset(tables["double_surnames"].split()),
        surname_readings=tables["surname_readings"],
        initials=tuple(tables["initials"].split()),
        finals=tuple(tables["finals"].split()),
        alone=tuple(tables["alone"].split()),
        wade_initials={written: tuple(read.split()) for written, read in tables["wade_initials"].items()},
        wade_finals=tables["wade_finals"],
        wade_alone=tables["wade_alone"],
        palladius_initials={written: tuple(read.split()) for written, read in tables["palladius_initials"].items()},
        palladius_finals=tables["palladius_finals"],
        palladius_alone=tables["palladius_alone"],
    )
