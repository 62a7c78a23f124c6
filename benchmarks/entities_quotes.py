"""How many direct quotations get their right speaker, on the texts of benchmarks/quotes.

Each text has a JSON file beside it: its people and organizations with the other names that the text gives them, and the
quotations in order, with speaker, cue and, where the text tells it, venue. Half B is kept from tuning: which half a text is
in follows from its name. Mentions come once from ``newswire annotate``'s own path and once from the labels, so that what
the tagger misses and what the attribution misses can be told apart.
"""

import argparse
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.enrich.annotate import Source
from pipeline.enrich.quotes import find_quotes
from pipeline.model.entity import Kind, Mention, Quote
from pipeline.parts import load_annotator

TEXTS = Path(__file__).parent / "quotes"
KINDS = {"persons": Kind.PERSON, "organizations": Kind.ORGANIZATION}


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A text with its labels."""

    name: str
    text: str
    labels: dict[str, Any]

    @property
    def half(self) -> str:
        """Return A, which rules may be made by, or B, which they may not."""
        return "AB"[hashlib.sha256(self.name.encode()).digest()[0] % 2]


@dataclass(slots=True)
class Figures:
    """Counts of quotations with a speaker: labelled, found, and found with the right words and speaker."""

    labelled: int = 0
    found: int = 0
    right: int = 0
    cues: int = 0
    venues: int = 0
    venues_labelled: int = 0
    misses: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Return the share of the found that are right."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Return the share of the labelled that are found right."""
        return self.right / self.labelled if self.labelled else 1.0


def read_texts() -> list[Labelled]:
    """Return all texts, by name."""
    return [
        Labelled(
            name=file.stem,
            text=file.read_text("utf-8"),
            labels=json.loads(file.with_suffix(".json").read_text("utf-8")),
        )
        for file in sorted(TEXTS.glob("*.txt"))
    ]


def name_mentions(labelled: Labelled) -> list[Mention]:
    """Return the labelled names wherever they stand, the entity's name as its id."""
    names = {
        alias: (kind, full)
        for key, kind in KINDS.items()
        for full, aliases in labelled.labels.get(key, {}).items()
        for alias in (full, *aliases)
    }
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names, key=len, reverse=True)))})(?!\w)")
    return [
        Mention(start=one.start(), end=one.end(), text=one[0], kind=names[one[0]][0], entity=names[one[0]][1])
        for one in pattern.finditer(labelled.text)
    ]


def quote_given(labelled: Labelled) -> Iterator[tuple[Quote, str | None]]:
    """Yield the quotations with the labelled names given, each with its speaker's name."""
    for quote in find_quotes(labelled.text, name_mentions(labelled), labelled.labels["language"]):
        yield quote, quote.speaker


def quote_annotated(labelled: Labelled) -> Iterator[tuple[Quote, str | None]]:
    """Yield the quotations as ``newswire annotate`` finds them."""
    source = Source(text=labelled.text, declared_language=labelled.labels["language"])
    [found] = load_annotator().annotate_texts([source])
    names = {entity.id: entity.name for entity in found.entities}
    for quote in found.quotes:
        yield quote, names.get(quote.speaker or "")


def measure(texts: list[Labelled], read: Callable[[Labelled], Iterator[tuple[Quote, str | None]]]) -> Figures:
    """Return the figures over the texts."""
    figures = Figures()
    for labelled in texts:
        _count(labelled, list(read(labelled)), figures)
    return figures


def _count(labelled: Labelled, found: list[tuple[Quote, str | None]], figures: Figures) -> None:
    wanted = dict(_place(labelled))
    figures.labelled += sum(label["speaker"] is not None for label in wanted.values())
    for quote, speaker in found:
        label = wanted.pop(quote.start, None)
        if label and label.get("venue"):
            figures.venues_labelled += 1
            figures.venues += _same_venue(label["venue"], quote.venue)
        figures.found += speaker is not None
        if label and label["text"] == quote.text and label["speaker"] == speaker:
            figures.right += speaker is not None
            figures.cues += speaker is not None and label["cue"] == quote.cue
        else:
            expected = label and label["speaker"]
            if speaker or expected:
                figures.misses.append(f"{labelled.name}: “{quote.text[:50]}” is {expected}'s, not {speaker}'s")
    figures.misses += [
        f"{labelled.name}: “{one['text'][:50]}” is not found" for one in wanted.values() if one["speaker"]
    ]


def _place(labelled: Labelled) -> Iterator[tuple[int, dict[str, Any]]]:
    position = 0
    for label in labelled.labels["quotes"]:
        position = labelled.text.index(label["text"], position)
        yield position, label


def _same_venue(one: str, other: str | None) -> bool:
    return other is not None and one.casefold() == other.removeprefix("the ").casefold()


def main(arguments: list[str]) -> int:
    """Print precision and recall by half and by where the names come from."""
    parser = argparse.ArgumentParser(prog="entities.py quotes", description=__doc__.splitlines()[0])
    parser.add_argument("--misses", choices=("A",), help="list what went wrong in the half that rules may be made by")
    given = parser.parse_args(arguments)
    texts = read_texts()
    print(f"{len(texts)} texts. A quotation is right with the right words and the right speaker.")
    print(f"{'half':5}{'language':10}{'names':12}{'labelled':>9}{'P':>7}{'R':>7}{'cues':>7}{'venues':>9}")
    sources = {"given": quote_given, "annotated": quote_annotated}
    for half in "AB":
        for language, only in (("en", lambda code: code == "en"), ("others", lambda code: code != "en")):
            chosen = [one for one in texts if one.half == half and only(one.labels["language"])]
            for name, read in sources.items():
                figures = measure(chosen, read)
                cues = figures.cues / figures.right if figures.right else 0
                venues = f"{figures.venues}/{figures.venues_labelled}"
                row = f"{figures.labelled:9}{figures.precision:7.3f}{figures.recall:7.3f}{cues:7.2f}{venues:>9}"
                print(f"{half:5}{language:10}{name:12}{row}")
                if given.misses == half:
                    print("\n".join(f"    {miss}" for miss in figures.misses))
    return 0
