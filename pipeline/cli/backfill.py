"""newswire backfill: past articles into the inbox and through the flow, a day at a time, or only what that would cost."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated

import typer

from pipeline.archive import open_batch
from pipeline.backfill import cost as costs
from pipeline.backfill.cost import Cost
from pipeline.backfill.discovery import cut_future
from pipeline.cli import console
from pipeline.cli.ingest import join_counts, print_report
from pipeline.cli.interval import read_interval
from pipeline.errors import UsageError
from pipeline.fetch.politeness import PAST_TURNS
from pipeline.model.handover import Report
from pipeline.ports import Fetcher
from pipeline.settings import read_settings
from pipeline.wiring import Wiring

#: Articles that are fetched before the first of them can be found.
ROUND = 500


def backfill(
    since: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First day.")],
    until: Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day, inclusive.")],
    publisher: Annotated[str | None, typer.Option(help="Only this publisher.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many articles.")] = 100_000,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would cost, and do nothing.")] = False,
    as_json: console.Json = False,
) -> None:
    """Put past articles, found in sitemaps and WARC files, into the inbox and take them through the flow."""
    wiring = Wiring(read_settings())
    begin, end = cut_future(*read_interval(since, until), wiring.clock.now())
    wiring.add_sources()
    if not wiring.feeds_of(publisher) and not wiring.warcs and not wiring.ledger.tally().pending:
        raise UsageError(
            "there are no feeds, whose sites have sitemaps, and no WARC files: add some (newswire feeds add URL), name a "
            "sources file (NEWSWIRE_SOURCES), or a folder (NEWSWIRE_WARCS)"
        )
    if dry_run:
        cost = asyncio.run(_estimate(wiring, begin, end, publisher=publisher))
        _print_cost(cost, begin, end, wiring.settings.host_delay, as_json=as_json)
        return
    wiring.store.prepare()
    report = asyncio.run(_run_backfill(wiring, begin, end, publisher=publisher, limit=limit))
    _print(report, wiring, begin, end, as_json=as_json)
    failed = (
        report.searched["sitemaps failed"] + report.searched["sources failed"] + report.searched["WARC files failed"]
    )
    read = report.searched["sitemaps"] - report.searched["sitemaps failed"]
    read += report.searched["WARC files"] + report.searched["WARC files read before"]
    if failed and not read:
        raise typer.Exit(1)


def split_days(begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the interval day by day, the first day first."""
    while begin < end:
        yield begin, min(begin + timedelta(days=1), end)
        begin += timedelta(days=1)


async def _run_backfill(wiring: Wiring, begin: datetime, end: datetime, *, publisher: str | None, limit: int) -> Report:
    """Take each day, and what was left of others, from discovery to the index."""
    report = Report()
    days = list(split_days(begin, end))
    async with wiring.fetcher(is_past=True) as fetcher:
        with console.progress() as progress:
            task = progress.add_task("days", total=len(days))
            for since, until in days:

                def say(what: str, day: datetime = since) -> None:
                    progress.update(task, description=f"{day:%Y-%m-%d}: {what}")

                report.add(await wiring.discover_past(since, until, fetcher, publisher=publisher, on_progress=say))
                say("articles")
                report.add(await _drain(wiring, fetcher, publisher=publisher, limit=limit - report.claimed))
                progress.advance(task)
    return report


async def _drain(wiring: Wiring, fetcher: Fetcher, *, publisher: str | None, limit: int) -> Report:
    report = Report()
    while limit > report.claimed:
        batches, fetched = await wiring.fetch_past(
            open_batch(wiring.clock.now()), fetcher, publisher=publisher, limit=min(limit - report.claimed, ROUND)
        )
        report.add(fetched)
        if not fetched.claimed:
            break
        report.add(wiring.extract_past(batches))
        report.add(wiring.index_past(batches))
    return report


async def _estimate(wiring: Wiring, begin: datetime, end: datetime, *, publisher: str | None) -> Cost:
    cost, days = Cost(), list(split_days(begin, end))
    async with wiring.fetcher(is_past=True) as fetcher:
        with console.progress() as progress:
            task = progress.add_task("days", total=len(days))
            for since, until in days:
                cost.add(await wiring.estimate_past(since, until, fetcher, publisher=publisher))
                progress.advance(task)
    return cost


def _print(report: Report, wiring: Wiring, begin: datetime, end: datetime, *, as_json: bool) -> None:
    pending = wiring.ledger.tally().pending
    if not as_json:
        if report.searched:
            console.say("searched: " + join_counts(report.searched))
        print_report(report, pending)
        return
    console.print_json(
        {
            "from": begin.isoformat(),
            "to": end.isoformat(),
            "searched": dict(report.searched),
            "entries": dict(report.entries),
            "claimed": report.claimed,
            "postponed": report.postponed,
            "articles": {str(reason): count for reason, count in report.settled.items()},
            "pending": pending,
        }
    )


def _print_cost(cost: Cost, begin: datetime, end: datetime, host_delay: float, *, as_json: bool) -> None:
    seconds = round(cost.seconds(host_delay))
    if as_json:
        console.print_json(
            {
                "from": begin.isoformat(),
                "to": end.isoformat(),
                "urls": {"new": cost.urls["new"], "known": cost.urls["known"]},
                "requests": dict(sorted(cost.requests.items())),
                "bytes": {"pages": cost.page_bytes.total(), "warcs": cost.warc_bytes},
                "warc_files": cost.warc_files,
                "seconds": seconds,
                "searched": dict(cost.searched),
                "assumed": {
                    "seconds_a_request": host_delay * PAST_TURNS,
                    "page_bytes": costs.PAGE_BYTES,
                    "warc_bytes_a_second": costs.WARC_BYTES_A_SECOND,
                    "articles_a_second": costs.ARTICLES_A_SECOND,
                },
            }
        )
        return
    rows = [
        (host, cost.sitemap_requests[host], cost.page_requests[host], _megabytes(cost.page_bytes[host]))
        for host, _ in cost.requests.most_common()
    ]
    console.show(console.make_table("Requests by host", ("host", "sitemaps#", "new pages#", "expected MB#"), rows))
    console.say(f"URLs in sitemaps: {cost.urls['new']} new, {cost.urls['known']} known")
    console.say(
        f"WARC files: {cost.warc_files}, {_megabytes(cost.warc_bytes)} MB to read; which pages they hold is known only then"
    )
    console.say("searched: " + (join_counts(cost.searched) or "nothing"))
    console.say(f"expected time: {timedelta(seconds=seconds)}")
    console.say(
        f"assumed: {host_delay * PAST_TURNS:g} s a request, since past work takes every fourth turn at a host, hosts side by "
        f"side; {costs.PAGE_BYTES // 1000} kB a page where none is known; "
        f"{costs.WARC_BYTES_A_SECOND // 10**6} MB of WARC files and {costs.ARTICLES_A_SECOND} articles a second"
    )
    console.say("nothing was recorded")


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f}"
