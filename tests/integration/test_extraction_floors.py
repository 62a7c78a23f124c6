"""How well pages are read must not get worse: floors just under what was reached on the labelled pages."""

import os

import pytest

from tests.fixtures.benchmarks import load_benchmark

FLOORS = {"f1": 0.976, "precision": 0.974, "recall": 0.977, "accuracy": 0.514}


def test_bodies_are_read_as_well_as_ever() -> None:
    extraction = load_benchmark("extraction")
    if not extraction.DEVSET.is_dir():
        missing = f"no labelled pages at {extraction.DEVSET}"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    extract = load_benchmark("extractors").newswire()
    pages = extraction.read_pages()
    texts = {page["id"]: extract(page["html"].encode("utf-8", "replace"), page["url"]) for page in pages}
    figures = extraction.load_score().evaluate({page["id"]: page["text"] for page in pages}, texts)
    assert figures["empty"] == 0
    assert {name: figures[name] for name, floor in FLOORS.items() if figures[name] < floor} == {}
