"""What a visitor may ask at most, so that one who asks for too much, or too slowly, costs the others nothing."""

from asyncio import BaseTransport, TimerHandle, Transport
from http import HTTPStatus
from typing import cast

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

#: Bytes of the request line and the headers together; an address may be most of it.
MOST_HEAD = 65_536
#: A query of 4,000 characters has 36,000 bytes where each is one of Chinese.
MOST_ADDRESS = 40_000
MOST_PARAMETERS = 300
#: Bytes of a form that are read after its answer.
MOST_UNREAD = 65_536
#: Seconds in which a request must be there, its head and its form.
PATIENCE = 10.0


async def check_path(request: Request) -> None:
    """Raise HTTPException (404) for a path with a NUL in it: nothing is called so, and PostgreSQL takes none in a text."""
    if "\0" in request.scope["path"]:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is nothing of this address.")


class RequestLimits:
    """Refuses addresses that are too long or have too many parameters (414), before anything is made of them."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before the app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the app, or with status 414."""
        query: bytes = scope.get("query_string", b"")
        is_too_long = len(scope.get("path", "")) + len(query) > MOST_ADDRESS
        if scope["type"] == "http" and (is_too_long or query.count(b"&") >= MOST_PARAMETERS):
            said = f"An address has at most {MOST_ADDRESS:,} bytes and {MOST_PARAMETERS} parameters here.\n"
            await PlainTextResponse(said, 414)(scope, receive, send)
            return
        await self._app(scope, receive, send)


class HurriedProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, which closes a connection where the head of a request does not come in time.

    And where much of a form still comes that was answered before it was whole: uvicorn would read on for ever.
    """

    _waiting: TimerHandle | None = None
    _unread = 0

    def connection_made(self, transport: BaseTransport) -> None:
        """Wait for the first request."""
        super().connection_made(cast("Transport", transport))
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take them, unless nobody waits for them."""
        # uvicorn says None until a first request is whole, which its types leave out.
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle and cycle.response_complete and cycle.more_body:
            self._unread += len(data)
            if self._unread > MOST_UNREAD:  # a shorter rest is read, so that its sender gets to reading the answer
                self.transport.close()
                return
        super().data_received(data)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._unread = 0
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        super().connection_lost(exc)
        if self._waiting:
            self._waiting.cancel()

    def _wait(self) -> None:
        if self._waiting:
            self._waiting.cancel()
        self._waiting = self.loop.call_later(PATIENCE, self._give_up)

    def _give_up(self) -> None:
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is None or cycle.response_complete:
            self.transport.close()
