# ruff: noqa: PT017 - what is stopped is slow, and so is what grows
"""No regular expression of ours takes more than the square of its text, whatever the text: none can be cut up in 2^n ways."""

import re
from collections.abc import Iterator

import pytest

from pipeline.adapters.confinement import ForkedProcesses
from pipeline.errors import Reject
from pipeline.model.fate import Reason
from tests.fixtures.regexes import find_expressions, steepest

#: Twice the text: four times as long is the square, eight times the cube.
STEEPEST = 6


@pytest.fixture(scope="module")
def confined() -> Iterator[ForkedProcesses]:
    processes = ForkedProcesses(seconds=10, megabytes=1024)
    yield processes
    processes.close()


def test_none_is_worse_than_the_square(confined: ForkedProcesses) -> None:
    expressions = find_expressions()
    assert len(expressions) > 200
    slow = []
    for place, expression in expressions.items():
        try:
            growth, text = confined.call(steepest, expression)
        except Reject as error:
            assert error.reason is Reason.TIMEOUT, (place, error)
            growth, text = float("inf"), "a text of 2,000 characters"
        if growth > STEEPEST:
            slow.append(f"{place} {expression.pattern!r}: twice {text} takes {growth:.0f} times as long")
    assert slow == []


@pytest.mark.parametrize("pattern", [r"(a+)+b", r"(a|a)*b", r"(?:\w+\s*)+$", r"\s*\s*\s*x", r"(.*)(.*)(.*)x"])
def test_those_that_are_worse_are_found(confined: ForkedProcesses, pattern: str) -> None:
    try:
        growth, _ = confined.call(steepest, re.compile(pattern, re.DOTALL))
    except Reject as error:
        assert error.reason is Reason.TIMEOUT
    else:
        assert growth > STEEPEST
