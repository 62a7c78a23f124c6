"""Tokens of an English text become spans of persons, organizations and places, and of other names."""

from collections.abc import Iterator, Sequence

import numpy as np

from pipeline.enrich.tagging.decoding import LABELS, find_spans
from pipeline.enrich.tagging.features import NONE, list_features
from pipeline.enrich.tagging.network import Network, load_networks
from pipeline.enrich.tagging.tokens import Floats, Span, Tokens

_OTHER = "other"
#: Labels of the model below whose spans are names of another kind, where ours finds nothing.
_OTHER_LABELS = frozenset({"EVENT", "LAW", "PRODUCT", "WORK_OF_ART"})
_SURELY = 1e6


def tag_tokens(tokens: Tokens, networks: Sequence[Network] | None = None) -> list[Span]:
    """Return the spans in order, none overlapping, none over a line break; labels are the values of Kind.

    ``networks`` are those that Newswire ships unless others are given; their scores are averaged.
    """
    if not len(tokens.words):
        return []
    spans = find_spans(score_tokens(tokens, list_features(tokens), networks or load_networks()))
    return sorted([*spans, *_others(tokens, spans)], key=lambda span: span.start)


def score_tokens(tokens: Tokens, features: Sequence[Sequence[str]], networks: Sequence[Network]) -> Floats:
    """Return the mean score of each label for each token; a line break is surely no part of a name."""
    inputs = networks[0].read(tokens, features)
    scores: Floats = np.mean([network.score(inputs) for network in networks], axis=0)
    breaks = [index for index, word in enumerate(tokens.words) if "\n" in word]
    scores[breaks, LABELS.index(NONE)] = _SURELY
    return scores


def _others(tokens: Tokens, spans: Sequence[Span]) -> Iterator[Span]:
    taken = {index for span in spans for index in range(span.start, span.end)}
    for span in tokens.spans:
        if span.label in _OTHER_LABELS and taken.isdisjoint(range(span.start, span.end)):
            yield Span(span.start, span.end, _OTHER)
