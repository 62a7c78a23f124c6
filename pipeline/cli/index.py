"""newswire index: the generations of the search index."""

from typing import Annotated

import typer

from pipeline.cli import console
from pipeline.cli.grants import grants
from pipeline.cli.replay import (
    print_comparison,
    print_promotion,
    print_replayed,
    run_comparison,
    run_promotion,
    run_rebuild,
)
from pipeline.model import codec
from pipeline.model.grant import Grant
from pipeline.replay.rebuild import ALWAYS, begin_rebuild
from pipeline.settings import read_settings
from pipeline.wiring import Wiring

index = typer.Typer(help="The index and its rebuilt generations.", no_args_is_help=True)
index.command()(grants)


@index.command()
def status(as_json: console.Json = False) -> None:
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
    wiring = Wiring(read_settings(grant=Grant.ADMIN))
    generation = begin_rebuild(wiring)
    report = run_rebuild(wiring, generation, ALWAYS)
    console.say(
        f"generation {generation} holds {report.taken} documents; make it live: newswire index promote {generation}"
    )
    print_replayed(report)


@index.command()
def compare(generation: str, as_json: console.Json = False) -> None:
    """Compare a rebuilt generation with the live one, field by field."""
    comparison = run_comparison(Wiring(read_settings(grant=Grant.ADMIN)), generation)
    if as_json:
        console.print_json(codec.to_json(comparison))
    else:
        print_comparison(comparison)


@index.command()
def promote(
    generation: str,
    force: Annotated[
        bool, typer.Option(help="Promote although it lacks more than a tenth of the live documents.")
    ] = False,
) -> None:
    """Make a generation the one that readers see, in one step; what was written to the live one meanwhile comes along."""
    print_promotion(generation, run_promotion(Wiring(read_settings(grant=Grant.ADMIN)), generation, is_forced=force))


@index.command()
def drop(generation: str) -> None:
    """Delete a generation that is not live: a rebuild that is not wanted, or one that was live before."""
    Wiring(read_settings(grant=Grant.ADMIN)).store.drop(generation)
    console.say(f"{generation} is gone")
