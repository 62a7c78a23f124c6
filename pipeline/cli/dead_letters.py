"""newswire dead-letters: what needs a person, and sending it through again."""

import json
from typing import Annotated

import typer

from pipeline.cli import console
from pipeline.errors import UsageError
from pipeline.settings import read_settings
from pipeline.wiring import Wiring

dead_letters = typer.Typer(help="URLs that need a person.", no_args_is_help=True)


@dead_letters.command("list")
def list_letters(as_json: console.Json = False) -> None:
    """List all dead letters, newest first."""
    letters = Wiring(read_settings()).ledger.dead_letters()
    if as_json:
        console.print_json(
            [
                {"url": letter.url, "reason": letter.reason, "detail": letter.detail, "at": letter.at.isoformat()}
                for letter in letters
            ]
        )
        return
    rows = [(f"{letter.at:%Y-%m-%d %H:%M}", letter.reason, letter.url, letter.detail) for letter in letters]
    console.show(console.make_table(f"{len(letters)} dead letters", ("at (UTC)", "reason", "URL", "detail"), rows))


@dead_letters.command()
def show(url: str) -> None:
    """Show one dead letter with the document that was refused, as JSON."""
    letter = Wiring(read_settings()).ledger.dead_letter(url)
    if letter is None:
        raise UsageError(f"no dead letter has the URL {url}; see newswire dead-letters list")
    console.print_json(
        {
            "url": letter.url,
            "reason": letter.reason,
            "detail": letter.detail,
            "at": letter.at.isoformat(),
            "document": json.loads(letter.document) if letter.document else None,
        }
    )


@dead_letters.command()
def replay(urls: Annotated[list[str] | None, typer.Argument(help="URLs; none: all of them.")] = None) -> None:
    """Make dead letters pending again; the next ingest takes them up."""
    wiring = Wiring(read_settings())
    count = wiring.ledger.revive(urls or (), wiring.clock.now())
    if urls and count < len(urls):
        raise UsageError(f"{len(urls) - count} of these URLs are no dead letters; the other {count} are pending again")
    console.say(f"{count} dead letters are pending again")
