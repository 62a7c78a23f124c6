"""Asks the saved searches about what was newly indexed, and tells what they noticed.

| task | does | hands on |
|---|---|---|
| `watch` | asks all saved searches about each new or changed article once, and looks for silence | numbers, ids of alerts |
| `deliver` | sends alerts to webhooks, also those whose last try failed and whose next is due | numbers |

Searches are saved by `newswire searches add`; where there is none, both tasks are skipped. What is noticed is in the feeds of the
search at once (`newswire serve`, `newswire searches feed`), and in `newswire alerts list`. The asset `newswire_alerts` is
announced when there are alerts, with up to 100 of them in its `extra`: `alerts`, each with search, condition, document and
the sentence that shows it, and `searches`, how many of each. A DAG of yours can be scheduled on it.

**When.** As soon as a batch has become searchable (the asset `newswire_articles`). And every 5 minutes: for silence, for tries
that have become due, and should an event be lost. It loses nothing: which articles the searches were not asked about yet is
kept in the ledger, not in the event.

**Parameters** (*Trigger*): none.

**When it fails.** A store that does not answer is tried again after 5, 10 and 20 seconds, and so on up to 5 minutes. Where
`watch` fails for good, `deliver` sends what is due all the same, and then fails too, so that the run does. A saved
search that the search store cannot serve is named in the log of `watch`; the others go on. A webhook that fails is no failure
of the run: it is tried again after 1, 5 and 30 minutes, 2, 8 and 24 hours, then `newswire alerts undelivered` shows it as dead.

**Races.** None to fear: alerts have ids that follow from what was noticed, so that the same is noted once, whoever notices it.
`newswire ingest` and `newswire alerts run` may go on beside it; a delivery is given to one sender at a time. Where a sender
dies after sending and before noting that, the message comes twice, under one id; so does an event of the asset.

**Past days.** Articles that backfills bring are not looked at, and a replay notices nothing: alerts are about news.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import AssetOrTimeSchedule, CronDataIntervalTimetable, dag, get_current_context, task
from pipeline.orchestration.assets import ALERT_NEWS, ALERTS, ARTICLES


@dag(
    dag_id="alert",
    description="Ask the saved searches about what is new, and send what they noticed.",
    doc_md=__doc__,
    tags=["newswire"],
    schedule=AssetOrTimeSchedule(
        # A plain cron string would give an empty data interval.
        timetable=CronDataIntervalTimetable("*/5 * * * *", timezone="UTC"),
        assets=[ARTICLES],
    ),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=1),
    default_args={
        "owner": "newswire",
        "retries": 6,
        "retry_delay": timedelta(seconds=5),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(minutes=15),
    },
)
def alert() -> None:
    """Declare the tasks; the module's docstring is their manual."""

    @task(outlets=[ALERT_NEWS])
    def watch() -> dict[str, Any]:
        from pipeline.orchestration import alert

        numbers, event = alert.watch()
        if event:
            get_current_context()["outlet_events"][ALERT_NEWS].add(ALERTS, extra=event)
        return numbers

    @task(trigger_rule="none_skipped")
    def deliver(noticed: dict[str, Any] | None) -> dict[str, int]:
        from pipeline.orchestration import alert

        return alert.deliver(noticed and noticed["announced"])

    deliver(watch())


alert()
