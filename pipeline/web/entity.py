"""All that the index says of one entity: where it is named, with whom, what it said and what was said of it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from pipeline.model.entity import Kind
from pipeline.model.query import Named, Query, SearchPage, Sort, Summary
from pipeline.ports import KnownNames, SearchStore
from pipeline.search.merges import follow_entities
from pipeline.web.address import Address
from pipeline.web.articles import HEADINGS
from pipeline.web.map import make_map
from pipeline.web.passages import find_names
from pipeline.web.render import METHODS, Pages, mount_path
from pipeline.web.timeline import make_timeline

Form = Mapping[str, Any]

#: The newest documents that are read whole, for spellings and quotations.
READ_WHOLE = 100
#: Of each list; who wants more searches for it.
MOST = 12


@dataclass(frozen=True, slots=True)
class Said:
    """A quotation, and the document that has it."""

    quote: Form
    document: Form


@dataclass(frozen=True, slots=True)
class Profile:
    """What the newest documents say of an entity."""

    name: str
    kind: str
    spellings: Counter[str]
    by: list[Said]
    about: list[Said]


def add_entity_page(app: FastAPI, store: SearchStore, knowledge: KnownNames, pages: Pages) -> None:
    """Add ``/entity/{id}``."""

    @app.api_route("/entity/{entity_id:path}", methods=METHODS)
    def show_entity(request: Request, entity_id: str) -> Response:
        query = Query(entities=(entity_id,), sort=Sort.NEWEST, limit=MOST, with_facets=True)
        [followed] = follow_entities([query], knowledge)
        if followed != query:
            [now] = followed.entities
            return RedirectResponse(f"{mount_path(request)}/entity/{quote(now, safe='')}", HTTPStatus.FOUND)
        page = store.search(query)
        profile = make_profile(entity_id, islice(store.export(query), READ_WHOLE))
        if profile is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "No article in the index names anything with this id.")
        summary, found = page.summary or Summary(), Address((("entity", entity_id),))
        return pages.render(
            request,
            "entity.html",
            id=entity_id,
            profile=profile,
            page=page,
            beside=named_beside(page, entity_id),
            headings=HEADINGS,
            most=MOST,
            read_whole=min(READ_WHOLE, page.total),
            found=found,
            times=make_timeline(summary.timeline, query, found),
            places_map=make_map(summary, query, found),
        )


def make_profile(entity_id: str, documents: Iterable[Form]) -> Profile | None:
    """Return what these documents, newest first, say of the entity; None where none of them names it."""
    profile = None
    for document in documents:
        entity = next((each for each in document["entities"] if each["id"] == entity_id), None)
        if entity is None:
            continue
        if profile is None:
            profile = Profile(entity["name"], entity["kind"], Counter(), [], [])
        profile.spellings.update(dict.fromkeys([entity["name"], *entity["aliases"]], 1))
        for each in document["quotes"]:
            if each.get("speaker") == entity_id:
                profile.by.append(Said(each, document))
            elif find_names(each["text"], [entity]):
                profile.about.append(Said(each, document))
    return profile


def named_beside(page: SearchPage, entity_id: str) -> dict[str, list[Named]]:
    """Return whom and what the documents name as well, by kind, the most frequent first."""
    beside: dict[str, list[Named]] = {kind: [] for kind in Kind}
    for named in page.summary.named if page.summary else ():
        if named.id != entity_id:
            beside[named.kind].append(named)
    return {kind: names[:MOST] for kind, names in beside.items() if names}
