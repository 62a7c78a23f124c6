"""The labelled sets of ../shared/devset/ner as texts: tokens joined by blanks, sentences to paragraphs, and back to tokens."""

import gzip
import importlib.util
import json
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import ModuleType

from pipeline.enrich.tagging.tokens import Span

DEVSET = Path(__file__).parents[2] / "shared" / "devset" / "ner"
#: Each set with its files; a set that a model is to be unseen by is left out whole.
SETS = {
    "WikiGold": ("wikigold_en",),
    "PUD": ("uner_pud_en",),
    "EWT": ("uner_ewt_dev", "uner_ewt_test"),
}
FOLDS = 4
KINDS = {"PER": "person", "ORG": "organization", "LOC": "place"}
_TYPES = {kind: label for label, kind in KINDS.items()}
#: Sentences to a paragraph, as in news.
_PARAGRAPH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence of the file as it stands there, and the characters of the text where its tokens start and end."""

    row: dict[str, object]
    starts: Sequence[int]
    ends: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One document; ``spans`` are characters of the text, labelled with the values of Kind."""

    set: str
    fold: int
    text: str
    spans: Sequence[Span]
    sentences: Sequence[Sentence]


def read_labelled() -> list[Labelled]:
    """Return the documents of all sets."""
    return [
        join_sentences(name, f"{file}-{number}", list(rows))
        for name, files in SETS.items()
        for file in files
        for number, rows in groupby(_read_rows(file), key=lambda row: row["doc"])
    ]


def join_sentences(name: str, key: str, rows: Sequence[dict[str, object]], paragraph: int = _PARAGRAPH) -> Labelled:
    """Return the sentences as one text, so many to a paragraph."""
    text, spans, sentences = "", [], []
    for number, row in enumerate(rows):
        if number:
            text += " " if number % paragraph else "\n\n"
        starts, ends = [], []
        for index, token in enumerate(row["tokens"]):
            text += " " if index else ""
            starts.append(len(text))
            text += token
            ends.append(len(text))
        spans += [Span(starts[a], ends[b - 1], KINDS[label]) for a, b, label in row["spans"] if label in KINDS]
        sentences.append(Sentence(row=row, starts=starts, ends=ends))
    return Labelled(set=name, fold=zlib.crc32(key.encode()) % FOLDS, text=text, spans=spans, sentences=sentences)


def predict_rows(document: Labelled, found: Iterable[Span]) -> list[list[list[object]]]:
    """Return the spans found as score.py reads them: for each sentence the tokens that they touch, with their type."""
    spans = [span for span in found if span.label in _TYPES]
    rows: list[list[list[object]]] = []
    for sentence in document.sentences:
        row = []
        for span in spans:
            first, last = bisect_right(sentence.ends, span.start), bisect_left(sentence.starts, span.end)
            if first < last:
                row.append([first, last, _TYPES[span.label]])
        rows.append(row)
    return rows


def score(documents: Sequence[Labelled], found: Sequence[Sequence[Span]]) -> dict[str, tuple[float, float, float]]:
    """Return precision, recall and F1 of exact spans by type, of ALL types, and UNTYPED, as the sets' own scorer does."""
    gold = [sentence.row for document in documents for sentence in document.sentences]
    rows = [row for document, spans in zip(documents, found, strict=True) for row in predict_rows(document, spans)]
    figures = _load_score().score(gold, rows)
    return {name: figures[name] for name in (*KINDS, "ALL", "UNTYPED")}


def _read_rows(file: str) -> list[dict[str, object]]:
    with gzip.open(DEVSET / f"{file}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [row for row in map(json.loads, lines) if "meta" not in row]


def _load_score() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ner_score", DEVSET / "score.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
