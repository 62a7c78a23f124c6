"""Two forms of a document to what changed between them, word by word."""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cache
from importlib.resources import files
from typing import Any

from pipeline.model.version import Difference, Edit, EditKind

#: Comparing takes time by how many pairs of equal words the two sides have, and more than by that where the same few come over
#: and over: 2,000 words of a table took 20 seconds, 4,000 lines of a ticker 3 minutes. Two unlike texts of 2,000 words each
#: have some 40,000 pairs; what lies behind so many in a text is taken for rewritten.
MOST_PAIRS = 100_000
_NAMES = ("people", "organizations", "places")

Form = Mapping[str, Any]


def compare_forms(before: Form, after: Form) -> Difference:
    """Return how the newer form differs from the older one."""
    edits = list(compare_texts(before["text"], after["text"]))
    added = tuple(edit.text for edit in edits if edit.kind is EditKind.ADDED)
    removed = tuple(edit.text for edit in edits if edit.kind is EditKind.REMOVED)
    return Difference(
        added=added,
        removed=removed,
        size=sum(len(text.split()) for text in added + removed),
        headline_changed=before["headline"] != after["headline"],
        date_moved=before.get("published") != after.get("published"),
        entities_dropped=tuple(name for kind in _NAMES for name in before[kind] if name not in after[kind]),
        quotes_dropped=_dropped_quotes(before, after),
        is_correction=_notes(after) > _notes(before),
    )


def compare_texts(before: str, after: str) -> Iterator[Edit]:
    """Yield what was kept, removed and added, in order of the text: first by paragraphs, then by words within them."""
    old, new = before.splitlines(), after.splitlines()
    left = MOST_PAIRS
    for tag, a, b, c, d in _align(old, new, MOST_PAIRS):
        if tag == "equal":
            yield Edit(kind=EditKind.KEPT, text="\n".join(old[a:b]))
            continue
        old_words, new_words = " ".join(old[a:b]).split(), " ".join(new[c:d]).split()
        yield from _compare_words(old_words, new_words, left)
        left -= min(left, _count_pairs(old_words, new_words))


def _compare_words(old: Sequence[str], new: Sequence[str], most_pairs: int) -> Iterator[Edit]:
    for tag, a, b, c, d in _align(old, new, most_pairs):
        if tag == "equal":
            yield Edit(kind=EditKind.KEPT, text=" ".join(old[a:b]))
            continue
        if a < b:
            yield Edit(kind=EditKind.REMOVED, text=" ".join(old[a:b]))
        if c < d:
            yield Edit(kind=EditKind.ADDED, text=" ".join(new[c:d]))


def _align(old: Sequence[str], new: Sequence[str], most_pairs: int) -> Iterator[tuple[str, int, int, int, int]]:
    """Yield what became of which part, as ``SequenceMatcher.get_opcodes`` does: what both begin and end with, and the rest."""
    shorter = min(len(old), len(new))
    start = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    end = next((at for at in range(shorter - start) if old[-1 - at] != new[-1 - at]), shorter - start)
    last, new_last = len(old) - end, len(new) - end
    if start:
        yield "equal", 0, start, 0, start
    middle, new_middle = old[start:last], new[start:new_last]
    if _count_pairs(middle, new_middle) > most_pairs:
        yield "replace", start, last, start, new_last
    else:
        for tag, a, b, c, d in SequenceMatcher(None, middle, new_middle, autojunk=False).get_opcodes():
            yield tag, start + a, start + b, start + c, start + d
    if end:
        yield "equal", last, len(old), new_last, len(new)


def _count_pairs(old: Sequence[str], new: Sequence[str]) -> int:
    counts = Counter(new)
    return sum(counts[each] for each in old)


def _dropped_quotes(before: Form, after: Form) -> tuple[str, ...]:
    kept = {quote["text"] for quote in after["quotes"]}
    return tuple(quote["text"] for quote in before["quotes"] if quote["text"] not in kept)


def _notes(form: Form) -> int:
    """Count the notes of correction in the words of the text's language."""
    text = "\n".join((form.get("deck", ""), form["text"])).casefold()
    return sum(text.count(note) for note in _correction_notes().get(form["language"], ()))


@cache
def _correction_notes() -> Mapping[str, Sequence[str]]:
    return tomllib.loads((files("pipeline.versions") / "data" / "corrections.toml").read_text(encoding="utf-8"))
