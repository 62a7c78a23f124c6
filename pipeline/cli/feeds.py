"""newswire feeds: what is polled, and how it fares."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli import console
from pipeline.discover.opml import parse_opml, write_opml
from pipeline.discover.polling import health_of
from pipeline.discover.sources import parse_sources, write_sources
from pipeline.errors import UsageError
from pipeline.model.feed import Feed
from pipeline.settings import read_settings
from pipeline.urls import host_of, normalise_url
from pipeline.wiring import Wiring

feeds = typer.Typer(help="The feeds and their health.", no_args_is_help=True)


@feeds.command()
def add(
    url: str,
    publisher: Annotated[str | None, typer.Option(help="Name of the publisher; default: the feed's host.")] = None,
    language: Annotated[str | None, typer.Option(help="ISO 639-1, such as en.")] = None,
    section: Annotated[str | None, typer.Option(help="Such as world or sport.")] = None,
    country: Annotated[str | None, typer.Option(help="ISO 3166 alpha-2, such as GB.")] = None,
) -> None:
    """Add a feed, or change what is known of it by the options given; a feed that was gone is polled again."""
    address = normalise_url(url)
    if publisher is not None and not publisher.isprintable():
        raise UsageError("--publisher holds control characters")
    wiring = Wiring(read_settings())
    known = next((feed for feed, _ in wiring.ledger.feeds() if feed.url == address), None)
    options = {"publisher": publisher, "language": language, "section": section, "country": country}
    given: dict[str, Any] = {name: value for name, value in options.items() if value}
    feed = replace(known or Feed(url=address, publisher=host_of(address)), **given)
    parse_sources(write_sources([feed]), "newswire feeds add")  # what a sources file refuses is refused here
    wiring.ledger.add_feeds([feed], wiring.clock.now())
    console.say(f"{address} {'was known already, and ' if known else ''}will be polled at the next ingest")


@feeds.command()
def remove(urls: Annotated[list[str], typer.Argument(metavar="URL...", help="Of feeds.")]) -> None:
    """Poll feeds no more, and forget what is known of them; what they announced stays."""
    wiring = Wiring(read_settings())
    addresses = [normalise_url(url) for url in urls]
    unknown = set(addresses) - {feed.url for feed, _ in wiring.ledger.feeds()}
    if unknown:
        raise UsageError(f"there is no feed {', '.join(sorted(unknown))}; newswire feeds list shows all")
    if listed := set(addresses) & {feed.url for feed in wiring.read_sources()}:
        raise UsageError(
            f"the sources file {wiring.settings.sources} (NEWSWIRE_SOURCES) has {', '.join(sorted(listed))}, and the next run "
            "would add it again: take it out of that file first"
        )
    count = wiring.ledger.remove_feeds(addresses)
    console.say(f"{console.count(count, 'feed', 'feeds')} removed; what was announced stays")


@feeds.command("list")
def list_feeds(as_json: console.Json = False) -> None:
    """List the feeds with publisher, language and section."""
    known = [feed for feed, _ in Wiring(read_settings()).ledger.feeds()]
    names = ("url", "publisher", "language", "section", "country")
    rows = [tuple(getattr(feed, name) for name in names) for feed in known]
    if as_json:
        console.print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    console.show(console.make_table(f"{len(rows)} feeds", names, rows))


@feeds.command()
def check(as_json: console.Json = False) -> None:
    """Show the health of every feed: state, last error, last new entry, next poll."""
    wiring = Wiring(read_settings())
    now = wiring.clock.now()
    reports = [(state, health_of(state, now)) for _, state in wiring.ledger.feeds()]
    if as_json:
        console.print_json(
            [
                {
                    "url": state.url,
                    "health": health.status,
                    "detail": health.sentence,
                    "failures": state.failures,
                    "last_error": state.last_error,
                    "problems": state.problems,
                    "last_new_entry_at": state.last_new_entry_at and state.last_new_entry_at.isoformat(),
                    "rhythm": state.rhythm,
                    "due_at": state.due_at.isoformat(),
                }
                for state, health in reports
            ]
        )
        return
    rows = [(health.status, state.url, health.sentence) for state, health in reports]
    console.show(console.make_table(f"{len(rows)} feeds", ("health", "feed", "what we know"), rows))


@feeds.command("import")
def import_feeds(file: Annotated[Path, typer.Argument(help="OPML (.opml, .xml) or sources TOML.")]) -> None:
    """Add all feeds of a file."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    if file.suffix.lower() in {".opml", ".xml"}:
        outlines = parse_opml(data, str(file))
        found, problems = outlines.feeds, outlines.problems
    else:
        problems = ()
        found = parse_sources(data.decode("utf-8", "replace"), str(file))
    wiring = Wiring(read_settings())
    wiring.ledger.add_feeds(found, wiring.clock.now())
    for problem in problems:
        console.complain(problem)
    console.say(f"{len(found)} feeds of {file} will be polled at the next ingest")
    if problems:
        raise typer.Exit(1)


@feeds.command()
def export(file: Annotated[Path, typer.Argument(help="OPML (.opml, .xml) or sources TOML.")]) -> None:
    """Write all feeds to a file."""
    known = tuple(feed for feed, _ in Wiring(read_settings()).ledger.feeds())
    is_opml = file.suffix.lower() in {".opml", ".xml"}
    try:
        file.write_bytes(write_opml(known) if is_opml else write_sources(known).encode())
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
    console.say(f"{len(known)} feeds written to {file}")
