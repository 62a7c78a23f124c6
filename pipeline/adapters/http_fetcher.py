"""Fetches over HTTP with aiohttp: politely (robots.txt, spacing) and safely (public addresses, caps on size and time)."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from importlib.metadata import version
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import aiohttp
from yarl import URL

from pipeline.adapters.host_turns import HostTurns
from pipeline.adapters.http_body import ACCEPT_ENCODING, read_body
from pipeline.adapters.http_guard import open_session, translated_errors
from pipeline.adapters.http_names import Names
from pipeline.errors import Busy, Reject, Retry, StoreUnavailable
from pipeline.fetch import robots
from pipeline.fetch.addresses import Network
from pipeline.fetch.responses import check_temporary
from pipeline.fetch.robots import Robots
from pipeline.model.capture import Capture, Redirect
from pipeline.model.fate import Reason
from pipeline.ports import Clock, Hosts
from pipeline.urls import host_of, normalise_url

MAX_BYTES = 10 * 1024 * 1024
#: Seconds for one fetch with all its redirects and the robots.txt files on the way, not counted the wait for our turn and for
#: the hosts' addresses. The last such file has as long for itself: whoever leaves it no time would have us believe that it
#: cannot be had.
TIMEOUT = 30.0
#: A host that takes this share of them for one answer is slow: its other pages and feeds wait, and hold up no other host's.
SLOW = 1 / 3
MAX_REDIRECTS = 10
#: How long a host that answers 429 without Retry-After is left alone.
CLOSED_FOR = timedelta(minutes=1)

_REDIRECTS = {301, 302, 303, 307, 308}
_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
#: They described the body as sent; the body kept is decompressed, and an archived record must agree with itself.
_TRANSFER_HEADERS = {"content-encoding", "transfer-encoding", "content-length"}


@dataclass(slots=True)
class _Budget:
    """The seconds left for one fetch; whether slow hosts are asked for it too, and until when its turns are waited for."""

    left: float
    even_if_slow: bool
    until: datetime | None

    @asynccontextmanager
    async def spend(self) -> AsyncIterator[None]:
        """Count the time inside. Raises TimeoutError when none is left."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(max(self.left, 0.0)):
                yield
        finally:
            self.left -= time.monotonic() - started


class HttpFetcher:
    """The Fetcher over HTTP; an async context manager. What it learns of hosts, it shares with all processes.

    Feeds are offered to be polled, so whoever polls them passes ``obey_robots=False``; all else obeys.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        hosts: Hosts,
        turns: HostTurns,
        contact: str,
        allowed_networks: Sequence[Network] = (),
        max_bytes: int = MAX_BYTES,
        timeout: float = TIMEOUT,
    ) -> None:
        self._clock = clock
        self._user_agent = f"{robots.AGENT}/{version('newswire')} ({contact})"
        self._allowed_networks = tuple(allowed_networks)
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._hosts = hosts
        self._turns = turns
        self._robots: dict[str, Robots] = {}
        self._robots_locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def __aenter__(self) -> Self:
        """Open the session."""
        headers = {"User-Agent": self._user_agent, "Accept": _ACCEPT, "Accept-Encoding": ACCEPT_ENCODING}
        self._names = Names()
        self._session = open_session(self._allowed_networks, headers, self._names)  # _Budget counts the time
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close every connection."""
        await self._session.close()

    async def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        obey_robots: bool = True,
        max_bytes: int | None = None,
        until: datetime | None = None,
        even_if_slow: bool = False,
    ) -> Capture:
        """Keep the port's promise."""
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {name: value for name, value in conditions.items() if value}
        budget = _Budget(self._timeout, even_if_slow=even_if_slow, until=until)
        capture = await self._follow(
            url, headers, budget, obey_robots=obey_robots, max_bytes=max_bytes or self._max_bytes
        )
        try:
            check_temporary(capture)
        except Retry as error:
            await self._stay_away(capture, error.after)
            raise
        return capture

    async def _follow(
        self, url: str, headers: dict[str, str], budget: _Budget, *, obey_robots: bool, max_bytes: int
    ) -> Capture:
        """Return the first answer that is no redirect."""
        asked = address = normalise_url(url)
        redirects: list[Redirect] = []
        while True:
            if obey_robots and not _is_robots(address):
                await self._ask_robots(address, budget)
            answer = await self._exchange(address, headers, budget, max_bytes)
            target = _redirect_target(answer)
            if target is None:
                return replace(answer, url=asked, redirects=tuple(redirects))
            # We keep no cookies, so an address that comes again would answer the same again.
            if len(redirects) == MAX_REDIRECTS or target in {asked, *(redirect.url for redirect in redirects)}:
                raise Reject(Reason.TOO_MANY_REDIRECTS, f"{len(redirects) + 1} redirects, the last to {target}")
            redirects.append(Redirect(status=answer.status, url=target))
            address = target

    async def _exchange(self, address: str, headers: dict[str, str], budget: _Budget, max_bytes: int) -> Capture:
        """Wait for our turn at the host, then ask and return the answer, a redirect without its body."""
        turn = self._turns.turn(host_of(address), even_if_slow=budget.even_if_slow, until=budget.until)
        async with turn as fetched_at:
            is_robots = _is_robots(address)
            limit = robots.MAX_BYTES if is_robots else max_bytes
            with self._watched(address, budget), translated_errors(address, self._timeout):
                # Looked up before the time counts: this may wait for the look-ups of others, and has a limit of its own.
                await self._look_up(address)
                async with (
                    budget.spend(),
                    self._session.get(URL(address, encoded=True), headers=headers, allow_redirects=False) as response,
                ):
                    is_redirect = response.status in _REDIRECTS
                    body = b"" if is_redirect else await read_body(response, limit, is_cut=is_robots)
        return Capture(
            url=address,
            final_url=address,
            fetched_at=fetched_at,
            status=response.status,
            headers=tuple(_read_headers(response)),
            body=body,
            request_headers=tuple(response.request_info.headers.items()),
        )

    async def _look_up(self, address: str) -> None:
        """Have the address's name known; the address that is connected to is checked all the same."""
        host = urlsplit(address).hostname or ""
        if ":" not in host and not host.replace(".", "").isdigit():  # in whatever spelling, an address is no name
            await self._names.look_up(host)

    @contextmanager
    def _watched(self, address: str, budget: _Budget) -> Iterator[None]:
        """Note where the host took long, but for what takes long anywhere; what others on the way took is not its fault."""
        left = budget.left
        try:
            yield
        finally:
            if not budget.even_if_slow and left - budget.left >= self._timeout * SLOW:
                self._turns.note_slowness(host_of(address))

    async def _ask_robots(self, address: str, budget: _Budget) -> None:
        """Return where robots.txt lets us fetch the address. Raises Reject where it does not, Retry where it cannot be had."""
        rules = await self._robots_of(address, budget)
        if rules.is_closed:
            wait = rules.expires_at - self._clock.now()
            raise Retry(f"robots.txt of {host_of(address)} cannot be had now", after=wait)
        if not rules.allows(address):
            raise Reject(Reason.ROBOTS, f"{host_of(address)} does not allow {urlsplit(address).path}")

    async def _robots_of(self, address: str, budget: _Budget) -> Robots:
        """Return the origin's rules: those that this process knows, or any other kept, or fetched now for all."""
        origin = urljoin(address, "/")
        async with self._robots_locks[origin]:
            known, now = self._robots.get(origin), self._clock.now()
            if known is None or known.expires_at <= now:
                kept = await asyncio.to_thread(self._hosts.robots_file, origin)
                if kept and kept.expires_at > now:
                    known = Robots(kept)
                else:
                    known = await self._fetch_robots(origin, budget)
                    await asyncio.to_thread(self._hosts.keep_robots_file, origin, known.file)
                self._robots[origin] = known
                self._turns.slow_down(host_of(origin), known.crawl_delay)
        return known

    async def _fetch_robots(self, origin: str, budget: _Budget) -> Robots:
        if budget.left <= 0:
            raise Retry(f"{origin}: no whole answer within {self._timeout:g} s")
        own = _Budget(self._timeout, even_if_slow=budget.even_if_slow, until=budget.until)
        try:
            capture = await self._follow(
                urljoin(origin, "robots.txt"), {}, own, obey_robots=False, max_bytes=robots.MAX_BYTES
            )
        except (Busy, StoreUnavailable):
            raise
        except Retry:
            return robots.closed_robots(self._clock.now())
        except Reject as error:
            if error.reason is Reason.ADDRESS_REFUSED:
                raise
            return robots.open_robots(self._clock.now())
        finally:
            budget.left -= self._timeout - own.left
        return robots.read_robots(capture)

    async def _stay_away(self, capture: Capture, after: timedelta | None) -> None:
        """Send the host nothing more for as long as it asks; a 5xx that asks nothing may be about this one page."""
        if after is None and capture.status == HTTPStatus.TOO_MANY_REQUESTS:
            after = CLOSED_FOR
        if after is not None:
            await self._turns.close(host_of(capture.final_url), after)


def _is_robots(address: str) -> bool:
    return urlsplit(address).path == "/robots.txt"


def _redirect_target(answer: Capture) -> str | None:
    location = answer.header("Location")
    if answer.status not in _REDIRECTS or not location:
        return None
    try:
        return normalise_url(urljoin(answer.final_url, location.strip()))
    except ValueError as error:  # such as a broken IPv6 literal
        raise Reject(Reason.INVALID_URL, f"redirected to {location[:200]!r}: {error}") from error


def _read_headers(response: aiohttp.ClientResponse) -> Iterator[tuple[str, str]]:
    for raw_name, raw_value in response.raw_headers:
        name = raw_name.decode("latin-1")
        prefix = "X-Crawler-" if name.lower() in _TRANSFER_HEADERS else ""
        try:
            value = raw_value.decode("utf-8")  # what servers send today, whatever the standard says
        except UnicodeDecodeError:
            value = raw_value.decode("latin-1")
        yield prefix + name, value
