"""Saved searches and what they noticed, as pages and as feeds; searches are added and removed by forms.

A form is only taken from a page of ours: it carries the token that the browser has as a cookie, which no other site can
read, nor send along (SameSite=Strict); and a browser that says where a form comes from must say: from here.
"""

from asyncio import timeout
from http import HTTPStatus
from secrets import compare_digest, token_urlsafe
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from pipeline.alerts.feeds import SIZE, write_atom, write_json_feed
from pipeline.alerts.searches import check_text, find_search, make_search
from pipeline.alerts.trial import prepare_search
from pipeline.model.alert import SavedSearch
from pipeline.ports import Clock, Ledger, SearchStore
from pipeline.search.request import make_query
from pipeline.web.limits import MOST_PARAMETERS, PATIENCE
from pipeline.web.render import METHODS, Pages, mount_path

COOKIE = "newswire_form"
MOST_BYTES = 20_000  # of a form
#: What the form offers; the command takes other times as well.
CONDITIONS = {
    "any": "each article",
    "first": "the first article ever",
    "together:30d": "two names together for the first time in 30 days",
    "volume": "unusually many articles in a day",
    "silence:24h": "no article for 24 hours",
}
Form = dict[str, list[str]]


async def read_form(request: Request) -> Form:
    """Return the fields of a form of ours. Raises HTTPException: 403 for one from elsewhere, 413 and 408 for too long a one."""
    origin = request.headers.get("origin")
    is_ours = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    try:
        async with timeout(PATIENCE):
            body = await _read_body(request)
    except TimeoutError as error:
        raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, "The form did not come in time.") from error
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=False)
    token, known = _one(fields, "token"), request.cookies.get(COOKIE, "")
    if not (is_ours and known and compare_digest(token.encode(), known.encode())):
        raise HTTPException(HTTPStatus.FORBIDDEN, "The form is not from this page, or is old: open the page again.")
    return fields


async def _read_body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES or body.count(b"&") >= MOST_PARAMETERS:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The form is too long.")
    return body


SentForm = Annotated[Form, Depends(read_form)]


def add_saved_search_pages(app: FastAPI, store: SearchStore, ledger: Ledger, clock: Clock, pages: Pages) -> None:
    """Add ``/searches``, ``/searches/{name}`` and the feeds of it, ``.atom`` and ``.json``."""

    @app.api_route("/searches", methods=METHODS)
    def show_searches(request: Request) -> Response:
        token = request.cookies.get(COOKIE) or token_urlsafe(32)
        searches = ledger.alerts.searches()
        page = pages.render(request, "searches.html", searches=searches, conditions=CONDITIONS, token=token)
        page.set_cookie(
            COOKIE,
            token,
            path=f"{mount_path(request)}/searches",
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return page

    @app.post("/searches")
    def add_search(request: Request, form: SentForm) -> Response:
        text = _one(form, "query")
        check_text(text)
        given = make_search(_one(form, "name"), make_query(text), when=form.get("when", []), created_at=clock.now())
        search, _ = prepare_search(given, store=store, clock=clock)
        ledger.alerts.save_search(search)
        return _back(request)

    @app.post("/searches/{name}/remove", dependencies=[Depends(read_form)])
    def remove_search(request: Request, name: str) -> Response:
        ledger.alerts.remove_search(name)
        return _back(request)

    @app.api_route("/searches/{name}.atom", methods=METHODS)
    def send_atom(request: Request, name: str) -> Response:
        search = _find(ledger, name)
        feed = write_atom(search, ledger.alerts.alerts(name, limit=SIZE), str(request.url))
        return Response(feed, media_type="application/atom+xml")

    @app.api_route("/searches/{name}.json", methods=METHODS)
    def send_json_feed(request: Request, name: str) -> Response:
        search = _find(ledger, name)
        feed = write_json_feed(search, ledger.alerts.alerts(name, limit=SIZE), str(request.url))
        return Response(feed, media_type="application/feed+json")

    @app.api_route("/searches/{name}", methods=METHODS)
    def show_alerts(request: Request, name: str) -> Response:
        search, alerts = _find(ledger, name), ledger.alerts.alerts(name, limit=SIZE)
        return pages.render(request, "alerts.html", search=search, alerts=alerts)


def _find(ledger: Ledger, name: str) -> SavedSearch:
    found = find_search(ledger.alerts, name)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no saved search of this name.")
    return found


def _one(form: Form, name: str) -> str:
    return form.get(name, [""])[0].strip()


def _back(request: Request) -> Response:
    return RedirectResponse(f"{mount_path(request)}/searches", HTTPStatus.SEE_OTHER)
