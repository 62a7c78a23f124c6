"""Webhooks over HTTP with aiohttp, through the same guard as the fetcher."""

import asyncio
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from types import TracebackType
from typing import Self

from pipeline.adapters.http_guard import open_session, translated_errors
from pipeline.adapters.http_names import Names
from pipeline.fetch.addresses import Network
from pipeline.model.capture import Capture
from pipeline.ports import Clock
from pipeline.urls import normalise_url

#: Seconds for one message; a receiver notes it and works afterwards.
TIMEOUT = 10.0


class HttpWebhooks:
    """Promises what ports.Webhooks does; an async context manager."""

    def __init__(self, *, clock: Clock, allowed_networks: Sequence[Network] = (), timeout: float = TIMEOUT) -> None:
        self._clock = clock
        self._allowed_networks = tuple(allowed_networks)
        self._timeout = timeout

    async def __aenter__(self) -> Self:
        """Open the session."""
        headers = {"User-Agent": f"Newswire-Webhooks/{version('newswire')}", "Content-Type": "application/json"}
        self._session = open_session(self._allowed_networks, headers, Names())  # send counts the time
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close every connection."""
        await self._session.close()

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Capture:
        """Post it."""
        url = normalise_url(url)
        with translated_errors(url, self._timeout):
            async with (
                asyncio.timeout(self._timeout),
                self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                return Capture(
                    url=url,
                    final_url=url,
                    fetched_at=self._clock.now(),
                    status=answer.status,
                    headers=tuple(answer.headers.items()),
                )
