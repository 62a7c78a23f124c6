"""`make airflow` runs the DAG by its schedule, and leaves nothing running."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import psutil  # type: ignore[import-untyped]  # comes with Airflow, without types
import pytest
from playwright.sync_api import Browser, expect

from examples.children import members_of
from examples.ports import free_port

ROOT = Path(__file__).parents[2]
NEWSWIRE = Path(sys.executable).parent / "newswire"

pytestmark = pytest.mark.slow


class RunningUi:
    """The program, and what it has printed so far."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self._output = folder / "output"
        with self._output.open("w") as output:
            self.program = subprocess.Popen(
                [sys.executable, "-m", "examples.airflow_ui", f"--port={port}", "--newsroom-ports", "0", "0", "0"],
                cwd=ROOT,
                env=os.environ | {"NEWSWIRE_DEMO_HOME": str(folder)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    def await_condition(self, is_met: Callable[[], object], seconds: float) -> None:
        """Wait until it is met; fail with all output where the program ends, or after so many seconds."""
        deadline = time.monotonic() + seconds
        while not is_met():
            assert self.program.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.2)


@pytest.fixture
def ui(tmp_path: Path) -> Iterator[RunningUi]:
    running = RunningUi(tmp_path, free_port())
    yield running
    if running.program.poll() is None:
        running.program.send_signal(signal.SIGTERM)
        running.program.wait()


def ask(url: str, body: object = None, token: str = "") -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    data = None if body is None else json.dumps(body).encode()
    with build_opener(ProxyHandler({})).open(Request(url, data=data, headers=headers), timeout=20) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def is_alive(process: psutil.Process) -> bool:
    """Tell whether the process does anything still; one that ended and that init has not collected yet does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def find_by_the_menu(chromium: Browser, address: str, user: str, password: str) -> None:
    """Find an article by Airflow's menu, as one who is logged in there; nobody else may."""
    context = chromium.new_context(base_url=address)
    page = context.new_page()
    refused = page.goto("/newswire/?next=https://evil.example/")
    assert refused
    assert refused.status == 401
    assert page.url.startswith(address)
    # Whoever plants a cookie before the login shares nothing of what it opens.
    form = {"name": "newswire_form", "value": "made.up", "domain": "127.0.0.1", "path": "/newswire/searches"}
    context.add_cookies([form, {"name": "_token", "value": "planted", "url": address}])
    refused = page.goto("/newswire/")
    assert refused
    assert refused.status == 403
    page.goto("/")
    page.locator("input[name=username]").fill(user)
    page.locator("input[name=password]").fill(password)
    page.locator("button[type=submit]").click()
    page.get_by_role("button", name="Browse").click()
    assert "planted" not in {cookie.get("value") for cookie in context.cookies()}
    with page.expect_popup() as opened:
        page.get_by_role("menuitem", name="News search").click()
    search = opened.value
    search.locator("#q").fill("Tehran")
    search.keyboard.press("Enter")
    # Drawings and forms keep to the path that the page is mounted at.
    search.locator("figure svg a").first.wait_for(state="attached")
    drawn = [link.get_attribute("href") or "" for link in search.locator("figure svg a").all()]
    assert drawn
    assert all(link.startswith("/newswire/?") for link in drawn)
    search.get_by_role("link", name="Save this search").click()
    search.get_by_label("Name", exact=True).fill("tehran")
    search.get_by_role("button", name="Save").click()
    forms = [cookie.get("value") for cookie in context.cookies() if cookie.get("name") == "newswire_form"]
    assert len(forms) == 1
    assert forms != ["made.up"]
    search.get_by_role("navigation", name="Pages").get_by_role("link", name="Saved searches").click()
    search.get_by_role("button", name="Remove tehran").click()
    expect(search.locator("h1")).to_have_text("0 saved searches")
    search.goto(f"{address}/newswire/?q=Tehran")
    search.locator(".hits h2 a").first.click()
    expect(search.locator("article .text")).to_contain_text("Tehran")
    for name in ("Feeds", "Ledger"):
        search.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
        expect(search.locator("tbody tr").first).to_be_visible()
    search.get_by_role("link", name="Airflow").click()
    expect(search.get_by_role("button", name="Browse")).to_be_visible()
    context.close()


def test_runs_make_documents_searchable_and_ctrl_c_stops_everything(ui: RunningUi, chromium: Browser) -> None:
    ui.await_condition(lambda: "Ctrl-C stops everything." in ui.output, seconds=90)
    said = re.search(r"(http://\S+) +user (\S+), password (\S+)", ui.output)
    assert said
    address, user, password = said.groups()
    assert (ui.folder / "airflow" / "passwords.json").stat().st_mode & 0o777 == 0o600
    token = str(ask(f"{address}/auth/token", {"username": user, "password": password})["access_token"])

    running = {dag["dag_id"] for dag in ask(f"{address}/api/v2/dags?paused=false", token=token)["dags"]}
    assert running == {"ingest", "alert", "maintain"}

    environ = os.environ | {"NEWSWIRE_HOME": str(ui.folder / "demo")}

    def is_found() -> bool:
        found = subprocess.run([NEWSWIRE, "search", "Tehran", "--json"], env=environ, capture_output=True, check=True)
        return bool(json.loads(found.stdout)["total"])

    ui.await_condition(is_found, seconds=120)
    find_by_the_menu(chromium, address, user, password)
    assert {pool["name"] for pool in ask(f"{address}/api/v2/pools", token=token)["pools"]} >= {"fetch", "past"}

    def events(asset: str) -> list[dict[str, Any]]:
        answer = ask(f"{address}/api/v2/assets/events?name_pattern={asset}&limit=100", token=token)
        return [event["extra"] for event in answer["asset_events"]]

    # The feeds' entries may come in more than one batch, and Airflow writes a task's events after its end.
    ui.await_condition(lambda: sum(each["written"] for each in events("newswire_articles")) == 25, seconds=60)
    told = {event["batch"]: event["stories"] for event in events("newswire_articles") if event["stories"]}
    ui.await_condition(lambda: len(events("newswire_stories")) == len(told), seconds=60)
    assert {event["batch"]: event["stories"] for event in events("newswire_stories")} == told
    listed = subprocess.run(
        [NEWSWIRE, "stories", "--least", "1", "--limit", "100", "--json"], env=environ, capture_output=True, check=True
    )
    assert sum(told.values()) >= len(json.loads(listed.stdout)) == 21

    started = psutil.Process(ui.program.pid).children(recursive=True)
    sessions = {os.getsid(process.pid) for process in started}
    assert len(sessions) == 4
    ui.program.send_signal(signal.SIGINT)
    assert ui.program.wait(timeout=30) == 0
    assert "nothing is left running" in ui.output
    assert members_of(sessions | {ui.program.pid}) == []
    assert [process for process in started if is_alive(process)] == []


def test_a_component_that_ends_is_named_and_the_rest_is_stopped(ui: RunningUi) -> None:
    ui.await_condition((ui.folder / "airflow" / "logs" / "triggerer.log").exists, seconds=60)
    children = psutil.Process(ui.program.pid).children()
    sessions = {os.getsid(process.pid) for process in children}
    victim = next(process for process in children if "triggerer" in process.cmdline())
    victim.kill()
    assert ui.program.wait(timeout=60) == 1
    assert "triggerer ended with exit code -9" in ui.output
    assert members_of(sessions) == []


def test_a_port_in_use_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ui = RunningUi(tmp_path, taken.getsockname()[1])
        assert ui.program.wait(timeout=30) == 2
    assert ui.output.count("\n") == 1
    assert "choose another with --port" in ui.output
