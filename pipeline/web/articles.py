"""The pages of one article: what it says, who else printed it, its story, and what was changed."""

from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from pipeline.model.entity import Kind
from pipeline.model.query import Query, Sort
from pipeline.ports import Ledger, SearchStore
from pipeline.versions.editions import list_editions
from pipeline.web.passages import mark_passages
from pipeline.web.render import METHODS, Pages

HEADINGS = {
    Kind.PERSON: "People",
    Kind.ORGANIZATION: "Organizations",
    Kind.PLACE: "Places",
    Kind.OTHER: "Other names",
}
#: Other articles of its story that an article's page shows, and other outlets that printed it.
STORY_ARTICLES, MOST_NAMED = 5, 5


def add_article_pages(app: FastAPI, store: SearchStore, ledger: Ledger, pages: Pages) -> None:
    """Add ``/article/{id}`` and ``/article/{id}/history``."""

    @app.api_route("/article/{document_id}", methods=METHODS)
    def show_article(request: Request, document_id: str) -> Response:
        document = store.document(document_id)
        if document is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "The index holds no article of this address.")
        original = store.document(document["reprint_of"]) if "reprint_of" in document else None
        # Beside those that are named: the article itself and its original are among them.
        reprints = Query(reprints_of=(document["original"],), sort=Sort.NEWEST, limit=MOST_NAMED + 2)
        prints = store.search(reprints)
        has_original = original is not None and original["original"] == document["original"]
        story_id = document.get("story")
        # One more than is shown: the article itself is among them.
        shown = Query(story=story_id, sort=Sort.NEWEST, limit=STORY_ARTICLES + 1)
        return pages.render(
            request,
            "article.html",
            document=document,
            passages=mark_passages(document["text"], document["entities"], document["quotes"]),
            headings=HEADINGS,
            original=original,
            also=[each for each in prints.hits if each.id not in {document_id, document.get("reprint_of")}][
                :MOST_NAMED
            ],
            also_total=prints.total - 1 - has_original,
            versions=store.versions(document_id),
            story=store.search(shown) if story_id else None,
            most=STORY_ARTICLES,
        )

    @app.api_route("/article/{document_id}/history", methods=METHODS)
    def show_history(request: Request, document_id: str) -> Response:
        document, versions = store.document(document_id), store.versions(document_id)
        if document is None and not versions:
            raise HTTPException(HTTPStatus.NOT_FOUND, "The index holds no article of this address.")
        editions = list_editions(versions, document)
        absences = ledger.absences(document_id)
        return pages.render(
            request, "history.html", editions=editions, document=document, document_id=document_id, absences=absences
        )
