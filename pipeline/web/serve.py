"""Serving the page alone: to this machine, or to whoever has the token."""

import socket
from base64 import b64decode
from ipaddress import ip_address
from secrets import compare_digest

import uvicorn
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline.errors import UsageError
from pipeline.web.limits import MOST_HEAD, HurriedProtocol
from pipeline.web.map import load_cities


def serve_page(app: FastAPI, host: str, port: int, token: str | None = None) -> None:
    """Serve the page until interrupted. Raises UsageError for an address that other machines can reach without a token."""
    if not is_loopback(host) and token is None:
        raise UsageError(
            f"--host is {host!r}, which other machines may reach, and the page has no login: "
            "use 127.0.0.1, ::1 or localhost, or set NEWSWIRE_SERVE_TOKEN to the password that visitors shall need"
        )
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        raise UsageError(
            f"{host} port {port} cannot be listened on: {error.strerror}; choose another --port"
        ) from error
    if token is not None:
        app.add_middleware(TokenGuard, token=token)
    else:
        # A web site can point its own name at this machine and have a visitor's browser read the page to it.
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=["localhost", host, f"[{host}]"], www_redirect=False)
    load_cities()  # the first visitor need not wait for them
    uvicorn.run(
        app, host=host, port=port, access_log=False, http=HurriedProtocol, h11_max_incomplete_event_size=MOST_HEAD
    )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach the address; of names, ``localhost`` alone is sure to stay here."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class TokenGuard:
    """Lets pass whoever sends the token, as a Bearer (programs) or as the password of HTTP Basic (browsers, feed readers)."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        """Keep the token."""
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the app, or with status 401."""
        if scope["type"] != "http" or compare_digest(sent_token(Headers(scope=scope)), self._token):
            await self._app(scope, receive, send)
            return
        challenge = {"WWW-Authenticate": 'Basic realm="Newswire", charset="UTF-8"'}
        answer = PlainTextResponse("The token is needed: as the password, with any user name.\n", 401, challenge)
        await answer(scope, receive, send)


def sent_token(headers: Headers) -> bytes:
    """Return the token that a request carries (RFC 6750 and RFC 7617), or nothing."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip().encode()
    if scheme.lower() != "basic":
        return b""
    try:
        return b64decode(credentials, validate=True).partition(b":")[2]
    except ValueError:  # such as binascii.Error, or letters that ASCII has not
        return b""
