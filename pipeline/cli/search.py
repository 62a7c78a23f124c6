"""newswire search and serve: finding documents, on the command line and on a page."""

import html
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from pipeline.cli import console
from pipeline.cli.export import Format, export_documents
from pipeline.errors import UsageError
from pipeline.model.query import Hit, SearchPage, Sort
from pipeline.search.request import make_query
from pipeline.settings import read_settings
from pipeline.wiring import Wiring

Filter = list[str] | None


def search(
    query: Annotated[str, typer.Argument(help='Words, "phrases", -excluded, prefix*, OR, field:word.')] = "",
    person: Annotated[Filter, typer.Option(help="Named person; may be repeated.")] = None,
    organization: Annotated[Filter, typer.Option(help="Named organization.")] = None,
    place: Annotated[Filter, typer.Option(help="Named place.")] = None,
    publisher: Annotated[Filter, typer.Option(help="Publisher of the feed.")] = None,
    language: Annotated[Filter, typer.Option(help="ISO 639-1 language of the text.")] = None,
    since: Annotated[str | None, typer.Option(help="From this day or time on.")] = None,
    until: Annotated[str | None, typer.Option(help="Up to and with this day, or before this time.")] = None,
    near: Annotated[str | None, typer.Option(metavar="LAT,LON,KM", help="Names a place in this circle.")] = None,
    story: Annotated[str | None, typer.Option(help="Of this story: an id of newswire stories.")] = None,
    sort: Annotated[str, typer.Option(help=" or ".join(Sort))] = Sort.RELEVANCE,
    limit: Annotated[int, typer.Option(help="Hits to show.")] = 10,
    facets: Annotated[bool, typer.Option("--facets", help="Count names, publishers and languages.")] = False,
    originals: Annotated[bool, typer.Option("--originals", help="Leave reprints out.")] = False,
    fold: Annotated[bool, typer.Option("--fold", help="Show an original and its reprints as one hit.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
    export: Annotated[Format | None, typer.Option(help="Print every document found, newest first.")] = None,
    dsl: Annotated[Path | None, typer.Option(help="A raw Elasticsearch body; prints its raw answer.")] = None,
) -> None:
    """Search the indexed documents."""
    wiring = Wiring(read_settings())
    if dsl is not None:
        console.print_json(wiring.elasticsearch.search_raw(_read_body(dsl)))
        return
    asked = make_query(
        query,
        people=person or (),
        organizations=organization or (),
        places=place or (),
        publishers=publisher or (),
        languages=language or (),
        since=since,
        until=until,
        near=near,
        story=_follow(story, wiring) if story else None,
        sort=sort,
        limit=limit,
        with_facets=facets,
        originals_only=originals,
        folds_reprints=fold,
    )
    if export is not None:
        export_documents(wiring.store.export(asked), export)
        return
    page = wiring.store.search(asked)
    if as_json:
        console.print_json(_page_json(page))
    else:
        _print_page(page)


def serve(
    host: Annotated[str, typer.Option(help="Another one than loopback needs NEWSWIRE_SERVE_TOKEN.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8787,
) -> None:
    """Serve the page: search, feeds, ledger."""
    # ruff: noqa: PLC0415 - the web framework loads for this command only
    from pipeline.web.page import make_app
    from pipeline.web.serve import serve_page

    wiring = Wiring(read_settings())
    app = make_app(wiring.store, wiring.ledger, wiring.clock)
    serve_page(app, host, port, wiring.settings.serve_token)


def _follow(story_id: str, wiring: Wiring) -> str:
    """Return the story that this one was merged into, or itself."""
    story = wiring.ledger.story(story_id)
    return story.id if story else story_id


def _read_body(path: Path) -> dict[str, Any]:
    try:
        body = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise UsageError(f'{path} holds no JSON object, such as {{"query": {{"match_all": {{}}}}}}')
    return body


def _page_json(page: SearchPage) -> dict[str, Any]:
    return {
        "total": page.total,
        "hits": [_hit_json(hit) for hit in page.hits],
        "facets": {
            name: [{"value": facet.value, "count": facet.count} for facet in facets]
            for name, facets in page.facets.items()
        },
    }


def _hit_json(hit: Hit) -> dict[str, Any]:
    return {
        "id": hit.id,
        "url": hit.url,
        "headline": hit.headline,
        "published": hit.published.isoformat() if hit.published else None,
        "publisher": hit.publisher,
        "language": hit.language,
        "score": hit.score,
        "snippets": list(hit.snippets),
        **({"reprint_of": hit.reprint_of} if hit.reprint_of else {}),
        **({"folded": hit.folded} if hit.folded else {}),
    }


def _print_page(page: SearchPage) -> None:
    console.say(f"{page.total} documents" if page.total != 1 else "1 document")
    for hit in page.hits:
        console.say()
        console.say(hit.headline, style="bold")
        day = f"{hit.published:%Y-%m-%d %H:%M}" if hit.published else "undated"
        console.say(f"{hit.publisher} · {day} · {hit.language} · {hit.url}", style="dim")
        if hit.folded:
            console.say(f"and {hit.folded} more with this text", style="dim")
        for snippet in hit.snippets:
            console.show(_highlight(snippet))
    for name, facets in page.facets.items():
        if facets:
            console.say()
            console.show(console.make_table("", (name, "documents#"), [(facet.value, facet.count) for facet in facets]))


def _highlight(snippet: str) -> Text:
    """Return the snippet for a terminal: what the store marks is bold, its escapes are undone."""
    text = Text("  … ")
    for index, part in enumerate(snippet.replace("</mark>", "<mark>").split("<mark>")):
        text.append(html.unescape(part), style="bold yellow" if index % 2 else "")
    return text
