"""newswire ingest, backfill and replay: the flow, run from the command line."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline import archive, flow
from pipeline.backfill import discover_past
from pipeline.cli import console
from pipeline.errors import UsageError
from pipeline.flow import BATCH_SIZE
from pipeline.model.handover import Report
from pipeline.ports import Fetcher
from pipeline.replay import replay_captures
from pipeline.search import read_since, read_until
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
    if not wiring.ledger.feeds():
        raise UsageError(
            "there are no feeds; add one (newswire feeds add URL) or name a sources file (NEWSWIRE_SOURCES)"
        )
    _check_publisher(wiring, publisher)
    wiring.store.prepare()  # before anything is fetched: a store that is down costs nobody a request
    report = asyncio.run(run_ingest(wiring, publisher=publisher, limit=limit, early=not due))
    _print_report(report, wiring.ledger.tally().pending)


def backfill(
    since: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First day.")],
    until: Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day, inclusive.")],
    publisher: Annotated[str | None, typer.Option(help="Only this publisher.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many articles.")] = 100_000,
) -> None:
    """Put past articles, found in the sources' sitemaps, into the inbox and take them through the flow."""
    begin, end = _interval(since, until)
    wiring = Wiring(read_settings())
    wiring.add_sources()
    _check_publisher(wiring, publisher)
    wiring.store.prepare()
    report = asyncio.run(_run_backfill(wiring, begin, end, publisher=publisher, limit=limit))
    _print_report(report, wiring.ledger.tally().pending)


def replay(
    since: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First day of the captures.")],
    until: Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day, inclusive.")],
    into: Annotated[str | None, typer.Option(help="A rebuilt generation instead of the live one.")] = None,
) -> None:
    """Extract, annotate and index the archived captures of the interval again; the network is not touched."""
    begin, end = _interval(since, until)
    report = run_replay(Wiring(read_settings()), since=begin, until=end, generation=into)
    console.say(f"documents: {report.passed} written")
    if report.settled:
        console.say(f"no articles: {_join_reasons(report)}")


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


async def run_ingest(
    wiring: Wiring, *, publisher: str | None = None, limit: int = 100_000, early: bool = True
) -> Report:
    """Poll the feeds, then take what the inbox holds through the flow, with progress on standard error."""
    async with wiring.fetcher() as fetcher:
        with console.progress() as progress:
            polling = progress.add_task("polling feeds", total=None)
            report = await wiring.poll_feeds(fetcher, early=early)
            progress.update(polling, total=1, completed=1)
        report.add(await _drain_inbox(wiring, fetcher, publisher=publisher, limit=limit))
    return report


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
        report.add(await _drain_inbox(wiring, fetcher, publisher=publisher, limit=limit))
    return report


async def _drain_inbox(wiring: Wiring, fetcher: Fetcher, *, publisher: str | None, limit: int) -> Report:
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
    return report


def _check_publisher(wiring: Wiring, publisher: str | None) -> None:
    known = {feed.publisher for feed, _ in wiring.ledger.feeds()}
    if publisher is not None and publisher not in known:
        raise UsageError(f"--publisher is {publisher!r}; the feeds have: {', '.join(sorted(known)) or 'none'}")


def _interval(since: str, until: str) -> tuple[datetime, datetime]:
    begin, end = read_since(since, "--from"), read_until(until, "--to")
    if begin >= end:
        raise UsageError(f"--from {since} is later than --to {until}")
    if begin > datetime.now(UTC):
        raise UsageError(f"--from {since} is in the future: there is nothing yet")
    return begin, end


def _print_report(report: Report, pending: int) -> None:
    """Say in a few lines what the run did."""
    if report.feeds:
        console.say("feeds: " + _join(report.feeds))
    console.say("entries: " + (_join(report.entries) or "nothing new"))
    console.say("articles: " + (_join_reasons(report) or "none"))
    if pending:
        console.say(
            f"pending: {pending}, of which {report.postponed} were put off now; the others wait for their time, or are held "
            f"by a run that is at work or broke off: then they are free {flow.LEASE.seconds // 60} minutes after it began"
        )
    failed = report.feeds["failed"]
    if failed:
        console.say("feeds that fail are polled again later: see newswire feeds check")
    if failed and failed == report.feeds.total():
        raise typer.Exit(1)


def _join_reasons(report: Report) -> str:
    return _join({str(reason): count for reason, count in report.settled.items()})


def _join(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items(), key=lambda pair: -pair[1]) if count)
