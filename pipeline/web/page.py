"""The search page as a FastAPI app over any SearchStore: searching, reading, stories, and a health check."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.params import Depends
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from pipeline.errors import NewswireError, StoreUnavailable, StoreUnusable, TooSlow, UsageError
from pipeline.fetch.addresses import Network
from pipeline.model.query import Query, Summary
from pipeline.ports import Clock, Ledger, SearchStore
from pipeline.search.merges import follow_entities
from pipeline.search.prints import find_prints
from pipeline.web.address import KNOWN, address_query, check_parameters, next_limit, read_address
from pipeline.web.articles import add_article_pages
from pipeline.web.entity import add_entity_page
from pipeline.web.limits import RequestLimits, check_path
from pipeline.web.map import make_map
from pipeline.web.operations import add_operation_pages
from pipeline.web.render import METHODS, Pages, mount_path, say_on_page
from pipeline.web.searches import SavedSearchPages, add_saved_search_pages
from pipeline.web.stories import add_story_pages
from pipeline.web.timeline import make_timeline

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
#: What a visitor gets to know of a store that fails: where it is, and what it says, is for the log.
UNAVAILABLE = (
    "It may be over in a minute: try again then. If not, whoever runs Newswire finds in its log what is wrong."
)
UNUSABLE = "Trying again does not help: whoever runs Newswire finds in its log what is wrong, and what mends it."
#: The page needs its own style sheet, icon and script; nothing else may load or run, whatever an article smuggles in.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: a browser would send our own forms with the origin "null", like those of strangers.
    "Referrer-Policy": "same-origin",
}


def make_app(
    store: SearchStore,
    ledger: Ledger,
    clock: Clock,
    *,
    webhook_networks: Sequence[Network] = (),
    access: Sequence[Depends] = (),
    login_cookie: str = "",
) -> FastAPI:
    """Return the app. Mounted somewhere, its links begin with that path.

    Pages: ``/``, ``/article/{id}`` and its ``/history``, ``/entity/{id}``, ``/stories``, ``/story/{id}``, ``/feeds``,
    ``/ledger``, ``/searches``; for machines: ``/health``.
    ``webhook_networks`` are the private ones that webhooks may reach. Every request must pass what ``access`` depends on,
    such as a login; ``login_cookie`` names the cookie that visitors have of it.
    """
    app = FastAPI(openapi_url=None, dependencies=[*access, Depends(check_path)])
    app.state.login_cookie = login_cookie
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_middleware(RequestLimits)
    app.middleware("http")(_add_security_headers)
    pages = Pages()
    _add_search_page(app, store, ledger, pages)
    add_article_pages(app, store, ledger, pages)
    add_entity_page(app, store, ledger.knowledge, pages)
    add_story_pages(app, ledger, pages)
    add_operation_pages(app, ledger, clock, pages)
    add_saved_search_pages(app, SavedSearchPages(store, ledger, clock, pages, webhook_networks))
    _add_health(app, store)
    _add_error_pages(app, pages)
    return app


# The functions are not async: a store may take its time, and FastAPI then runs them in threads.


def _add_search_page(app: FastAPI, store: SearchStore, ledger: Ledger, pages: Pages) -> None:
    @app.api_route("/", methods=METHODS)
    def show_search(request: Request) -> Response:
        parameters = request.query_params.multi_items()
        check_parameters(parameters, KNOWN)
        address = read_address(parameters)
        if len(address.pairs) < len(parameters):  # a form sends its empty fields too; addresses are for sharing
            return RedirectResponse(f"{mount_path(request)}/{address}", HTTPStatus.FOUND)
        query = address_query(address)
        story = ledger.story(query.story) if query.story else None
        if query.story and story is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"There is no story {query.story}: look among all stories.")
        if story and story.id != query.story:  # merged since
            return RedirectResponse(f"{mount_path(request)}/{address.replace('story', story.id)}", HTTPStatus.FOUND)
        [followed] = follow_entities([query], ledger.knowledge)
        if followed != query:
            return RedirectResponse(f"{mount_path(request)}/{address.renamed(followed)}", HTTPStatus.FOUND)
        liked = store.document(query.like) if query.like else None
        if query.like and liked is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"There is no article {query.like} that others could be like.")
        page = store.search(query)
        prints, more = find_prints(page.hits, store), next_limit(query.limit, page.folded_total or page.total)
        summary = page.summary or Summary()
        return pages.render(
            request,
            "search.html",
            page=page,
            query=query,
            story=story,
            liked=liked,
            prints=prints,
            next_limit=more,
            times=make_timeline(summary.timeline, query, address),
            places_map=make_map(summary, query, address),
        )


def _add_health(app: FastAPI, store: SearchStore) -> None:
    @app.api_route("/health", methods=METHODS)
    def show_health() -> Response:
        try:
            # Not its status: whoever serves the page may read what is live, and nothing else.
            documents = store.search(Query(limit=0)).total
        except (StoreUnavailable, StoreUnusable) as error:
            log.warning("/health: %s", error)
            detail = UNAVAILABLE if isinstance(error, StoreUnavailable) else UNUSABLE
            return JSONResponse({"status": "unavailable", "detail": detail}, HTTPStatus.SERVICE_UNAVAILABLE)
        return JSONResponse({"status": "ok", "documents": documents})


def _add_error_pages(app: FastAPI, pages: Pages) -> None:
    @app.exception_handler(UsageError)
    def show_bad_query(request: Request, error: UsageError) -> Response:
        title = "The search was not carried out"
        return pages.render_error(request, HTTPStatus.BAD_REQUEST, title, say_on_page(error))

    def show_failure(request: Request, error: NewswireError, title: str, message: str) -> Response:
        log.warning("%s: %s", request.url.path, error)
        return pages.render_error(request, HTTPStatus.SERVICE_UNAVAILABLE, title, message)

    @app.exception_handler(StoreUnavailable)
    def show_unavailable(request: Request, error: StoreUnavailable) -> Response:
        return show_failure(request, error, "A store of Newswire does not answer", UNAVAILABLE)

    @app.exception_handler(TooSlow)
    def show_too_slow(request: Request, error: TooSlow) -> Response:
        return show_failure(request, error, "The search was not carried out", say_on_page(error))

    @app.exception_handler(StoreUnusable)
    def show_unusable(request: Request, error: StoreUnusable) -> Response:
        return show_failure(request, error, "A store of Newswire cannot be used", UNUSABLE)

    @app.exception_handler(HTTPException)
    def show_http_error(request: Request, error: HTTPException) -> Response:
        page = pages.render_error(request, error.status_code, HTTPStatus(error.status_code).phrase, error.detail)
        page.headers.update(error.headers or {})
        return page


async def _add_security_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    response.headers.update(SECURITY_HEADERS)
    return response
