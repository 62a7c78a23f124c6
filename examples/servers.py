"""PostgreSQL and Redis of this machine, on sockets in folders of their own: for tests and measurements, nothing is kept."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NO_POSTGRESQL = "no PostgreSQL server programs (initdb, pg_ctl) on this machine; bring them: apt-get install postgresql"
NO_REDIS = "no redis-server on this machine; bring it: apt-get install redis-server"
_SETTINGS = "-c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"


class ServerMissing(Exception):  # noqa: N818 - names what is wrong
    """The server's programs are not on this machine; the text says how to bring them."""


@contextmanager
def open_postgresql(options: str = "") -> Iterator[Path]:
    """Start the server and yield the folder of its socket; its superuser is ``newswire``. Raises ServerMissing.

    ``options`` are further settings, as the server's command line takes them: ``-c ssl=on``.
    """
    programs = _find_programs()
    if programs is None:
        raise ServerMissing(NO_POSTGRESQL)
    user = server_user()
    # Below /tmp: anybody may enter it, and the server refuses to run as root. A socket's path is short.
    folder = Path(tempfile.mkdtemp(prefix="newswire-postgresql-", dir="/tmp"))

    def run(program: str, *arguments: str) -> None:
        command = [programs / program, "--pgdata", folder / "data", *arguments]
        done = subprocess.run(command, user=user, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr

    try:
        if user is not None:
            shutil.chown(folder, user)
        run("initdb", "--username=newswire", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        settings = f"{_SETTINGS} -c unix_socket_directories={folder} {options}"
        run("pg_ctl", "start", "--wait", "--log", str(folder / "log"), "--options", settings)
        try:
            yield folder
        finally:
            run("pg_ctl", "stop", "--wait", "--mode", "immediate")
    finally:
        shutil.rmtree(folder)


def make_database(socket: Path, name: str) -> str:
    """Make an empty database on the server that ``open_postgresql`` started; return its SQLAlchemy URL."""
    import psycopg  # noqa: PLC0415 - an extra

    with psycopg.connect(f"host={socket} user=newswire dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://newswire@/{name}?host={socket}"


@contextmanager
def open_redis() -> Iterator[Path]:
    """Start the server and yield its socket. Raises ServerMissing."""
    program = shutil.which("redis-server")
    if program is None:
        raise ServerMissing(NO_REDIS)
    folder = Path(tempfile.mkdtemp(prefix="newswire-redis-", dir="/tmp"))
    socket = folder / "socket"
    options = ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder, "--logfile", folder / "log"]
    server = subprocess.Popen([program, *options], stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while not socket.exists():
            assert server.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, "redis-server did not open its socket"
            time.sleep(0.05)
        yield socket
    finally:
        server.terminate()
        server.wait(timeout=20)
        shutil.rmtree(folder)


def _find_programs() -> Path | None:
    """Return the folder of the newest server programs; Debian keeps them out of PATH."""
    on_path = shutil.which("pg_ctl")
    folders = [
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True),
        *([Path(on_path).resolve().parent] if on_path else []),
    ]
    return next((path for path in folders if (path / "initdb").exists() and (path / "pg_ctl").exists()), None)


def server_user() -> str | None:
    """Return whom root starts the server as; anybody else starts it as themselves."""
    if os.geteuid() != 0:
        return None
    users = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in users else "nobody"
