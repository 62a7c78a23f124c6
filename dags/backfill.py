r"""Past articles, a day a run: found in sitemaps and WARC files, then fetched, read and made searchable behind the live ones.

| task | does | hands on |
|---|---|---|
| `discover` | imports the day's pages from WARC files (`NEWSWIRE_WARCS`), then asks the sources' sitemaps for the day | numbers |
| `fetch` | fetches and archives what waits of the past, 50 a batch, publishers side by side | the batches' ids |
| `extract` | reads the batches from the archive: articles, their language, people, organizations, places | numbers |
| `index` | writes what is new to the search store and gives every entry its fate | numbers |

Pages from WARC files are archived with their original time and need no request. A run works until nothing of the past is due
any more, whichever run had found it; so two runs share the work, and the second one finds less. After two hours of fetching
it claims no more, and what is left waits for the next run.

**When.** Every day after midnight UTC for the day before; missed runs are not made up for. For other days:

    airflow backfill create --dag-id backfill --from-date 2026-11-01 --to-date 2026-11-07 \
        --run-backwards --reprocess-behavior completed --max-active-runs 2

`--run-backwards` begins with the newest day; `--reprocess-behavior completed` runs days again that were run before, which
adds only what is new. The same on the command line: `newswire backfill --from 2026-11-01 --to 2026-11-07`.

**Parameters** (*Trigger*): `publisher`, only this publisher's; `limit`, the most entries that the run fetches; `dry_run`, only
log the cost in the task `discover`: URLs, requests by host, bytes and expected time. Triggered by hand, a run is for the last
whole day before its date.

**When it fails.** A sitemap or a WARC file that is missing, damaged or no sitemap at all is counted and said in the log of
`discover`, and the others go on. A store that does not answer is tried again after 1, 2 and 4 minutes or up to twice as long.
Wrong configuration, or an interval in the future, fails at once: its one line in the log says what to change.

**Races.** None to fear: entries are claimed under a lease, which is prolonged while a task goes on, so `newswire backfill` and
`ingest` may run beside this DAG, and any task may be cleared and run again. What a run that was killed had claimed is free a
quarter of an hour later, and the next run takes it up; a WARC file is read on behind the last group of 50 records.
Live articles go first: they are claimed by `ingest` alone, these tasks have a pool of their own (`past`), the lowest priority,
and the processor only when nobody else wants it. A past entry that a feed announces meanwhile becomes live.

**Past days.** That is what this DAG is for. Entries that are known already are left alone: making documents anew is what
`newswire replay` does.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import CronDataIntervalTimetable, Param, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException


@dag(
    dag_id="backfill",
    description="Find the articles of a past day, and make them searchable.",
    doc_md=__doc__,
    tags=["newswire"],
    # A plain cron string would give an empty data interval.
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(1990, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=2,
    default_args={
        "owner": "newswire",
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=10),
        # Fetching ends after two hours by itself (FETCH_FOR); a day's WARC files may take many. Leases are prolonged meanwhile.
        "execution_timeout": timedelta(hours=12),
        "pool": "past",
        # Less than any live task has; of equal ones the scheduler takes the older date first.
        "priority_weight": 0,
        "weight_rule": "absolute",
    },
    params={
        "publisher": Param(
            default=None,
            type=["null", "string"],
            title="Publisher",
            description="Only this publisher's articles, named as in the sources file. Empty: everybody's.",
        ),
        "limit": Param(
            default=10_000,
            type="integer",
            minimum=1,
            maximum=100_000,
            title="Limit",
            description="The most entries to fetch in this run, within two hours; the rest waits for the next.",
        ),
        "dry_run": Param(
            default=False,
            type="boolean",
            title="Dry run",
            description="Only log what it would cost; nothing is recorded.",
        ),
    },
)
def backfill() -> None:
    """Declare the tasks; the module's docstring is their manual."""

    @task
    def discover() -> dict[str, int]:
        from pipeline.orchestration import backfill

        context = get_current_context()
        params, run = context["params"], context["dag_run"]
        work = backfill.estimate if params["dry_run"] else backfill.discover
        return work(run.data_interval_start, run.data_interval_end, publisher=params["publisher"])

    @task
    def fetch() -> list[str]:
        from pipeline.orchestration import backfill

        params = get_current_context()["params"]
        if params["dry_run"]:
            raise AirflowSkipException("a dry run: see the log of discover")
        return backfill.fetch(publisher=params["publisher"], limit=params["limit"])

    @task
    def extract(batch_ids: list[str]) -> dict[str, int]:
        from pipeline.orchestration import backfill

        return backfill.extract(batch_ids)

    @task
    def index(batch_ids: list[str]) -> dict[str, int]:
        from pipeline.orchestration import backfill

        return backfill.index(batch_ids)

    batch_ids = fetch()
    discover() >> batch_ids
    extract(batch_ids) >> index(batch_ids)


backfill()
