"""Figures of a search in words, beside their goals."""

import statistics
import time
from collections.abc import Callable, Sequence

from rich.table import Table


def judge(report: Table, title: str, value: float, goal: float, form: str, *, at_least: bool = False) -> None:
    """Add a row that says whether the goal is reached."""
    is_reached = value >= goal if at_least else value <= goal
    report.add_row(
        title, form.format(value), f"{'≥' if at_least else '≤'} {goal}", "reached" if is_reached else "MISSED"
    )


def seconds_of(act: Callable[[], object]) -> float:
    """Return how long it takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def p95(times: Sequence[float]) -> float:
    """Return the time that 95 of 100 stay below."""
    return statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


def in_ms(times: Sequence[float]) -> str:
    """Return median and 95th percentile in words."""
    return f"median {1000 * statistics.median(times):.0f} ms, p95 {1000 * p95(times):.0f} ms"
