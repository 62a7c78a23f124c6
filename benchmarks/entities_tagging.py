"""Exact-span F1 of persons, organizations and places: the base model, our tagger, and all of enrichment.

Every figure is on documents that the weights were not fitted on: first four folds by document over all sets, then each set with
weights fitted on the others, then short texts in the manner of a newswire. Before them words per CPU-second against the base
model alone, step by step, in one run.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from entities_cost import print_cost
from labelled_texts import DEVSET, FOLDS, SETS, Labelled, read_labelled, score
from tagger_training import Plan, Text, fit_network
from wire_texts import WIRE, make_practice, read_wire

from pipeline.adapters.english_tagger import PACKAGE, read_tokens
from pipeline.adapters.spacy_tagger import load_model
from pipeline.adapters.text_pieces import split_text
from pipeline.enrich.annotate import Source, annotate_texts
from pipeline.enrich.places import load_gazetteer
from pipeline.enrich.tagging.decoding import LABELS, find_spans
from pipeline.enrich.tagging.features import NONE, list_features, place_within
from pipeline.enrich.tagging.network import Network
from pipeline.enrich.tagging.tagger import score_tokens
from pipeline.enrich.tagging.tokens import Span, Tokens
from pipeline.model.entity import Kind, Mention

#: Networks whose scores are averaged.
NETWORKS = 2
_BASE_KINDS = {
    "PERSON": "person",
    "ORG": "organization",
    **dict.fromkeys(("GPE", "LOC", "FAC"), "place"),
    **dict.fromkeys(("EVENT", "LAW", "PRODUCT", "WORK_OF_ART"), "other"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A labelled document, what there is to learn from each piece of it that is read at once, and what the model finds."""

    document: Labelled
    pieces: Sequence[tuple[int, Text]]
    base: Sequence[Span]


def main(arguments: Sequence[str]) -> int:
    """Print the figures; return the exit code."""
    parser = argparse.ArgumentParser(prog="entities.py tagging", description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=NETWORKS, help="networks whose scores are averaged")
    parser.add_argument("--cost", action="store_true", help="only speed and memory")
    given = parser.parse_args(arguments)
    if not DEVSET.is_dir():
        print(f"no labelled sets at {DEVSET}: nothing measured")
        return 0
    print_cost()
    if given.cost:
        return 0
    documents = read_labelled()
    samples, wire = read_samples(documents), read_samples(read_wire())
    practice = read_samples(make_practice(documents))
    print_scores("the base model alone", [*samples, *wire], [sample.base for sample in [*samples, *wire]])
    for heading, is_unseen in (
        ("out of fold", [lambda sample, fold=fold: sample.document.fold == fold for fold in range(FOLDS)]),
        ("weights fitted on the other sets", [lambda sample, name=name: sample.document.set == name for name in SETS]),
    ):
        tagged = predict_unseen(samples, practice, is_unseen, given.networks)
        print_tagged(heading, samples, tagged)
    fitted = fit_networks([*samples, *practice], given.networks, Plan())
    print_tagged("weights fitted on all sets", wire, [list(tag(sample, fitted)) for sample in wire])
    return 0


def print_tagged(heading: str, samples: Sequence[Sample], tagged: Sequence[Sequence[Span]]) -> None:
    """Print what the tagger found is worth, and what enrichment makes of it."""
    print_scores(f"our tagger, {heading}", samples, tagged)
    annotated = [annotate(sample, spans) for sample, spans in zip(samples, tagged, strict=True)]
    print_scores(f"all of enrichment, {heading}", samples, annotated)


def read_samples(documents: Sequence[Labelled]) -> list[Sample]:
    """Return the labelled documents with what the base model finds in them."""
    pieces = [(number, start, text) for number, each in enumerate(documents) for start, text in split_text(each.text)]
    texts = [text for _, _, text in pieces]
    learned: list[list[tuple[int, Text]]] = [[] for _ in documents]
    base: list[list[Span]] = [[] for _ in documents]
    for (number, offset, _), tokens, doc in zip(
        pieces, read_tokens(texts), load_model(PACKAGE).pipe(texts, batch_size=32), strict=True
    ):
        found = [
            Span(offset + span.start_char, offset + span.end_char, _BASE_KINDS[span.label_])
            for span in doc.ents
            if span.label_ in _BASE_KINDS
        ]
        spans = add_others(documents[number].spans, found)
        base[number] += found
        learned[number].append((offset, make_text(tokens, spans, offset)))
    return [
        Sample(document=document, pieces=some, base=found)
        for document, some, found in zip(documents, learned, base, strict=True)
    ]


def add_others(true: Sequence[Span], found: Sequence[Span]) -> list[Span]:
    """Return the true spans, and names of other kinds that the model finds beside them: the sets label none of these."""
    others = (span for span in found if span.label == "other")
    return [*true, *(span for span in others if all(span.end <= one.start or one.end <= span.start for one in true))]


def make_text(tokens: Tokens, spans: Sequence[Span], offset: int) -> Text:
    """Return the tokens with their features and true labels; a token is part of a name that it touches."""
    labels = np.full(len(tokens.words), LABELS.index(NONE))
    ends = [start + len(word) for start, word in zip(tokens.starts, tokens.words, strict=True)]
    for span in spans:
        first = int(np.searchsorted(ends, span.start - offset, side="right"))
        last = int(np.searchsorted(tokens.starts, span.end - offset, side="left"))
        within = Span(first, last, span.label)
        for index in range(first, last):
            labels[index] = LABELS.index(f"{place_within(index, within)}-{span.label}")
    return Text(tokens=tokens, features=list_features(tokens), labels=labels)


def predict_unseen(
    samples: Sequence[Sample],
    practice: Sequence[Sample],
    is_unseen: Sequence[Callable[[Sample], bool]],
    networks: int,
) -> list[list[Span]]:
    """Return the spans of each document, found by networks that saw neither it nor its headlines in capitals."""
    tagged: list[list[Span]] = [[] for _ in samples]
    for choose in is_unseen:
        fitted = fit_networks([each for each in [*samples, *practice] if not choose(each)], networks, Plan())
        for number, sample in enumerate(samples):
            if choose(sample):
                tagged[number] = list(tag(sample, fitted))
    return tagged


def fit_networks(samples: Sequence[Sample], count: int, plan: Plan) -> list[Network]:
    """Return networks fitted to the samples, which differ by their seed alone."""
    texts = [text for sample in samples for _, text in sample.pieces]
    return [fit_network(texts, seed, plan) for seed in range(count)]


def tag(sample: Sample, networks: Sequence[Network]) -> Iterator[Span]:
    """Yield the spans that the networks find, in characters."""
    for start, text in sample.pieces:
        spans = find_spans(score_tokens(text.tokens, text.features, networks))
        yield from in_characters(text.tokens, spans, start)


def annotate(sample: Sample, spans: Sequence[Span]) -> list[Span]:
    """Return the mentions after all of enrichment, given what the tagger finds."""
    source = Source(text=sample.document.text, declared_language="en")
    [annotation] = annotate_texts([source], _Given(spans), load_gazetteer())
    return [Span(mention.start, mention.end, str(mention.kind)) for mention in annotation.mentions]


class _Given:
    """A Tagger that finds what it was given."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = spans

    def tag(self, texts: Sequence[str], language: str) -> tuple[tuple[Mention, ...], ...] | None:
        if language != "en":
            return None
        return tuple(
            tuple(
                Mention(start=span.start, end=span.end, text=text[span.start : span.end], kind=Kind(span.label))
                for span in self._spans
            )
            for text in texts
        )


def in_characters(tokens: Tokens, spans: Sequence[Span], offset: int) -> list[Span]:
    """Return spans of tokens as spans of characters."""
    return [
        Span(
            offset + tokens.starts[span.start],
            offset + tokens.starts[span.end - 1] + len(tokens.words[span.end - 1]),
            span.label,
        )
        for span in spans
    ]


def print_scores(heading: str, samples: Sequence[Sample], found: Sequence[Sequence[Span]]) -> None:
    """Print F1 by set and type."""
    print(f"{heading}", flush=True)
    for name, chosen in group_by_set(samples).items():
        figures = score([samples[number].document for number in chosen], [found[number] for number in chosen])
        columns = "  ".join(f"{column} {figures[column][2]:5.1f}" for column in figures)
        precision, recall, _ = figures["ALL"]
        print(f"    {name:9} {columns}   precision {precision:.1f}, recall {recall:.1f}", flush=True)


def group_by_set(samples: Sequence[Sample]) -> dict[str, list[int]]:
    """Return the numbers of the samples of each set, and of all the sets together where there are several."""
    numbers = {
        name: [number for number, sample in enumerate(samples) if sample.document.set == name] for name in (*SETS, WIRE)
    }
    numbers["all sets"] = [number for name in SETS for number in numbers[name]]
    return {name: chosen for name, chosen in numbers.items() if chosen}
