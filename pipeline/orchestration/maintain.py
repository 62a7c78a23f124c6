"""What the tasks of the DAG maintain do: the steps of pipeline/maintenance/ over this process's wiring."""

import json
import logging
from typing import Any

from pipeline.maintenance import steps
from pipeline.maintenance.report import report_json, report_lines, report_tables
from pipeline.maintenance.steps import Pruned, Retired
from pipeline.model import codec
from pipeline.model.grant import Grant
from pipeline.orchestration.runs import airflow_errors, process_wiring

#: URLs and texts between two lines of the log.
_PROGRESS = 10_000

log = logging.getLogger(__name__)


def retention(*, dry_run: bool) -> dict[str, Any]:
    """Drop the months that are past their retention; return which, and what they held."""
    with airflow_errors():
        wiring = process_wiring(Grant.ADMIN)
        months = wiring.settings.retention_months
        retired = steps.retire_months(store=wiring.store, clock=wiring.clock, retention_months=months, dry_run=dry_run)
    if retired.kept_from is None:
        log.info("retention: all months are kept; NEWSWIRE_RETENTION_MONTHS is not set")
    for each in retired.months:
        log.info("retention: %s %s, %d documents", "would drop" if dry_run else "dropped", each.month, each.documents)
    return _as_json(retired)


def pruning(*, dry_run: bool) -> dict[str, Any]:
    """Prune the ledger, drop old hand-overs and forget idle hosts; return how many of each."""
    done = 0

    def show_progress(count: int) -> None:
        nonlocal done
        if (done + count) // _PROGRESS > done // _PROGRESS:
            log.info("pruning: %d URLs and texts so far", done + count)
        done += count

    with airflow_errors():
        wiring = process_wiring(Grant.ADMIN)
        pruned = steps.prune(
            ledger=wiring.ledger,
            archive=wiring.archive,
            clock=wiring.clock,
            prune_days=wiring.settings.prune_days,
            reprint_days=wiring.settings.reprint_days,
            dry_run=dry_run,
            on_progress=show_progress,
        )
    return _as_json(pruned)


def report(retired: dict[str, Any], pruned: dict[str, Any], *, dry_run: bool) -> dict[str, Any]:
    """Log the report as tables; return its numbers."""
    with airflow_errors():
        wiring = process_wiring(Grant.ADMIN)
        if not dry_run:
            wiring.catch_up_documents()
        made = steps.make_report(
            ledger=wiring.ledger,
            store=wiring.store,
            clock=wiring.clock,
            retired=codec.decode(json.dumps(retired), Retired),
            pruned=codec.decode(json.dumps(pruned), Pruned),
            dry_run=dry_run,
        )
    for line in report_lines(report_tables(made)):
        log.info("%s", line)
    return report_json(made)


def _as_json(record: Retired | Pruned) -> dict[str, Any]:
    """Return the record as what travels between tasks and is shown in the UI."""
    form: dict[str, Any] = json.loads(codec.encode(record))
    return form
