"""What is known of each token, as names of features: of the word itself, its neighbours, its run of capitals, its document.

Each group and what it was worth on the labelled sets stands in docs/entities.md.
"""

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from pipeline.enrich.tagging.lexicon import UNKNOWN, load_lexicon
from pipeline.enrich.tagging.phrases import load_phrases
from pipeline.enrich.tagging.tokens import Span, Tokens
from pipeline.enrich.words import load_words

NONE = "O"
_LANGUAGE = "en"
#: Small words within a name: "Bank of England", "Ursula von der Leyen", "Marks & Spencer".
_LINKS = frozenset(
    {"of", "the", "and", "for", "de", "von", "van", "al", "&", "-", "del", "la", "di", "der", "du", "bin", "'s"}
)
_LEAST_CAPITALS = 4  # letters; shorter ones are acronyms
_LEAST_HEADLINE = 3  # words
_SENTENCE_BREAKS = frozenset({".", "!", "?", ":", '"', "“", "”", "«", "„"})
_UPPER, _LOWER, _DIGIT = re.compile(r"[A-Z]"), re.compile(r"[a-z]"), re.compile(r"\d")
_REPEATED, _REPEATED_OFTEN = re.compile(r"(.)\1+"), re.compile(r"(.)\1\1+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lists:
    """Classes of single words, in lower case but for ``peoples``."""

    classes: Mapping[str, frozenset[str]]
    peoples: frozenset[str]


@cache
def _lists() -> _Lists:
    words = load_words(_LANGUAGE)
    tables = tomllib.loads((files(__package__) / "data" / "words.toml").read_text(encoding="utf-8"))
    return _Lists(
        classes={name: frozenset(text.split()) for name, text in tables.items()} | {"title": words.titles},
        peoples=frozenset(words.demonyms) | {f"{people}s" for people in words.demonyms},
    )


def list_features(tokens: Tokens) -> list[list[str]]:
    """Return the names of each token's features."""
    found = [list(_word_features(word)) for word in tokens.words]
    usual = [usual_case(word) for word in tokens.words]
    for start, end in find_headlines(tokens.words):
        for index in range(start, end):
            found[index].append("among capitals")
            usual[index] = tokens.words[index].capitalize()
    for span in load_phrases().find(usual):
        for index in range(span.start, span.end):
            found[index].append(f"phrase={place_within(index, span)}{span.label}")
    runs = list(_find_runs(tokens.words))
    _add_document(found, tokens.words, usual, runs)
    _add_runs(found, tokens.words, runs)
    return found


def usual_case(word: str) -> str:
    """Return the word as it would stand within a sentence, were it a name: "LONDON", the place of a dateline, as "London"."""
    return word.capitalize() if len(word) >= _LEAST_CAPITALS and word.isupper() and word.isalpha() else word


def find_headlines(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where at least three words on end are in capitals, as in the headlines of newswires."""
    start = count = 0
    for index, word in enumerate([*words, "\n"]):
        if word.upper() != word or "\n" in word:
            if count >= _LEAST_HEADLINE:
                yield start, index
            start, count = index + 1, 0
        elif word.isalpha():
            count += 1


def is_capitalised(word: str) -> bool:
    """Tell whether the word begins with a capital."""
    return word[:1].isupper()


def place_within(index: int, span: Span) -> str:
    """Return S for the one token of a span, else B, I or E: its first, an inner one, its last."""
    if span.end - span.start == 1:
        return "S"
    return "B" if index == span.start else "E" if index == span.end - 1 else "I"


@lru_cache(maxsize=20_000)
def _word_features(word: str) -> tuple[str, ...]:
    lower, lexicon, lists = word.lower(), load_lexicon(), _lists()
    shape = _DIGIT.sub("d", _LOWER.sub("x", _UPPER.sub("X", word)))
    features = [f"lower={lower}", f"word={word}"]
    features += ("shape=" + _REPEATED_OFTEN.sub(r"\1\1", shape)[:10], "outline=" + _REPEATED.sub(r"\1", shape)[:8])
    features += (f"starts {length}={lower[:length]}" for length in (2, 3))
    features += (f"ends {length}={lower[-length:]}" for length in (2, 3, 4))
    features += (f"class={name}" for name, words in lists.classes.items() if lower in words)
    if load_words(_LANGUAGE).cue.fullmatch(word):
        features.append("class=cue")
    if word in lists.peoples:
        features.append("class=people")
    row = lexicon.rows.get(lower, UNKNOWN)
    capital = "capital " if is_capitalised(word) else ""
    if row == UNKNOWN:
        features.append(f"{capital}unknown")
        return tuple(features)
    if lexicon.surnames[row]:
        features.append(f"surname={lexicon.surnames[row]}")
    if lexicon.given_names[row]:
        features.append(f"given name={lexicon.given_names[row]}")
    features += (f"{prefix}frequency={(row + 8).bit_length()}" for prefix in {"", capital})
    return tuple(features)


def _add_document(
    found: list[list[str]], words: Sequence[str], usual: Sequence[str], runs: Sequence[tuple[int, int]]
) -> None:
    """Add what the rest of the text says of a capitalised word: how often it stands there, in which longer names."""
    times = Counter(word for word in words if is_capitalised(word))
    in_lower_case = {word for word in words if word.islower()}
    places: dict[str, dict[str, None]] = defaultdict(dict)
    acronyms = set()
    for start, end in runs:
        for index in range(start, end):
            places[words[index]][place_within(index, Span(start, end, ""))] = None
        acronyms.add("".join(word[0] for word in words[start:end] if is_capitalised(word)))
    for index, word in enumerate(words):
        if word in times:
            features = found[index]
            features.append(f"times={min(times[word], 4)}")
            features += (f"stands as={place}" for place in places[word])
            if len(word) > 1 and word in acronyms:
                features.append("acronym")
            if word.lower() in in_lower_case:
                features.append("also in lower case")
            if usual[index] != word:
                features += (f"usually stands as={place}" for place in places.get(usual[index], ()))


def _add_runs(found: list[list[str]], words: Sequence[str], runs: Sequence[tuple[int, int]]) -> None:
    """Add what a run of capitalised words is, and what stands before and after it."""
    for start, end in runs:
        common = _run_features(words, start, end)
        for index in range(start, end):
            found[index] += common
            found[index].append(f"run place={min(index - start, 3)},{min(end - 1 - index, 3)}")


def _find_runs(words: Sequence[str]) -> Iterable[tuple[int, int]]:
    start, count = 0, len(words)
    while start < count:
        if not is_capitalised(words[start]):
            start += 1
            continue
        end = start + 1
        while end < count and (
            is_capitalised(words[end]) or (words[end] in _LINKS and end + 1 < count and is_capitalised(words[end + 1]))
        ):
            end += 1
        yield start, end
        start = end


def _run_features(words: Sequence[str], start: int, end: int) -> list[str]:
    around = [words[index].lower() if 0 <= index < len(words) else "" for index in (start - 2, start - 1, end, end + 1)]
    before2, before, after, after2 = around
    first, last = words[start].lower(), words[end - 1].lower()
    classes, lexicon = _lists().classes, load_lexicon()
    cue = load_words(_LANGUAGE).cue
    is_first = start == 0 or before in _SENTENCE_BREAKS or before.isspace()
    features = [
        f"run length={min(end - start, 5)}",
        f"run last={last}",
        f"run before={before}",
        f"run after={after}",
        f"run before 2={before2} {before}",
        f"run after 2={after} {after2}",
        f"run begins sentence={is_first}",
        *(f"run last class={name}" for name in ("organization", "place") if last in classes[name]),
    ]
    if before in classes["title"]:
        features.append("run after title")
    if cue.fullmatch(after) or cue.fullmatch(after2):
        features.append("run before cue")
    if lexicon.given_names[lexicon.rows.get(first, UNKNOWN)]:
        features.append("run first is given name")
    if lexicon.surnames[lexicon.rows.get(last, UNKNOWN)]:
        features.append("run last is surname")
    return features
