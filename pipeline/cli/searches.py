"""newswire searches: what is watched for."""

import asyncio
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote

import typer

from pipeline.alerts.feeds import SIZE, write_atom, write_json_feed
from pipeline.alerts.searches import (
    check_text,
    describe_query,
    find_search,
    keep_identity,
    make_search,
    no_search,
    query_json,
)
from pipeline.alerts.trial import Trial, prepare_search, try_search
from pipeline.cli import console, filters
from pipeline.model import codec
from pipeline.model.alert import SavedSearch
from pipeline.search.request import make_query
from pipeline.settings import read_settings
from pipeline.stories.lookup import follow_story
from pipeline.wiring import Wiring

searches = typer.Typer(help="Saved searches: queries that alert when something new matches.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Of a saved search.")]
When = Annotated[
    filters.Values, typer.Option(help="any (default), first, together:30d, volume or silence:24h; may be repeated.")
]
Webhook = Annotated[filters.Values, typer.Option(metavar="URL", help="Send alerts there; may be repeated.")]
Secret = Annotated[
    str | None,
    typer.Option(help="Sign with this secret; default: NEWSWIRE_WEBHOOK_SECRET, else a new one, printed once."),
]


class FeedFormat(StrEnum):
    """How a feed is written."""

    ATOM = "atom"
    JSON = "json"


@searches.command(cls=filters.QueryCommand)
def add(
    name: Annotated[str, typer.Argument(help="Letters, digits, -, _ and points.")],
    query: Annotated[str, typer.Argument(help='As in newswire search: words, "phrases", -excluded, field:word.')] = "",
    when: When = None,
    webhook: Webhook = None,
    secret: Secret = None,
    person: filters.Person = None,
    organization: filters.Organization = None,
    place: filters.Place = None,
    publisher: filters.Publisher = None,
    language: filters.Language = None,
    section: filters.Section = None,
    entity: filters.Entity = None,
    since: filters.Since = None,
    until: filters.Until = None,
    near: filters.Near = None,
    area: filters.Area = None,
    story: filters.Story = None,
    originals: filters.Originals = False,
    replaces: Annotated[bool, typer.Option("--replace", help="Put it in the place of one with this name.")] = False,
    as_json: console.Json = False,
) -> None:
    """Save a search; from now on, each newly indexed article that it finds is looked at."""
    wiring = Wiring(read_settings())
    check_text(query)
    asked = make_query(
        query,
        people=person or (),
        organizations=organization or (),
        places=place or (),
        publishers=publisher or (),
        languages=language or (),
        sections=section or (),
        entities=entity or (),
        since=since,
        until=until,
        near=near,
        area=area,
        story=follow_story(story, wiring.ledger, wiring.store) if story is not None else None,
        originals_only=originals,
    )
    if webhook and secret is None:
        secret = wiring.settings.webhook_secret
    search = make_search(
        name,
        asked,
        when=when or (),
        webhooks=webhook or (),
        secret=secret,
        allowed_networks=wiring.settings.webhook_networks,
        created_at=wiring.clock.now(),
    )
    there = find_search(wiring.alerts, name)
    if there and replaces:
        search = keep_identity(search, there, wiring.ledger, has_new_secret=secret is not None)
    search, trial = prepare_search(search, ledger=wiring.ledger, store=wiring.store, clock=wiring.clock, there=there)
    wiring.alerts.save_search(search, replaces=replaces)
    if as_json:
        console.print_json(_search_json(search, with_secrets=True) | {"matching": trial.total})
        return
    console.say(f"{name} is saved; of the articles that are indexed already, {trial.total} match")
    _print_conditions(trial)
    for hook in search.webhooks:
        console.say(f"webhook {hook.url}, signed with {hook.secret}")


@searches.command("list")
def list_searches(as_json: console.Json = False) -> None:
    """List the saved searches."""
    known = Wiring(read_settings()).alerts.searches()
    if as_json:
        console.print_json([_search_json(search) for search in known])
        return
    rows = [
        (search.name, describe_query(search.query), _conditions(search), len(search.webhooks) or "") for search in known
    ]
    title = console.count(len(rows), "saved search", "saved searches")
    console.show(console.make_table(title, ("name", "finds", "when", "webhooks#"), rows))


@searches.command()
def show(
    name: Name,
    secrets: Annotated[bool, typer.Option("--secrets", help="Show the webhooks' secrets.")] = False,
    as_json: console.Json = False,
) -> None:
    """Show one saved search with its latest alerts."""
    wiring = Wiring(read_settings())
    search = _find(wiring, name)
    latest = wiring.alerts.alerts(name, limit=10)
    if as_json:
        console.print_json(_search_json(search, with_secrets=secrets) | {"alerts": [each.id for each in latest]})
        return
    console.say(search.name, style="bold")
    console.say(
        f"finds {describe_query(search.query)}; alerts when {_conditions(search)}; since {search.created_at:%Y-%m-%d %H:%M}"
    )
    for hook in search.webhooks:
        console.say(f"webhook {hook.url}" + (f", signed with {hook.secret}" if secrets else ""))
    for alert in latest:
        shown = f": {alert.shown.headline} ({alert.shown.publisher})" if alert.shown else ""
        console.say(f"{alert.at:%Y-%m-%d %H:%M} {alert.said}{shown}")
    if not latest:
        console.say("no alerts yet")


@searches.command()
def remove(names: Annotated[list[str], typer.Argument(help="Of saved searches.")]) -> None:
    """Forget saved searches with their alerts; what is on its way is not sent any more."""
    wiring = Wiring(read_settings())
    missing = [name for name in names if not wiring.alerts.remove_search(name)]
    if missing:
        raise no_search(*missing)
    console.say(f"{', '.join(names)} removed")


@searches.command("test")
def try_out(
    name: Name,
    limit: Annotated[int, typer.Option(min=0, max=100, help="Documents to show.")] = 5,
    send: Annotated[bool, typer.Option("--send", help="Send a test message to its webhooks.")] = False,
    as_json: console.Json = False,
) -> None:
    """Try a saved search on what is indexed already: the newest matches, the sentences that show them, its conditions."""
    wiring = Wiring(read_settings())
    search = _find(wiring, name)
    trial = try_search(search, ledger=wiring.ledger, store=wiring.store, clock=wiring.clock, limit=limit)
    answers = asyncio.run(wiring.send_test(search)) if send else {}
    if as_json:
        console.print_json(_trial_json(trial) | {"webhooks": answers})
    else:
        console.say(console.count(trial.total, "document matches", "documents match"))
        _print_conditions(trial)
        for shown in trial.shown:
            console.say()
            console.say(shown.headline, style="bold")
            console.say(
                f"{shown.publisher} · {shown.date:%Y-%m-%d %H:%M} · {shown.language} · {shown.url}", style="dim"
            )
            console.say(f"  {shown.sentence}")
        for url, answer in answers.items():
            console.say(f"webhook {url}: {answer}")
        if send and not answers:
            console.say("it has no webhooks: nothing was sent")
    if any(answer != "delivered" for answer in answers.values()):
        raise typer.Exit(1)


@searches.command()
def feed(
    name: Name,
    form: Annotated[FeedFormat, typer.Option("--format", help="Atom or JSON Feed.")] = FeedFormat.ATOM,
    address: Annotated[str | None, typer.Option(help="Where the feed will be found.")] = None,
) -> None:
    """Print the search's alerts as a feed; newswire serve has it at /searches/NAME.atom and .json."""
    wiring = Wiring(read_settings())
    search = _find(wiring, name)
    write = write_atom if form is FeedFormat.ATOM else write_json_feed
    where = address or f"http://127.0.0.1:8787/searches/{quote(name)}.{form}"
    typer.echo(write(search, wiring.alerts.alerts(name, limit=SIZE), where, where.removesuffix(f".{form}")))


def _find(wiring: Wiring, name: str) -> SavedSearch:
    found = find_search(wiring.alerts, name)
    if found is None:
        raise no_search(name)
    return found


def _search_json(search: SavedSearch, *, with_secrets: bool = False) -> dict[str, Any]:
    hooks = [{"url": hook.url} | ({"secret": hook.secret} if with_secrets else {}) for hook in search.webhooks]
    return {
        "name": search.name,
        "query": query_json(search.query),
        "when": [str(condition) for condition in search.conditions],
        "webhooks": hooks,
        "created_at": search.created_at.isoformat(),
    }


def _conditions(search: SavedSearch) -> str:
    return ", ".join(map(str, search.conditions))


def _print_conditions(trial: Trial) -> None:
    for condition, line in trial.conditions:
        console.say(f"{condition}: {line}", style="dim")


def _trial_json(trial: Trial) -> dict[str, Any]:
    return {
        "total": trial.total,
        "conditions": {str(condition): line for condition, line in trial.conditions},
        "documents": [codec.to_json(shown) for shown in trial.shown],
    }
