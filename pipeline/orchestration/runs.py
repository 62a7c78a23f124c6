"""What the tasks of every DAG share: the process's own wiring, and our errors and counts in Airflow's words."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowFailException

from pipeline.archive import name_batch
from pipeline.errors import UsageError
from pipeline.model.capture import Batch
from pipeline.model.grant import Grant
from pipeline.model.handover import Report
from pipeline.settings import read_airflow_settings
from pipeline.wiring import Wiring

log = logging.getLogger(__name__)


def open_wiring(grant: Grant = Grant.WRITER) -> Wiring:
    """Return a new wiring, configured as this process is."""
    return Wiring(read_airflow_settings(grant))


@cache
def process_wiring(grant: Grant = Grant.WRITER) -> Wiring:
    """Return this process's own wiring; a task is a fork, and no connection may cross one."""
    return open_wiring(grant)


def run_batch() -> Batch:
    """Return the batch of the current run: always the same one, so that a task that is tried again keeps what it claimed."""
    run = get_current_context()["dag_run"]
    assert run.start_date is not None  # the run has a task running
    return name_batch(run.start_date, hashlib.sha256(f"{run.dag_id}/{run.run_id}".encode()).hexdigest())


@contextmanager
def airflow_errors() -> Iterator[None]:
    """Say in Airflow's words what our errors mean: UsageError fails the task for good, anything else is tried again."""
    try:
        yield
    except UsageError as error:
        raise AirflowFailException(str(error)) from error


def numbers(report: Report) -> dict[str, int]:
    """Return how many URLs ended for each reason, as a task may return it."""
    return {str(reason): count for reason, count in report.settled.items()}


def log_summary(head: str, report: Report) -> None:
    """Say in one line of the task's log what it did."""
    counts = {f"{name} entries": count for name, count in report.entries.items()}
    counts |= {f"feeds {name}": count for name, count in report.feeds.items()}
    counts |= report.searched | numbers(report)
    counts |= {"unvisited": report.unvisited, "postponed": report.postponed}
    log.info("%s", ", ".join([head, *(f"{count} {name}" for name, count in counts.items() if count)]))
