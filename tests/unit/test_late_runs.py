"""What is said of a run that is late."""

import asyncio
import logging
import sys
from datetime import timedelta

import pytest

from pipeline.orchestration.late_runs import deadline_after, report_late_run

# As Airflow 3.3 passes it: the REST API's form of the run.
CONTEXT = {
    "dag_run": {"dag_id": "ingest", "dag_run_id": "asset_triggered__2026-11-25", "state": "running"},
    "deadline": {"id": "1", "deadline_time": "2026-11-25T12:05:00Z"},
}


def test_the_log_names_the_run(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        asyncio.run(report_late_run(minutes=5, context=CONTEXT))
        asyncio.run(report_late_run(minutes=5))
    first, second = caplog.messages
    assert first.startswith("late: ingest asset_triggered__2026-11-25 has not ended 5 minutes after it was queued")
    assert second.startswith("late: a run")


def test_a_deadline_counts_from_when_the_run_was_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    deadline = deadline_after(timedelta(minutes=5))
    assert deadline is not None
    assert deadline.interval == timedelta(minutes=5)
    assert deadline.callback.path == "pipeline.orchestration.late_runs.report_late_run"
    assert deadline.callback.kwargs == {"minutes": 5}
    monkeypatch.setattr(sys, "argv", ["airflow", "dags", "test", "ingest"])
    assert deadline_after(timedelta(minutes=5)) is None
