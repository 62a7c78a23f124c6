"""What `make demo` and `make airflow` share: the folders, the environment and Airflow's database, all below .newswire/."""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path

from examples.newsroom import Newsroom

ROOT = Path(__file__).parents[1]
PROGRAMS = Path(sys.executable).parent
NEWSROOM_PORTS = (8790, 8791, 8792)


class DemoFailed(Exception):  # noqa: N818 - reads as it is raised
    """A step went wrong: what the user is told, and the exit code."""

    def __init__(self, message: str, *, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


class State:
    """The folders of one demo: the embedded stores, Airflow's home, and what the newsroom last published."""

    def __init__(self, folder: Path) -> None:
        """Name the folders; nothing is made yet."""
        self.home = folder / "demo"
        self.airflow = folder / "airflow"
        self.sources = folder / "sources.toml"
        self._is_corrected = folder / "corrected"
        self._is_running = folder / "running"

    @property
    def has_correction(self) -> bool:
        """Tell whether an earlier run has published the newsroom's correction: a newspaper does not take one back."""
        return self._is_corrected.exists()

    def keep_correction(self) -> None:
        """Remember that the correction is out."""
        self._is_corrected.touch()

    def begin_run(self) -> bool:
        """Note that a run begins; tell whether the last one broke off: then the stores are emptied.

        What it had claimed would wait for the end of its lease, a quarter of an hour in which the demo had little to show.
        """
        has_broken_off = self._is_running.exists()
        if has_broken_off and self.home.exists():
            shutil.rmtree(self.home)
        self._is_running.touch()
        return has_broken_off

    def end_run(self) -> None:
        """Note that the run came to its end."""
        self._is_running.unlink()

    def environ(self) -> dict[str, str]:
        """Return the environment of every program of the demo; whatever else is configured here stays out of it."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW_", "NEWSWIRE_"))}
        return inherited | {
            "NEWSWIRE_HOME": str(self.home),
            "NEWSWIRE_SOURCES": str(self.sources),
            "NEWSWIRE_ALLOWED_NETWORKS": "127.0.0.0/8",
            "NEWSWIRE_HOST_DELAY": "0",
            "AIRFLOW_HOME": str(self.airflow),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "OMP_NUM_THREADS": "1",  # the tasks are the parallelism
            "NO_PROXY": "127.0.0.1,localhost",
        }

    @property
    def is_migrated(self) -> bool:
        """Tell whether ``migrate`` made the database for this version of Airflow; asking Airflow itself takes seconds."""
        stamp = self._stamp
        return (self.airflow / "airflow.db").exists() and stamp.exists() and stamp.read_text() == _airflow_version()

    def migrate(self) -> None:
        """Make Airflow's database, or bring it to this version. Raises DemoFailed with the end of the log."""
        log = self.log("migrate")
        command = [str(PROGRAMS / "airflow"), "db", "migrate"]
        with log.open("w") as output:
            result = subprocess.run(command, env=self.environ(), stdout=output, stderr=subprocess.STDOUT, check=False)
        if result.returncode:
            raise DemoFailed(f"airflow db migrate failed\n{tail(log)}\nThe whole log: {log}")
        self._stamp.write_text(_airflow_version())

    def log(self, name: str) -> Path:
        """Return the log file of that program, in a folder that exists."""
        folder = self.airflow / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}.log"

    @property
    def _stamp(self) -> Path:
        return self.airflow / "migrated"


def read_state() -> State:
    """Return the demo's state: in .newswire/, or where NEWSWIRE_DEMO_HOME says."""
    return State(Path(os.environ.get("NEWSWIRE_DEMO_HOME", ROOT / ".newswire")).absolute())


@contextmanager
def open_newsroom(state: State, ports: tuple[int, int, int]) -> Iterator[Newsroom]:
    """Serve the newsroom as the last run left it, and write its sources file. Raises DemoFailed where a port is taken."""
    with ExitStack() as stack:
        try:
            newsroom = stack.enter_context(Newsroom(ports=ports))
        except OSError as error:
            hint = "is another demo running? --newsroom-ports A B C chooses others"
            raise DemoFailed(f"{error} ({hint})", code=2) from error
        if state.has_correction:
            newsroom.publish_correction()
        state.sources.parent.mkdir(parents=True, exist_ok=True)
        newsroom.write_sources(state.sources)
        yield newsroom


def add_newsroom_ports(parser: argparse.ArgumentParser) -> None:
    """Let the user choose other ports for the newsroom."""
    parser.add_argument("--newsroom-ports", nargs=3, type=int, default=NEWSROOM_PORTS, metavar="PORT")


def tail(log: Path, lines: int = 20) -> str:
    """Return the end of a log file."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _airflow_version() -> str:
    return version("apache-airflow")
