"""From publication to search: one run takes one batch out of the inbox and makes it searchable.

| task | does | hands on |
|---|---|---|
| `fetch` | claims up to 50 of the entries that wait, fetches their pages and archives them | the batch's id |
| `extract` | reads the batch from the archive: articles, their language, people, organizations, places | numbers |
| `index` | writes what is new or changed, each with its story, to the search store and gives every entry its fate | numbers |

Nothing but ids and numbers travels between tasks; pages lie in the archive. When a batch has become searchable, `index`
announces the asset `newswire_articles` with these numbers: a DAG of yours can be scheduled on it. So it can on the asset
`newswire_stories`, which is announced when stories have begun or grown, and says how many. When `index` was tried again, both
are announced in any case, with numbers that can be too small, even 0: an earlier try may have written before it broke off.

**When.** As soon as a feed has something new: the feed watcher in the triggerer polls all feeds, puts new entries into the
inbox and rings the asset `newswire_feeds`. And every 5 minutes, should a bell be lost or the triggerer be down: this sweep
also polls the feeds that nobody has polled in time. A run claims whatever waits, the oldest first; while more waits, the
watcher rings again. Pages due to be visited again come behind: one for each four new entries, and a batch of them, every half
minute, where nothing new waits. Where nothing waits at all, all is skipped and the run is a success. Up to 4 runs go on at
once, so that one slow site does not hold up the others.

**Parameters** (*Trigger*): `limit`, the most entries to claim in this run; `publisher`, claim only this publisher's;
`early`, poll every feed now, whether its time has come or not; `dry_run`, only say in the log what waits.

**When it fails.** A store that does not answer is tried again after 5, 10 and 20 seconds, and so on up to 5 minutes. Wrong
configuration fails at once: its one line in the log says what to change. A page that fails is no failure of the run: it
is postponed or ends with a fate (`newswire ledger`, `newswire dead-letters list`). A run that has not ended 5 minutes after
it was queued is late: the triggerer's log says so, and the UI lists it under the missed deadlines.

**Races.** None to fear: entries are claimed under a lease, so several runs and `newswire ingest` may go on side by side. A
task that is tried again goes on with what its run had claimed; what a run that failed for good had claimed is taken up
by a later one when its lease ends, 15 minutes after the run began. Writing a document twice changes nothing, and an older
capture never replaces a newer one: any task may be cleared and run again.

**Past days.** This DAG knows only what the feeds say now. For the past there is the DAG `backfill`, and `replay` makes
documents anew from the archive.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import (
    AssetOrTimeSchedule,
    CronDataIntervalTimetable,
    Param,
    dag,
    get_current_context,
    task,
)
from pipeline.orchestration.assets import ARTICLES, FEEDS, STORIES, STORY_CHANGES
from pipeline.orchestration.late_runs import deadline_after


@dag(
    dag_id="ingest",
    description="Fetch what the feeds announce, read it, and make it searchable.",
    doc_md=__doc__,
    tags=["newswire"],
    schedule=AssetOrTimeSchedule(
        # A plain cron string would give an empty data interval.
        timetable=CronDataIntervalTimetable("*/5 * * * *", timezone="UTC"),
        assets=[FEEDS],
    ),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=4,
    dagrun_timeout=timedelta(hours=1),
    deadline=deadline_after(timedelta(minutes=5)),
    default_args={
        "owner": "newswire",
        "retries": 6,
        "retry_delay": timedelta(seconds=5),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=5),
        # As long as the lease: later on, another run may hold the batch's entries.
        "execution_timeout": timedelta(minutes=15),
        # What is nearly searchable goes first.
        "weight_rule": "upstream",
    },
    params={
        "limit": Param(
            default=50,
            type="integer",
            minimum=1,
            maximum=50,
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
        "dry_run": Param(
            default=False,
            type="boolean",
            title="Dry run",
            description="Fetch nothing; the log says how many entries of whom wait.",
        ),
    },
)
def ingest() -> None:
    """Declare the tasks; the module's docstring is their manual."""

    @task(pool="fetch")
    def fetch() -> str:
        from pipeline.orchestration import ingest

        context = get_current_context()
        params, run = context["params"], context["dag_run"]
        return ingest.fetch(
            limit=params["limit"],
            publisher=params["publisher"],
            early=params["early"],
            is_sweep=run.run_type != "asset_triggered",
            is_dry=params["dry_run"],
        )

    @task
    def extract(batch_id: str) -> dict[str, int]:
        from pipeline.orchestration import ingest

        return ingest.extract(batch_id)

    @task(outlets=[ARTICLES, STORY_CHANGES])
    def index(batch_id: str) -> dict[str, int]:
        from pipeline.orchestration import ingest

        counts = ingest.index(batch_id)
        context = get_current_context()
        events = context["outlet_events"]
        events[ARTICLES].extra = {"batch": batch_id, **counts}
        # What an earlier try wrote before it broke off is in no count any more.
        if counts["stories"] or context["ti"].try_number > 1:
            events[STORY_CHANGES].add(STORIES, extra={"batch": batch_id, "stories": counts["stories"]})
        return counts

    batch_id = fetch()
    extract(batch_id) >> index(batch_id)


ingest()
