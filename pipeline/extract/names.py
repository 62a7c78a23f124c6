"""Names in a printed byline: roles, places, addresses and dates cut, agencies told apart."""

import re
from functools import lru_cache

from pipeline.extract.byline_words import (
    base_pattern,
    conjunction_pattern,
    han_label_pattern,
    label_kinds,
    label_pattern,
    opening_pattern,
    place_names,
    prefixes_of,
    primary_language,
    role_words,
    suffix_pattern,
)
from pipeline.extract.text import clean_line
from pipeline.extract.times import is_date_word
from pipeline.extract.words import load_words
from pipeline.model.article import Byline

_MAX_WORDS = 6
_MAX_PARTICLE = 5
_MAX_NAME = 60
_MAX_INITIALS = 3
_EMAIL = re.compile(r"(?<!\S)(?:\S+@\S+|@\w+)")
ADDRESS = re.compile(r"^(?:https?:)?//|^www\.|/|[^\W_]{2}\.[a-z]{2,4}$", re.IGNORECASE)
_SEPARATOR = re.compile(
    r"\s{0,4}(?:[,;|/&•·*(){}\[\]<>\n、，；／｜・【】（）]|\s[-–—]\s|\s\+\s|(?<!\w)[-–—]|[-–—](?!\w))\s*+"
)
_ASIDE = re.compile(r"\(([^()]{1,80})\)|（([^（）]{1,80})）|[\[【]([^\[\]【】]{1,40}[=＝][^\[\]【】]{1,40})[\]】]")
_BRACKETS = frozenset("(（[【")
_LABELLED = re.compile(
    r"(?<!\d)[:：]|[／＝=｜]|(?<=[^\x00-\x7f])/|\S (?:by|von|par|por) |사진|글", re.IGNORECASE
)  # what every label has: trying all takes long
_WITHIN_ASIDE = re.compile(r"[=＝/,，]")
_UNSPACED = re.compile("[\u3040-\u9fff\uac00-\ud7af]")
_WORD = re.compile(r"\w")
_COLON, _JOINT = re.compile(r"\s*(?:[:：]\s*)?"), re.compile(r"\s*(?:[:：/／|]\s*)?")
_INITIALS = re.compile(r"^[A-ZÀ-Þ]{2,5}$")
_HAN = re.compile(r"^[\u3400-\u9fff\uac00-\ud7af\s]+$")
_HOUSE = re.compile(r"^[A-ZÄÖÜ]{2,5}-\w")  # "ARD-Studio"
_HAN_NAME, _JAPANESE_NAME = 4, 6  # characters of the longest
_SHORT_NAME = 5
_LONGEST_AGENCY = 4  # words
#: Where and when a Chinese agency sent it from: "台北13日電".
_WIRED = re.compile(r"(?:\S{2})?(?:\d{1,2}月)?\d{1,2}日(?:[电電]|综合|綜合)(?s:.*)|[电電]$")
#: "And" is a letter of the next word in Hebrew; what has two words on either side is two names.
_HEBREW_AND = re.compile(r"(?<!\w)(\w++ \w++) ו(\w{2,}+ \w+)")


@lru_cache(maxsize=1_000)  # a page says the same in several places
def parse_byline(raw: str, language: str | None = None) -> Byline:
    """Return the names of a printed byline in the order given, and the agency; roles, places, addresses and dates cut."""
    language = primary_language(language)  # patterns are made for each language, not for each of its countries
    line = clean_line(raw)
    if "@" in line:
        line = _EMAIL.sub(" , ", line)
    asides = []
    if not _BRACKETS.isdisjoint(line):
        asides = [text for aside in _ASIDE.findall(line) for texts in aside for text in _WITHIN_ASIDE.split(texts)]
        line = _ASIDE.sub(" , ", line)
    written, sources = _cut_credits(line)
    written, papers = _cut_papers(written)
    text = _split_conjunctions(_cut_prefix(written, language), language)
    authors: dict[str, None] = {}
    agency = None
    for part in filter(None, _SEPARATOR.split(text)):
        names, employer = _read_part(part, language)
        agency = agency or employer
        authors.update(dict.fromkeys(names))
    agency = agency or next(filter(None, map(find_agency, (*asides, *sources, *papers))), None)
    if any(" " in name for name in authors):  # beside full names a single word is a place or a paper
        authors = {name: None for name in authors if " " in name or _UNSPACED.search(name)}
    return Byline(authors=tuple(authors), agency=agency, raw=raw)


def find_agency(text: str) -> str | None:
    """Return the name of the agency that the text is or ends with, or None: "with AFP", "Redazione ANSA"."""
    return _split_agency(text)[1]


def _split_agency(text: str) -> tuple[str, str | None]:
    """Return the words before the agency at the end of the text, and the agency; all words where there is none."""
    agencies, words = load_words("bylines")["agencies"], text.strip(" .:：").split()
    for at in range(max(0, len(words) - _LONGEST_AGENCY), len(words)):
        said = " ".join(words[at:])
        # "Ida Sid" is no agency, "Ida SID" is: beside other words short names must not look like a family's.
        if said.lower() in agencies and (not at or len(said) > _SHORT_NAME or not said.istitle()):
            return " ".join(words[:at]), str(agencies[said.lower()])
    return text, None


def _cut_credits(line: str) -> tuple[str, list[str]]:
    """Return the line without what labels give to others than the authors ("Photo: Tom Aske"), and the sources named."""
    said = _lower(line) if _LABELLED.search(line) else ""
    within = tuple(label for label in label_kinds() if label in said) if said else ()
    pieces = label_pattern(within).split(line) if within else [line]
    kept, sources = [pieces[0]], list[str]()
    for label, text in zip(pieces[1::2], pieces[2::2], strict=True):
        kind = label_kinds()[_bare_label(label)]
        if kind == "authors":
            kept.append(text)
        elif kind == "sources":
            sources.append(text.strip(" .,;|/"))
    return " , ".join(kept), [*sources, *(word for text in sources for word in text.split())]


def _cut_papers(line: str) -> tuple[str, list[str]]:
    """Return the line without what stands before "记者", its paper, and that: nothing separates Chinese words."""
    if line.isascii():
        return line, []
    first, *others = han_label_pattern().split(line)
    if not "".join(others).strip():  # a title after the name
        return line, []
    return " , ".join(others), [first.strip()]


def _split_conjunctions(text: str, language: str | None) -> str:
    """Return the text with commas for its conjunctions, but for those within names: "Joan Puig i Cadafalch"."""
    pieces = conjunction_pattern(language).split(text)
    joined = pieces[0]
    for conjunction, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        first = next(iter(_SEPARATOR.split(piece)), "")
        is_in_name = (
            len(conjunction) == 1 and " " not in first and not _is_role(first.lower()) and not find_agency(first)
        )
        joined += f" {conjunction} {piece}" if is_in_name else f", {piece}"
    return _HEBREW_AND.sub(r"\1, \2", joined) if (language or "").startswith(("he", "iw")) else joined


def _read_part(part: str, language: str | None) -> tuple[list[str], str | None]:
    """Return the names in a part of a byline, mostly one or none, and the agency in it."""
    name = _cut_date(_cut_wire(_cut_prefix(part, language))).strip(" .:：-–—=＝\"'“”„«»")
    if not name:
        return [], None
    name, _, employer = name.partition(" for ")
    name, agency = _split_agency(name)
    name = base_pattern(language).sub("", name).strip(" .:-–—")
    names = _split_han(name, language) if _HAN.match(name) else [_cut_role(name)]
    is_short = not (language or "").startswith("ja")
    names = [
        name
        for name in names
        if not (_HAN.match(name) and len(name.replace(" ", "")) > (_HAN_NAME if is_short else _JAPANESE_NAME))
    ]
    return [
        _recase(name) for name in names if _is_name(name) and name.lower() not in place_names()
    ], agency or find_agency(employer)


def _split_han(text: str, language: str | None) -> list[str]:
    """Return the names in Han or Hangul characters; in Japanese a blank stands between family and given name."""
    words = [word for word in text.split() if not _is_role(word)]
    if (language or "").startswith("ja") and len(words) % 2 == 0:
        return [" ".join(pair) for pair in zip(words[::2], words[1::2], strict=True)]
    return words if all(len(word) in {2, 3, 4} for word in words) else [" ".join(words)]


def _is_name(text: str) -> bool:
    words = text.split()
    if not (1 < len(text) <= _MAX_NAME and len(words) <= _MAX_WORDS) or any(map(str.isdigit, text)):
        return False
    if len(text) <= _MAX_INITIALS and text.isascii():  # "Red", "kno"
        return False
    if words[0][0].islower() or words[-1][0].islower() or _INITIALS.match(text) or ":" in text:  # "Topic: Hardware"
        return False
    if any(word[0].islower() and len(word) > _MAX_PARTICLE for word in words):  # "van", "della", but not "this"
        return False
    return not ADDRESS.search(text) and not any(map(_HOUSE.match, words))


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
    phrase = next((phrase for phrase in role_words().phrases if phrase in lower), None)
    if phrase:
        before = text[: lower.index(phrase)].split()
        return " ".join(before) if len(before) == 2 else ""  # noqa: PLR2004 - a full name
    words = text.split()
    places = [at for at, word in enumerate(words) if _is_role(word.lower().strip(".:'’"))]
    if not places:
        return text
    after = words[places[-1] + 1 :]
    if len(after) > 1 and all(word[0].isupper() or len(word) <= _MAX_PARTICLE for word in after):
        return " ".join(after)
    before = words[: places[0]]
    is_person = any(words[at].lower().strip(".:'’") in role_words().persons for at in places)
    capitals = sum(word[0].isupper() for word in before)
    is_full = capitals == 2 and before[-1][0].isupper() and not find_agency(before[0])  # noqa: PLR2004 - "AP National"
    return " ".join(before) if is_person and is_full else ""


@lru_cache(maxsize=5_000)
def _is_role(word: str) -> bool:
    roles = role_words()
    return word in roles.words or word.removesuffix("s") in roles.words or any(stem in word for stem in roles.stems)


def _recase(name: str) -> str:
    """Names in capitals throughout are a matter of the page's style."""
    return name.title() if name.isupper() and len(name.split()) > 1 else name


def _cut_prefix(text: str, language: str | None) -> str:
    opened = opening_pattern(language).sub("", text.lstrip(" :："))
    bare = opened[_end_of_prefixes(opened, language) :]
    return bare if bare.isascii() else suffix_pattern().sub("", bare)


def _cut_wire(text: str) -> str:
    return text if text.isascii() else _WIRED.sub("", text)


def leads_to_name(text: str, language: str | None) -> bool:
    """Tell whether the text begins as a byline does in this language: "By", "Von", "Ein Kommentar von"."""
    return _end_of_prefixes(text, language) > 0 or opening_pattern(language).match(text) is not None


def _end_of_prefixes(text: str, language: str | None) -> int:
    """Return where the words end that lead to a name, one after another as in "Texte : par"; 0 where there is none."""
    said, (spaced, joined) = _lower(text), prefixes_of(language)
    at = 0
    while True:
        initial = said[at : at + 1]
        ends = (at + len(word) for word in spaced.get(initial, ()) if said.startswith(word, at))
        end = next((end for end in ends if not _WORD.match(text, end)), 0)
        if end:
            at = _skip(_COLON, text, end)
            continue
        end = next((at + len(word) for word in joined.get(initial, ()) if said.startswith(word, at)), 0)
        if not end:
            return at
        at = _skip(_JOINT, text, end)


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _lower(text: str) -> str:
    """Return the text in lower case, letter by letter: a Turkish capital would become two."""
    return text.replace("İ", "i").lower()


def _bare_label(label: str) -> str:
    return label.lower().rstrip(" :：/／＝=｜")
