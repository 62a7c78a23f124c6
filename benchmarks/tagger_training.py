"""How the weights of pipeline/enrich/tagging/network.py are fitted: gradients by hand, in numpy alone, the same on every run.

Each label is learned by itself (softmax); decoding sees to sequences. Measured, a conditional random field in its place was
worth nothing. Dropout hides features, vectors and hidden units at random, so that no evidence is relied on alone.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from pipeline.enrich.tagging.decoding import LABELS
from pipeline.enrich.tagging.network import WINDOW, Inputs, Network, Weights, read_inputs, stack_window
from pipeline.enrich.tagging.tokens import Tokens

#: Tokens a step, about; a text is never cut.
STEP = 1_200


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long and how hard is learned; chosen on the labelled sets' folds."""

    epochs: int = 10
    rate: float = 2e-3
    width: int = 64
    hidden: int = 128
    #: Features seen less often are not known.
    least: int = 2
    feature_dropout: float = 0.1
    input_dropout: float = 0.2
    hidden_dropout: float = 0.3
    decay: float = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One labelled text: its tokens, their features, and the number of the label of each."""

    tokens: Tokens
    features: Sequence[Sequence[str]]
    labels: np.ndarray


def fit_network(texts: Sequence[Text], seed: int, plan: Plan) -> Network:
    """Return the network fitted to the texts; the same texts, seed and plan give the same network."""
    counts = Counter(name for text in texts for features in text.features for name in features)
    names = sorted(name for name, count in counts.items() if count >= plan.least)
    vocabulary = {name: row for row, name in enumerate(names, 1)}
    random = np.random.default_rng(seed)
    inputs = [read_inputs(text.tokens, text.features, vocabulary) for text in texts]
    weights = draw_weights(len(names), inputs[0], random, plan)
    adam = Adam(weights)
    steps = plan.epochs * len(list(make_steps(inputs, np.arange(len(inputs)))))
    taken = 0
    for _ in range(plan.epochs):
        for chosen in make_steps(inputs, random.permutation(len(inputs))):
            joined = join_inputs([inputs[index] for index in chosen])
            labels = np.concatenate([texts[index].labels for index in chosen])
            lengths = [len(texts[index].labels) for index in chosen]
            gradients = find_gradients(weights, joined, labels, lengths, random, plan)
            adam.step(weights, gradients, plan.rate * schedule(taken / steps), plan.decay)
            taken += 1
    return Network(vocabulary=vocabulary, weights=weights)


def draw_weights(count: int, inputs: Inputs, random: np.random.Generator, plan: Plan) -> Weights:
    """Return the weights that learning begins with; direct scores and biases begin at zero."""

    def draw(rows: int, columns: int, size: float) -> np.ndarray:
        return (random.standard_normal((rows, columns)) * size).astype(np.float32)

    window, labels = len(WINDOW) * plan.width, len(LABELS)
    features = np.hstack([draw(count + 1, plan.width, 0.1), np.zeros((count + 1, labels), dtype=np.float32)])
    features[0] = 0
    return Weights(
        features=features,
        context=draw(inputs.context.shape[1], plan.width, 0.05),
        vectors=draw(inputs.vectors.shape[1], plan.width, 0.07),
        bias=np.zeros(plan.width, dtype=np.float32),
        window=draw(window, plan.hidden, (2 / window) ** 0.5),
        window_bias=np.zeros(plan.hidden, dtype=np.float32),
        memory=draw(2 * plan.hidden, plan.hidden, plan.hidden**-0.5),
        memory_bias=np.zeros(plan.hidden, dtype=np.float32),
        scores=draw(plan.hidden, labels, 0.05),
        scores_bias=np.zeros(labels, dtype=np.float32),
    )


def make_steps(inputs: Sequence[Inputs], order: np.ndarray) -> Iterator[list[int]]:
    """Yield the numbers of the texts of each step."""
    chosen: list[int] = []
    size = 0
    for index in order:
        chosen.append(int(index))
        size += len(inputs[index].begins)
        if size >= STEP:
            yield chosen
            chosen, size = [], 0
    if chosen:
        yield chosen


def join_inputs(inputs: Sequence[Inputs]) -> Inputs:
    """Return texts as one, their words numbered apart."""
    rows = np.cumsum([0, *(len(each.rows) for each in inputs)])
    words = np.cumsum([0, *(int(each.words.max(initial=-1)) + 1 for each in inputs)])
    return Inputs(
        rows=np.concatenate([each.rows for each in inputs]),
        begins=np.concatenate([each.begins + start for each, start in zip(inputs, rows, strict=False)]),
        context=np.concatenate([each.context for each in inputs]),
        vectors=np.concatenate([each.vectors for each in inputs]),
        words=np.concatenate(
            [np.where(each.words >= 0, each.words + start, -1) for each, start in zip(inputs, words, strict=False)]
        ),
    )


def schedule(done: float) -> float:
    """Return the share of the rate: up within the first tenth, then down along a cosine."""
    falling = 0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * (done - 0.1) / 0.9))
    return float(min(done * 10, falling))


def find_gradients(
    weights: Weights,
    inputs: Inputs,
    labels: np.ndarray,
    lengths: Sequence[int],
    random: np.random.Generator,
    plan: Plan,
) -> Mapping[str, np.ndarray]:
    """Return the gradient of the mean loss of the labels, with dropout, by the name of each weight."""

    def mask(shape: Sequence[int], share: float) -> np.ndarray:
        kept = np.float32(1 - share)
        return (random.random(shape, dtype=np.float32) < kept).astype(np.float32) / kept

    width = weights.context.shape[1]
    # Forward, as in Network.score.
    kept = mask([len(inputs.rows)], plan.feature_dropout)[:, None]
    summed = np.add.reduceat(weights.features[inputs.rows] * kept, inputs.begins, axis=0)
    context = inputs.context * mask(inputs.context.shape, plan.input_dropout)
    vectors = inputs.vectors * mask(inputs.vectors.shape, plan.input_dropout)
    known = summed[:, :width] + context @ weights.context + vectors @ weights.vectors + weights.bias
    centred = known - known.mean(axis=1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    normal = centred / deviation
    kept_normal = mask(normal.shape, plan.input_dropout)
    windows = stack_texts(normal * kept_normal, lengths)
    hidden = np.maximum(windows @ weights.window + weights.window_bias, 0)
    kept_hidden = mask(hidden.shape, plan.hidden_dropout) * (hidden > 0)
    hidden = hidden * kept_hidden
    others = Others(inputs.words, len(hidden))
    memory = np.hstack([hidden, others.average(hidden)])
    remembered = np.maximum(memory @ weights.memory + weights.memory_bias, 0)
    kept_final = mask(remembered.shape, plan.hidden_dropout)
    final = (hidden + remembered) * kept_final
    scores = final @ weights.scores + weights.scores_bias + summed[:, width:]
    # Backward.
    exponents = np.exp(scores - scores.max(axis=1, keepdims=True))
    d_scores = exponents / exponents.sum(axis=1, keepdims=True)
    d_scores[np.arange(len(labels)), labels] -= 1
    d_scores /= len(labels)
    d_final = d_scores @ weights.scores.T * kept_final
    d_remembered = d_final * (remembered > 0)
    d_memory = d_remembered @ weights.memory.T
    size = hidden.shape[1]
    d_hidden = (d_final + d_memory[:, :size] + others.spread(d_memory[:, size:])) * kept_hidden
    d_normal = unstack_texts(d_hidden @ weights.window.T, lengths, width) * kept_normal
    d_known = (
        d_normal - d_normal.mean(axis=1, keepdims=True) - normal * (d_normal * normal).mean(axis=1, keepdims=True)
    ) / deviation
    counts = np.diff(np.append(inputs.begins, len(inputs.rows)))
    d_rows = np.repeat(np.hstack([d_known, d_scores]), counts, axis=0) * kept
    return {
        "features": sum_rows(d_rows, inputs.rows, len(weights.features)),
        "context": context.T @ d_known,
        "vectors": vectors.T @ d_known,
        "bias": d_known.sum(axis=0),
        "window": windows.T @ d_hidden,
        "window_bias": d_hidden.sum(axis=0),
        "memory": memory.T @ d_remembered,
        "memory_bias": d_remembered.sum(axis=0),
        "scores": final.T @ d_scores,
        "scores_bias": d_scores.sum(axis=0),
    }


class Others:
    """The mean over a word's other mentions, and its gradient: the same matrix, which is symmetric."""

    def __init__(self, words: np.ndarray, count: int) -> None:
        """Take the number of each token's word, -1 for none."""
        self._chosen = np.flatnonzero(words >= 0)
        numbers = words[self._chosen]
        sizes = np.bincount(numbers, minlength=1)[numbers] if len(numbers) else numbers
        self._order = np.argsort(numbers, kind="stable")
        sorted_numbers = numbers[self._order]
        self._starts = np.flatnonzero(np.diff(sorted_numbers, prepend=-1))
        self._group = np.cumsum(np.diff(sorted_numbers, prepend=-1) > 0) - 1
        self._weights = (np.where(sizes > 1, 1 / np.maximum(sizes - 1, 1), 0))[:, None].astype(np.float32)
        self._count = count

    def average(self, rows: np.ndarray) -> np.ndarray:
        """Return the mean of the other rows of the same word, zero where there is none."""
        averages = np.zeros_like(rows)
        if len(self._chosen):
            chosen = rows[self._chosen]
            sums = np.empty_like(chosen)
            sums[self._order] = np.add.reduceat(chosen[self._order], self._starts, axis=0)[self._group]
            averages[self._chosen] = (sums - chosen) * self._weights
        return averages

    spread = average


def stack_texts(rows: np.ndarray, lengths: Sequence[int]) -> np.ndarray:
    """Return the windows of several texts, none of which sees another."""
    return np.vstack([stack_window(text) for text in np.split(rows, np.cumsum(lengths)[:-1])])


def unstack_texts(windows: np.ndarray, lengths: Sequence[int], width: int) -> np.ndarray:
    """Return the gradient of the rows from that of their windows."""
    return np.vstack([_unstack(text, width) for text in np.split(windows, np.cumsum(lengths)[:-1])])


def _unstack(windows: np.ndarray, width: int) -> np.ndarray:
    reach, count = max(WINDOW), len(windows)
    padded = np.zeros((count + 2 * reach, width), dtype=windows.dtype)
    for position, offset in enumerate(WINDOW):
        padded[reach + offset : reach + offset + count] += windows[:, position * width : (position + 1) * width]
    return padded[reach : reach + count]


def sum_rows(values: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    """Return the sums of the values of each row; that of row 0 is left out."""
    order = np.argsort(rows, kind="stable")
    starts = np.flatnonzero(np.diff(rows[order], prepend=-1))
    sums = np.zeros((count, values.shape[1]), dtype=np.float32)
    sums[rows[order][starts]] = np.add.reduceat(values[order], starts, axis=0)
    sums[0] = 0
    return sums


class Adam:
    """Steps by gradient moments (Kingma and Ba, 2015), with weight decay apart (Loshchilov and Hutter, 2019)."""

    def __init__(self, weights: Weights) -> None:
        """Begin with moments of zero."""
        self._names = [field.name for field in fields(weights)]
        self._first = {name: np.zeros_like(getattr(weights, name)) for name in self._names}
        self._second = {name: np.zeros_like(getattr(weights, name)) for name in self._names}
        self._steps = 0

    def step(self, weights: Weights, gradients: Mapping[str, np.ndarray], rate: float, decay: float) -> None:
        """Change the weights in place."""
        self._steps += 1
        norm = np.sqrt(sum(float((gradient.astype(np.float64) ** 2).sum()) for gradient in gradients.values()))
        clipped = min(1.0, 1.0 / max(norm, 1e-9))
        correction = np.sqrt(1 - 0.999**self._steps) / (1 - 0.9**self._steps)
        for name in self._names:
            gradient, weight = gradients[name] * np.float32(clipped), getattr(weights, name)
            first, second = self._first[name], self._second[name]
            first += (gradient - first) * np.float32(0.1)
            second += (gradient**2 - second) * np.float32(0.001)
            weight -= np.float32(rate * correction) * first / (np.sqrt(second) + np.float32(1e-8))
            weight *= np.float32(1 - rate * decay)
