"""The soak's judgement: what leaks is told from what goes up and down."""

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.fixtures.benchmarks import BENCHMARKS, load_benchmark

LOOKS = [5.0 * look for look in range(180)]  # a quarter of an hour


@pytest.fixture
def soak(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield load_benchmark("soak")
    for name in ("soak", "soak_processes", "latency"):
        sys.modules.pop(name, None)


def process(soak: ModuleType, pid: int, *, memory: float, files: int = 20, age: float = 3600) -> object:
    return soak.Process(pid=pid, age=age, memory=memory, files=files, cpu=0)


def test_a_leak_in_one_of_several_processes_is_found(soak: ModuleType) -> None:
    looks = {at: [process(soak, 1, memory=400), process(soak, 2, memory=150 + at / 60)] for at in LOOKS}
    memory, files = soak.judge_component("worker", looks)
    assert memory.growth == pytest.approx(15, rel=0.05)
    assert not memory.is_flat
    assert files.is_flat


def test_open_files_that_grow_are_found(soak: ModuleType) -> None:
    looks = {at: [process(soak, 1, memory=100, files=20 + int(at / 120))] for at in LOOKS}
    memory, files = soak.judge_component("triggerer", looks)
    assert memory.is_flat
    assert not files.is_flat


def test_what_goes_up_and_down_is_flat_and_tasks_do_not_count(soak: ModuleType) -> None:
    looks = {
        at: [process(soak, 1, memory=100 + at % 60), process(soak, 1000 + int(at), memory=900, files=99, age=2)]
        for at in LOOKS
    }
    assert all(verdict.is_flat for verdict in soak.judge_component("worker", looks))
