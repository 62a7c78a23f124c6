"""newswire index: the generations of the search index."""

from typing import Annotated

import typer

from pipeline.cli import console
from pipeline.cli.replay import run_replay
from pipeline.errors import UsageError
from pipeline.settings import read_settings
from pipeline.wiring import Wiring

index = typer.Typer(help="The index and its rebuilt generations.", no_args_is_help=True)


@index.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """List the generations, the live one first."""
    generations = Wiring(read_settings()).store.status()
    rows = [
        (each.generation, "live" if each.is_live else "", each.documents, " ".join(each.indices))
        for each in generations
    ]
    if as_json:
        names = ("generation", "live", "documents", "indices")
        console.print_json(
            [
                dict(zip(names, (g.generation, g.is_live, g.documents, list(g.indices)), strict=True))
                for g in generations
            ]
        )
        return
    console.show(console.make_table("Generations", ("generation", "state", "documents#", "indices"), rows))


@index.command()
def rebuild() -> None:
    """Build a new generation of the whole archive beside the live one; readers notice nothing until it is promoted."""
    wiring = Wiring(read_settings())
    generation = wiring.store.begin_generation()
    report = run_replay(wiring, since=None, until=None, generation=generation)
    console.say(
        f"generation {generation} holds {report.passed} documents; make it live: newswire index promote {generation}"
    )


@index.command()
def promote(
    generation: str,
    force: Annotated[bool, typer.Option(help="Promote although it holds fewer documents than the live one.")] = False,
) -> None:
    """Make a generation the one that readers see, in one step."""
    store = Wiring(read_settings()).store
    known = {each.generation: each for each in store.status()}
    live = next((each for each in known.values() if each.is_live), None)
    if generation in known and live and known[generation].documents < live.documents and not force:
        raise UsageError(
            f"{generation} holds {known[generation].documents} documents, the live {live.generation} {live.documents}: "
            "replay what is missing, or promote with --force"
        )
    store.promote(generation)
    console.say(f"{generation} is live")
