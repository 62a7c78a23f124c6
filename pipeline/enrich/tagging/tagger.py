"""Tokens of an English text become spans of persons, organizations, places and other names."""

from collections.abc import Sequence

import numpy as np

from pipeline.enrich.tagging.decoding import LABELS, find_spans
from pipeline.enrich.tagging.features import NONE, list_features
from pipeline.enrich.tagging.network import Network, load_networks
from pipeline.enrich.tagging.tokens import Floats, Span, Tokens

_SURELY = 1e6


def tag_tokens(tokens: Tokens) -> list[Span]:
    """Return the spans in order, none overlapping, none over a line break; labels are the values of Kind."""
    if not tokens.words:
        return []
    return find_spans(score_tokens(tokens, list_features(tokens), load_networks()))


def score_tokens(tokens: Tokens, features: Sequence[Sequence[str]], networks: Sequence[Network]) -> Floats:
    """Return the mean score of each label for each token; a line break is surely no part of a name."""
    inputs = networks[0].read(tokens, features)
    scores: Floats = np.mean([network.score(inputs) for network in networks], axis=0)
    breaks = [index for index, word in enumerate(tokens.words) if "\n" in word]
    scores[breaks, LABELS.index(NONE)] = _SURELY
    return scores
