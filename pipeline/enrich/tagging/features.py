"""What is known of each token, as names of features: of the word itself, its neighbours, its run of capitals, its document.

Each group and what it was worth on the labelled sets stands in docs/entities.md.
"""

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
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
_LINKS = frozenset({"of", "the", "and", "for", "de", "von", "van", "al", "&", "-", "del", "la", "di", "der", "du", "bin", "'s"})
_SENTENCE_BREAKS = frozenset({".", "!", "?", ":", '"', "“", "”", "«", "„"})
#: What OntoNotes' labels are to us. Works, events and nationalities are what a name most often turns out to be instead.
_KINDS: Mapping[str, str] = {
    "PERSON": "person",
    "ORG": "organization",
    "GPE": "place",
    "LOC": "place",
    "FAC": "place",
    "NORP": "people",
    "WORK_OF_ART": "work",
    "EVENT": "work",
    "LAW": "work",
    "PRODUCT": "product",
}
_OTHER = "other"
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
    labels = _label_tokens(tokens.spans, len(tokens.words))
    for features, label, kind in zip(found, labels.fine, labels.coarse, strict=True):
        features += (f"model={label}", f"model kind={kind}")
    for span in load_phrases().find(tokens.words):
        for index in range(span.start, span.end):
            found[index].append(f"phrase={place_within(index, span)}{span.label}")
    _add_document(found, tokens, labels.coarse)
    _add_runs(found, tokens.words)
    return found


def is_capitalised(word: str) -> bool:
    """Tell whether the word begins with a capital."""
    return word[:1].isupper()


def place_within(index: int, span: Span) -> str:
    """Return S for the one token of a span, else B, I or E: its first, an inner one, its last."""
    if span.end - span.start == 1:
        return "S"
    return "B" if index == span.start else "E" if index == span.end - 1 else "I"


@lru_cache(maxsize=50_000)
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


@dataclass(frozen=True, slots=True)
class _Labels:
    fine: Sequence[str]
    coarse: Sequence[str]


def _label_tokens(spans: Iterable[Span], count: int) -> _Labels:
    fine, coarse = [NONE] * count, [NONE] * count
    for span in spans:
        for index in range(span.start, span.end):
            place = place_within(index, span)
            fine[index], coarse[index] = f"{place}-{span.label}", f"{place}-{_KINDS.get(span.label, _OTHER)}"
    return _Labels(fine, coarse)


def _add_document(found: list[list[str]], tokens: Tokens, labels: Sequence[str]) -> None:
    """Add what the rest of the text says of a capitalised word: how it is labelled there, of which names it is a part."""
    kinds = [label[2:] or NONE for label in labels]
    capitals = [index for index, word in enumerate(tokens.words) if is_capitalised(word)]
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for index in capitals:
        seen[tokens.words[index]][kinds[index]] += 1
    parts, acronyms = _parts_of_names(tokens)
    in_lower_case = {word for word in tokens.words if word.islower()}
    for index in capitals:
        word, features = tokens.words[index], found[index]
        total = seen[word].total()
        features.append(f"times={min(total, 4)}")
        if total > 1:
            for kind, count in seen[word].items():
                elsewhere = count - (kind == kinds[index])
                if elsewhere:
                    features.append(f"elsewhere={kind}{3 * elsewhere // (total - 1)}")
        features += (f"part={part}" for part in parts.get(word, ()))
        if word in acronyms:
            features.append("acronym")
        if word.lower() in in_lower_case:
            features.append("also in lower case")


def _parts_of_names(tokens: Tokens) -> tuple[Mapping[str, Sequence[str]], frozenset[str]]:
    """Return which words begin, end or stand within a longer name, and the acronyms of organizations and places."""
    parts: dict[str, dict[str, None]] = defaultdict(dict)
    acronyms = set()
    for span in tokens.spans:
        if span.end - span.start == 1:
            continue
        kind, words = _KINDS.get(span.label, _OTHER), tokens.words[span.start : span.end]
        for index in range(span.start, span.end):
            parts[tokens.words[index]][f"{place_within(index, span)}{kind}"] = None
        if kind in {"organization", "place"}:
            acronyms.add("".join(word[0] for word in words if is_capitalised(word)))
    return {word: tuple(names) for word, names in parts.items()}, frozenset(acronyms)


def _add_runs(found: list[list[str]], words: Sequence[str]) -> None:
    """Add what a run of capitalised words is, and what stands before and after it."""
    for start, end in _find_runs(words):
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
