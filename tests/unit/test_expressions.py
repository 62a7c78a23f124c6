"""No regular expression backtracks: what a stranger writes costs no more than its length.

Nothing counts the steps of the engine, and a comparison of two times fails when the machine does something else meanwhile. So
each expression meets 250,000 characters made to be hard for it, in a process that is killed after 1.25 seconds of the
processor's time, not of the clock's. Linear ones of ours take a quarter of that at most, and most of them a hundredth; the
square of the text takes from ten times as much to a thousand times.
"""

import re

import pytest

from pipeline.adapters.confinement import ForkedProcesses
from pipeline.errors import Reject
from tests.fixtures.expressions import Expression, find_expressions, find_worst, withstand


def attack(expression: Expression, confined: ForkedProcesses) -> str | None:
    """Return how the expression could be made to backtrack, or None."""
    worst = None
    try:
        worst = confined.call(find_worst, expression.pattern, expression.method)
        if worst:
            confined.call(withstand, expression.pattern, expression.method, worst)
    except Reject as error:
        return (
            f"{expression.place}  {str(expression.pattern.pattern)[:100]}\n    {worst or 'exponential'}: {error.detail}"
        )
    return None


def test_no_expression_backtracks() -> None:
    expressions = {(each.pattern, each.method): each for each in find_expressions()}
    confined = ForkedProcesses(seconds=1.25, megabytes=1024)
    weak = [found for each in expressions.values() if (found := attack(each, confined))]
    confined.close()
    assert not weak, "\n".join(weak)
    assert len(expressions) > 250


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"(a+)+b", "match"),
        (r"\s+$", "finditer"),
        (r"<!--.*?-->", "finditer"),
        (r"=\s*\"?\s*\w", "match"),
    ],
)
def test_expressions_that_backtrack_are_found(pattern: str, method: str) -> None:
    confined = ForkedProcesses(seconds=0.25, megabytes=1024)
    assert attack(Expression(place="here", pattern=re.compile(pattern), method=method), confined)


@pytest.mark.parametrize(
    ("pattern", "method"), [(r"(?<!\s)\s++$", "finditer"), (r"=\s*+(?:\"\s*+)?\w", "match"), (r"\s+$", "fullmatch")]
)
def test_linear_expressions_withstand(pattern: str, method: str) -> None:
    confined = ForkedProcesses(seconds=0.25, megabytes=1024)
    assert attack(Expression(place="here", pattern=re.compile(pattern), method=method), confined) is None
