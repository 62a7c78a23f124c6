"""Quotations must find their speakers as well as ever: floors just under what was reached on benchmarks/quotes."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

#: Precision and recall by where the names come from and by language; the texts of both halves together.
FLOORS = {
    ("quote_given", True): (0.95, 0.97),
    ("quote_given", False): (0.99, 0.99),
    ("quote_annotated", True): (0.93, 0.93),
    ("quote_annotated", False): (0.90, 0.88),
}


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("source", "is_english"), FLOORS, ids=str)
def test_speakers_are_found_as_well_as_ever(source: str, is_english: bool) -> None:  # noqa: FBT001 - a column of the table
    quotes = load("entities_quotes")
    texts = [one for one in quotes.read_texts() if (one.labels["language"] == "en") is is_english]
    figures = quotes.measure(texts, getattr(quotes, source))
    precision, recall = FLOORS[source, is_english]
    assert figures.labelled > 50
    assert figures.precision >= precision, figures.misses
    assert figures.recall >= recall, figures.misses
