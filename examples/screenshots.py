"""Pictures of the search page and of the DAGs in the Airflow UI, for docs/: `python -m examples.screenshots [FOLDER]`.

Reads the demo newsroom, before and after its correction, and serves the search page; then starts what `make airflow` starts,
in a temporary folder and without a login, and waits until a run has ended. Debian's Chromium takes the pictures.
"""

import argparse
import json
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import ViewportSize, sync_playwright

from examples.airflow_ui import await_condition, keep_password, say, settings, start
from examples.children import Children, stop_on_signals
from examples.demo import CORRECTED
from examples.embedded import PROGRAMS, ROOT, DemoFailed, State, open_newsroom
from examples.ports import free_port
from pipeline.urls import article_id

#: Name of the picture, and the address below the UI's. A DAG's graph is drawn by its page.
VIEWS = {
    "dags": "/dags",
    "ingest": "/dags/ingest",
    "backfill": "/dags/backfill",
    "replay": "/dags/replay",
}
DESK, PHONE = (1400, 900), (390, 844)
#: Those of the search page, with the size of the window; what ends in ``-dark`` is asked for so. Their addresses depend on what
#: the newsroom's ports are.
PAGES = {
    **dict.fromkeys(
        ("search", "search-dark", "article", "entity", "story", "history", "searches", "feeds", "ledger"), DESK
    ),
    "search-phone": PHONE,
    "map-phone": PHONE,
}
#: Somebody of the newsroom who is named on several days, and quoted.
UNIONIST = "person:marisol-hunchul"
#: Milliseconds of the page's own time: the UI draws after it has asked its API.
PATIENCE = 25_000
_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"),
)


def main() -> int:
    """Take all pictures; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m examples.screenshots", description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs" / "pictures", help="where they go")
    parser.add_argument("--pages", action="store_true", help="only those of the search page")
    arguments = parser.parse_args()
    folder = arguments.folder.absolute()
    stop_on_signals()
    chromium = shutil.which("chromium")
    if chromium is None:
        print("screenshots: no chromium on this machine; bring it: apt-get install chromium", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="newswire-screenshots-") as home:
            take_pages(chromium, State(Path(home) / "pages"), folder)
            if not arguments.pages:
                take_dags(chromium, State(Path(home) / "dags"), folder)
    except DemoFailed as error:
        print(f"screenshots: {error}", file=sys.stderr)
        return error.code
    return 0


def take_pages(chromium: str, state: State, folder: Path) -> None:
    """Read the newsroom, serve the search page, and take each picture."""
    port = free_port()
    with open_newsroom(state, (0, 0, 0)) as newsroom, Children() as children:
        newswire(state, "ingest")
        newsroom.publish_correction()
        newswire(state, "ingest")
        command = [PROGRAMS / "newswire", "serve", "--port", str(port)]
        children.start("page", command, environ=state.environ(), log=state.log("page"))
        await_condition(lambda: is_answered(port), children)
        newswire(state, "searches", "add", "visits", "person:raisi place:minsk", "--when=together:30d")
        newswire(state, "searches", "add", "strikes", "strike OR lockout", "--when=volume", "--when=silence:48h")
        corrected = article_id(newsroom.origins["meridian"] + CORRECTED)
        paths = page_paths(state, corrected)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
            for name, (width, height) in PAGES.items():
                scheme: Literal["dark", "light"] = "dark" if name.endswith("-dark") else "light"
                size = ViewportSize(width=width, height=height)
                page = browser.new_page(viewport=size, color_scheme=scheme, base_url=f"http://127.0.0.1:{port}")
                page.goto(paths[name])
                page.screenshot(path=folder / f"{name}.png")
                say(f"{folder / name}.png")
            browser.close()


def page_paths(state: State, corrected: str) -> dict[str, str]:
    """Return the address of each page: of a search, of what it finds, and of what was corrected."""
    [story, *_] = json.loads(newswire(state, "stories", "--json"))
    found = json.loads(newswire(state, "search", "Tehran", "--limit=1", "--json"))["hits"][0]["id"]
    search = "/?q=strike+OR+ferry+OR+harvest+OR+tractors&reprints=folded"
    return {
        "search": search,
        "search-dark": search,
        "search-phone": search,
        "map-phone": f"{search}#facets",
        "article": f"/article/{found}",
        "entity": f"/entity/{UNIONIST}",
        "story": f"/story/{story['id']}",
        "history": f"/article/{corrected}/history",
        "searches": "/searches",
        "feeds": "/feeds",
        "ledger": "/ledger",
    }


def newswire(state: State, *arguments: str) -> bytes:
    """Return what the command prints. Raises DemoFailed where it fails."""
    done = subprocess.run([PROGRAMS / "newswire", *arguments], env=state.environ(), capture_output=True, check=False)
    if done.returncode:
        raise DemoFailed(f"newswire {' '.join(arguments)} failed: {done.stderr.decode()}")
    return done.stdout


def is_answered(port: int) -> bool:
    """Tell whether something listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def take_dags(chromium: str, state: State, folder: Path) -> None:
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
        size = ",".join(map(str, DESK))
        options = [f"--user-data-dir={profile}", f"--window-size={size}", f"--virtual-time-budget={PATIENCE}"]
        command = [chromium, "--headless", *_FLAGS, *options, f"--screenshot={picture}", address]
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False, timeout=180)
    if done.returncode or not picture.exists():
        raise DemoFailed(f"no picture of {address}; see {log}")


if __name__ == "__main__":
    sys.exit(main())
