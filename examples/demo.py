"""`make demo`: the whole flow on a small newsroom served on loopback, through the real Airflow DAG, in under a minute.

Nothing but this machine is needed: ledger, archive and search index are files below .newswire/. Run again, it finds every
feed unchanged and is done sooner.
"""

import argparse
import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from examples.children import Child, Children, stop_on_signals
from examples.embedded import PROGRAMS, DemoFailed, State, add_newsroom_ports, open_newsroom, read_state, tail
from examples.newsroom import Newsroom

QUERY = "strike Valparaíso"
#: Printed from an agency's report by another outlet.
REPRINTED = "headline:Penryn"
CORRECTED = "/2026/11/09/great-lakes-shipping/"
STARTED = re.compile(r"\[DAG TEST\] starting task_id=")
#: A task's own summary line in Airflow's log: time, level, text, logger.
SUMMARY = re.compile(r"\] (?P<text>\S.*?) +\[pipeline\.orchestration\.runs\]")
#: Comes after the traceback.
FAILED = re.compile(r"\bnew_state=(failed|up_for_retry)\b")

console = Console(highlight=False)


def main() -> int:
    """Run the demo; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m examples.demo", description=__doc__.splitlines()[0])
    add_newsroom_ports(parser)
    ports = parser.parse_args().newsroom_ports
    state = read_state()
    stop_on_signals()
    try:
        with open_newsroom(state, ports) as newsroom, Children() as children:
            show_run(state, newsroom, children)
    except DemoFailed as error:
        print(f"demo: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        print("demo: stopped", file=sys.stderr)
        return 130
    return 0


def show_run(state: State, newsroom: Newsroom, children: Children) -> None:
    """Show everything, step by step."""
    headline("A newsroom of three outlets on loopback")
    for feed in newsroom.feeds:
        console.print(f"  {feed}")
    if not state.is_migrated:
        migrate(state)
    headline("The Airflow DAG ingest: fetch → extract → index")
    run_dag(state, children)
    headline("How every URL ended")
    newswire(state, "ledger")
    headline("Whom and what the articles name")
    show_names(state)
    headline("A search")
    newswire(state, "search", QUERY, "--limit", "3")
    if not state.has_correction:
        headline("An outlet corrects a story: a second pass, this time without Airflow")
        newsroom.publish_correction()
        newswire(state, "ingest")
        state.keep_correction()
    headline("What the correction changed, word by word")
    newswire(state, "history", newsroom.origins["meridian"] + CORRECTED)
    headline("A reprint names its original")
    newswire(state, "search", REPRINTED)
    headline("Articles about one event are one story, over outlets and languages")
    newswire(state, "stories")
    show_hints(state)


def headline(text: str) -> None:
    """Begin a step."""
    console.print(f"\n[bold]{text}[/bold]")


def migrate(state: State) -> None:
    """Make Airflow's database, once."""
    headline("Airflow's database (once)")
    began = time.monotonic()
    with console.status("migrating"):
        state.migrate()
    console.print(f"  made in {time.monotonic() - began:.1f} s")


def run_dag(state: State, children: Children) -> None:
    """Run the DAG to its end and show each task as it ends. Raises DemoFailed at the first task that fails."""
    if state.begin_run():
        console.print("  The last run broke off: this one begins anew")
    began = task_began = time.monotonic()
    command = [str(PROGRAMS / "airflow"), "dags", "test", "ingest", "--conf", '{"early": true}']
    dag = children.start("dag", command, environ=state.environ(), log=state.log("ingest"))
    with console.status("Airflow starts"):
        for line in follow(dag):
            if STARTED.search(line):
                task_began = time.monotonic()
            elif match := SUMMARY.search(line):
                console.print(
                    f"  {time.monotonic() - task_began:5.1f} s  {match['text']}", markup=False, soft_wrap=True
                )
            elif FAILED.search(line):  # in production it would be tried again; here nothing will have mended itself
                raise DemoFailed(f"a task failed\n{tail(dag.log)}\nThe whole log: {dag.log}")
    if dag.program.returncode:
        raise DemoFailed(f"the DAG run failed\n{tail(dag.log)}\nThe whole log: {dag.log}")
    state.end_run()
    seconds = time.monotonic() - began
    console.print(
        f"  The run is a success: {seconds:.1f} s with Airflow's start. Log: {shown(dag.log)}", soft_wrap=True
    )


def follow(child: Child) -> Iterator[str]:
    """Yield the lines of the child's log as they come, until it has ended."""
    with child.log.open(encoding="utf-8", errors="replace") as log:
        rest = ""
        while True:
            has_ended = child.program.poll() is not None
            *lines, rest = (rest + log.read()).split("\n")
            yield from lines
            if has_ended:
                return
            time.sleep(0.05)


def newswire(state: State, *arguments: str) -> None:
    """Run the newswire command on the screen, shown as a user would type it. Raises DemoFailed where it fails."""
    console.print(f"[dim]$ newswire {shlex.join(arguments)}[/dim]")
    result = subprocess.run([str(PROGRAMS / "newswire"), *arguments], env=state.environ(), check=False)
    if result.returncode:
        raise DemoFailed(f"newswire {shlex.join(arguments)} ended with exit code {result.returncode}")


def show_names(state: State) -> None:
    """Show the names that most documents hold, as the search store counts them."""
    command = [str(PROGRAMS / "newswire"), "search", "--facets", "--limit", "1", "--json"]
    answer = subprocess.run(command, env=state.environ(), stdout=subprocess.PIPE, check=False)
    if answer.returncode:
        raise DemoFailed(f"newswire search ended with exit code {answer.returncode}")
    facets = json.loads(answer.stdout)["facets"]
    kinds = ("people", "organizations", "places")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for kind in kinds:
        table.add_column(kind, no_wrap=True, max_width=26)  # three stand side by side in a narrow terminal
    columns = [[f"{facet['count']:3} {facet['value']}" for facet in facets[kind][:6]] for kind in kinds]
    for row in zip_longest(*columns, fillvalue=""):
        table.add_row(*map(Text, row))
    console.print("[dim]$ newswire search --facets[/dim]")
    console.print(table)


def show_hints(state: State) -> None:
    """Say what to try next, in commands that work as they stand."""
    command = f"NEWSWIRE_HOME={shown(state.home)} {shown(PROGRAMS / 'newswire')}"
    headline("Try next")
    for arguments in (
        'search "glacier* treaty" --json',
        'search --person "Alexander Lukashenko"',
        "search --near 36,51,800 --sort newest",
        "search tractors --fold",
        "feeds check",
    ):
        console.print(f"  {command} {arguments}", markup=False, soft_wrap=True)
    console.print("  make airflow")


def shown(path: Path) -> str:
    """Return the path as one would type it here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    sys.exit(main())
