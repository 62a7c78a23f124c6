"""newswire backfill: past articles into the inbox and through the flow, run from the command line."""

import asyncio
from datetime import datetime
from typing import Annotated

import typer

from pipeline.backfill import discover_past
from pipeline.cli import console
from pipeline.cli.ingest import check_publisher, drain_inbox, print_report
from pipeline.cli.interval import read_interval
from pipeline.model.handover import Report
from pipeline.settings import read_settings
from pipeline.wiring import Wiring


def backfill(
    since: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First day.")],
    until: Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day, inclusive.")],
    publisher: Annotated[str | None, typer.Option(help="Only this publisher.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many articles.")] = 100_000,
) -> None:
    """Put past articles, found in the sources' sitemaps, into the inbox and take them through the flow."""
    begin, end = read_interval(since, until)
    wiring = Wiring(read_settings())
    wiring.add_sources()
    check_publisher(wiring, publisher)
    wiring.store.prepare()
    report = asyncio.run(_run_backfill(wiring, begin, end, publisher=publisher, limit=limit))
    print_report(report, wiring.ledger.tally().pending)


async def _run_backfill(wiring: Wiring, begin: datetime, end: datetime, *, publisher: str | None, limit: int) -> Report:
    async with wiring.fetcher() as fetcher:
        feeds = [feed for feed, _ in wiring.ledger.feeds() if publisher in {None, feed.publisher}]
        with console.progress() as progress:
            task = progress.add_task("reading sitemaps", total=len(feeds))
            report = await discover_past(
                feeds,
                begin,
                end,
                ledger=wiring.ledger,
                fetcher=fetcher,
                clock=wiring.clock,
                on_progress=lambda: progress.advance(task),
            )
        report.add(await drain_inbox(wiring, fetcher, publisher=publisher, limit=limit))
    return report
