"""Texts that the search for reprints is measured on: copies altered by rules, and what only looks like a copy.

Copies are made of the labelled texts in ../shared/devset/extract; how much of a copy is taken over is known word by word,
since the rules mark what they add. Settings are chosen by half A of the texts and half of the rules; how far the others were
held back, docs/decisions/0011-reprints-by-winnowing.md says.
"""

import gzip
import hashlib
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

DEVSET = Path(__file__).parents[2] / "shared" / "devset" / "extract" / "scrapinghub.jsonl.gz"
#: A word, and whether the outlet wrote it itself.
Word = tuple[str, bool]
Paragraphs = list[list[Word]]
Rule = Callable[[Paragraphs, random.Random, Sequence[str]], Paragraphs]

FURNITURE = (
    "Read more about this on our live page and sign up for the evening newsletter",
    "This report was first published by our partners and has been edited for style and length by our newsroom",
    "Do you have a story for us? Write to the desk or call the number below at any time",
    "Advertisement",
    "Follow our correspondents for updates throughout the day",
    "Photo: archive",
    "All rights reserved. This material may not be published, broadcast, rewritten or redistributed without permission",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """An altered text, and what it was made of."""

    original: str
    rule: str
    text: str
    #: Words taken over unchanged, of all its words.
    shared: float


def read_texts(half: str) -> dict[str, str]:
    """Return the labelled texts of a half that are long enough to be an article, by id."""
    with gzip.open(DEVSET, "rt", encoding="utf-8") as lines:
        pages = [json.loads(line) for line in lines]
    return {
        page["id"]: page["text"]
        for page in pages
        if half_of(page["id"]) == half and len(page["text"].split()) >= 120  # noqa: PLR2004 - words
    }


def half_of(page_id: str) -> str:
    """Return A or B, the same halves as benchmarks/extraction.py."""
    return "AB"[hashlib.sha256(page_id.encode()).digest()[0] & 1]


def make_copies(texts: dict[str, str], rules: dict[str, Rule], *, seed: int, each: int = 2) -> Iterator[Copy]:
    """Yield copies of every text by every rule."""
    chance = random.Random(seed)
    sentences = [words for text in texts.values() for words in re.findall(r"[^.!?]{40,}[.!?]", text)]
    for key, text in texts.items():
        for name, rule in rules.items():
            for _ in range(each):
                copied = rule(read_paragraphs(text), chance, sentences)
                words = [word for paragraph in copied for word in paragraph]
                yield Copy(
                    original=key,
                    rule=name,
                    text="\n\n".join(" ".join(word for word, _ in paragraph) for paragraph in copied),
                    shared=sum(not own for _, own in words) / max(1, len(words)),
                )


def read_paragraphs(text: str) -> Paragraphs:
    """Return the paragraphs, every word taken over."""
    return [[(word, False) for word in line.split()] for line in text.splitlines() if line.strip()]


def own_words(chance: random.Random, sentences: Sequence[str], count: int) -> list[list[Word]]:
    """Return about so many words that nobody else has: sentences of news with their words in another order."""
    written: list[list[Word]] = []
    while sum(map(len, written)) < count:
        words = chance.choice(sentences).split()
        chance.shuffle(words)
        written.append([(word, True) for word in words])
    return written


def keep_lede(text: Paragraphs, chance: random.Random, _: Sequence[str]) -> Paragraphs:
    """Keep the beginning, from 70 words on, and cut the rest."""
    wanted = max(70, int(chance.uniform(0.1, 0.6) * sum(map(len, text))))
    words = [word for paragraph in text for word in paragraph][:wanted]
    return [words[at : at + 45] for at in range(0, len(words), 45)]


def drop_paragraphs(text: Paragraphs, chance: random.Random, _: Sequence[str]) -> Paragraphs:
    """From half to nine tenths of the paragraphs stay; a text of one line loses sentences' worth of words instead."""
    share = chance.uniform(0.5, 0.9)
    parts = text if len(text) > 3 else list(_in_runs(text, 40))  # noqa: PLR2004 - paragraphs
    return [part for part in parts if chance.random() < share] or parts[:2]


def add_paragraphs(text: Paragraphs, chance: random.Random, sentences: Sequence[str]) -> Paragraphs:
    """Own paragraphs stand before, between and behind: from a tenth to 58 in a hundred of all words."""
    share = chance.uniform(0.1, 0.58)
    own = own_words(chance, sentences, int(sum(map(len, text)) * share / (1 - share)))
    return _spread(text, own, chance)


def reorder_paragraphs(text: Paragraphs, chance: random.Random, _: Sequence[str]) -> Paragraphs:
    """Paragraphs, or runs of 40 words, stand in another order, and a fifth of them is gone."""
    parts = text if len(text) > 3 else list(_in_runs(text, 40))  # noqa: PLR2004 - paragraphs
    kept = chance.sample(parts, max(2, len(parts) * 4 // 5)) if len(parts) > 1 else list(parts)
    chance.shuffle(kept)
    return kept


def change_numbers(text: Paragraphs, chance: random.Random, sentences: Sequence[str]) -> Paragraphs:
    """Another headline stands above, every number is another, and one word in forty."""
    headline = own_words(chance, sentences, 8)[0][:12]
    return [headline, *([_changed(word, chance) for word in paragraph] for paragraph in text)]


def add_furniture(text: Paragraphs, chance: random.Random, _: Sequence[str]) -> Paragraphs:
    """Lines of the outlet's page stand around and between the paragraphs."""
    lines = [[(word, True) for word in line.split()] for line in FURNITURE]
    return [lines[0], *_spread(text, chance.sample(lines, 5), chance), lines[-1]]


def rework(text: Paragraphs, chance: random.Random, sentences: Sequence[str]) -> Paragraphs:
    """All at once: the second half cut, numbers changed, own paragraphs added, furniture below."""
    words = sum(map(len, text))
    parts = list(_in_runs(text, 40))
    half = [[_changed(word, chance) for word in part] for part in parts[: max(2, len(parts) // 2)]]
    mixed = _spread(half, own_words(chance, sentences, words // 5), chance)
    return [*mixed, [(word, True) for word in FURNITURE[1].split()]]


def subedit(text: Paragraphs, chance: random.Random, _: Sequence[str]) -> Paragraphs:
    """Edit for style: here and there a word is dropped, doubled by another, or written otherwise, one in twenty-five."""
    edited: Paragraphs = []
    for paragraph in text:
        words: list[Word] = []
        for word in paragraph:
            change = chance.choice(("drop", "add", "write")) if chance.random() < 1 / 25 else ""
            words += {"drop": [], "add": [word, ("indeed", True)], "write": [(word[0] + "ly", True)]}.get(
                change, [word]
            )
        edited.append(words)
    return edited


def retell(text: str, chance: random.Random) -> str:
    """Tell the same in other words: each sentence has the same words in another order, but who is quoted is quoted alike.

    Of quotations, so many are kept that they are a fifth of the text at most.
    """
    told, quoted, limit = [], 0, len(text.split()) // 5
    for part in re.split(r"([“\"][^”\"]{20,}[”\"])", text):
        words = part.split()
        is_quotation = part[:1] in '“"' and quoted + len(words) <= limit
        quoted += len(words) if is_quotation and words else 0
        if not is_quotation:
            chance.shuffle(words)
        told += words
    return " ".join(told)


#: The first half is for choosing settings, the second half is held back.
TUNED: dict[str, Rule] = {
    "lede kept": keep_lede,
    "paragraphs dropped": drop_paragraphs,
    "own added": add_paragraphs,
    "numbers changed": change_numbers,
}
HELD: dict[str, Rule] = {
    "reordered": reorder_paragraphs,
    "furniture": add_furniture,
    "reworked": rework,
    "subedited": subedit,
}


def _changed(word: Word, chance: random.Random) -> Word:
    text, own = word
    if any(character.isdigit() for character in text):
        return re.sub(r"\d", lambda _: str(chance.randint(0, 9)), text), True
    return (text[::-1] + "a", True) if chance.random() < 1 / 40 else (text, own)


def _in_runs(text: Paragraphs, length: int) -> Iterator[list[Word]]:
    words = [word for paragraph in text for word in paragraph]
    yield from (words[at : at + length] for at in range(0, len(words), length))


def _spread(text: Paragraphs, added: Sequence[list[Word]], chance: random.Random) -> Paragraphs:
    mixed = list(text)
    for paragraph in added:
        mixed.insert(chance.randint(0, len(mixed)), list(paragraph))
    return mixed
