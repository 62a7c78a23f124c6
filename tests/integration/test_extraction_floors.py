"""How well pages are read must not get worse: floors just under what was reached on the labelled pages."""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

FLOORS = {"f1": 0.976, "precision": 0.974, "recall": 0.977, "accuracy": 0.508}


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_bodies_are_read_as_well_as_ever() -> None:
    extraction = load("extraction")
    if not extraction.DEVSET.is_dir():
        missing = f"no labelled pages at {extraction.DEVSET}"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    extract = load("extractors").newswire()
    pages = extraction.read_pages()
    texts = {page["id"]: extract(page["html"].encode("utf-8", "replace"), page["url"]) for page in pages}
    figures = extraction.load_score().evaluate({page["id"]: page["text"] for page in pages}, texts)
    assert figures["empty"] == 0
    assert {name: figures[name] for name, floor in FLOORS.items() if figures[name] < floor} == {}
