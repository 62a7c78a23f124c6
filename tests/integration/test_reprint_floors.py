"""How well reprints are found must not get worse: floors just under what was reached on what is held back."""

import os
import sys
from pathlib import Path

import pytest

from tests.fixtures.benchmarks import BENCHMARKS, load_benchmark

FLOORS = {"precision": 0.98, "recall": 0.95}


def test_reprints_are_found_as_well_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    texts, reprints = load_benchmark("reprint_texts"), load_benchmark("reprints")
    if not Path(texts.DEVSET).is_file():
        missing = f"no labelled texts at {texts.DEVSET}"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    given = reprints.make_corpus("B", texts.HELD)
    total = reprints.add(reprints.score(given, reprints.find_ours(given)).values())
    reached = {"precision": total.precision, "recall": total.recall}
    assert {name: reached[name] for name, floor in FLOORS.items() if reached[name] < floor} == {}
