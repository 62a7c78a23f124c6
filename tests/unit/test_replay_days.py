"""The days that a run of the DAG replay is for."""

from datetime import UTC, datetime

import pytest

from pipeline.errors import UsageError
from pipeline.model.rebuild import Interval


def test_days_are_whole_and_begin_with_the_web() -> None:
    replay = pytest.importorskip("pipeline.orchestration.replay")
    expected = Interval(since=datetime(1990, 1, 1, tzinfo=UTC), until=datetime(1990, 1, 3, tzinfo=UTC))
    assert replay.read_days("1990-01-01", "1990-01-02") == expected
    for early in ("0001-01-01", "1989-12-31"):
        with pytest.raises(UsageError, match=f"the first day {early} is too early: days begin with 1990-01-01"):
            replay.read_days(early, "2026-11-20")
