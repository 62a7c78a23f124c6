"""Maintenance over the whole flow, by the command, and by the real DAG: what leaves, what stays, and what comes back."""

import asyncio
import json
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from examples.embedded import PROGRAMS, State
from examples.newsroom.server import Newsroom
from pipeline.adapters.sql_ledger import open_ledger
from pipeline.cli.ingest import run_ingest
from pipeline.maintenance.steps import Maintained, Pruned, Retired, make_report, prune, retire_months
from pipeline.model.fate import Fate, Reason
from pipeline.model.handover import Report
from pipeline.model.query import Query, Sort
from pipeline.replay.promotion import promote_rebuild
from pipeline.replay.rebuild import ALWAYS, begin_rebuild, rebuild_generation
from pipeline.settings import read_settings
from pipeline.wiring import Wiring
from tests.fixtures.clocks import ShiftedClock
from tests.fixtures.command import Newswire
from tests.fixtures.entries import NOW, an_entry

DAY = timedelta(days=1)
NOBODY = "http://127.0.0.1:9"  # the discard port: nothing listens there


@pytest.fixture
def settings(tmp_path: Path, newsroom: Newsroom) -> dict[str, str]:
    newsroom.write_sources(tmp_path / "sources.toml")
    return {
        "NEWSWIRE_HOME": str(tmp_path / "home"),
        "NEWSWIRE_SOURCES": str(tmp_path / "sources.toml"),
        "NEWSWIRE_ALLOWED_NETWORKS": "127.0.0.0/8",
        "NEWSWIRE_HOST_DELAY": "0",
    }


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock(-200 * DAY)


@pytest.fixture
def wiring(search_settings: dict[str, str], settings: dict[str, str], clock: ShiftedClock) -> Iterator[Wiring]:
    """Give the newsroom's articles, taken in two hundred days ago."""
    wiring = Wiring(read_settings(settings | search_settings))
    wiring.clock = clock
    wiring.store.prepare()
    wiring.add_sources()
    yield wiring
    wiring.close()


def ingest(wiring: Wiring) -> Report:
    return asyncio.run(run_ingest(wiring))


def retire(wiring: Wiring, months: int = 3, *, dry_run: bool = False) -> Retired:
    return retire_months(store=wiring.store, clock=wiring.clock, retention_months=months, dry_run=dry_run)


def maintain(wiring: Wiring, *, dry_run: bool = False) -> Maintained:
    retired = retire(wiring, dry_run=dry_run)
    parts = {"ledger": wiring.ledger, "clock": wiring.clock, "dry_run": dry_run}
    pruned = prune(archive=wiring.archive, prune_days=90, reprint_days=150, pause=0, **parts)
    return make_report(store=wiring.store, retired=retired, pruned=pruned, **parts)


def documents(wiring: Wiring) -> dict[str, object]:
    hits = wiring.store.search(Query(sort=Sort.NEWEST, limit=1000)).hits
    return {hit.id: wiring.store.document(hit.id) for hit in hits}


def warc_bytes(wiring: Wiring) -> dict[Path, int]:
    return {path: path.stat().st_size for path in Path(wiring.settings.archive_url).rglob("*.warc.gz")}


def test_a_dry_run_says_what_maintenance_then_does(wiring: Wiring, clock: ShiftedClock) -> None:
    ingest(wiring)
    before, sums, archived = documents(wiring), wiring.ledger.tally(), warc_bytes(wiring)
    clock.shift = 0 * DAY
    planned = maintain(wiring, dry_run=True)
    assert documents(wiring) == before
    done = maintain(wiring)
    assert (done.retired, done.pruned) == (planned.retired, planned.pruned)
    assert sum(month.documents for month in done.retired.months) == len(before) > 0
    assert done.pruned.urls == sum(sums.fates.values()) - sums.fates.get(Fate.DEAD_LETTER, 0)
    assert done.pruned.handovers > 0
    assert done.pruned.texts == len(before)
    assert documents(wiring) == {}
    assert wiring.ledger.tally() == done.tally == sums
    assert warc_bytes(wiring) == archived
    # Documents in the index = indexed + unchanged − those of the months that are retired.
    assert [(month.documents, month.articles) for month in done.months] == [(0, len(before))]
    assert done.missing == 0
    again = maintain(wiring)
    assert (again.retired.months, again.pruned.urls, again.pruned.texts, again.pruned.handovers) == ((), 0, 0, 0)


def test_a_retired_article_comes_back_only_when_it_changes(
    wiring: Wiring, clock: ShiftedClock, newsroom: Newsroom
) -> None:
    clock.shift = 0 * DAY  # by an earlier clock the pages' own dates would be in the future, and not believed
    ingest(wiring)
    clock.shift = 200 * DAY
    maintain(wiring)
    newsroom.publish_correction()  # the feed is sent anew, and lists everything that it listed before
    report = ingest(wiring)
    assert report.settled == {Reason.NEW_VERSION: 1}
    assert len(documents(wiring)) == 1
    assert ingest(wiring).settled == {}
    # Its month is that of its first sight, so the next maintenance drops it again.
    assert sum(month.documents for month in maintain(wiring).retired.months) == 1
    assert documents(wiring) == {}
    assert wiring.ledger.tally().is_balanced


def test_everything_that_was_dropped_and_pruned_can_be_read_from_the_archive_again(
    wiring: Wiring, clock: ShiftedClock, newsroom: Newsroom
) -> None:
    wall = "<html><title>Before you continue</title><body><p>Accept cookies to continue.</p></body></html>"
    newsroom.edit(f"{newsroom.origins['harbour']}/science/seagrass-survey", wall)
    ingest(wiring)
    before = documents(wiring)
    assert "feed" in {document["text_source"] for document in before.values()}
    clock.shift = 0 * DAY
    maintain(wiring)
    generation = begin_rebuild(wiring)
    assert rebuild_generation(generation, ALWAYS, parts=wiring).written == len(before)
    promote_rebuild(generation, parts=wiring)
    assert documents(wiring) == before


def test_documents_that_are_missing_are_counted(wiring: Wiring, clock: ShiftedClock) -> None:
    ingest(wiring)
    count = len(documents(wiring))
    clock.shift = 0 * DAY
    retire(wiring)
    report = make_report(
        ledger=wiring.ledger,
        store=wiring.store,
        clock=clock,
        retired=retire(wiring, 1200),
        pruned=Pruned(),
        dry_run=False,
    )
    assert report.missing == count


def test_no_month_is_old_enough(wiring: Wiring) -> None:
    ingest(wiring)
    count = len(documents(wiring))
    assert retire(wiring).months == ()
    assert len(documents(wiring)) == count


# The command


def test_the_command_on_an_empty_ledger(newswire: Newswire) -> None:
    newswire.environ["NEWSWIRE_RETENTION_MONTHS"] = "1"
    numbers = json.loads(newswire("maintain", "--json").stdout)
    assert set(numbers) == {
        *("dry_run", "retention", "pruned", "index", "ledger", "dead_letters", "feeds", "unwell"),
    }
    assert numbers["ledger"]["balanced"] is True
    assert numbers["retention"]["months"] == {}
    assert numbers["pruned"] == {"urls": 0, "texts": 0, "handovers": 0, "hosts": 0, "stories": 0, "alerts": 0}


def test_the_command_after_a_run(newswire: Newswire, settings: dict[str, str], newsroom: Newsroom) -> None:
    newswire.environ |= settings
    newswire("ingest")
    said = newswire("maintain", "--dry-run").stdout
    assert "Maintenance (dry run: nothing was changed)" in said
    assert "all months are kept" in said
    assert f"{datetime.now(UTC):%Y-%m}" in said
    numbers = json.loads(newswire("maintain", "--json").stdout)
    assert numbers["index"]["documents"] == numbers["index"]["articles"] == numbers["ledger"]["fates"]["indexed"]
    assert numbers["feeds"] == {"ok": len(newsroom.feeds)}
    assert numbers["unwell"] == []


def test_sums_that_do_not_balance_are_said_and_exit_1(newswire: Newswire) -> None:
    file = Path(newswire.environ["NEWSWIRE_HOME"]) / "ledger.sqlite"
    file.parent.mkdir()
    with closing(open_ledger(f"sqlite:///{file}")) as ledger:
        ledger.record_entries([an_entry()], NOW)
    with closing(sqlite3.connect(file)) as database, database:  # a fate that this version does not know
        database.execute("UPDATE urls SET fate = 'lost', reason = 'lost', settled_at = first_seen_at")
    for command in ("ledger", "maintain"):
        assert "NOT BALANCED: seen is not pending + fates" in newswire(command, expect=1).stdout


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        (
            "NEWSWIRE_RETENTION_MONTHS",
            "0",
            "NEWSWIRE_RETENTION_MONTHS is '0'; it must be a whole number from 1 to 1200",
        ),
        ("NEWSWIRE_PRUNE_DAYS", "soon", "NEWSWIRE_PRUNE_DAYS is 'soon'; it must be a whole number from 1 to 36500"),
    ],
)
def test_a_wrong_setting_is_one_clear_line_and_exit_2(newswire: Newswire, variable: str, value: str, said: str) -> None:
    done = newswire("maintain", environ={variable: value}, expect=2)
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_search_store_that_is_down_is_one_clear_line_and_exit_1(newswire: Newswire) -> None:
    newswire.environ |= {"NEWSWIRE_SEARCH_URL": NOBODY, "NEWSWIRE_RETENTION_MONTHS": "1"}
    done = newswire("maintain", expect=1)
    assert f"Elasticsearch at {NOBODY} does not answer" in done.stderr
    assert done.stderr.count("\n") == 1


# The DAG


@pytest.mark.slow
def test_the_dag_drops_prunes_and_reports_by_an_asset_event(settings: dict[str, str], tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    own = settings | {"NEWSWIRE_HOME": str(state.home)}
    wiring = Wiring(read_settings(own))
    wiring.clock = ShiftedClock(-200 * DAY)
    wiring.store.prepare()
    wiring.add_sources()
    ingest(wiring)
    count = len(documents(wiring))
    wiring.close()
    state.migrate()
    environ = state.environ() | own | {"NEWSWIRE_RETENTION_MONTHS": "3"}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)

    def run(*options: str) -> tuple[str, dict[str, object]]:
        command = [str(PROGRAMS / "airflow"), "dags", "test", "maintain", *options]
        result = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        said = result.stdout + result.stderr
        assert result.returncode == 0, said
        with sqlite3.connect(state.airflow / "airflow.db") as database:
            ((extra,),) = database.execute(
                "SELECT asset_event.extra FROM asset_event JOIN asset ON asset.id = asset_id "
                "WHERE asset.name = 'newswire_maintenance' ORDER BY asset_event.id DESC LIMIT 1"
            )
        database.close()
        return said, json.loads(extra)

    said, numbers = run("--conf", '{"dry_run": true}')
    assert "Maintenance (dry run: nothing was changed)" in said
    assert numbers["dry_run"] is True
    assert len(documents(wiring)) == count
    wiring.close()

    said, numbers = run()
    assert "Months of first sight" in said
    assert numbers["dry_run"] is False
    month = f"{ShiftedClock(-200 * DAY).now():%Y-%m}"
    assert numbers["retention"]["months"] == {month: count}
    assert numbers["index"] == {"documents": 0, "articles": count, "missing": 0}
    assert numbers["pruned"]["urls"] > count
    assert documents(wiring) == {}
    wiring.close()
