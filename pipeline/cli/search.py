"""newswire search and serve: finding documents, on the command line and on a page."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import console, filters
from pipeline.cli.articles import find_form, find_id
from pipeline.cli.export import Format, export_documents
from pipeline.cli.hits import page_json, print_page
from pipeline.cli.raw import read_raw
from pipeline.errors import UsageError
from pipeline.model.grant import Grant
from pipeline.model.query import Sort
from pipeline.search.merges import follow_entities, names_ids
from pipeline.search.prints import find_prints
from pipeline.search.request import make_query
from pipeline.settings import read_settings
from pipeline.stories.lookup import follow_story
from pipeline.wiring import Wiring

ReprintsOf = Annotated[
    str | None,
    typer.Option(metavar="URL", help="This article's text, by address or id: the original and its reprints."),
]
Dsl = Annotated[Path | None, typer.Option(help="A file with a raw Elasticsearch body; prints its raw answer.")]

#: Of a page of hits, what an export has no use for, by parameter, and why.
_NOT_EXPORTED = {
    "fold": "every document is printed; --originals leaves reprints out",
    "sort": "documents come newest first",
    "limit": "every document is printed",
    "page": "every document is printed",
    "facets": "it prints documents alone",
    "explain": "it prints documents alone",
    "as_json": "jsonl is JSON for machines",
}
#: What goes with a raw query: it says all else itself.
_BESIDE_DSL = {"dsl", "as_json"}


def search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help='Words, "phrases", -excluded, prefix*, OR, field:word.')] = "",
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
    like: Annotated[str | None, typer.Option(metavar="URL|ID", help="Says the like of this article.")] = None,
    reprints_of: ReprintsOf = None,
    sort: Annotated[str, typer.Option(help=" or ".join(Sort))] = Sort.RELEVANCE,
    limit: Annotated[int, typer.Option(help="Hits to show.")] = 10,
    page: Annotated[int, typer.Option(help="Which so many of the hits, from 1.")] = 1,
    facets: Annotated[bool, typer.Option("--facets", help="Count names, publishers, days and places.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say of each hit how its score came about.")] = False,
    originals: filters.Originals = False,
    fold: Annotated[bool, typer.Option("--fold", help="Show an original and its reprints as one hit.")] = False,
    as_json: console.Json = False,
    export: Annotated[Format | None, typer.Option(help="Print every document found, newest first.")] = None,
    dsl: Dsl = None,
) -> None:
    """Search the indexed documents."""
    given = _given(context)
    if dsl is not None:
        _check_alone(given)
        _print_raw(dsl)
        return
    if export is not None:
        _check_export(given)
    if explain and sort in {Sort.NEWEST, Sort.OLDEST}:
        raise UsageError(f"--explain says how scores come about; --sort {sort} goes by date alone and gives none")
    wiring = Wiring(read_settings(grant=Grant.READER))
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
        like=find_id(wiring, like) if like is not None else None,
        reprints_of=[find_form(wiring, reprints_of)["original"]] if reprints_of is not None else (),
        sort=sort,
        limit=limit,
        page=page,
        with_facets=facets,
        explains=explain,
        originals_only=originals,
        folds_reprints=fold,
    )
    if names_ids(asked):  # no other search needs the ledger
        [asked] = follow_entities([asked], wiring.knowledge)
    if export is not None:
        export_documents(wiring.store.export(asked), export)
        return
    answer = wiring.store.search(asked)
    if as_json:
        console.print_json(page_json(answer))
    else:
        print_page(answer, asked, find_prints(answer.hits, wiring.store))


def serve(
    host: Annotated[str, typer.Option(help="Another one than loopback needs NEWSWIRE_SERVE_TOKEN.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8787,
) -> None:
    """Serve the page: search, feeds, ledger."""
    # ruff: noqa: PLC0415 - the web framework loads for this command only
    from pipeline.web.page import make_app
    from pipeline.web.serve import serve_page

    wiring = Wiring(read_settings(grant=Grant.READER))
    app = make_app(wiring.store, wiring.ledger, wiring.clock, webhook_networks=wiring.settings.webhook_networks)
    serve_page(app, host, port, wiring.settings.serve_token)


def _print_raw(dsl: Path) -> None:
    wiring = Wiring(read_settings(grant=Grant.READER))
    store = wiring.elasticsearch
    raw = read_raw(dsl, wiring.settings.search_alias)
    console.print_json(store.search_versions_raw(raw.body) if raw.is_of_versions else store.search_raw(raw.body))


def _given(context: typer.Context) -> list[str]:
    """Return the parameters that stand on the command line."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]


def _check_export(given: list[str]) -> None:
    """Raise UsageError where an option is given that an export would ignore."""
    for name in given:
        if name in _NOT_EXPORTED:
            raise UsageError(f"--export and {_written(name)} do not go together: {_NOT_EXPORTED[name]}")


def _check_alone(given: list[str]) -> None:
    """Raise UsageError where anything is given that a raw query would ignore."""
    for name in given:
        if name not in _BESIDE_DSL:
            raise UsageError(f"--dsl and {_written(name)} do not go together: the file says all that is asked")


def _written(name: str) -> str:
    return "a query" if name == "query" else f"--{name.removeprefix('as_').replace('_', '-')}"
