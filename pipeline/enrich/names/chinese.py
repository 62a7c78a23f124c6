"""Chinese names: their syllables in pinyin, from characters, pinyin, Wade-Giles or the Cyrillic of Palladius.

A syllable has a set of readings: Wade-Giles without its apostrophes, as newspapers print it, leaves open whether ch is zh or ch.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import product

from anyascii import anyascii

from pipeline.enrich.names.sounds import Script, script_of

Syllables = tuple[frozenset[str], ...]

_FINALS = "a ai an ang ao e ei en eng er i ia ian iang iao ie in ing iong iu o ong ou u ua uai uan uang ue ui un uo v ve".split()
_INITIALS = "b p m f d t n l g k h j q x zh ch sh r z c s y w".split()
_ALONE = frozenset("a ai an ang ao e ei en er o ou".split())
#: The hundred or so surnames that nearly all Chinese people have, and those of public figures beside them.
_SURNAMES = frozenset(
    """ai an bai bao bi bo cai cao cen chai chang che chen cheng chi chu cui dai deng ding dong dou du duan fan fang fei feng fu gan
    gao ge geng gong gu guan guo han hao he hong hou hu hua huang huo ji jia jian jiang jiao jin jing kang ke kong lai lan lang lei
    leng li lian liang liao lin ling liu long lou lu luo lv ma mao mei meng mi miao mo mu ni nie ning niu ou pan pang pei peng pu qi
    qian qiao qin qiu qu quan rao ren rong ruan shan shang shao shen sheng shi shu si song su sun tan tang tao tian tong tu wan wang
    wei wen weng wu xi xia xiang xiao xie xin xing xiong xu xue yan yang yao ye yi yin ying you yu yuan yue zeng zha zhai zhan zhang
    zhao zhen zheng zhong zhou zhu zhuang zhuo zong zou zuo ouyang sima shangguan zhuge""".split()
)
#: Surnames whose character is read otherwise than usually.
_SURNAME_READINGS = {"曾": "zeng", "单": "shan", "單": "shan", "解": "xie", "仇": "qiu", "查": "zha", "翟": "zhai", "尉": "yu"}
_DOUBLE_SURNAMES = frozenset({"ouyang", "sima", "shangguan", "zhuge"})

_WADE_INITIALS = {
    "hs": ("x",), "ch'": ("ch", "q"), "ch": ("zh", "j", "ch", "q"), "ts'": ("c",), "tz'": ("c",), "ts": ("z", "c"), "tz": ("z", "c"),
    "p'": ("p",), "p": ("b", "p"), "t'": ("t",), "t": ("d", "t"), "k'": ("k",), "k": ("g", "k"), "j": ("r",), "ss": ("s",), "sz": ("s",),
}  # fmt: skip
_WADE_ALONE = {"ing": "ying", "in": "yin", "i": "yi", "o": "e", "erh": "er", "ssu": "si", "szu": "si", "tzu": "zi"}
_WADE_FINALS = {"ung": "ong", "eh": "e", "ih": "i", "ien": "ian", "ueh": "ue", "uei": "ui", "uen": "un", "yu": "you", "eng": "eng"}
_PALLADIUS_INITIALS = {
    "цз": ("z", "j"), "чж": ("zh",), "б": ("b",), "п": ("p",), "м": ("m",), "ф": ("f",), "д": ("d",), "т": ("t",), "н": ("n",),
    "л": ("l",), "г": ("g",), "к": ("k",), "х": ("h",), "ц": ("c", "q"), "с": ("s", "x"), "ч": ("ch",), "ш": ("sh",), "ж": ("r",),
}  # fmt: skip
_PALLADIUS_FINALS = {
    "ань": "an", "ан": "ang", "ай": "ai", "ао": "ao", "а": "a", "энь": "en", "эн": "eng", "эй": "ei", "э": "e", "инь": "in",
    "ин": "ing", "и": "i", "ы": "i", "унь": "un", "ун": "ong", "уань": "uan", "уан": "uang", "уай": "uai", "уа": "ua", "уй": "ui",
    "у": "u", "оу": "ou", "о": "uo", "янь": "ian", "ян": "iang", "яо": "iao", "я": "ia", "ень": "en", "е": "ie", "ю": "iu",
    "юй": "u", "юань": "uan", "юнь": "un", "юн": "iong", "юэ": "ue",
}  # fmt: skip
_PALLADIUS_ALONE = {
    "ван": "wang", "вань": "wan", "вэй": "wei", "вэнь": "wen", "вэн": "weng", "ва": "wa", "во": "wo", "у": "wu", "и": "yi",
    "я": "ya", "ян": "yang", "янь": "yan", "яо": "yao", "е": "ye", "ю": "you", "юй": "yu", "юань": "yuan", "юнь": "yun",
    "юн": "yong", "юэ": "yue", "инь": "yin", "ин": "ying", "ань": "an", "ан": "ang", "ай": "ai", "ао": "ao", "оу": "ou", "эр": "er",
}  # fmt: skip


@lru_cache(maxsize=20_000)
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
    if len(read) < len(words) or not 2 <= sum(map(len, read)) <= 4:  # noqa: PLR2004 - of one surname and one or two more, doubled at most
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
    return len(word) <= 2 and any("".join(reading) in _SURNAMES for reading in product(*word))  # noqa: PLR2004 - Ouyang


def _read_characters(word: str) -> tuple[Syllables, Syllables] | None:
    if not 2 <= len(word) <= 4 or any(script_of(character) is not Script.HAN for character in word):  # noqa: PLR2004 - as above
        return None
    read = [anyascii(character).lower() for character in word]
    read[0] = _SURNAME_READINGS.get(word[0], read[0])
    size = 2 if "".join(read[:2]) in _DOUBLE_SURNAMES and len(word) > 2 else 1  # noqa: PLR2004 - Ouyang and at least one more
    syllables = tuple(frozenset({syllable}) for syllable in read)
    return syllables[:size], syllables[size:]


def _read_word(word: str, script: Script) -> Syllables | None:
    if script is Script.CYRILLIC:
        return _split(word.replace("-", "").replace("ъ", ""), _palladius())
    plain = word.replace("-", "").replace("ü", "v")
    return _split(plain, _pinyin()) if plain.isascii() else None


def _read_wade(word: str) -> Syllables | None:
    parts = [part for part in re.split(r"[- ]", word.replace("ü", "u")) if part]
    read = [_wade_syllable(part) for part in parts]
    return tuple(syllable for syllable in read if syllable) if all(read) and read else None


def _wade_syllable(part: str) -> frozenset[str]:
    if part in _WADE_ALONE:
        return frozenset({_WADE_ALONE[part]})
    found = {part} & _pinyin().keys()
    for initial, values in _WADE_INITIALS.items():
        if part.startswith(initial):
            rest = part.removeprefix(initial).lstrip("'")
            final = _WADE_FINALS.get(rest, rest)
            # "chien" is jian, "chan" is zhan: before i and u of its kind ch is palatal.
            return frozenset(value + final for value in values) & _pinyin().keys()
    for final, value in _WADE_FINALS.items():
        if part.endswith(final) and part.removesuffix(final) in _INITIALS:
            found |= {part.removesuffix(final) + value} & _pinyin().keys()
    return frozenset(found)


def _split(word: str, table: dict[str, frozenset[str]]) -> Syllables | None:
    """Return the fewest syllables that make the word, the longest first."""
    if not word:
        return ()
    best: Syllables | None = None
    for size in range(min(6, len(word)), 0, -1):
        if word[:size] in table:
            rest = _split(word[size:], table)
            if rest is not None and (best is None or len(rest) + 1 < len(best)):
                best = (table[word[:size]], *rest)
    return best


@cache
def _pinyin() -> dict[str, frozenset[str]]:
    """Return every syllable that the rules of pinyin allow; some of them exist in no word, which does no harm."""
    front = frozenset("jqx")
    syllables = set(_ALONE)
    for initial, final in product(_INITIALS, _FINALS):
        if initial in front and final[0] not in "iu":
            continue
        if initial in front and final in {"ua", "uai", "uang", "ui", "uo"}:
            continue
        if initial in {"zh", "ch", "sh", "r", "z", "c", "s", "g", "k", "h", "f", "w"} and final.startswith("i") and len(final) > 1:
            continue
        if initial in {"g", "k", "h", "f", "w"} and final == "i":
            continue
        syllables.add(initial + final)
    return {syllable: frozenset({syllable}) for syllable in syllables}


@cache
def _palladius() -> dict[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    for (initial, values), (final, sound) in product(_PALLADIUS_INITIALS.items(), _PALLADIUS_FINALS.items()):
        readings = {value + sound for value in values if _agrees(value, final, sound)} & _pinyin().keys()
        if final == "о":
            readings |= {value + "o" for value in values if value in {"b", "p", "m", "f"}}
        if readings:
            table.setdefault(initial + final, set()).update(readings)
    for written, sound in _PALLADIUS_ALONE.items():
        table.setdefault(written, set()).add(sound)
    return {written: frozenset(readings) for written, readings in table.items()}


def _agrees(initial: str, final: str, sound: str) -> bool:
    """Tell whether j, q and x stand before a soft vowel, and z, c and s before a hard one, as their Cyrillic has it."""
    is_soft = final[0] in "иеюя"
    if initial in {"j", "q", "x"}:
        return is_soft
    return not (initial in {"z", "c", "s"} and is_soft) or sound == ""
