"""What happens when a run is late: a line in the triggerer's log that says so, for whoever watches the logs.

Imported at every parse of a DAG file: Airflow and the standard library alone.
"""

import logging
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference  # type: ignore[attr-defined]  # not in its stub

log = logging.getLogger(__name__)


def deadline_after(interval: timedelta) -> DeadlineAlert | None:
    """Return the alert for runs that have not ended so long after they were queued.

    None in ``airflow dags test``, which in Airflow 3.3.2 breaks off at the end of a run that has a deadline.
    """
    if sys.argv[1:3] == ["dags", "test"]:
        return None
    minutes = interval.total_seconds() / 60
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=interval,
        callback=AsyncCallback(report_late_run, kwargs={"minutes": minutes}),
    )


async def report_late_run(*, minutes: float, context: Mapping[str, Any] | None = None) -> None:
    """Log which run is late. Airflow calls it when the deadline has passed; its UI lists the missed deadline as well."""
    run = (context or {}).get("dag_run", {})
    log.error(
        "late: %s %s has not ended %g minutes after it was queued; see its tasks in the UI, the pools and `newswire ledger`",
        run.get("dag_id", "a run"),
        run.get("dag_run_id", ""),
        minutes,
    )
