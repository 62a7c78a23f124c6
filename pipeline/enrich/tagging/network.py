"""The network that scores labels: what is known of each token, its neighbours, and the other mentions of its word.

    e  = normalise(features, context, vector)      sums of what is fitted for each, of zero mean and unit variance
    h  = relu(e of the two tokens before … after)
    z  = h + relu(h, the mean h of the word's other mentions in the text)
    scores = z, and directly from the features

Small on purpose: it costs a tenth of what the model below costs. Its weights are fitted by benchmarks/fit_tagger.py.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np

from pipeline.enrich.tagging.features import is_capitalised, usual_case
from pipeline.enrich.tagging.lexicon import load_lexicon
from pipeline.enrich.tagging.tokens import Floats, Integers, Tokens

WINDOW = (-2, -1, 0, 1, 2)
_EPSILON = 1e-5
_EIGHT_BITS = 127
_LEAST_STEP = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """A text as the network reads it."""

    #: Rows of the features of all tokens, one token after the other, and where each token's begin; each begins with row 0.
    rows: Integers
    begins: Integers
    context: Floats
    vectors: Floats
    #: Capitalised tokens of one word have one number, wholly in capitals or not; all others have -1.
    words: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """All that is fitted; ``features`` holds e and the direct scores side by side, its row 0 is zero."""

    features: Floats
    context: Floats
    vectors: Floats
    bias: Floats
    window: Floats
    window_bias: Floats
    memory: Floats
    memory_bias: Floats
    scores: Floats
    scores_bias: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Weights, and the row of each feature that they know."""

    vocabulary: Mapping[str, int]
    weights: Weights
    #: What the columns of ``features`` are to be multiplied by: those that ship stay in eight bits.
    steps: Floats = field(default_factory=lambda: np.ones(1, dtype=np.float32))

    def read(self, tokens: Tokens, features: Sequence[Sequence[str]]) -> Inputs:
        """Return the tokens with their features as the network reads them."""
        return read_inputs(tokens, features, self.vocabulary)

    def score(self, inputs: Inputs) -> Floats:
        """Return the score of each label for each token: tokens by labels."""
        weights, kind = self.weights, np.result_type(self.weights.features, self.steps)
        width = weights.context.shape[1]
        summed = np.add.reduceat(weights.features[inputs.rows], inputs.begins, axis=0, dtype=kind) * self.steps
        known = summed[:, :width] + inputs.context @ weights.context + inputs.vectors @ weights.vectors + weights.bias
        hidden = relu(stack_window(normalise(known)) @ weights.window + weights.window_bias)
        memory = np.hstack([hidden, average_others(hidden, inputs.words)])
        hidden += relu(memory @ weights.memory + weights.memory_bias)
        scores: Floats = hidden @ weights.scores + weights.scores_bias + summed[:, width:]
        return scores


def read_inputs(tokens: Tokens, features: Sequence[Sequence[str]], vocabulary: Mapping[str, int]) -> Inputs:
    """Return the tokens as a network of that vocabulary reads them."""
    rows: list[int] = []
    begins: list[int] = []
    for names in features:
        begins.append(len(rows))
        rows.append(0)
        rows += [row for name in names if (row := vocabulary.get(name))]
    lexicon = load_lexicon()
    numbers: dict[str, int] = {}
    return Inputs(
        rows=np.array(rows, dtype=np.int32),
        begins=np.array(begins, dtype=np.int32),
        context=tokens.context,
        vectors=lexicon.look_up(lexicon.find_rows(tokens.words)),
        words=np.array(
            [
                numbers.setdefault(usual_case(word), len(numbers)) if is_capitalised(word) else -1
                for word in tokens.words
            ],
            dtype=np.int32,
        ),
    )


def normalise(known: Floats) -> Floats:
    """Return each row with zero mean and unit variance."""
    centred = known - known.mean(axis=1, keepdims=True)
    normalised: Floats = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + _EPSILON)
    return normalised


def stack_window(rows: Floats) -> Floats:
    """Return beside each row those before and after it, zero beyond the ends."""
    reach = max(WINDOW)
    padded = np.pad(rows, ((reach, reach), (0, 0)))
    return np.hstack([padded[reach + offset : reach + offset + len(rows)] for offset in WINDOW])


def average_others(rows: Floats, words: Integers) -> Floats:
    """Return for each row the mean of the other rows with the same word, zero where there is none."""
    averages = np.zeros_like(rows)
    chosen = np.flatnonzero(words >= 0)
    if not len(chosen):
        return averages
    numbers = words[chosen]
    sums = np.zeros((int(numbers.max()) + 1, rows.shape[1]), dtype=rows.dtype)
    np.add.at(sums, numbers, rows[chosen])
    others = np.bincount(numbers)[numbers] - 1
    averages[chosen] = (sums[numbers] - rows[chosen]) / np.maximum(others, 1)[:, None] * (others > 0)[:, None]
    return averages


def relu(rows: Floats) -> Floats:
    """Return the rows with zero for what is below zero."""
    return np.maximum(rows, np.float32(0))


def save_networks(networks: Sequence[Network], path: Path) -> None:
    """Write networks of one vocabulary: what is fitted for each feature in eight bits, all else in half precision."""
    tables: dict[str, np.ndarray] = {}
    names = sorted(networks[0].vocabulary, key=networks[0].vocabulary.__getitem__)
    tables["vocabulary"] = np.frombuffer(json.dumps(names).encode(), dtype=np.uint8)
    for number, network in enumerate(networks):
        for name in Weights.__slots__:
            tables[f"{number}.{name}"] = getattr(network.weights, name).astype(np.float16)
        features = network.weights.features
        steps = np.abs(features).max(axis=0) / _EIGHT_BITS + _LEAST_STEP
        tables[f"{number}.features"] = np.round(features / steps).astype(np.int8)
        tables[f"{number}.steps"] = steps.astype(np.float32)
    np.savez_compressed(path, allow_pickle=False, **tables)


@cache
def load_networks() -> tuple[Network, ...]:
    """Return the networks that Newswire ships, read once; their scores are averaged."""
    with as_file(files(__package__) / "data" / "networks.npz") as path:
        return read_networks(path)


def read_networks(path: Path) -> tuple[Network, ...]:
    """Return the networks that the file holds."""
    with np.load(path) as tables:
        names = json.loads(bytes(tables["vocabulary"]))
        vocabulary = {name: row for row, name in enumerate(names, 1)}
        numbers = sorted({name.partition(".")[0] for name in tables.files if "." in name})
        return tuple(
            Network(vocabulary=vocabulary, weights=_weights(tables, number), steps=tables[f"{number}.steps"])
            for number in numbers
        )


def _weights(tables: Mapping[str, np.ndarray], number: str) -> Weights:
    names: Iterable[str] = Weights.__slots__
    found = {name: tables[f"{number}.{name}"].astype(np.float32) for name in names}
    return Weights(**found | {"features": tables[f"{number}.features"]})
