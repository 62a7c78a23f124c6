"""Every benchmark that is a command starts: what it imports is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
COMMANDS = sorted(
    path.name
    for path in BENCHMARKS.glob("*.py")
    if re.search(r"parse_(known_)?args\((\)|sys)", path.read_text(encoding="utf-8"))
)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_benchmark_says_how_it_is_used(name: str) -> None:
    shown = subprocess.run([sys.executable, BENCHMARKS / name, "--help"], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("usage:")
