"""newswire ingest: one pass of the whole flow, run from the command line."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

import typer

from pipeline import archive, flow
from pipeline.cli import console
from pipeline.cli.alerts import run_alerts
from pipeline.errors import UsageError
from pipeline.flow import BATCH_SIZE
from pipeline.model.handover import Report
from pipeline.ports import Fetcher
from pipeline.settings import read_settings
from pipeline.wiring import Wiring


def ingest(
    publisher: Annotated[str | None, typer.Option(help="Claim only entries of this publisher.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many articles.")] = 100_000,
    due: Annotated[
        bool, typer.Option("--due", help="Poll only feeds whose time has come, as a scheduler should.")
    ] = False,
) -> None:
    """Run one pass of the whole flow: poll the feeds, then fetch, extract and index what is new."""
    wiring = Wiring(read_settings())
    wiring.add_sources()
    if not wiring.ledger.feeds() and not wiring.ledger.tally().seen:
        raise UsageError(
            "there are no feeds; add one (newswire feeds add URL) or name a sources file (NEWSWIRE_SOURCES)"
        )
    if publisher not in wiring.ledger.waiting():  # what a removed feed announced is fetched all the same
        wiring.feeds_of(publisher)
    wiring.store.prepare()  # before anything is fetched: a store that is down costs nobody a request
    report = asyncio.run(run_ingest(wiring, publisher=publisher, limit=limit, early=not due))
    noticed = run_alerts(wiring) if wiring.alerts.searches() else {}
    if noticed:
        console.say("alerts: " + (join_counts(noticed) or "none"))
    print_report(report, wiring.ledger.tally().pending)


async def run_ingest(
    wiring: Wiring, *, publisher: str | None = None, limit: int = 100_000, early: bool = True
) -> Report:
    """Poll the feeds, then take what the inbox holds through the flow, with progress on standard error."""
    async with wiring.fetcher() as fetcher:
        with console.progress() as progress:
            polling = progress.add_task("polling feeds", total=None)
            report = await wiring.poll_feeds(fetcher, early=early)
            progress.update(polling, total=1, completed=1)
        report.add(await drain_inbox(wiring, fetcher, publisher=publisher, limit=limit))
    return report


async def drain_inbox(wiring: Wiring, fetcher: Fetcher, *, publisher: str | None, limit: int) -> Report:
    """Take batch after batch through the flow until the inbox holds nothing that is due."""
    report = Report()
    with console.progress() as progress:
        task = progress.add_task("articles", total=min(limit, wiring.ledger.tally().pending))
        while limit > 0:
            batch = archive.open_batch(wiring.clock.now())
            fetched = await wiring.fetch_batch(batch, fetcher, limit=min(limit, BATCH_SIZE), publisher=publisher)
            report.add(fetched)
            if not fetched.claimed:
                break
            limit -= fetched.claimed
            if fetched.passed:
                report.add(wiring.extract_batch(batch))
                report.add(wiring.index_batch(batch))
            progress.advance(task, fetched.claimed)
        wiring.correct_documents()
    return report


def print_report(report: Report, pending: int) -> None:
    """Say in a few lines what the run did."""
    if report.feeds:
        console.say("feeds: " + join_counts(report.feeds))
    console.say("entries: " + (join_counts(report.entries) or "nothing new"))
    console.say("articles: " + (join_reasons(report) or "none"))
    if pending:
        console.say(
            f"pending: {pending}, of which {report.postponed} were put off now; the others wait for their time, are past and "
            "wait for newswire backfill, or are held by a run that is at work or broke off: then they are free "
            f"{flow.LEASE.seconds // 60} minutes after it began"
        )
    failed = report.feeds["failed"]
    if failed:
        console.say("feeds that fail are polled again later: see newswire feeds check")
    if failed and failed == report.feeds.total() - report.feeds["put off"]:
        raise typer.Exit(1)


def join_reasons(report: Report) -> str:
    """Return what became of the URLs, the most frequent first."""
    return join_counts({str(reason): count for reason, count in report.settled.items()})


def join_counts(counts: Mapping[str, int]) -> str:
    """Return the counts in one line, the highest first."""
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items(), key=lambda pair: -pair[1]) if count)
