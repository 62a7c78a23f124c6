"""How well English names are found must not get worse: a floor just under what one network reaches on texts it never saw.

One network fitted for a short time, on three of four folds: what ships are several, fitted for longer (docs/tagging.md).
"""

import importlib
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.adapters.english_tagger import read_tokens
from pipeline.enrich.tagging.decoding import LABELS
from pipeline.enrich.tagging.network import load_networks

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

FLOORS = {"PER": 82.0, "ORG": 46.5, "LOC": 75.0, "ALL": 71.3, "UNTYPED": 81.5}
#: On texts in the manner of a newswire.
WIRE_FLOORS = {"PER": 93.0, "ORG": 77.0, "LOC": 89.0, "ALL": 86.5, "UNTYPED": 93.5}


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.mark.slow
@pytest.mark.usefixtures("benchmarks")
def test_names_are_found_as_well_as_ever() -> None:
    tagging = importlib.import_module("entities_tagging")
    if not tagging.DEVSET.is_dir():
        missing = f"no labelled sets at {tagging.DEVSET}"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    documents = tagging.read_labelled()
    samples = tagging.read_samples([*documents, *tagging.make_practice(documents)])
    plan = sys.modules["tagger_training"].Plan(epochs=6)
    networks = tagging.fit_networks([sample for sample in samples if sample.document.fold], 1, plan)
    unseen = [sample for sample in samples[: len(documents)] if not sample.document.fold]
    wire = tagging.read_samples(tagging.read_wire())
    for texts, floors in ((unseen, FLOORS), (wire, WIRE_FLOORS)):
        found = [tagging.annotate(sample, list(tagging.tag(sample, networks))) for sample in texts]
        figures = {name: f1 for name, (_, _, f1) in tagging.score([each.document for each in texts], found).items()}
        assert {name: figures[name] for name, floor in floors.items() if figures[name] < floor} == {}


def test_the_weights_that_ship_are_of_the_model_that_is_installed() -> None:
    [tokens] = read_tokens(["Ida Brekke left."])
    for network in load_networks():
        assert network.weights.context.shape[0] == tokens.context.shape[1]
        assert network.weights.scores.shape[1] == len(LABELS)
        assert np.isfinite(network.score(network.read(tokens, [[] for _ in tokens.words]))).all()
