"""newswire replay: the archive into the index again, run from the command line."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline.cli import console
from pipeline.cli.ingest import join_reasons
from pipeline.cli.interval import read_interval
from pipeline.model.handover import Report
from pipeline.replay import replay_captures
from pipeline.settings import read_settings
from pipeline.wiring import Wiring


def replay(
    since: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First day of the captures.")],
    until: Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day, inclusive.")],
    into: Annotated[str | None, typer.Option(help="A rebuilt generation instead of the live one.")] = None,
) -> None:
    """Extract, annotate and index the archived captures of the interval again; the network is not touched."""
    begin, end = read_interval(since, until)
    report = run_replay(Wiring(read_settings()), since=begin, until=end, generation=into)
    console.say(f"documents: {report.passed} written")
    if report.settled:
        console.say(f"no articles: {join_reasons(report)}")


def run_replay(wiring: Wiring, *, since: datetime | None, until: datetime | None, generation: str | None) -> Report:
    """Replay captures of the interval (default: all) and show the progress."""
    if generation is None:
        wiring.store.prepare()
    with console.progress() as progress:
        task = progress.add_task("replaying", total=None)
        return replay_captures(
            since=since or datetime(1990, 1, 1, tzinfo=UTC),
            until=until or wiring.clock.now(),
            generation=generation,
            archive=wiring.archive,
            ledger=wiring.ledger,
            annotator=wiring.annotator,
            store=wiring.store,
            on_progress=lambda count: progress.advance(task, count),
        )
