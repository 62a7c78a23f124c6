"""Nothing lost: a web on loopback that fails in every way webs do, read by a stack whose parts are killed at random moments.

    python benchmarks/chaos.py [--seeds 1-20] [--urls 5000] [--hosts 200] [--short] [--table chaos.jsonl]

Each seed is one web and one production stack as processes, started anew. Pages (examples/rough_scripts.py) have timeouts,
refused connections, resets, slow and cut bodies, wrong lengths, 429 and 503, redirects without end, encodings that lie.
Feeds and robots.txt (examples/rough_feeds.py) flicker, move, come slowly, answer 304, fail at first or at times. The stack is
PostgreSQL, Redis, Elasticsearch, scheduler, dag-processor, triggerer, api-server, two Celery workers. Triggerer, scheduler,
a worker, PostgreSQL, Redis and Elasticsearch are killed (SIGKILL), some while another is down, in an order and at moments
that the seed draws, and started again. At the end every address must have the one fate that the web's script says, the index
must equal the ledger and say what the pages say, no document may be there twice or of an address that nobody announced, the
ledger's sums must balance, each capture must be readable, and no page may have been asked for against robots.txt. Needs the
Elasticsearch at ELASTICSEARCH_URL on this machine: its program is started once more.

Each seed is appended to the table as it ends, with the commit that was tried; seeds that are in it already are not run again.
It exits with 1 where anything is wrong.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from rich.console import Console
from rich.table import Table

from examples.chaos import VICTIMS, Trial, run_trial
from examples.children import stop_on_signals
from examples.press import Press
from examples.servers import open_elasticsearch, open_postgresql, open_redis
from examples.stack import Stack

#: Failed visits end and are repeated sooner than live ones: five of them take a minute instead of an hour and a half.
SETTINGS = {"NEWSWIRE_RETRIES": "1s,3s,6s,12s", "NEWSWIRE_FETCH_SECONDS": "8", "NEWSWIRE_REVISITS": "none"}
#: Seconds over which the feeds show their entries, for each address.
SPREAD = 0.06
MINUTE = 60.0

console = Console(stderr=True, highlight=False)


def main() -> None:
    """Run the seeds that are not in the table, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="1-20", help="the first and the last (default: 1-20)")
    parser.add_argument("--urls", type=int, default=5000, help="addresses of a seed (default: 5000)")
    parser.add_argument("--hosts", type=int, default=200, help="hosts that they are on (default: 200)")
    parser.add_argument("--short", action="store_true", help="no host that robots.txt closes for ten minutes")
    parser.add_argument("--victims", default=",".join(VICTIMS), help="what is killed (default: all)")
    parser.add_argument("--table", type=Path, default=Path("chaos.jsonl"), help="where the sums are kept")
    options = parser.parse_args()
    if not os.environ.get("ELASTICSEARCH_URL"):
        sys.exit("chaos: set ELASTICSEARCH_URL to an Elasticsearch 9 on loopback, such as http://127.0.0.1:9200")
    stop_on_signals()
    first, _, last = options.seeds.partition("-")
    seeds, code = range(int(first), int(last or first) + 1), read_revision()
    for seed in seeds:
        if seed not in read_table(options.table):
            trial = Trial(
                seed=seed,
                urls=options.urls,
                hosts=options.hosts,
                victims=[victim for victim in options.victims.split(",") if victim],
                spread=options.urls * SPREAD,
                closes_hosts=not options.short,
            )
            with console.status(f"seed {seed}: starting the stack") as status, open_stack() as stack:
                say = Progress(seed, status.update)
                sums = {"code": code, **run_trial(stack, trial, say=say, note=console.print).figures()}
            with options.table.open("a", encoding="utf-8") as file:
                file.write(json.dumps(sums) + "\n")
            report_seed(sums)
    found = [sums for seed, sums in sorted(read_table(options.table).items()) if seed in seeds]
    report(found)
    sys.exit(any(sums["wrong"] for sums in found))


class Progress:
    """Shows how far a seed is; where nobody looks on, as a line a minute."""

    def __init__(self, seed: int, update: Callable[[str], object]) -> None:
        self._seed, self._update, self._said_at = seed, update, 0.0

    def __call__(self, text: str) -> None:
        """Take the newest."""
        self._update(f"seed {self._seed}: {text}")
        if not console.is_terminal and time.monotonic() - self._said_at >= MINUTE:
            self._said_at = time.monotonic()
            console.print(f"seed {self._seed}: {text}")


@contextmanager
def open_stack() -> Iterator[Stack]:
    """Start everything, with servers of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="newswire-chaos-") as folder,
        open_postgresql() as postgresql,
        open_redis() as redis,
        open_elasticsearch(os.environ["ELASTICSEARCH_URL"]) as elasticsearch,
        Press() as press,
        Stack(
            Path(folder) / "stack",
            database=postgresql.make_database,
            redis=redis.socket,
            search_url=elasticsearch.url,
            alias="chaos",
            press=press,
            servers={"postgresql": postgresql, "redis": redis, "elasticsearch": elasticsearch},
            settings=SETTINGS,
        ) as stack,
    ):
        stack.unpause("ingest")
        yield stack


def read_revision() -> str:
    """Return which commit is tried, so that a table tells what code its seeds ran on; nothing outside of a checkout."""
    asked = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(asked, cwd=Path(__file__).parent, capture_output=True, text=True, check=False).stdout.strip()


def read_table(path: Path) -> dict[int, dict[str, Any]]:
    """Return the sums of the seeds that have ended, by seed."""
    if not path.exists():
        return {}
    return {sums["seed"]: sums for sums in map(json.loads, path.read_text(encoding="utf-8").splitlines())}


def report_seed(sums: dict[str, Any]) -> None:
    """Print what a seed came to, and everything that is wrong."""
    console.print(f"seed {sums['seed']}: {sums['seconds']:.0f} s, killed {', '.join(sums['killed'])}")
    for reason, count in sorted(sums["reasons"].items(), key=lambda each: -each[1]):
        console.print(f"  {count:5} {reason}")
    for line in sums["wrong"][:50]:
        console.print(f"  wrong: {line}", markup=False)


def report(found: list[dict[str, Any]]) -> None:
    """Print the sums, a row for each seed."""
    fates = sorted({fate for sums in found for fate in sums["fates"]})
    heads = [
        "seed",
        "code",
        "addresses",
        "hosts",
        "killed",
        "ended by itself",
        *fates,
        "documents",
        "captures",
        "cut",
        "wrong",
        "min",
    ]
    table = Table(*heads, box=None)
    for sums in found:
        cells = [
            *(sums["seed"], sums["code"], sums["urls"], sums["hosts"], " ".join(sums["killed"])),
            " ".join(f"{name} {count}" for name, count in sums["restarts"].items()),
            *(sums["fates"].get(fate, 0) for fate in fates),
            *(sums["documents"], sums["captures"], sums["cut_files"], len(sums["wrong"])),
            f"{sums['seconds'] / 60:.1f}",
        ]
        table.add_row(*map(str, cells))
    Console(width=None if sys.stdout.isatty() else 250).print(table)
    kills = sum(len(each.split("+")) for sums in found for each in sums["killed"])
    urls, wrong = sum(sums["urls"] for sums in found), sum(len(sums["wrong"]) for sums in found)
    print(f"{len(found)} seeds, {urls} addresses, {kills} kills: {wrong} wrong")


if __name__ == "__main__":
    main()
