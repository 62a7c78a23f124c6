"""The production stack, as far as it can be held without docker: the Compose file, its secrets, its image."""

import os
import re
import runpy
import shutil
import stat
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml

from examples.tuning import TUNING
from pipeline.settings import read_settings

ROOT = Path(__file__).parents[2]
COMPOSE_FILE = ROOT / "docker-compose.yml"
COMPOSE = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
ONE_SHOTS = {name for name, service in SERVICES.items() if service["restart"] == "no"}
REQUIRED = r"\$\{(\w+):\?[^}]+\}"
HANDED_ON = r"\$\{(\w+):-([^}]*)\}"
#: Settings that the stack itself gives, whatever .env says, each with the reason.
FIXED = {
    "NEWSWIRE_HOME": "nothing lies there: ledger, archive and index have places of their own",
    "NEWSWIRE_LEDGER_URL": "a database of the stack's PostgreSQL",
    "NEWSWIRE_SEARCH_API_KEY": "search-grants makes it, and it lies in a volume",
    "NEWSWIRE_SEARCH_READER_API_KEY": "as above",
    "NEWSWIRE_SEARCH_ADMIN_API_KEY": "as above",
    "NEWSWIRE_SEARCH_USER": "there are keys instead",
    "NEWSWIRE_SEARCH_PASSWORD": "as above",
    "NEWSWIRE_ADMIN_QUEUE": "the queue of admin-worker",
    "NEWSWIRE_SOURCES": "a mount: NEWSWIRE_SOURCES_FILE",
    "NEWSWIRE_SERVE_TOKEN": "the page is Airflow's, behind its login",
    "NEWSWIRE_WEBHOOK_SECRET": "of one command, not of the containers: docker compose exec --env",
}


def strings(node: object, path: str = "") -> list[tuple[str, str]]:
    """Return every text in the file with the path of keys that leads to it."""
    if isinstance(node, dict):
        return [found for key, value in node.items() for found in strings(value, f"{path}/{key}")]
    if isinstance(node, list):
        return [found for value in node for found in strings(value, path)]
    return [(path, "" if node is None else str(node))]


STRINGS = strings(COMPOSE)


def check_schema(file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def make_env(file: Path) -> dict[str, str]:
    subprocess.run([sys.executable, ROOT / "deploy/make_env.py", file], check=True, capture_output=True)
    lines = file.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def airflow_options() -> set[str]:
    """Return every option of the installed Airflow and its Celery provider as it is spelled in the environment."""
    core = Path(str(distribution("apache-airflow-core").locate_file("airflow/config_templates/config.yml")))
    celery = distribution("apache-airflow-providers-celery").locate_file(
        "airflow/providers/celery/get_provider_info.py"
    )
    sections = {
        **yaml.safe_load(core.read_text(encoding="utf-8")),
        **runpy.run_path(str(celery))["get_provider_info"]()["config"],
    }
    return {f"AIRFLOW__{section}__{option}".upper() for section, rest in sections.items() for option in rest["options"]}


class TestComposeFile:
    def test_follows_the_compose_specification(self) -> None:
        checked = check_schema(COMPOSE_FILE)
        assert checked.returncode == 0, checked.stdout + checked.stderr

    def test_the_specification_refuses_a_misspelt_key(self, tmp_path: Path) -> None:
        misspelt = tmp_path / "docker-compose.yml"
        misspelt.write_text(COMPOSE_FILE.read_text(encoding="utf-8").replace(" healthcheck:", " healtcheck:"))
        checked = check_schema(misspelt)
        assert checked.returncode == 1
        assert "healtcheck" in checked.stdout

    def test_tunes_airflow_as_the_measurements_do(self) -> None:
        environ = COMPOSE["x-airflow-environment"]
        assert {name: environ.get(name) for name in TUNING} == TUNING

    def test_is_accepted_by_docker_compose(self, tmp_path: Path) -> None:
        docker = shutil.which("docker")
        if not docker or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
            pytest.skip("no docker compose here; install Docker's compose plugin")
        make_env(tmp_path / ".env")
        files = ["--env-file", str(tmp_path / ".env"), "--file", str(COMPOSE_FILE)]
        checked = subprocess.run(
            [docker, "compose", *files, "config", "--quiet"], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stderr

    def test_what_it_mounts_from_here_exists(self) -> None:
        mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
        sources = [mount["source"] if isinstance(mount, dict) else mount.split(":")[0] for mount in mounts]
        local = {re.sub(r"\$\{\w+:-([^}]+)\}", r"\1", source) for source in sources if source.startswith((".", "$"))}
        assert local
        assert [source for source in local if not (ROOT / source).is_file()] == []

    def test_every_airflow_option_exists(self) -> None:
        named = {key for path, _ in STRINGS for key in path.split("/") if key.startswith("AIRFLOW__")}
        assert named
        assert named - airflow_options() == set()


class TestServices:
    @pytest.mark.parametrize("name", sorted(SERVICES.keys() - ONE_SHOTS))
    def test_tells_its_health_and_comes_back(self, name: str) -> None:
        assert SERVICES[name]["healthcheck"]["test"]
        assert SERVICES[name]["restart"] == "unless-stopped"

    @pytest.mark.parametrize("name", sorted(SERVICES))
    def test_has_a_memory_limit(self, name: str) -> None:
        assert SERVICES[name]["mem_limit"]

    @pytest.mark.parametrize("name", sorted(SERVICES))
    def test_waits_until_what_it_needs_is_ready(self, name: str) -> None:
        for needed, wait in SERVICES[name].get("depends_on", {}).items():
            done = "service_completed_successfully" if needed in ONE_SHOTS else "service_healthy"
            assert wait == {"condition": done}

    def test_every_one_shot_is_awaited(self) -> None:
        # `docker compose up --wait` takes the end of a one-shot for a failure unless a service waits for just that.
        assert {needed for service in SERVICES.values() for needed in service.get("depends_on", {})} >= ONE_SHOTS

    def test_ports_are_open_on_loopback_only(self) -> None:
        ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
        assert ports
        assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


class TestDocumentation:
    PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)

    def test_commands_are_given_in_services_that_exist(self) -> None:
        given = set(re.findall(r"docker compose exec (?:-T |--env \w+ )*([\w-]+) ", self.TEXT))
        assert given >= {"worker", "admin-worker", "scheduler"}
        assert given - SERVICES.keys() == set()

    def test_commands_that_need_the_admins_key_are_given_where_it_is(self) -> None:
        given = re.findall(r"docker compose exec (?:-T )?([\w-]+) newswire (?:index|replay|maintain)\b", self.TEXT)
        assert set(given) == {"admin-worker"}

    def test_dags_that_are_unpaused_exist(self) -> None:
        assert {path.stem for path in (ROOT / "dags").glob("*.py")} >= set(re.findall(r"dags unpause (\w+)", self.TEXT))


class TestSettings:
    ENVIRON = COMPOSE["x-airflow-environment"]

    def test_each_of_the_readme_is_handed_on_or_fixed_with_a_reason(self) -> None:
        rows = re.findall(r"^\| (`NEWSWIRE_.*?) \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
        settings = {name for row in rows for name in re.findall(r"NEWSWIRE_\w+", row)}
        handed_on = {name for name, value in self.ENVIRON.items() if re.fullmatch(HANDED_ON, str(value))}
        assert len(settings) > 20
        assert handed_on & FIXED.keys() == set()
        assert handed_on | FIXED.keys() == settings

    def test_each_is_handed_on_under_its_own_name(self) -> None:
        named = {name: re.match(HANDED_ON, str(value)) for name, value in self.ENVIRON.items()}
        assert {name: match[1] for name, match in named.items() if match and match[1] != name} == {}

    def test_what_env_does_not_say_has_its_default(self) -> None:
        stack = {name: re.sub(HANDED_ON, r"\2", str(value)) for name, value in self.ENVIRON.items()}
        places = {name: stack.pop(name) for name in list(stack) if name.endswith("_URL")}
        assert read_settings(stack | places) == read_settings(places | {"NEWSWIRE_SOURCES": stack["NEWSWIRE_SOURCES"]})

    def test_those_of_a_bucket_are_not_set_where_env_does_not_say_them(self) -> None:
        # Without a value, Compose hands on what there is: AWS's library takes an empty region for one.
        bucket = {name: value for name, value in self.ENVIRON.items() if name.startswith("AWS_")}
        assert bucket.keys() >= {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"}
        assert set(bucket.values()) == {None}

    def test_grants_are_made_where_workers_use_them(self) -> None:
        granting = SERVICES["search-grants"]["environment"]
        for name in ("NEWSWIRE_SEARCH_URL", "NEWSWIRE_SEARCH_CA", "NEWSWIRE_SEARCH_ALIAS"):
            assert granting[name] == SERVICES["worker"]["environment"][name]


class TestSecrets:
    def test_none_is_written_in_the_file(self) -> None:
        secret_keys = re.compile(r"(PASSWORD|SECRET|KEY|TOKEN|AUTH)$")
        named = [(path, value) for path, value in STRINGS if secret_keys.search(path)]
        in_urls = [(path, word) for path, value in STRINGS for word in re.findall(r"://[^:/@\s]*:(.+)@", value)]
        in_configs = [(path, word) for path, value in STRINGS for word in re.findall(r"^requirepass (.+)", value)]
        assert named
        assert in_urls
        assert in_configs
        # Without a value, a variable is handed on from .env.
        literal = [path for path, value in named + in_urls + in_configs if not re.fullmatch(f"(?:{REQUIRED})?", value)]
        assert literal == []

    def test_elasticsearch_asks_for_a_password(self) -> None:
        assert SERVICES["elasticsearch"]["environment"]["xpack.security.enabled"] == "true"

    def test_each_container_has_the_keys_of_elasticsearch_that_it_needs(self) -> None:
        keys = {"writer-key", "reader-key", "admin-key"}
        mounted = {
            name: {volume.partition(":")[0] for volume in service.get("volumes", []) if isinstance(volume, str)} & keys
            for name, service in SERVICES.items()
        }
        assert {name: held for name, held in mounted.items() if held} == {
            "api-server": {"reader-key"},
            "worker": {"writer-key"},
            "admin-worker": {"writer-key", "admin-key"},
            "search-grants": keys,
        }
        for name in ("api-server", "worker", "admin-worker"):
            files = [value for key, value in SERVICES[name]["environment"].items() if key.endswith("_API_KEY_FILE")]
            mounts = [
                v.split(":") for v in SERVICES[name]["volumes"] if isinstance(v, str) and v.startswith(tuple(keys))
            ]
            assert {mode for _, _, mode in mounts} == {"ro"}
            assert sorted(str(Path(file).parent) for file in files) == sorted(folder for _, folder, _ in mounts)
            assert {Path(file).stem for file in files} == {source.removesuffix("-key") for source, _, _ in mounts}

    def test_tasks_that_need_the_admins_key_wait_for_the_worker_that_has_it(self) -> None:
        queue = SERVICES["dag-processor"]["environment"]["NEWSWIRE_ADMIN_QUEUE"]
        assert SERVICES["admin-worker"]["command"] == ["celery", "worker", "--queues", queue]
        assert SERVICES["worker"]["command"] == ["celery", "worker"]  # of the queue of all other tasks

    def test_the_superusers_password_is_where_accounts_and_keys_are_made_and_nowhere_else(self) -> None:
        holders = {path.split("/")[2] for path, value in STRINGS if "${ELASTIC_PASSWORD" in value}
        assert holders == {"elasticsearch", "search-setup", "search-grants"}

    def test_make_env_makes_just_what_the_file_requires(self, tmp_path: Path) -> None:
        required = {name for _, value in STRINGS for name in re.findall(REQUIRED, value)}
        assert make_env(tmp_path / ".env").keys() == required

    def test_make_env_closes_the_file_to_others(self, tmp_path: Path) -> None:
        made, found = tmp_path / "made", tmp_path / "found"
        found.touch(0o644)
        for file in (made, found):
            make_env(file)
            assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_make_env_changes_nothing_it_finds(self, tmp_path: Path) -> None:
        make_env(tmp_path / ".env")
        before = (tmp_path / ".env").read_bytes()
        make_env(tmp_path / ".env")
        assert (tmp_path / ".env").read_bytes() == before

    def test_make_env_adds_only_what_is_missing(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("NEWSWIRE_SOURCES_FILE=./sources.toml\nELASTIC_PASSWORD=mine")
        made = make_env(tmp_path / ".env")
        assert made["NEWSWIRE_SOURCES_FILE"] == "./sources.toml"
        assert made["ELASTIC_PASSWORD"] == "mine"
        assert made["REDIS_PASSWORD"]

    def test_every_secret_is_its_own(self, tmp_path: Path) -> None:
        drawn = [*make_env(tmp_path / "one").values(), *make_env(tmp_path / "other").values()]
        assert len(set(drawn)) == len(drawn)
        assert min(map(len, drawn)) >= 32


class TestImage:
    DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    def test_has_the_airflow_that_is_tested_here(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        [pin] = [dependency for dependency in project["dependencies"] if dependency.startswith("apache-airflow==")]
        assert f"FROM apache/airflow:{pin.removeprefix('apache-airflow==')}-python" in self.DOCKERFILE

    def test_celery_fits_the_airflow_provider(self, tmp_path: Path) -> None:
        # Their stated versions allowed a Celery 5.7 that the provider cannot import: no worker would have started.
        subprocess.run(
            [sys.executable, "-c", "import airflow.providers.celery.executors.celery_executor"],
            env={"AIRFLOW_HOME": str(tmp_path), "PATH": os.environ["PATH"]},
            check=True,
        )

    def test_copies_what_exists_and_is_let_through(self) -> None:
        let_through = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        copies = re.findall(r"^COPY (?:--\S+ )*(.+) \S+$", self.DOCKERFILE, flags=re.MULTILINE)
        sources = [source for words in copies for source in words.split()]
        assert sources
        assert [source for source in sources if not (ROOT / source).exists()] == []
        assert [source for source in sources if f"!{source}" not in let_through] == []
