"""What the processes of a stack hold: memory of their own, and open files."""

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil

from examples.stack import Stack

MEGABYTE = 1024 * 1024
#: How many files of data these have open at a time is theirs to choose; of them, connections and the like are counted.
DATA_SERVERS = ("postgresql", "elasticsearch")
SETTLED = 60.0  # seconds: what is younger may be a task, or a connection that ends soon


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process at a time: its age in seconds, its memory in MB without files and shared memory, what it has open."""

    pid: int
    age: float
    memory: float
    files: int
    #: Seconds of CPU, with those of its children that ended.
    cpu: float

    @property
    def is_settled(self) -> bool:
        """Tell whether it is there to stay."""
        return self.age > SETTLED


def find_roots(stack: Stack) -> dict[str, int]:
    """Return the first process of each component. Elasticsearch is on this machine, and tells its own."""
    [node] = stack.elasticsearch.nodes.info(metric="process")["nodes"].values()
    [redis] = [child.pid for child in psutil.Process().children() if child.name() == "redis-server"]
    [socket] = parse_qs(urlsplit(stack.environ["NEWSWIRE_LEDGER_URL"]).query)["host"]
    postmaster = int((Path(socket) / "data/postmaster.pid").read_text().split()[0])
    servers = {"postgresql": postmaster, "redis": redis, "elasticsearch": node["process"]["id"]}
    return {**stack.pids(), **servers}


def read_processes(roots: Mapping[str, int]) -> dict[str, list[Process]]:
    """Return the processes of each component, children of children as well."""
    return {
        name: [process for each in _family(root) for process in _read(each, has_data=name in DATA_SERVERS)]
        for name, root in roots.items()
    }


def describe(processes: Sequence[Process]) -> str:
    """Return in a few words what the settled ones hold."""
    settled = [each for each in processes if each.is_settled]
    memory = statistics.median([each.memory for each in settled] or [0.0])
    return f"{len(settled)} × {memory:.0f} MB, {sum(each.files for each in settled)} files"


def cores(before: Sequence[Process], after: Sequence[Process], seconds: float) -> float:
    """Return how many cores a component used between two looks."""
    return (sum(each.cpu for each in after) - sum(each.cpu for each in before)) / seconds


def _family(root: int) -> Iterator[psutil.Process]:
    process = psutil.Process(root)
    yield process
    yield from process.children(recursive=True)


def _read(process: psutil.Process, *, has_data: bool) -> Iterator[Process]:
    """Yield the process, unless it ended meanwhile."""
    try:
        with process.oneshot():
            memory, age = process.memory_info(), time.time() - process.create_time()
            own = (memory.rss - memory.shared) / MEGABYTE
            files = process.num_fds() - (len(process.open_files()) if has_data else 0)
            yield Process(pid=process.pid, age=age, memory=own, files=files, cpu=sum(process.cpu_times()[:4]))
    except psutil.NoSuchProcess:
        return
