"""Looks names up in threads of its own, so that names whose server is silent hold up neither other hosts nor the ledger.

The system's look-up blocks its thread, for half a minute where a server does not answer, and cannot be called off. In the
threads that asyncio shares among all that blocks, fifty such names, which one feed can list, stopped everything.
"""

import asyncio
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from aiohttp.abc import AbstractResolver, ResolveResult

from pipeline.errors import Busy, Retry

#: Look-ups under way at once.
THREADS = 32
#: And of one domain, whose server answers for all names below it, or for none.
THREADS_OF_DOMAIN = 4
#: Seconds for one look-up, the wait for a thread not counted.
PATIENCE = 5.0
#: Seconds for which an answer is believed, also that there is none.
REMEMBERED = 30.0
#: For how long a domain is asked for no other name after one that was not answered.
SILENT_FOR = timedelta(minutes=1)

_SHORT = 3  # letters of com, co, org, gov, ac or net before a country's two
_Addresses = Sequence[tuple[socket.AddressFamily, int, str]]


class Names(AbstractResolver):
    """The look-ups of one event loop."""

    def __init__(self) -> None:
        self._threads = asyncio.Semaphore(THREADS)
        self._domains: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(THREADS_OF_DOMAIN))
        self._silent: set[str] = set()
        self._answers: dict[str, asyncio.Task[_Addresses | Retry]] = {}

    async def look_up(self, host: str) -> _Addresses:
        """Return the name's addresses: family, protocol, address.

        Raises Retry where it has none, and Busy where it was not asked for, since the servers of its domain were silent about
        another just now.
        """
        task = self._answers.get(host)
        if task is None:
            task = self._answers[host] = asyncio.create_task(self._ask(host))
            task.add_done_callback(lambda done: done.get_loop().call_later(REMEMBERED, self._answers.pop, host, None))
        answer = await asyncio.shield(task)  # others may wait for it as well
        if isinstance(answer, Retry):
            raise answer.with_traceback(None)
        return answer

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Keep the promise of aiohttp's port."""
        flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(hostname=host, host=address, port=port, family=of, proto=protocol, flags=flags)
            for of, protocol, address in await self.look_up(host)
            if family in {of, socket.AF_UNSPEC}
        ]

    async def close(self) -> None:
        """Leave what is under way to itself: its threads hold up nobody, not even the end of the program."""

    async def _ask(self, host: str) -> _Addresses | Retry:
        domain = _domain_of(host)
        async with self._domains[domain]:
            await self._threads.acquire()
            if domain in self._silent:
                self._threads.release()
                return Busy(f"the name servers of {domain} do not answer", after=SILENT_FOR)
            loop = asyncio.get_running_loop()
            answer: asyncio.Future[_Addresses | Retry] = loop.create_future()

            def end(found: _Addresses | Retry) -> None:
                self._threads.release()  # no sooner: a look-up that nobody waits for has its thread until it ends
                if not answer.done():
                    answer.set_result(found)

            _begin(host, lambda found: loop.call_soon_threadsafe(end, found))
            try:
                return await asyncio.wait_for(answer, PATIENCE)
            except TimeoutError:
                self._silent.add(domain)
                loop.call_later(SILENT_FOR.total_seconds(), self._silent.discard, domain)
                return Retry(f"{host}: cannot connect: no name server told its address within {PATIENCE:g} s")


def _begin(host: str, end: Callable[[_Addresses | Retry], object]) -> None:
    """Look the name up in a thread that the end of the program does not wait for; ``end`` gets the answer there."""

    def ask() -> None:
        found: _Addresses | Retry
        try:
            told = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
            found = [(family, protocol, str(address[0])) for family, _, protocol, _, address in told]
        except (OSError, UnicodeError) as error:
            found = Retry(f"{host}: cannot connect: {getattr(error, 'strerror', None) or error}")
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            end(found)

    threading.Thread(target=ask, name=f"look up {host}", daemon=True).start()


def _domain_of(host: str) -> str:
    """Return what a name's owner registered, as far as can be told without a list: news.example, but news.co.uk too."""
    labels = host.rstrip(".").split(".")
    is_below_country = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= _SHORT  # noqa: PLR2004
    return ".".join(labels[-3 if is_below_country else -2 :])
