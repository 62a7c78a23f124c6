"""newswire entities: watch-lists, who is who, and what people decide on it."""

import json
import sys
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli import console
from pipeline.enrich.names.comparison import compare_names
from pipeline.errors import UsageError
from pipeline.knowledge.decisions import Deciding
from pipeline.knowledge.imports import import_watchlist
from pipeline.knowledge.watchlists import Problem
from pipeline.model import codec
from pipeline.model.known import Action, Decision, KnownEntity
from pipeline.settings import read_settings
from pipeline.wiring import Wiring

entities = typer.Typer(help="Watch-lists, and who is who.", no_args_is_help=True)

_SHOWN = 10


@entities.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(help="FollowTheMoney or other JSON lines; CSV where it ends in .csv or .tsv.")
    ],
) -> None:
    """Import a watch-list; exit 1 if lines, or countries in them, were left out."""
    wiring = Wiring(read_settings())
    problems, partial, decisions = 0, 0, list[Decision]()

    def report(problem: Problem) -> None:
        nonlocal problems, partial
        problems, partial = problems + (not problem.is_partial), partial + problem.is_partial
        console.complain(f"{file}, line {problem.line}: {problem.detail}")

    try:
        with file.open("rb") as lines, console.progress() as progress:
            total = sum(1 for _ in lines)
            lines.seek(0)
            task = progress.add_task(f"lines of {file.name}", total=total)
            added = import_watchlist(
                lines,
                file.name,
                knowledge=wiring.knowledge,
                now=wiring.clock.now(),
                on_problem=report,
                on_decision=decisions.append,
                on_progress=lambda count: progress.advance(task, count),
            )
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    new, left_out = console.count(added.new, "new entity", "new entities"), console.count(problems, "line", "lines")
    in_part = f", {console.count(partial, 'line', 'lines')} read in part" if partial else ""
    console.say(f"{new}, {added.replaced} replaced, {left_out} left out{in_part}")
    if decisions:
        count = _deciding(wiring).adopt(decisions)
        console.say(f"{console.count(len(decisions), 'decision', 'decisions')}; {_rewritten(count)}")
    if problems or partial:
        raise typer.Exit(1)


@entities.command()
def forget(
    file: Annotated[
        Path, typer.Argument(help="The file that was imported, or its name; it need not be there any more.")
    ],
) -> None:
    """Take a watch-list back: forget the entities that came from a file of this name. Decisions stay."""
    count = Wiring(read_settings()).knowledge.forget_known(file.name)
    if not count:
        raise UsageError(f"no entity is known from {file.name!r}; newswire entities list tells where each came from")
    console.say(f"{console.count(count, 'entity', 'entities')} of {file.name} forgotten")


@entities.command("list")
def list_known(
    as_json: console.Json = False,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="Entities at most.")] = 100,
    after: Annotated[str, typer.Option(help="Begin after this id.")] = "",
) -> None:
    """List the entities of the watch-lists in order of id, and what was decided."""
    knowledge = Wiring(read_settings()).knowledge
    found = list(islice(knowledge.all_known(since=after), limit))
    if as_json:
        console.print_json([_entity_json(entity) for entity in found])
        return
    rows = [
        (each.id, each.kind, each.name, ", ".join(each.countries), len(each.aliases), each.source) for each in found
    ]
    decisions = console.count(len(knowledge.decisions()), "decision", "decisions")
    title = f"{len(found)} of {console.count(knowledge.count_known(), 'entity', 'entities')}, {decisions}"
    console.show(console.make_table(title, ("id", "kind", "name", "countries", "aliases#", "source"), rows))


@entities.command()
def show(entity: Annotated[str, typer.Argument(metavar="ID|NAME")], as_json: console.Json = False) -> None:
    """Show an entity: its id and names, the spellings and documents that name it, and what was decided on it."""
    wiring = Wiring(read_settings())
    identity = _deciding(wiring).find(entity)
    known = wiring.knowledge.known([identity.id]).get(identity.id)
    decisions = [each for each in wiring.knowledge.decisions() if identity.id in {each.subject, each.target}]
    documents, spellings = list[dict[str, str]](), dict[str, None]()
    count = 0
    for form in wiring.store.naming(identity.id):
        count += 1
        if len(documents) < _SHOWN:
            documents.append({"id": form["id"], "headline": form["headline"], "date": form["date"], "url": form["url"]})
        spellings.update(
            (alias, None) for each in form["entities"] if each["id"] == identity.id for alias in each["aliases"]
        )
    found = {
        "id": identity.id,
        "name": identity.name,
        "known": _entity_json(known) if known else None,
        "spellings": list(spellings),
        "document_count": count,
        "documents": documents,
        "decisions": [_decision_json(each) for each in decisions],
    }
    if as_json:
        console.print_json(found)
        return
    _print_entity(found, known, decisions)


@entities.command()
def merge(kept: str, merged: str) -> None:
    """Say that MERGED is KEPT: in all that is indexed, and in all that will be."""
    wiring = Wiring(read_settings())
    with console.progress() as progress:
        task = progress.add_task("documents", total=None)
        count = _deciding(wiring).merge(kept, merged, on_progress=lambda done: progress.advance(task, done))
    console.say(f"{merged} is {kept} from now on; {_rewritten(count)}")


@entities.command()
def split(
    entity_id: Annotated[str, typer.Argument(metavar="ID")], parts: Annotated[list[str], typer.Argument()]
) -> None:
    """Say that the PARTS, spellings or ids merged before, are not ID."""
    wiring = Wiring(read_settings())
    with console.progress() as progress:
        task = progress.add_task("documents", total=None)
        count = _deciding(wiring).split(entity_id, parts, on_progress=lambda done: progress.advance(task, done))
    console.say(f"{', '.join(parts)}: no longer {entity_id}; {_rewritten(count)}")


@entities.command()
def export() -> None:
    """Print the watch-lists' entities, then the decisions, as JSON lines that import reads."""
    knowledge = Wiring(read_settings()).knowledge
    for entity in knowledge.all_known():
        sys.stdout.write(json.dumps(_entity_json(entity), ensure_ascii=False) + "\n")
    for decision in knowledge.decisions():
        sys.stdout.write(json.dumps(_decision_json(decision), ensure_ascii=False) + "\n")


@entities.command()
def compare(one: str, other: str, as_json: console.Json = False) -> None:
    """Tell whether two names may be one person's, and why; exit 1 if not."""
    found = compare_names(one, other)
    if as_json:
        console.print_json({"same": found.is_same, "distance": found.distance, "reason": found.reason})
    else:
        console.say(f"{'the same' if found.is_same else 'different'}: {found.reason}, distance {found.distance:.3f}")
    if not found.is_same:
        raise typer.Exit(1)


def _rewritten(count: int) -> str:
    return f"{console.count(count, 'document', 'documents')} rewritten"


def _deciding(wiring: Wiring) -> Deciding:
    return Deciding(wiring.knowledge, wiring.store, wiring.clock.now())


def _entity_json(entity: KnownEntity) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(codec.encode(entity))
    return found


def _decision_json(decision: Decision) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(codec.encode(decision))
    return found


def _print_entity(found: dict[str, Any], known: KnownEntity | None, decisions: list[Decision]) -> None:
    console.say(found["name"], style="bold")
    console.say(found["id"])
    if known:
        facts = (known.kind, ", ".join(known.countries), ", ".join(known.identifiers), known.source)
        console.say(" · ".join(fact for fact in facts if fact), style="dim")
        console.say(f"also known as {', '.join(known.aliases)}" if known.aliases else "no other names")
    if found["spellings"]:
        console.say(f"spelled {', '.join(found['spellings'])}")
    for decision in decisions:
        what = f"spelling {decision.spelling!r} of " if decision.action is Action.SPLIT else ""
        console.say(f"decided {decision.decided_at:%Y-%m-%d %H:%M}: {what}{decision.subject} is {decision.target}")
    rows = [(document["date"][:10], document["headline"], document["url"]) for document in found["documents"]]
    shown = f", {len(rows)} shown" if len(rows) < found["document_count"] else ""
    documents = console.count(found["document_count"], "document", "documents")
    console.show(console.make_table(f"{documents}{shown}", ("date", "headline", "URL"), rows))
