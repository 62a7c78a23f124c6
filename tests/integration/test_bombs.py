"""Bodies that grow, and servers that never end, each in a batch with an honest neighbour: a fate each, within time and memory.

Time is capped by the fetcher's own timeout, set short here; memory is measured as it is allocated.
"""

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import brotli
import pytest

from pipeline.errors import NewswireError, Reject, Retry
from pipeline.model.capture import Capture
from pipeline.model.fate import Reason
from tests.fixtures.fetching import make_fetcher

LOOPBACK = "127.0.0.1/32"
PAGE = b"<html><title>A page</title>"
MEGABYTE = 1 << 20
#: What one fetch may allocate: the cap of a body and what is under way.
MOST = 40 * MEGABYTE

Send = Callable[[bytes], Awaitable[None]]
Talk = Callable[[Send], Awaitable[None]]


@asynccontextmanager
async def serve(talk: Talk) -> AsyncIterator[str]:
    """Serve one hostile page at ``/bomb`` and an honest one anywhere else."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def send(data: bytes) -> None:
            writer.write(data)
            await writer.drain()

        try:
            head = await reader.readuntil(b"\r\n\r\n")
            await (talk(send) if b"/bomb" in head.partition(b"\r\n")[0] else send(response(PAGE)))
        except (ConnectionError, asyncio.IncompleteReadError):  # the fetcher has had enough
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def response(body: bytes, *headers: str) -> bytes:
    head = ["HTTP/1.1 200 OK", "Content-Type: text/html", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


def fetch_beside_a_neighbour(talk: Talk) -> tuple[Capture | NewswireError, Capture, int]:
    """Return what became of the hostile page, of its neighbour, and the peak of memory."""

    async def fetch() -> tuple[Capture | NewswireError | BaseException, Capture | BaseException]:
        # The neighbour's time is that of production, so that no slow machine is taken for the hostile page's doing.
        async with (
            serve(talk) as site,
            make_fetcher(LOOPBACK, timeout=2) as impatient,
            make_fetcher(LOOPBACK, timeout=30) as fetcher,
        ):
            hostile = impatient.fetch(f"{site}/bomb", obey_robots=False)
            neighbour = fetcher.fetch(f"{site}/neighbour", obey_robots=False)
            first, second = await asyncio.gather(hostile, neighbour, return_exceptions=True)
            return first, second

    tracemalloc.start()
    try:
        hostile, neighbour = asyncio.run(asyncio.wait_for(fetch(), timeout=120))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(hostile, Capture | NewswireError), hostile
    assert isinstance(neighbour, Capture)
    return hostile, neighbour, peak


def sends(*parts: bytes) -> Talk:
    async def talk(send: Send) -> None:
        for part in parts:
            await send(part)

    return talk


def for_ever(*parts: bytes, first: bytes = b"") -> Talk:
    async def talk(send: Send) -> None:
        await send(first)
        while True:
            for part in parts:
                await send(part)

    return talk


def squeeze(window_bits: int) -> bytes:
    """Return 256 MiB of zeros."""
    squeezing = zlib.compressobj(9, wbits=window_bits)
    beginning = squeezing.compress(b"\0" * MEGABYTE) + squeezing.flush(zlib.Z_FULL_FLUSH)
    return beginning + (squeezing.compress(b"\0" * MEGABYTE) + squeezing.flush(zlib.Z_FULL_FLUSH)) * 255


GZIP = squeeze(31)
#: A frame of zstd (RFC 8878) with blocks of one byte repeated: four bytes say 128 KiB.
ZSTD = b"\x28\xb5\x2f\xfd\x00\x58" + b"\x02\x00\x10\0" * 4000
BOMBS = {
    "gzip": (sends(response(GZIP, "Content-Encoding: gzip")), Reason.TOO_LARGE),
    "gzip in many members": (
        sends(response(gzip.compress(b"\0" * MEGABYTE) * 300, "Content-Encoding: gzip")),
        Reason.TOO_LARGE,
    ),
    "deflate": (sends(response(squeeze(15), "Content-Encoding: deflate")), Reason.TOO_LARGE),
    "deflate without header": (sends(response(squeeze(-15), "Content-Encoding: deflate")), Reason.TOO_LARGE),
    "brotli": (
        sends(response(brotli.compress(b"\0" * 64 * MEGABYTE, quality=5), "Content-Encoding: br")),
        Reason.HTTP_ERROR,
    ),
    "zstd": (sends(response(ZSTD, "Content-Encoding: zstd")), Reason.HTTP_ERROR),
    "twice, as declared": (sends(response(gzip.compress(GZIP), "Content-Encoding: gzip, gzip")), Reason.HTTP_ERROR),
    "a plain body without end": (
        for_ever(b"a" * 65536, first=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"),
        Reason.TOO_LARGE,
    ),
    "chunks without end": (
        for_ever(b"10000\r\n" + b"a" * 65536 + b"\r\n", first=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        Reason.TOO_LARGE,
    ),
    "a length of exabytes": (
        for_ever(b"a" * 65536, first=b"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n"),
        Reason.TOO_LARGE,
    ),
}


@pytest.mark.parametrize(("talk", "reason"), BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_rejected_by_name_and_memory_stays_small(talk: Talk, reason: Reason) -> None:
    hostile, neighbour, peak = fetch_beside_a_neighbour(talk)
    assert isinstance(hostile, Reject)
    assert hostile.reason is reason
    assert neighbour.body == PAGE
    assert peak < MOST


def test_a_bomb_inside_a_bomb_is_opened_once() -> None:
    hostile, neighbour, peak = fetch_beside_a_neighbour(sends(response(gzip.compress(GZIP), "Content-Encoding: gzip")))
    assert isinstance(hostile, Capture)
    assert hostile.body == GZIP
    assert neighbour.body == PAGE
    assert peak < MOST


async def wait(_: Send) -> None:
    await asyncio.Event().wait()


def drip(first: bytes, drop: bytes) -> Talk:
    async def talk(send: Send) -> None:
        await send(first)
        while True:
            await send(drop)
            await asyncio.sleep(0.05)  # a slow client of theirs; no outcome depends on how slow

    return talk


HEAD = b"HTTP/1.1 200 OK\r\n"
ENDLESS = {
    "no answer": wait,
    "a head byte by byte": drip(HEAD, b"X"),
    "a head line by line": drip(HEAD, b"X: y\r\n"),
    "a body byte by byte": drip(HEAD + b"Content-Length: 1000000\r\n\r\n", b"a"),
    "chunks byte by byte": drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    "a chunk's extension without end": for_ever(b"a" * 65536, first=HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;"),
    "a chunk's length without end": for_ever(b"0" * 65536, first=HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
    "trailers without end": for_ever(b"X: y\r\n" * 1000, first=HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"),
    "a status line without end": for_ever(b"a" * 65536, first=b"HTTP/1.1 200 "),
    "a header without end": for_ever(b"a" * 65536, first=HEAD + b"X: "),
    "headers without end": for_ever(b"X: y\r\n" * 1000, first=HEAD),
    "different headers without end": for_ever(
        b"".join(b"X-%d: y\r\n" % number for number in range(10_000)), first=HEAD
    ),
    "cookies without end": for_ever(b"Set-Cookie: a=%s\r\n" % (b"b" * 4000), first=HEAD),
    "a huge cookie": sends(response(PAGE, "Set-Cookie: a=" + "b" * 200_000)),
    "interim answers without end": for_ever(b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "early hints without end": for_ever(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100),
    "empty gzip members without end": for_ever(
        gzip.compress(b"") * 3000, first=HEAD + b"Content-Encoding: gzip\r\nContent-Type: text/html\r\n\r\n"
    ),
    "empty deflate blocks without end": for_ever(
        b"\0\0\0\xff\xff" * 3000, first=HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10]
    ),
}


@pytest.mark.parametrize("talk", ENDLESS.values(), ids=ENDLESS.keys())
def test_an_answer_without_end_is_a_failed_visit_and_memory_stays_small(talk: Talk) -> None:
    hostile, neighbour, peak = fetch_beside_a_neighbour(talk)
    assert isinstance(hostile, Retry)
    assert neighbour.body == PAGE
    assert peak < MOST


def test_redirects_without_end_are_cut_short() -> None:
    seen: list[int] = []

    async def talk(send: Send) -> None:
        seen.append(1)
        location = f"Location: /bomb-{len(seen)}?{'x' * 1000}"
        await send(f"HTTP/1.1 302 Found\r\n{location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

    hostile, neighbour, _ = fetch_beside_a_neighbour(talk)
    assert isinstance(hostile, Reject)
    assert hostile.reason is Reason.TOO_MANY_REDIRECTS
    assert neighbour.body == PAGE
    assert len(seen) == 11


def test_a_redirects_body_is_not_read() -> None:
    hostile, neighbour, peak = fetch_beside_a_neighbour(
        for_ever(b"a" * 65536, first=b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n")
    )
    assert isinstance(hostile, Capture)
    assert hostile.body == neighbour.body == PAGE
    assert peak < MOST
