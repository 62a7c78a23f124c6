"""PostgreSQL, Redis and Elasticsearch of this machine, in folders of their own: for tests and measurements, nothing is kept.

Each can be killed as by a machine that loses its power, and started again over what it had written by then.
"""

import http.client
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

import psutil  # type: ignore[import-untyped]  # comes with Airflow, without types
from elasticsearch import Elasticsearch

from examples.children import members_of
from examples.ports import free_port

NO_POSTGRESQL = "no PostgreSQL server programs (initdb, pg_ctl) on this machine; bring them: apt-get install postgresql"
NO_REDIS = "no redis-server on this machine; bring it: apt-get install redis-server"
NO_ELASTICSEARCH = "the Elasticsearch at {url} is no process of this machine whose program could be started once more"
#: Without fsync a killed server loses nothing that it has said to have committed; only a machine without power would.
_SETTINGS = "-c listen_addresses= -c fsync=off -c max_connections=200"
#: Seconds for a server to start: some are usual, and Elasticsearch takes minutes on a machine that is busy.
_PATIENCE = 400.0


class ServerMissing(Exception):  # noqa: N818 - names what is wrong
    """The server's programs are not on this machine; the text says how to bring them."""


class Server(Protocol):
    """A server that can be killed and started again."""

    def start(self) -> None:
        """Start it over what it has written, and wait until it answers."""

    def stop(self) -> None:
        """End it, in an orderly way where it has one."""

    def kill(self) -> None:
        """End it and all its processes with SIGKILL."""


Running = TypeVar("Running", bound=Server)


class Postgresql:
    """A PostgreSQL below the folder; its superuser is ``newswire``, and its socket lies in the folder itself."""

    def __init__(self, folder: Path, programs: Path, options: str = "") -> None:
        self.socket = folder
        self._programs, self._options = programs, options
        self._user = server_user()
        if self._user is not None:
            shutil.chown(folder, self._user)
        self._run("initdb", "--username=newswire", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")

    def start(self) -> None:
        """Start it over what it has written, and wait until it answers."""
        options = f"{_SETTINGS} -c unix_socket_directories={self.socket} {self._options}"
        log = str(self.socket / "log")
        self._run("pg_ctl", "start", "--wait", f"--timeout={_PATIENCE:.0f}", "--log", log, "--options", options)

    def stop(self) -> None:
        """End it at once, in an orderly way."""
        if self._postmaster() is not None:
            self._run("pg_ctl", "stop", "--wait", "--mode", "immediate")

    def kill(self) -> None:
        """End it and all its processes with SIGKILL."""
        postmaster = self._postmaster()
        assert postmaster is not None, "PostgreSQL does not run"
        _kill([postmaster, *postmaster.children(recursive=True)])

    def make_database(self, name: str) -> str:
        """Make an empty database; return its SQLAlchemy URL."""
        return make_database(self.socket, name)

    def _postmaster(self) -> Any:  # noqa: ANN401 - psutil has no types
        try:
            return psutil.Process(int((self.socket / "data/postmaster.pid").read_text().split()[0]))
        except (FileNotFoundError, psutil.NoSuchProcess):
            return None

    def _run(self, program: str, *arguments: str) -> None:
        command = [self._programs / program, "--pgdata", self.socket / "data", *arguments]
        done = subprocess.run(
            command, user=self._user, cwd=self.socket, capture_output=True, text=True, check=False, timeout=_PATIENCE
        )
        assert done.returncode == 0, done.stdout + done.stderr


class Redis:
    """A Redis below the folder that keeps nothing on the disk: what waits in it when it is killed is lost."""

    def __init__(self, folder: Path, program: str) -> None:
        self.socket = folder / "socket"
        options = [
            "--port",
            "0",
            "--unixsocket",
            self.socket,
            "--save",
            "",
            "--dir",
            folder,
            "--logfile",
            folder / "log",
        ]
        self._command = [program, *options]

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        self.socket.unlink(missing_ok=True)
        self._program = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, start_new_session=True)
        _await(self.socket.exists, self._program, self.socket.with_name("log"))

    def stop(self) -> None:
        """End it in an orderly way."""
        self._program.terminate()
        self._program.wait(timeout=20)

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._program.kill()
        self._program.wait()


class LocalElasticsearch:
    """A second Elasticsearch below the folder, of the program that a first one is running, on a port of its own."""

    def __init__(self, folder: Path, first: str) -> None:
        home, java, self._user = _find_elasticsearch(first)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._port, self._home, self._folder = port, home, folder
        shutil.copytree(home / "config", folder / "config")
        for name in ("data", "logs", "tmp"):
            (folder / name).mkdir()
        (folder / "config/elasticsearch.yml").write_text(
            f"node.name: chaos\ndiscovery.type: single-node\nnetwork.host: 127.0.0.1\nhttp.port: {port}\n"
            f"transport.port: {free_port()}\npath.data: {folder}/data\npath.logs: {folder}/logs\n"
            "xpack.security.enabled: false\ncluster.routing.allocation.disk.threshold_enabled: false\n"
        )
        if self._user is not None:
            for path in (folder, *folder.rglob("*")):
                shutil.chown(path, self._user)
        launcher = ["-cp", f"{home}/lib/tools/server-launcher/*", "org.elasticsearch.server.launcher.ServerLauncher"]
        self._command = [java, "-Xms4m", "-Xmx64m", "-XX:+UseSerialGC", *launcher]
        self._environ = {key: value for key, value in os.environ.items() if key != "JAVA_TOOL_OPTIONS"} | {
            "ES_HOME": str(home),
            "ES_PATH_CONF": str(folder / "config"),
            "ES_JAVA_HOME": str(java.parents[1]),
            "JAVA": str(java),
            "JAVA_TYPE": "ES_JAVA_HOME",
            "ES_DISTRIBUTION_TYPE": "zip",
            "ES_TMPDIR": str(folder / "tmp"),
            # Compiled once and not again: the server starts in two thirds of the time.
            "ES_JAVA_OPTS": "-Xms512m -Xmx512m -XX:TieredStopAtLevel=1",
            "CLI_NAME": "server",
            "CLI_LIBS": "lib/tools/server-cli",
        }

    def start(self) -> None:
        """Start it over what it has written, and wait until every index can be searched."""
        log = self._folder / "out.log"
        with log.open("ab") as output:
            self._program = subprocess.Popen(
                self._command,
                env=self._environ,
                cwd=self._home,
                user=self._user,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _await(self._answers, self._program, log)

    def kill(self) -> None:
        """End it and all its processes with SIGKILL."""
        _kill([psutil.Process(pid) for pid in members_of({self._program.pid})])
        self._program.wait()

    stop = kill  # its data go with it

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request("GET", "/_cluster/health?wait_for_status=yellow&timeout=5s")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


@contextmanager
def open_postgresql(options: str = "") -> Iterator[Postgresql]:
    """Start one and remove it afterwards. Raises ServerMissing.

    ``options`` are further settings, as the server's command line takes them: ``-c ssl=on``.
    """
    programs = _find_programs()
    if programs is None:
        raise ServerMissing(NO_POSTGRESQL)
    with _folder("postgresql") as folder, _running(Postgresql(folder, programs, options)) as server:
        yield server


@contextmanager
def open_redis() -> Iterator[Redis]:
    """Start one and remove it afterwards. Raises ServerMissing."""
    program = shutil.which("redis-server")
    if program is None:
        raise ServerMissing(NO_REDIS)
    with _folder("redis") as folder, _running(Redis(folder, program)) as server:
        yield server


@contextmanager
def open_elasticsearch(first: str) -> Iterator[LocalElasticsearch]:
    """Start one beside the one at this URL, of the same program, and remove it afterwards. Raises ServerMissing."""
    with _folder("elasticsearch") as folder, _running(LocalElasticsearch(folder, first)) as server:
        yield server


def make_database(socket: Path, name: str) -> str:
    """Make an empty database on the PostgreSQL whose socket lies there; return its SQLAlchemy URL."""
    import psycopg  # noqa: PLC0415 - an extra

    with psycopg.connect(f"host={socket} user=newswire dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://newswire@/{name}?host={socket}"


@contextmanager
def _running(server: Running) -> Iterator[Running]:
    """Start the server, and stop it afterwards, also where it could not start."""
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    """Give a folder below /tmp: anybody may enter it, since a server refuses to run as root, and a socket's path is short."""
    folder = Path(tempfile.mkdtemp(prefix=f"newswire-{name}-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _await(is_met: Callable[[], bool], program: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not is_met():
        assert program.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < deadline, f"{log} says:\n{log.read_text()[-2000:]}"
        time.sleep(0.05)


def _kill(processes: Sequence[Any]) -> None:
    """Kill all of them at once, and wait until they are gone: a server refuses to start beside what is left of it."""
    for process in processes:
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
    psutil.wait_procs(processes, timeout=20)


def _find_programs() -> Path | None:
    """Return the folder of the newest server programs; Debian keeps them out of PATH."""
    on_path = shutil.which("pg_ctl")
    folders = [
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True),
        *([Path(on_path).resolve().parent] if on_path else []),
    ]
    return next((path for path in folders if (path / "initdb").exists() and (path / "pg_ctl").exists()), None)


def _find_elasticsearch(url: str) -> tuple[Path, Path, str | None]:
    """Return the home of the program that answers there, its Java, and whom it runs as (None: as ourselves)."""
    with Elasticsearch(url, request_timeout=30) as client:
        [node] = client.nodes.info(node_id="_local", metric=["settings", "process"])["nodes"].values()
    try:
        process = psutil.Process(node["process"]["id"])
        home, java, user = Path(node["settings"]["path"]["home"]), Path(process.exe()), process.username()
    except psutil.Error as error:
        raise ServerMissing(NO_ELASTICSEARCH.format(url=url)) from error
    if java.name != "java" or not (home / "lib/tools/server-launcher").is_dir():
        raise ServerMissing(NO_ELASTICSEARCH.format(url=url))
    return home, java, user if os.geteuid() == 0 else None


def server_user() -> str | None:
    """Return whom root starts the server as; anybody else starts it as themselves."""
    if os.geteuid() != 0:
        return None
    users = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in users else "nobody"
