"""No secret is in anything that is printed, logged, kept or shown: a whole run with made-up ones, and a search for them."""

import base64
import json
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from examples.embedded import PROGRAMS, State
from examples.newsroom.server import Newsroom
from examples.ports import free_port
from pipeline.model.grant import Grant
from pipeline.settings import KEYS
from tests.fixtures.command import Newswire
from tests.fixtures.receiver import Receiver, is_signed
from tests.fixtures.secured import Secured

NOBODY = "http://127.0.0.1:9"  # the discard port: nothing listens there

pytestmark = [pytest.mark.slow, pytest.mark.elasticsearch, pytest.mark.postgresql]


def spellings(secret: str) -> set[bytes]:
    """Return how a secret may stand in a text: as it is, in a URL, in base64, and what an API key decodes to."""
    forms = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}
    try:
        forms.add(base64.b64decode(secret, validate=True).decode().partition(":")[2])
    except ValueError:
        forms.add(base64.b64encode(secret.encode()).decode().rstrip("="))
    return {form.encode() for form in forms if form}


class Watch:
    """Collects what a run leaves behind, and finds secrets in it."""

    def __init__(self, canaries: dict[str, str]) -> None:
        self.canaries = canaries
        self.texts: dict[str, bytes] = {}

    def note(self, name: str, text: str | bytes) -> None:
        self.texts[name] = text.encode() if isinstance(text, str) else text

    def note_files(self, folder: Path) -> None:
        for path in folder.rglob("*"):
            if path.is_file():
                self.note(str(path), path.read_bytes())

    def found(self) -> list[tuple[str, str]]:
        return [
            (canary, name)
            for canary, secret in self.canaries.items()
            for name, text in self.texts.items()
            if any(form in text for form in spellings(secret))
        ]


@pytest.fixture
def canaries(granted: Secured) -> dict[str, str]:
    names = ("postgresql", "token", "password", "wrong-key", "bucket")
    made = {name: f"canary@{name}/{secrets.token_hex(8)}" for name in names}
    hook = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    return made | {"webhook": hook} | {str(grant): key for grant, key in granted.keys.items()}


@pytest.fixture
def run_dag(tmp_path: Path) -> tuple[State, Callable[..., str]]:
    """Give a way to run a DAG once, and the state that Airflow keeps of it; its connections come from the environment."""
    state = State(tmp_path / "airflow-state")
    state.migrate()

    def run(dag_id: str, environ: dict[str, str], expect: int = 0) -> str:
        command = [str(PROGRAMS / "airflow"), "dags", "test", dag_id]
        done = subprocess.run(command, env=state.environ() | environ, capture_output=True, text=True, check=False)
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr

    return state, run


def test_no_secret_is_in_what_a_run_prints_logs_keeps_or_shows(
    granted: Secured,
    canaries: dict[str, str],
    postgresql_url: str,
    newsroom: Newsroom,
    newswire: Newswire,
    receiver: Receiver,
    run_dag: tuple[State, Callable[..., str]],
    tmp_path: Path,
) -> None:
    state, run = run_dag
    watch = Watch(canaries)
    ledger_url = postgresql_url.replace("newswire@", f"newswire:{quote(canaries['postgresql'], safe='')}@")
    newsroom.write_sources(tmp_path / "sources.toml")
    key_file = tmp_path / "keys" / "reader"
    key_file.parent.mkdir(mode=0o700)
    key_file.write_text(canaries[Grant.READER])

    # A saved search with two webhooks, of which one is down: their secret is printed once, and not below.
    environ = granted.environ() | {
        "NEWSWIRE_LEDGER_URL": ledger_url,
        "NEWSWIRE_SEARCH_READER_API_KEY_FILE": str(key_file),
        "NEWSWIRE_SEARCH_API_KEY": canaries[Grant.WRITER],
        "NEWSWIRE_SEARCH_ADMIN_API_KEY": canaries[Grant.ADMIN],
        "NEWSWIRE_SERVE_TOKEN": canaries["token"],
        "NEWSWIRE_SOURCES": str(tmp_path / "sources.toml"),
    }
    loopback = {"NEWSWIRE_WEBHOOK_NETWORKS": "127.0.0.0/8"}
    hooks = (f"--webhook={receiver.url}", f"--webhook={NOBODY}/hook")
    signed = environ | loopback | {"NEWSWIRE_WEBHOOK_SECRET": canaries["webhook"]}
    assert canaries["webhook"] in newswire("searches", "add", "any", *hooks, environ=signed).stdout

    # The flow in Airflow, its secrets in connections.
    search = {"conn_type": "http", "extra": {"url": granted.url, "api_key": canaries[Grant.WRITER]}}
    connections = loopback | {
        "AIRFLOW_CONN_NEWSWIRE_LEDGER": json.dumps({"conn_type": "postgres", "extra": {"url": ledger_url}}),
        "AIRFLOW_CONN_NEWSWIRE_SEARCH": json.dumps(search),
        "NEWSWIRE_SEARCH_ALIAS": granted.prefix,
        "NEWSWIRE_SOURCES": str(tmp_path / "sources.toml"),
    }
    done = run("ingest", connections)
    watch.note("airflow dags test ingest", done)
    assert "fetch" in done
    watch.note("airflow dags test alert", run("alert", connections))
    assert receiver.received
    for headers, body in receiver.received:
        assert is_signed(headers, body, canaries["webhook"])
        watch.note(f"alert {headers['webhook-id']}", f"{headers}".encode() + body)
    # And where it fails: the key is refused, in a task that has all of these.
    search["extra"] = {"url": granted.url, "api_key": canaries["wrong-key"]}
    failed = run("maintain", connections | {"AIRFLOW_CONN_NEWSWIRE_SEARCH": json.dumps(search)}, expect=1)
    assert "refuses the login" in failed
    watch.note("airflow dags test maintain, refused", failed)

    # The same by commands, its secrets in the environment and in a file.
    nowhere = ledger_url.replace(f"host={postgresql_url.partition('host=')[2]}", "host=127.0.0.1&port=9")
    login = {"NEWSWIRE_SEARCH_USER": "canary", "NEWSWIRE_SEARCH_PASSWORD": canaries["password"]}
    login |= dict.fromkeys(KEYS.values(), "") | {"NEWSWIRE_SEARCH_READER_API_KEY_FILE": ""}  # else a key goes before it
    bucket = {
        "NEWSWIRE_LEDGER_URL": f"sqlite:///{tmp_path / 'unarchived.sqlite'}",
        "NEWSWIRE_ARCHIVE_URL": "s3://newswire-nobody/archive",
        "AWS_ENDPOINT_URL": NOBODY,
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_ACCESS_KEY_ID": "canary",
        "AWS_SECRET_ACCESS_KEY": canaries["bucket"],
    }
    for arguments, changed, expect in (
        (("ingest",), {}, 0),
        (("searches", "show", "any"), {}, 0),
        (("index", "status"), {}, 0),
        (("search", "Valparaíso"), {}, 0),
        (("alerts", "undelivered"), {}, 0),
        (("ingest",), bucket, 1),
        (("ledger",), {"NEWSWIRE_LEDGER_URL": nowhere}, 1),
        (("index", "status"), {"NEWSWIRE_SEARCH_API_KEY": canaries["wrong-key"]}, 2),
        (("index", "status"), login, 2),
        (("search", "x"), {"NEWSWIRE_SEARCH_URL": f"https://n:{quote(canaries['token'], safe='')}@127.0.0.1:9"}, 1),
        (("index", "status"), {"NEWSWIRE_SEARCH_URL": f"htp://n:{canaries['token']}@127.0.0.1:9"}, 2),
    ):
        ran = newswire(*arguments, environ=environ | changed, expect=expect)
        watch.note(f"newswire {' '.join(arguments)} {list(changed)}", ran.stdout + ran.stderr)

    # The page has the reader's key to live by: no other one opens anything.
    others = {KEYS[grant]: canaries["wrong-key"] for grant in (Grant.WRITER, Grant.ADMIN)}
    watch.note("the page", read_page(newswire.environ | environ | others, canaries["token"]))
    watch.note_files(state.airflow)
    watch.note_files(Path(newswire.environ["NEWSWIRE_HOME"]))
    watch.note_files(state.home)
    assert len(watch.texts) > 15
    assert watch.found() == []
    watch.note("a leak", f"the token is {canaries['token']}")
    assert watch.found() == [("token", "a leak")]


def read_page(environ: dict[str, str], token: str) -> str:
    """Serve the page as its user does, with the reader's key; return every page that can be reached in one step, and its log."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("newswire")), "serve", f"--port={port}"]
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", auth=("reader", token), trust_env=False, timeout=30)
    with client, subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr
            assert any("running on" in line for line in server.stderr)
            answers = [
                client.get(path) for path in ("/?q=strike", "/feeds", "/ledger", "/searches", "/health", "/none")
            ]
            assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 200, 404]
            assert "Valparaíso" in answers[0].text
        finally:
            server.terminate()
        log = server.stderr.read()
    return log + "".join(f"{answer.headers}{answer.text}" for answer in answers)
