"""The tagger's parts: features that say what is known, sequences that are well formed, gradients that are right."""

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.enrich.tagging.decoding import LABELS, find_best, find_spans
from pipeline.enrich.tagging.features import list_features
from pipeline.enrich.tagging.network import Network, average_others, read_inputs, read_networks, save_networks
from pipeline.enrich.tagging.phrases import load_phrases
from pipeline.enrich.tagging.tagger import score_tokens
from pipeline.enrich.tagging.tokens import Span, Tokens

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
WIDTH = 6


@pytest.fixture(scope="module")
def training() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tagger_training", BENCHMARKS / "tagger_training.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["tagger_training"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def make_tokens(text: str) -> Tokens:
    words = text.split(" ")
    starts = np.cumsum([0, *(len(word) + 1 for word in words[:-1])]).tolist()
    context = np.random.default_rng(len(words)).standard_normal((len(words), WIDTH)).astype(np.float32)
    return Tokens(words=words, starts=starts, context=context)


def features_of(text: str, word: str) -> set[str]:
    tokens = make_tokens(text)
    return set(list_features(tokens)[tokens.words.index(word)])


def test_words_neighbours_and_the_document_are_evidence() -> None:
    brekke = features_of("Brekke met Ida Brekke in New York , said the Norhaven Harbour Authority", "Brekke")
    assert {"word=Brekke", "shape=Xxx", "times=2", "stands as=S", "stands as=E", "run after=met"} <= brekke
    york = features_of("They flew to New York .", "York")
    assert {"phrase=Estate", "run before=to", "run length=2"} <= york
    authority = features_of("the Norhaven Harbour Authority said", "Authority")
    assert {"class=organization", "run last class=organization", "run before cue"} <= authority
    assert "run after title" in features_of("President Brekke left", "President") | features_of(
        "the president Brekke", "Brekke"
    )
    assert "also in lower case" in features_of("Apple eats an apple", "Apple")


def test_phrases_are_the_longest_and_do_not_overlap() -> None:
    words = ["He", "left", "New", "York", "City", "for", "Papua", "New", "Guinea"]
    assert [(span.start, span.end, span.label) for span in load_phrases().find(words)] == [
        (2, 5, "metropolis"),
        (6, 9, "country"),
    ]


@given(st.integers(0, 2**32 - 1), st.integers(0, 30))
def test_every_name_that_begins_also_ends(seed: int, count: int) -> None:
    scores = np.random.default_rng(seed).standard_normal((count, len(LABELS))) * 5
    labels = ["O", *(LABELS[number] for number in find_best(scores)), "O"]
    for before, after in pairwise(labels):
        if before[0] in "BI":
            assert after[0] in "IE"
            assert before[2:] == after[2:]
        else:
            assert after[0] not in "IE"
    spans = find_spans(scores)
    assert all(first.end <= second.start for first, second in pairwise(spans))


def test_the_mean_of_a_words_other_mentions() -> None:
    rows = np.array([[1.0], [3.0], [5.0], [7.0]], dtype=np.float32)
    assert average_others(rows, np.array([0, 0, 0, 1])).tolist() == [[4.0], [3.0], [2.0], [0.0]]
    assert average_others(rows, np.array([-1, -1, -1, -1])).tolist() == [[0.0]] * 4


def tag_with(tokens: Tokens, networks: Sequence[Network]) -> list[Span]:
    return find_spans(score_tokens(tokens, list_features(tokens), networks)) if tokens.words else []


def make_network(training: ModuleType, tokens: Tokens, seed: int = 0) -> tuple[Network, "training.Plan"]:
    plan = training.Plan(
        width=5, hidden=7, least=1, feature_dropout=0.0, input_dropout=0.0, hidden_dropout=0.0, epochs=1
    )
    features = list_features(tokens)
    vocabulary = {name: row for row, name in enumerate(sorted({name for names in features for name in names}), 1)}
    random = np.random.default_rng(seed)
    weights = training.draw_weights(len(vocabulary), read_inputs(tokens, features, vocabulary), random, plan)
    for field in fields(weights):  # away from zero, where a rectifier has no gradient
        weight = getattr(weights, field.name)
        weight += random.standard_normal(weight.shape).astype(np.float32) * np.float32(0.3)
    weights.features[0] = 0
    return Network(vocabulary=vocabulary, weights=weights), plan


def test_gradients_are_those_of_the_loss_of_what_is_scored(training: ModuleType) -> None:
    tokens = make_tokens("Brekke met Ida Brekke , and Brekke left Norhaven")
    network, plan = make_network(training, tokens)
    exact = Network(
        vocabulary=network.vocabulary,
        weights=replace(
            network.weights,
            **{
                field.name: getattr(network.weights, field.name).astype(np.float64) for field in fields(network.weights)
            },
        ),
    )
    inputs = exact.read(tokens, list_features(tokens))
    labels = np.arange(len(tokens.words)) % len(LABELS)
    gradients = training.find_gradients(exact.weights, inputs, labels, [len(labels)], np.random.default_rng(0), plan)

    def loss() -> float:
        scores = exact.score(inputs)
        log_sums = np.log(np.exp(scores).sum(axis=1))
        return float((log_sums - scores[np.arange(len(labels)), labels]).mean())

    random, step = np.random.default_rng(1), 1e-5
    for field in fields(exact.weights):
        weight, gradient = getattr(exact.weights, field.name), gradients[field.name]
        for _ in range(4):
            place = tuple(int(random.integers(1 if field.name == "features" else 0, size)) for size in weight.shape)
            before = weight[place]
            weight[place] = before + step
            above = loss()
            weight[place] = before - step
            below = loss()
            weight[place] = before
            assert (above - below) / (2 * step) == pytest.approx(float(gradient[place]), abs=2e-4), field.name


def test_what_is_fitted_is_found_again(training: ModuleType, tmp_path: Path) -> None:
    tokens = make_tokens("Ida Brekke met the Norhaven Council in Paris .")
    labels = ["B-person", "E-person", "O", "O", "B-organization", "E-organization", "O", "S-place", "O"]
    numbers = np.array([LABELS.index(label) for label in labels])
    text = training.Text(tokens=tokens, features=list_features(tokens), labels=numbers)
    network = training.fit_network([text] * 8, 0, training.Plan(epochs=40, rate=1e-2))
    save_networks([network, network], tmp_path / "networks.npz")
    expected = [Span(0, 2, "person"), Span(4, 6, "organization"), Span(7, 8, "place")]
    assert tag_with(tokens, [network]) == expected
    assert tag_with(tokens, read_networks(tmp_path / "networks.npz")) == expected
    again = training.fit_network([text] * 8, 0, training.Plan(epochs=40, rate=1e-2))
    assert np.array_equal(network.weights.features, again.weights.features)


@given(st.lists(st.sampled_from(["Ida", "Brekke", "\n", " ", "\x00", "你好", "!", "EU", "é" * 40, "’s"]), max_size=20))
@settings(deadline=None, max_examples=30)
def test_any_tokens_are_tagged_in_order_and_no_name_crosses_a_line(training: ModuleType, words: list[str]) -> None:
    tokens = replace(
        make_tokens("a"), words=words, starts=list(range(len(words))), context=np.zeros((len(words), WIDTH))
    )
    network, _ = make_network(training, make_tokens("Ida Brekke in the EU !"))
    spans = tag_with(tokens, [network])
    assert all(span.start < span.end for span in spans)
    assert all(first.end <= second.start for first, second in pairwise(spans))
    assert not any("\n" in words[index] for span in spans for index in range(span.start, span.end))
