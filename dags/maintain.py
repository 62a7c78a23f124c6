"""A day's upkeep: old months leave the index, the ledger gets light, and a report says how everything is.

| task | does | hands on |
|---|---|---|
| `retention` | drops documents and versions of months past `NEWSWIRE_RETENTION_MONTHS` | months, numbers |
| `pruning` | prunes old URLs and texts (`NEWSWIRE_PRUNE_DAYS`, `_REPRINT_DAYS`), hand-overs, idle hosts | numbers |
| `report` | logs the report: what was done, index against ledger by month, dead letters by reason, the feeds' health | numbers |

The log of `report` is the day's page to read. The same numbers go out as an event of the asset `newswire_maintenance`, in its
`extra`: a DAG that is scheduled by this asset can alert on silent feeds, dead letters or documents that are missing.

**When.** Daily at 03:30 UTC. A day without a run is not made up for: the next run does what is left.

**Parameters** (*Trigger*): `dry_run`, say in the report what would be dropped and pruned, and change nothing. The event of a
dry run says so: `dry_run` in its `extra` is true.

**When it fails.** A store that does not answer is tried again after 1, 2 and 4 minutes, or up to twice as long; what was done
by then stays done and is not done twice. Wrong settings fail at once, and the log's last line says what to change. `report`
waits for both other tasks: where one has failed, there is no event.

**Races.** None to fear: months are dropped whole and by their full names, the current one never; URLs are pruned a few hundred
at a time, and live work gets its turn between two. `newswire maintain` may run beside this DAG.

**Past days.** There is nothing to backfill: the tasks look at the clock, not at the run's day. What was dropped from the index
can be read from the archive again; see *Maintenance* in docs/operations.md.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import CronDataIntervalTimetable, Param, dag, get_current_context, task
from pipeline.orchestration.assets import MAINTENANCE
from pipeline.orchestration.queues import admin_queue


@dag(
    dag_id="maintain",
    description="Retention, pruning, and a daily report on feeds, dead letters and sums.",
    doc_md=__doc__,
    tags=["newswire"],
    # A plain cron string would give an empty data interval.
    schedule=CronDataIntervalTimetable("30 3 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    default_args={
        "owner": "newswire",
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=15),
        # A first run over millions of URLs: some five hundred are pruned in a tenth of a second.
        "execution_timeout": timedelta(hours=2),
        **admin_queue(),
    },
    params={
        "dry_run": Param(
            default=False,
            type="boolean",
            title="Dry run",
            description="Only say what would be dropped and pruned; nothing is changed.",
        ),
    },
)
def maintain() -> None:
    """Declare the tasks; the module's docstring is their manual."""

    @task
    def retention() -> dict[str, Any]:
        from pipeline.orchestration import maintain

        return maintain.retention(dry_run=get_current_context()["params"]["dry_run"])

    @task
    def pruning() -> dict[str, Any]:
        from pipeline.orchestration import maintain

        return maintain.pruning(dry_run=get_current_context()["params"]["dry_run"])

    @task(outlets=[MAINTENANCE])
    def report(retired: dict[str, Any], pruned: dict[str, Any]) -> dict[str, Any]:
        from pipeline.orchestration import maintain

        context = get_current_context()
        numbers = maintain.report(retired, pruned, dry_run=context["params"]["dry_run"])
        context["outlet_events"][MAINTENANCE].extra = numbers
        return numbers

    report(retention(), pruning())


maintain()
