"""The search page as a FastAPI app over any SearchStore: searching, reading one article, and a health check."""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.params import Depends
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from pipeline.errors import StoreUnavailable, UsageError
from pipeline.model.entity import Kind
from pipeline.ports import Clock, Ledger, SearchStore
from pipeline.web.address import address_query, next_limit, read_address
from pipeline.web.entity import add_entity_page
from pipeline.web.operations import add_operation_pages
from pipeline.web.passages import mark_passages
from pipeline.web.render import METHODS, Pages, mount_path
from pipeline.web.searches import add_search_pages

STATIC = Path(__file__).parent / "static"
#: The page needs its own style sheet and icon; nothing else may load, whatever an article smuggles in.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
HEADINGS = {
    Kind.PERSON: "People",
    Kind.ORGANIZATION: "Organizations",
    Kind.PLACE: "Places",
    Kind.OTHER: "Other names",
}


def make_app(store: SearchStore, ledger: Ledger, clock: Clock, *, access: Sequence[Depends] = ()) -> FastAPI:
    """Return the app. Mounted somewhere, its links begin with that path.

    Pages: ``/``, ``/article/{id}``, ``/entity/{id}``, ``/feeds``, ``/ledger``, ``/searches``; for machines: ``/health``.
    Every request must pass what ``access`` depends on, such as a login.
    """
    app = FastAPI(openapi_url=None, dependencies=access)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.middleware("http")(_add_security_headers)
    pages = Pages()
    _add_pages(app, store, pages)
    add_entity_page(app, store, pages)
    add_operation_pages(app, ledger, clock, pages)
    add_search_pages(app, store, ledger, clock, pages)
    _add_error_pages(app, pages)
    return app


# The functions are not async: a store may take its time, and FastAPI then runs them in threads.


def _add_pages(app: FastAPI, store: SearchStore, pages: Pages) -> None:
    @app.api_route("/", methods=METHODS)
    def show_search(request: Request) -> Response:
        parameters = request.query_params.multi_items()
        address = read_address(parameters)
        if len(address.pairs) < len(parameters):  # a form sends its empty fields too; addresses are for sharing
            return RedirectResponse(f"{mount_path(request)}/{address}", HTTPStatus.FOUND)
        query = address_query(address)
        page = store.search(query)
        more = next_limit(query.limit, page.total)
        return pages.render(request, "search.html", page=page, query=query, next_limit=more)

    @app.api_route("/article/{document_id}", methods=METHODS)
    def show_article(request: Request, document_id: str) -> Response:
        document = store.document(document_id)
        if document is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "The index holds no article of this address.")
        passages = mark_passages(document["text"], document["entities"], document["quotes"])
        return pages.render(request, "article.html", document=document, passages=passages, headings=HEADINGS)

    @app.api_route("/health", methods=METHODS)
    def show_health() -> Response:
        try:
            generations = store.status()
        except StoreUnavailable as error:
            return JSONResponse({"status": "unavailable", "detail": str(error)}, HTTPStatus.SERVICE_UNAVAILABLE)
        return JSONResponse({"status": "ok", "documents": sum(each.documents for each in generations if each.is_live)})


def _add_error_pages(app: FastAPI, pages: Pages) -> None:
    @app.exception_handler(UsageError)
    def show_bad_query(request: Request, error: UsageError) -> Response:
        message = str(error).replace("--", "")  # an option of the command line is a field of the page
        return pages.render_error(request, HTTPStatus.BAD_REQUEST, "The search was not carried out", message)

    @app.exception_handler(StoreUnavailable)
    def show_unavailable(request: Request, error: StoreUnavailable) -> Response:
        title = "The search store does not answer"
        return pages.render_error(request, HTTPStatus.SERVICE_UNAVAILABLE, title, str(error))

    @app.exception_handler(HTTPException)
    def show_http_error(request: Request, error: HTTPException) -> Response:
        return pages.render_error(request, error.status_code, HTTPStatus(error.status_code).phrase, error.detail)


async def _add_security_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    response.headers.update(SECURITY_HEADERS)
    return response
