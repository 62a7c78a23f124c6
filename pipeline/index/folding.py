"""Text to folded words: what both search stores compare. mappings/articles.json says the same to Elasticsearch.

A word is a run of letters, marks and digits; anything else parts words, so ``Iran's`` is found by ``Iran``. Scripts written
without spaces (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese) give one word a character, and what the user writes
together is looked for as a phrase. Folding drops case and accents: ``Téhéran`` is ``teheran``, ``Łódź`` is ``lodz``.
"""

import re
import unicodedata
from dataclasses import dataclass

#: Code points of the scripts without spaces, as the body of a character class.
UNSPACED = (
    r"\u0E00-\u0EFF\u1000-\u109F\u1100-\u11FF\u1780-\u17FF\u2E80-\u31FF\u3400-\u9FFF\uA960-\uA97F\uAC00-\uD7FF\uF900-\uFAFF"
    r"\uFF66-\uFFDC"
)
_PLANES = "\U00020000-\U0003ffff"
#: Code points that are no part of a word and do not part it either: soft hyphens, accents left apart, the Arabic tatweel,
#: joiners and direction marks.
INVISIBLE = r"\u00AD\u0300-\u036F\u0640\u200D-\u200F\u202A-\u202E\u2060-\u206F\uFE00-\uFE0F\uFEFF"
#: Longer words, such as a picture's code left in a text, are compared by their beginning: Elasticsearch refuses huge ones.
MAX_WORD = 255

_UNSPACED = re.compile(f"[{UNSPACED}{_PLANES}]")
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_WORD = re.compile(f"[{UNSPACED}{_PLANES}]|[^\\s{UNSPACED}{_PLANES}]+")

#: Letters whose folded form is not their base letter.
_LETTERS = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "ĳ": "ij",
    **dict(zip("øðđłħŋŧıĸŀŉəǝɓɗƙƴɛɔɲёς", "oddlhntiqlnaebdkyeonеσ", strict=True)),
    # Arabic and Persian: the forms of alef, yeh, kaf and heh that writers use for each other, and the vowel marks.
    **dict.fromkeys("أإآ", "ا"),
    **dict.fromkeys("ىیے", "ي"),
    **dict.fromkeys("ةۀہ", "ه"),
    **dict.fromkeys("ک", "ك"),
    **dict.fromkeys("ًٌٍَُِّْٔ", ""),
}
#: Scripts (as Unicode names begin) whose letters fold to their base; elsewhere a mark makes another letter: й is not и.
_COMPOSED_SCRIPTS = ("LATIN", "GREEK", "FULLWIDTH", "HALFWIDTH")


@dataclass(frozen=True, slots=True)
class Word:
    """A folded word and the characters of the text that it stands for, end exclusive."""

    folded: str
    start: int
    end: int


def find_words(text: str) -> list[Word]:
    """Return the words of the text in order."""
    matches = _WORD.finditer(text.translate(_BREAKS))
    words = (Word(match[0].translate(_FOLDS)[:MAX_WORD], match.start(), match.end()) for match in matches)
    return [word for word in words if word.folded]


def find_spans(text: str) -> list[tuple[int, int]]:
    """Return where the words of the text stand, end exclusive: what ``find_words`` says, many times as fast."""
    matches = _WORD.finditer(text.translate(_BREAKS))
    return [match.span() for match in matches if match[0].isascii() or match[0].translate(_FOLDS)]


def fold_words(text: str) -> list[str]:
    """Return the folded words of the text in order; where they stand is not asked, which makes it many times as fast."""
    return [word[:MAX_WORD] for word in text.translate(_FOLDED_APART).split()]


def fold(text: str) -> str:
    """Return the folded words joined by spaces: equal for two names that differ in case, accents or punctuation alone."""
    return " ".join(fold_words(text))


class _Breaks(dict[int, str]):
    """Characters that part words become a space, others stay; length is kept, so that offsets hold."""

    def __missing__(self, code: int) -> str:
        """Decide once for each character."""
        character = chr(code)
        belongs = unicodedata.category(character)[0] in "LMN" or _INVISIBLE.match(character)
        self[code] = character if belongs else " "
        return self[code]


class _Folds(dict[int, str]):
    """Characters of words in their folded form."""

    def __missing__(self, code: int) -> str:
        """Fold once for each character."""
        folded = "".join(_fold_character(lower) for lower in chr(code).lower())
        self[code] = folded.replace(" ", "")  # the iota below a Greek letter, standing alone, is one with a space
        return self[code]


class _FoldedApart(dict[int, str]):
    """Characters of words in their folded form, and spaces where words part."""

    def __missing__(self, code: int) -> str:
        """Decide once for each character."""
        character = _BREAKS[code]
        folded = " " if character == " " else _FOLDS[code]
        self[code] = f" {folded} " if _UNSPACED.match(character) else folded
        return self[code]


def _fold_character(character: str) -> str:
    if _INVISIBLE.match(character):
        return ""
    if character in _LETTERS:
        return _LETTERS[character]
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    if not unicodedata.name(character, "").startswith(_COMPOSED_SCRIPTS):
        return character
    base = unicodedata.normalize("NFKD", character)
    return "".join(_LETTERS.get(part, part) for part in base if not unicodedata.combining(part))


_BREAKS = _Breaks()
_FOLDS = _Folds()
_FOLDED_APART = _FoldedApart()
