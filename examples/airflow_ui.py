"""`make airflow`: the Airflow UI with scheduler, dag-processor and triggerer, over the embedded stores and the newsroom.

Everything listens on loopback only. Ctrl-C stops all of it.
"""

import argparse
import json
import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from examples.children import Child, Children, stop_on_signals
from examples.embedded import PROGRAMS, DemoFailed, State, add_newsroom_ports, open_newsroom, read_state, tail
from examples.tuning import TUNING

USER = "admin"
# Logs are files on this machine: nobody needs to serve them, on ports of their own.
COMPONENTS = {
    "api-server": ["api-server"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}
DAGS = ("ingest", "alert", "maintain")  # which run; Airflow has all paused at first
PATIENCE = 120.0  # seconds for Airflow to start; ten to twenty are usual


def main() -> int:
    """Run until Ctrl-C; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m examples.airflow_ui", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8080, help="of the UI, on 127.0.0.1 (default: 8080)")
    add_newsroom_ports(parser)
    arguments = parser.parse_args()
    stop_on_signals()
    state = read_state()
    try:
        check_port(arguments.port)
        with open_newsroom(state, arguments.newsroom_ports), Children() as children:
            try:
                run(state, children, arguments.port)
            finally:
                say("Stopping Airflow and the newsroom")
    except DemoFailed as error:
        print(f"airflow: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        say("Stopped; nothing is left running")
    return 0


def run(state: State, children: Children, port: int) -> None:
    """Start everything, tell where it is, and wait for a Ctrl-C or for a component that ends."""
    password = keep_password(state)
    api = start(state, children, port, settings(state, port))
    await_condition(lambda: all(api.unpause(dag_id, password) for dag_id in DAGS), children)
    say(f"\nAirflow:   {api.address}   user {USER}, password {password}")
    say(f"The DAG:   {api.address}/dags/ingest   runs as soon as a feed has something new")
    say(f"Logs:      {state.log('scheduler').parent}")
    say(f"Documents: NEWSWIRE_HOME={state.home} {PROGRAMS / 'newswire'} search Tehran")
    say("Ctrl-C stops everything.")
    while (ended := children.ended()) is None:
        time.sleep(0.5)
    raise_ended(ended)


def start(state: State, children: Children, port: int, settings: Mapping[str, str]) -> "Api":
    """Start every component and wait until all are well."""
    if not state.is_migrated:
        say("Making Airflow's database (once)")
        state.migrate()
    say("Starting " + ", ".join(COMPONENTS))
    environ = state.environ() | settings
    for name, arguments in COMPONENTS.items():
        children.start(name, [str(PROGRAMS / "airflow"), *arguments], environ=environ, log=state.log(name))
    api = Api(f"http://127.0.0.1:{port}")
    await_condition(api.is_healthy, children)
    return api


def settings(state: State, port: int) -> dict[str, str]:
    """Return Airflow's settings for one small machine."""
    return TUNING | {
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords_file(state)),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",  # by default 32 workers with 800 MB
    }


def keep_password(state: State) -> str:
    """Return the password of the UI, drawn once and kept in a file that only its owner reads."""
    path = passwords_file(state)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({USER: secrets.token_urlsafe(9)})
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
    password: str = json.loads(path.read_text())[USER]
    return password


def passwords_file(state: State) -> Path:
    """Return the file that Airflow's simple auth manager reads."""
    return state.airflow / "passwords.json"


class Api:
    """The little that is needed of Airflow's REST API."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._open = build_opener(ProxyHandler({})).open  # loopback is never behind a proxy

    def is_healthy(self) -> bool:
        """Tell whether every component reports to be well."""
        parts = self.ask("GET", "/api/v2/monitor/health")
        names = ("metadatabase", "scheduler", "dag_processor", "triggerer")
        return parts is not None and all(parts[name]["status"] == "healthy" for name in names)

    def log_in(self, password: str) -> str | None:
        """Return a token, or None where it is refused."""
        login = self.ask("POST", "/auth/token", {"username": USER, "password": password})
        return login and str(login["access_token"])

    def unpause(self, dag_id: str, password: str) -> bool:
        """Let the DAG run; False while Airflow does not know it yet."""
        token = self.log_in(password)
        return (
            bool(token) and self.ask("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False}, token=token) is not None
        )

    def ask(self, method: str, path: str, body: object = None, *, token: str = "") -> dict[str, Any] | None:
        """Return the JSON that the API answers, or None where it does not answer, or not with success."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        data = None if body is None else json.dumps(body).encode()
        try:
            request = Request(self.address + path, data=data, headers=headers, method=method)
            with self._open(request, timeout=10) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except (HTTPException, OSError):
            return None


def await_condition(is_met: Callable[[], bool], children: Children) -> None:
    """Wait until the condition is met. Raises DemoFailed where a component ends, or after two minutes."""
    deadline = time.monotonic() + PATIENCE
    while not is_met():
        if ended := children.ended():
            raise_ended(ended)
        if time.monotonic() > deadline:
            raise DemoFailed(f"Airflow is not ready after {PATIENCE:.0f} s; its logs say more")
        time.sleep(0.5)


def raise_ended(child: Child) -> None:
    """Say which component ended, and what it said last."""
    code = child.program.returncode
    raise DemoFailed(f"{child.name} ended with exit code {code}; the end of its log:\n{tail(child.log)}\n{child.log}")


def check_port(port: int) -> None:
    """Raise DemoFailed where something else listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise DemoFailed(f"port {port} cannot be had: {error}; choose another with --port", code=2) from error


def say(text: str) -> None:
    """Print at once: a script may wait for the line."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
