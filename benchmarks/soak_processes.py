"""What the processes of a stack hold: memory of their own, and open files."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil

from examples.stack import Stack

MEGABYTE = 1024 * 1024
SETTLED = 60.0  # seconds: what is younger may be a task, or a connection that ends soon


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one component held at a time (seconds since the beginning)."""

    at: float
    memory: float  # MB
    files: int


def find_roots(stack: Stack) -> dict[str, int]:
    """Return the first process of each component. Elasticsearch is on this machine, and tells its own."""
    [node] = stack.elasticsearch.nodes.info(metric="process")["nodes"].values()
    [redis] = [child.pid for child in psutil.Process().children() if child.name() == "redis-server"]
    [socket] = parse_qs(urlsplit(stack.environ["NEWSWIRE_LEDGER_URL"]).query)["host"]
    postmaster = int((Path(socket) / "data/postmaster.pid").read_text().split()[0])
    servers = {"postgresql": postmaster, "redis": redis, "elasticsearch": node["process"]["id"]}
    return {**stack.pids(), **servers}


def take_samples(roots: Mapping[str, int], at: float) -> tuple[dict[str, Sample], float]:
    """Return what each component's settled processes hold together, and the memory of the largest of the young ones."""
    samples, largest, now = {}, 0.0, time.time()
    for name, root in roots.items():
        held = [_hold(process) for process in _family(root)]
        settled = [(memory, files) for born_at, memory, files in held if now - born_at > SETTLED]
        largest = max([largest, *(memory for born_at, memory, _ in held if now - born_at <= SETTLED)])
        memory = sum(memory for memory, _ in settled)
        samples[name] = Sample(at=at, memory=memory, files=sum(files for _, files in settled))
    return samples, largest


def _family(root: int) -> Iterator[psutil.Process]:
    process = psutil.Process(root)
    yield process
    yield from process.children(recursive=True)


def _hold(process: psutil.Process) -> tuple[float, float, int]:
    """Return when the process was born, its memory in MB without files and shared memory, and its open files."""
    try:
        with process.oneshot():
            memory = process.memory_info()
            return process.create_time(), (memory.rss - memory.shared) / MEGABYTE, process.num_fds()
    except psutil.NoSuchProcess:  # ended meanwhile
        return time.time(), 0.0, 0
