"""The DAG backfill, run by Airflow for a day: what sitemaps list and WARC files hold can be searched, and twice is as once."""

import json
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from examples.embedded import PROGRAMS, State
from examples.press import Press

DAY = date(2026, 11, 20)


def run_dag(state: State, environ: dict[str, str], when: str, conf: dict[str, object] | None = None) -> str:
    command = [str(PROGRAMS / "airflow"), "dags", "test", "backfill", when, "--conf", json.dumps(conf or {})]
    result = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    log = result.stdout + result.stderr
    state.log("backfill").write_text(log)
    return log


def newswire(environ: dict[str, str], *arguments: str) -> dict[str, object]:
    done = subprocess.run([str(PROGRAMS / "newswire"), *arguments], env=environ, capture_output=True, check=True)
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


@pytest.mark.slow
def test_a_day_is_discovered_fetched_and_indexed_once(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.migrate()
    environ = state.environ() | {"NEWSWIRE_WARCS": str(tmp_path / "warcs")}
    with Press() as press:
        press.write_sources(state.sources)
        listed = press.file_past(DAY, range(70))
        press.file_past(date(2026, 11, 19), range(100, 110))
        name = f"warcs/{DAY:%Y/%m}/CC-NEWS-{DAY:%Y%m%d}061300-00123.warc.gz"
        crawled = press.write_warc(tmp_path / name, DAY, range(200, 230))

        # A date given is the run's own; its interval is the last whole day before it.
        log = run_dag(state, environ, "2026-11-21T00:00:00+00:00", {"dry_run": True})
        assert "dry run: 70 new URLs" in log
        assert newswire(environ, "ledger", "--json")["seen"] == 0

        log = run_dag(state, environ, "2026-11-21T00:00:00+00:00")
        assert "discover 2026-11-20, 100 new entries, 1 WARC files, 30 records imported" in log
        assert "index: 100 written, 100 new" in log
        assert newswire(environ, "ledger", "--json")["fates"] == {"indexed": 100}
        page = newswire(environ, "search", "council", "--limit", "200", "--json")
        assert {hit["url"] for hit in page["hits"]} == {*listed, *crawled}  # type: ignore[index, attr-defined]
        visits = dict(press.visits)
        assert sum(count for path, count in visits.items() if "/report-" in path) == 70

        log = run_dag(state, environ, "2026-11-21T00:00:00+00:00")
        assert "discover 2026-11-20, 70 known entries, 1 WARC files read before" in log
        again = newswire(environ, "search", "council", "--limit", "200", "--json")
        assert {hit["id"] for hit in again["hits"]} == {hit["id"] for hit in page["hits"]}  # type: ignore[attr-defined]
        assert sum(count for path, count in press.visits.items() if "/report-" in path) == 70

        tomorrow = f"{datetime.now(UTC).year + 1}-01-02T00:00:00+00:00"
        log = run_dag(state, environ, tomorrow)
        assert "is in the future: there is nothing yet" in log
        assert "up_for_retry" not in log
