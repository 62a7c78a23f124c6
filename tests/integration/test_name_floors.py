"""Telling people apart by their names must not get worse: floors just under what was reached on the labelled pairs."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from pipeline.enrich.names.comparison import is_same_person
from pipeline.enrich.names.keys import person_key

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "entities_names.py"


@pytest.fixture(scope="module")
def names() -> ModuleType:
    spec = importlib.util.spec_from_file_location("names_benchmark", BENCHMARK)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("half", "floor"), [("A", 0.98), ("B", 0.95)])
def test_people_are_told_apart_as_well_as_ever(names: ModuleType, half: str, floor: float) -> None:
    pairs = [pair for pair in names.read_pairs() if pair.half == half]
    assert len(pairs) > 200
    assert names.judge(pairs, [is_same_person(pair.one, pair.other) for pair in pairs]).f1 >= floor


def test_one_id_means_one_person(names: ModuleType) -> None:
    pairs = names.read_pairs()
    score = names.judge(pairs, [person_key(pair.one) == person_key(pair.other) for pair in pairs])
    assert score.precision >= 0.99
    assert score.recall >= 0.58
