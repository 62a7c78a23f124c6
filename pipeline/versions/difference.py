"""Two forms of a document to what changed between them, word by word."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cache
from importlib.resources import files
from typing import Any

from pipeline.model.version import Difference, Edit, EditKind

#: Comparing words takes time by the product of both counts; a passage with more is taken for rewritten.
MOST_COMPARISONS = 4_000_000
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
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Edit(kind=EditKind.KEPT, text="\n".join(old[a:b]))
        else:
            yield from _compare_words(" ".join(old[a:b]).split(), " ".join(new[c:d]).split())


def _compare_words(old: Sequence[str], new: Sequence[str]) -> Iterator[Edit]:
    if len(old) * len(new) > MOST_COMPARISONS:
        opcodes = [("replace", 0, len(old), 0, len(new))]
    else:
        opcodes = list(SequenceMatcher(None, old, new, autojunk=False).get_opcodes())
    for tag, a, b, c, d in opcodes:
        if tag == "equal":
            yield Edit(kind=EditKind.KEPT, text=" ".join(old[a:b]))
            continue
        if a < b:
            yield Edit(kind=EditKind.REMOVED, text=" ".join(old[a:b]))
        if c < d:
            yield Edit(kind=EditKind.ADDED, text=" ".join(new[c:d]))


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
