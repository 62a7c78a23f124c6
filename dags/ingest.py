"""From the feeds to the search index: one run polls the feeds that are due and empties the inbox.

| task | does | hands on |
|---|---|---|
| `fetch` | polls the feeds that are due, then claims, fetches and archives their new entries, 20 a batch | the batches' ids |
| `batch.extract` | reads a batch from the archive: articles, their language, people, organizations, places | numbers |
| `batch.index` | writes what is new or changed to the search store and gives every entry its fate | numbers |

`batch` is mapped: one map index a batch, shown by the batch's id, so that a batch can be searched as soon as it is
extracted, while others still wait. Nothing but ids and numbers travels between tasks; pages lie in the archive.

**When.** Every 5 minutes, one run at a time. Missed runs are not made up for: the next one finds everything that waits.
Where nothing waits, `batch` is skipped and the run is a success.

**Parameters** (*Trigger*): `limit`, the most entries to claim in this run; `publisher`, claim only this publisher's;
`early`, poll every feed now, whether its time has come or not.

**When it fails.** A store that does not answer is tried again after 20, 40 and 80 seconds, or up to twice as long. Wrong
configuration fails at once: its one line in the log says what to change. A page that fails is no failure of the run: it
is postponed or ends with a fate (`newswire ledger`, `newswire dead-letters list`).

**Races.** None to fear: entries are claimed under a lease, so `newswire ingest` may run beside this DAG. What a run that
crashed had claimed is taken up by a later run once its lease ends, after 15 minutes. Writing a document twice changes
nothing, and an older capture never replaces a newer one: any task may be cleared and run again.

**Past days.** This DAG knows only what the feeds say now, so backfilling it fetches nothing older: use `newswire backfill`
for the past, and `newswire replay` to make documents anew from the archive.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import CronDataIntervalTimetable, Param, dag, get_current_context, task, task_group


@dag(
    dag_id="ingest",
    description="Fetch what the feeds announce, read it, and make it searchable.",
    doc_md=__doc__,
    tags=["newswire"],
    # A plain cron string would give an empty data interval.
    schedule=CronDataIntervalTimetable("*/5 * * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=1),
    default_args={
        "owner": "newswire",
        "retries": 3,
        "retry_delay": timedelta(seconds=20),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=5),
        # As long as the lease: later on, another run may hold the batch's entries.
        "execution_timeout": timedelta(minutes=15),
        # A batch that is extracted is indexed before the next one is extracted.
        "weight_rule": "upstream",
    },
    params={
        "limit": Param(
            default=500,
            type="integer",
            minimum=1,
            maximum=5000,
            title="Limit",
            description="The most entries to claim in this run; the rest waits for the next.",
        ),
        "publisher": Param(
            default=None,
            type=["null", "string"],
            title="Publisher",
            description="Claim only this publisher's entries, named as in the sources file. Empty: everybody's.",
        ),
        "early": Param(
            default=False,
            type="boolean",
            title="Poll all feeds",
            description="Poll every feed now, whether its time has come or not.",
        ),
    },
)
def ingest() -> None:
    """Declare the tasks; the module's docstring is their manual."""

    @task
    def fetch() -> list[str]:
        from pipeline.orchestration import ingest

        params = get_current_context()["params"]
        return ingest.fetch(limit=params["limit"], publisher=params["publisher"], early=params["early"])

    @task_group
    def batch(batch_id: str) -> None:
        # Extraction is bound by the processor and holds a language model: more at a time would only compete.
        @task(map_index_template="{{ task.op_kwargs.batch_id }}", max_active_tis_per_dag=4)
        def extract(batch_id: str) -> dict[str, int]:
            from pipeline.orchestration import ingest

            return ingest.extract(batch_id)

        @task(map_index_template="{{ task.op_kwargs.batch_id }}", max_active_tis_per_dag=4)
        def index(batch_id: str) -> dict[str, int]:
            from pipeline.orchestration import ingest

            return ingest.index(batch_id)

        # By keyword: the template above finds arguments by their name alone.
        extract(batch_id=batch_id) >> index(batch_id=batch_id)

    batch.expand(batch_id=fetch())


ingest()
