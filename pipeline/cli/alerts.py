"""newswire alerts: what was noticed, and how its delivery fares."""

import asyncio
from typing import Annotated

import typer

from pipeline.alerts.delivery import alert_json
from pipeline.alerts.evaluation import Watched
from pipeline.alerts.searches import find_search, no_search
from pipeline.cli import console
from pipeline.errors import StoreUnavailable, UsageError
from pipeline.settings import read_settings
from pipeline.wiring import Wiring

alerts = typer.Typer(help="What saved searches noticed, and its delivery.", no_args_is_help=True)


@alerts.command("list")
def list_alerts(
    search: Annotated[str | None, typer.Option(help="Of this saved search alone.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Alerts to show.")] = 50,
    as_json: console.Json = False,
) -> None:
    """List the latest alerts, each with the sentence that shows it."""
    known = Wiring(read_settings()).alerts
    if search is not None and find_search(known, search) is None:
        raise no_search(search)
    latest = known.alerts(search, limit=limit)
    if as_json:
        console.print_json([alert_json(alert) for alert in latest])
        return
    console.say(f"{len(latest)} alerts" if len(latest) != 1 else "1 alert")
    for alert in latest:
        console.say()
        console.say(f"{alert.search}: {alert.shown.headline if alert.shown else alert.said}", style="bold")
        console.say(f"{alert.at:%Y-%m-%d %H:%M} · {alert.condition}: {alert.said} · {alert.id}", style="dim")
        if alert.shown:
            console.say(f"{alert.shown.publisher} · {alert.shown.date:%Y-%m-%d %H:%M} · {alert.shown.url}", style="dim")
            console.say(f"  {alert.shown.sentence}")


@alerts.command()
def run(as_json: console.Json = False) -> None:
    """Ask the saved searches about what was indexed since, look for silence, and send what is due; Airflow does so by itself."""
    counts = run_alerts(Wiring(read_settings()))
    if as_json:
        console.print_json(counts)
    else:
        console.say("alerts: " + ", ".join(f"{count} {name}" for name, count in counts.items()))


@alerts.command()
def undelivered(as_json: console.Json = False) -> None:
    """List deliveries to webhooks that are given up (dead), and those that failed and wait for their next try."""
    found = Wiring(read_settings()).alerts.undelivered()
    if as_json:
        console.print_json(
            [
                {
                    "alert": each.alert.id,
                    "search": each.alert.search,
                    "url": each.url,
                    "state": each.state,
                    "attempts": each.attempts,
                    "due_at": each.due_at and each.due_at.isoformat(),
                    "detail": each.detail,
                }
                for each in found
            ]
        )
        return
    rows = [
        (
            each.state,
            each.alert.id,
            each.alert.search,
            each.url,
            each.attempts,
            f"{each.due_at:%H:%M}" if each.due_at else "",
            each.detail,
        )
        for each in found
    ]
    columns = ("state", "alert", "search", "webhook", "tries#", "next (UTC)", "detail")
    console.show(console.make_table(f"{len(rows)} undelivered", columns, rows))


@alerts.command()
def replay(ids: Annotated[list[str] | None, typer.Argument(help="Of alerts; none: all that are dead.")] = None) -> None:
    """Make dead deliveries due again; the next run sends them."""
    wiring = Wiring(read_settings())
    count = wiring.alerts.revive_deliveries(ids or (), wiring.clock.now())
    if ids and not count:
        raise UsageError("none of these alerts has a dead delivery; newswire alerts undelivered lists them")
    console.say(f"{count} deliveries are due again")


def run_alerts(wiring: Wiring) -> dict[str, int]:
    """Do all that saved searches ask for, once; return how many documents were looked at, and what came of it."""
    try:
        watched = _watch(wiring)
    except StoreUnavailable:  # the search store's, mostly; what is to be sent is in the ledger
        asyncio.run(wiring.deliver_alerts())
        raise
    return {**watched, **asyncio.run(wiring.deliver_alerts())}


def _watch(wiring: Wiring) -> dict[str, int]:
    documents = noticed = 0
    with console.progress() as progress:
        task = progress.add_task("articles to watch", total=None)
        while (watched := wiring.watch_documents()).documents:
            documents += watched.documents
            noticed += len(watched.alerts)
            progress.advance(task, watched.documents)
            _complain(watched)
    silence = wiring.watch_silence()
    _complain(silence)
    return {"documents": documents, "noticed": noticed + len(silence.alerts)}


def _complain(watched: Watched) -> None:
    for name, error in watched.errors.items():
        console.complain(f"the saved search {name} cannot be asked: {error}")
