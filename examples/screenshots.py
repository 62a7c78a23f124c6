"""Pictures of the DAGs in the Airflow UI, for docs/: `python -m examples.screenshots [FOLDER]`.

Starts what `make airflow` starts, in a temporary folder and without a login, waits until a run has ended, and has Debian's
Chromium take the pictures.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from examples.airflow_ui import await_condition, keep_password, say, settings, start
from examples.children import Children, stop_on_signals
from examples.embedded import ROOT, DemoFailed, State, open_newsroom
from examples.ports import free_port

#: Name of the picture, and the address below the UI's. A DAG's graph is drawn by its page.
VIEWS = {
    "dags": "/dags",
    "ingest": "/dags/ingest",
    "backfill": "/dags/backfill",
    "replay": "/dags/replay",
}
SIZE = "1400,900"
#: Milliseconds of the page's own time: the UI draws after it has asked its API.
PATIENCE = 25_000
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"),
)


def main() -> int:
    """Take all pictures; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m examples.screenshots", description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs" / "pictures", help="where they go")
    folder = parser.parse_args().folder.absolute()
    stop_on_signals()
    chromium = shutil.which("chromium")
    if chromium is None:
        print("screenshots: no chromium on this machine; bring it: apt-get install chromium", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="newswire-screenshots-") as home:
            take_all(chromium, State(Path(home)), folder)
    except DemoFailed as error:
        print(f"screenshots: {error}", file=sys.stderr)
        return error.code
    return 0


def take_all(chromium: str, state: State, folder: Path) -> None:
    """Start Airflow, let the DAG run, and take each picture."""
    port = free_port()
    with open_newsroom(state, (0, 0, 0)), Children() as children:
        password = keep_password(state)
        open_to_all = {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True"}
        api = start(state, children, port, settings(state, port) | open_to_all)
        await_condition(lambda: api.unpause("ingest", password), children)
        token = api.log_in(password)
        assert token
        ended = "/api/v2/dags/ingest/dagRuns?state=success"
        await_condition(lambda: ((api.ask("GET", ended, token=token) or {}).get("total_entries") or 0) > 0, children)
        for name, path in VIEWS.items():
            take(chromium, api.address + path, folder / f"{name}.png", state.log(f"chromium-{name}"))
            say(f"{folder / name}.png")


def take(chromium: str, address: str, picture: Path, log: Path) -> None:
    """Have Chromium draw the page into the file. Raises DemoFailed where it does not."""
    with tempfile.TemporaryDirectory(prefix="newswire-chromium-") as profile, log.open("wb") as output:
        options = [f"--user-data-dir={profile}", f"--window-size={SIZE}", f"--virtual-time-budget={PATIENCE}"]
        command = [chromium, *_FLAGS, *options, f"--screenshot={picture}", address]
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False, timeout=180)
    if done.returncode or not picture.exists():
        raise DemoFailed(f"no picture of {address}; see {log}")


if __name__ == "__main__":
    sys.exit(main())
