"""Forms that change something, taken only from pages of ours.

A form carries the token that the browser has as a cookie, which no other site can read, nor send along (SameSite=Strict); and
a browser that says where a form comes from must say: from here. A token is made for one login, with which it is signed:
whoever can plant a cookie, such as a site of a neighbouring name, has none that another login takes.
"""

import hmac
from asyncio import timeout
from http import HTTPStatus
from secrets import compare_digest, token_urlsafe
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, Request, Response
from starlette.exceptions import HTTPException

from pipeline.web.limits import MOST_PARAMETERS, PATIENCE
from pipeline.web.render import mount_path

COOKIE = "newswire_form"
MOST_BYTES = 20_000  # of a form
Form = dict[str, list[str]]
_CLOSE = {"Connection": "close"}  # nobody reads the rest of the form


async def read_form(request: Request) -> Form:
    """Return the fields of a form of ours. Raises HTTPException: 403 for one from elsewhere, 413 and 408 for too long a one."""
    origin = request.headers.get("origin")
    is_ours = origin is None or origin.partition("://")[2] == request.headers.get("host")
    try:
        async with timeout(PATIENCE):
            body = await _read_body(request)
    except TimeoutError as error:
        raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, "The form did not come in time.", _CLOSE) from error
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=False)
    token, known = read_field(fields, "token"), request.cookies.get(COOKIE, "")
    is_known = _is_made_for(request, known) and compare_digest(token.encode(), known.encode())
    if not (is_ours and is_known):
        raise HTTPException(HTTPStatus.FORBIDDEN, "The form is not from this page, or is old: open the page again.")
    return fields


async def _read_body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES or body.count(b"&") >= MOST_PARAMETERS:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The form is too long.", _CLOSE)
    return body


SentForm = Annotated[Form, Depends(read_form)]


def read_field(form: Form, name: str) -> str:
    """Return the first value of that name, or an empty string."""
    return form.get(name, [""])[0].strip()


def make_token(request: Request) -> str:
    """Return what the forms of this visitor's pages carry: the cookie's where it was made for this login, else a new one."""
    known = request.cookies.get(COOKIE, "")
    return known if _is_made_for(request, known) else _sign(request, token_urlsafe(32))


def _is_made_for(request: Request, token: str) -> bool:
    return compare_digest(token.encode(), _sign(request, token.partition(".")[0]).encode())


def _sign(request: Request, number: str) -> str:
    """Return the token of that random number for what the visitor is logged in with; where that is nothing, anyone can."""
    login = request.headers.get("authorization", "") + request.cookies.get(request.app.state.login_cookie, "")
    return f"{number}.{hmac.digest(login.encode(), number.encode(), 'sha256').hex()}"


def keep_token(request: Request, page: Response, token: str, path: str) -> Response:
    """Return the page with the cookie for forms below that path; what it shows is this visitor's alone."""
    page.set_cookie(
        COOKIE,
        token,
        path=f"{mount_path(request)}{path}",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    page.headers["Cache-Control"] = "no-store"
    return page
