"""Days of the past by `airflow backfill create`, replays, and maintenance, while live articles go on coming in."""

import json
from datetime import UTC, datetime, timedelta

from examples.stack import Stack

TODAY = datetime.now(UTC).date()
DAYS = [TODAY - timedelta(days=days) for days in (4, 3, 2)]
HOW = ("--run-backwards", "--reprocess-behavior", "completed", "--max-active-runs", "2")


def create_backfill(stack: Stack) -> None:
    days = ("--from-date", f"{DAYS[0]}", "--to-date", f"{DAYS[-1]}")
    stack.airflow("backfill", "create", "--dag-id", "backfill", *days, *HOW)


def await_backfills(stack: Stack, number: int) -> None:
    def are_completed() -> bool:
        backfills = stack.ask("GET", "/backfills?dag_id=backfill")["backfills"]
        return len(backfills) == number and all(backfill["completed_at"] for backfill in backfills)

    stack.wait_until(are_completed, "the backfill is completed", seconds=500)
    assert [run["state"] for run in stack.runs("backfill", "backfill")] == ["success"] * len(DAYS)


def trigger(stack: Stack, dag_id: str, **conf: object) -> None:
    """Trigger the DAG as an operator would, and wait until the run is a success."""
    known = {run["dag_run_id"] for run in stack.runs(dag_id)}
    stack.unpause(dag_id)
    stack.airflow("dags", "trigger", dag_id, "--conf", json.dumps(conf))

    def states() -> set[str]:
        return {run["state"] for run in stack.runs(dag_id, "manual") if run["dag_run_id"] not in known}

    stack.wait_until(lambda: states() & {"success", "failed"}, f"the run of {dag_id} has ended")
    assert states() == {"success"}


def live_generation(stack: Stack) -> str:
    generations = json.loads(stack.newswire("index", "status", "--json"))
    return next(each["generation"] for each in generations if each["live"])


def test_days_are_backfilled_though_workers_are_killed(stack: Stack) -> None:
    expected = stack.urls()
    for number, day in enumerate(DAYS, start=2):
        expected += stack.press.file_past(day, range(number * 100, number * 100 + 60))
        name = f"{day:%Y/%m}/CC-NEWS-{day:%Y%m%d}061300-00001.warc.gz"
        expected += stack.press.write_warc(stack.warcs / name, day, range(number * 100 + 60, number * 100 + 90))
    stack.unpause("backfill")
    create_backfill(stack)
    stack.wait_until(lambda: stack.press.has_shown(200, 460), "fetching has begun")
    for name in ("worker-1", "worker-2"):
        stack.kill(name)
        stack.start(name)
    live = stack.press.publish(range(150, 160))
    stack.wait_until(lambda: set(live) <= set(stack.urls()), "live articles can be searched meanwhile")
    stack.wait_until(
        lambda: stack.urls() == sorted(expected + live), "every past article can be searched, once", seconds=500
    )
    await_backfills(stack, 1)
    assert stack.archive.joinpath(f"{DAYS[0]:%Y/%m/%d}").is_dir()  # of the day, not of today


def test_the_same_backfill_again_changes_nothing(stack: Stack) -> None:
    before, visits = stack.documents(), stack.press.page_visits()
    create_backfill(stack)
    await_backfills(stack, 2)
    assert stack.documents() == before
    assert stack.press.page_visits() == visits


def test_a_replay_is_promoted_and_its_readers_see_the_same(stack: Stack) -> None:
    before, visits, generation = stack.documents(), stack.press.page_visits(), live_generation(stack)
    trigger(stack, "replay", first_day=f"{DAYS[0]}", last_day=f"{TODAY}", promote=True)
    assert live_generation(stack) != generation
    assert stack.documents() == before
    assert stack.press.page_visits() == visits
    expected = sorted(stack.urls() + stack.press.publish(range(160, 165)))
    stack.wait_until(lambda: stack.urls() == expected, "what is published now goes to the promoted generation")


def test_maintenance_reports(stack: Stack) -> None:
    trigger(stack, "maintain")
    # Unpaused, it also ran for the night before.
    events = stack.ask("GET", "/assets/events?name_pattern=newswire_maintenance")["asset_events"]
    assert events
    assert all(event["extra"]["dry_run"] is False for event in events)
