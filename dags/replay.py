"""The archive's pages again, by the code of today, into a rebuilt index beside the live one; no network is used.

| task | does | hands on |
|---|---|---|
| `begin` | begins a rebuilt generation of the index, or takes up the one that a backfill fills day by day | its name |
| `replay` | extracts and annotates the pages archived in these days anew; copies all other documents as they are | numbers |
| `compare` | compares field by field with the live generation; keeps the result in the archive, below `reports/` | numbers |
| `promote` | makes the generation the one that readers see, in one step; skipped unless the run asks for it | numbers |

Nothing but the generation's name and numbers travels between tasks. Readers notice nothing until `promote`, and then all
at once. What the code of today no longer takes for an article is left out of the rebuilt generation, and counted with
its reason in the log of `compare`. The ledger is only read.

**When.** Never by itself: trigger it, or backfill it.

**Parameters** (*Trigger*): `first_day` and `last_day`, the days in UTC on which the pages were fetched; where they are
empty, the run's own day, which is yesterday when it is triggered by hand. `promote`, whether to make the result live;
without it, read the comparison, then `newswire index promote GENERATION` or `newswire index drop GENERATION`.

**When it fails.** A store that does not answer is tried again three times; a replay that is repeated writes the same
documents. Days in the future fail at once; days of which the archive holds nothing are skipped. `promote` refuses a
generation that lacks more than a tenth of the live documents: look at the comparison, then promote it by hand with `--force`.

**Races.** Live runs go on meanwhile. What they write is brought over before readers are moved; for the last moment of that
they wait, and then write to the new generation. One run at a time replays; it steps back behind everything else on its
machine, and takes its slots from the pool `past`, so that no live article waits for it.

**Past days.** `airflow backfill create --dag-id replay --from-date … --to-date …` makes a run for each day, all into one
generation: the newest that was begun and is neither promoted nor dropped; where there is none, the first run begins it.
Leave `promote` off, and promote once when all runs are done.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import Param, dag, get_current_context, task
from pipeline.orchestration.queues import admin_queue
from pipeline.orchestration.timetables import DailyWhenAsked


@dag(
    dag_id="replay",
    description="Read archived pages anew into a rebuilt index, compare it with the live one, and promote it.",
    doc_md=__doc__,
    tags=["newswire"],
    schedule=DailyWhenAsked(),
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={
        "owner": "newswire",
        "retries": 3,
        "retry_delay": timedelta(seconds=20),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=5),
        "pool": "past",
        # A backfill has its own number of runs at a time: still only one replays, and one begins the generation.
        "max_active_tis_per_dag": 1,
        **admin_queue(),
    },
    params={
        "first_day": Param(
            default=None,
            type=["null", "string"],
            format="date",
            title="First day",
            description="Of the days (UTC) on which the pages were fetched. Empty: the run's own day.",
        ),
        "last_day": Param(
            default=None,
            type=["null", "string"],
            format="date",
            title="Last day",
            description="Inclusive. Empty: the first day.",
        ),
        "promote": Param(
            default=False,
            type="boolean",
            title="Promote",
            description="Make the rebuilt generation live, without a person's look at the comparison.",
        ),
    },
)
def replay() -> None:
    """Declare the tasks; the module's docstring is their manual."""

    def read_days() -> tuple[str, str]:
        params, run = get_current_context()["params"], get_current_context()["dag_run"]
        # A run that is triggered without a logical date has no interval.
        own = f"{run.data_interval_start or run.run_after - timedelta(days=1):%Y-%m-%d}"
        return params["first_day"] or own, params["last_day"] or params["first_day"] or own

    @task
    def begin() -> str:
        from pipeline.orchestration import replay

        return replay.begin(*read_days(), joins=get_current_context()["dag_run"].run_type == "backfill")

    @task(task_id="replay")
    def replay_days(generation: str) -> dict[str, int]:
        from pipeline.orchestration import replay

        return replay.replay(generation, *read_days())

    @task
    def compare(generation: str) -> dict[str, int]:
        from pipeline.orchestration import replay

        return replay.compare(generation)

    @task
    def promote(generation: str) -> dict[str, int]:
        from pipeline.orchestration import replay

        return replay.promote(generation, is_wanted=get_current_context()["params"]["promote"])

    generation = begin()
    replay_days(generation) >> compare(generation) >> promote(generation)


replay()
