"""Reads a response's body, decompressed step by step, so that no body takes more memory than its limit and one step."""

import zlib
from collections.abc import Iterator

import aiohttp

from pipeline.errors import Reject, Retry
from pipeline.model.fate import Reason

#: What we can decompress in bounded steps with the standard library alone.
ACCEPT_ENCODING = "gzip, deflate"

_STEP = 65536
_GZIP = 31  # zlib's window bits for a gzip header
_ZLIB = 15
_RAW = -15
ENCODINGS = {"gzip", "x-gzip", "deflate"}


async def read_body(response: aiohttp.ClientResponse, limit: int, *, is_cut: bool = False) -> bytes:
    """Return the decompressed body; beyond the limit it is cut where ``is_cut``.

    Raises Reject (too large, or a content encoding never asked for) and Retry (broken or cut compression).
    """
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in {"", "identity", *ENCODINGS}:
        raise Reject(Reason.HTTP_ERROR, f"it came in Content-Encoding {encoding[:50]!r}, which was not asked for")
    inflater = Inflater(encoding) if encoding in ENCODINGS else None
    body = bytearray()
    try:
        async for chunk in response.content.iter_any():
            for piece in inflater.feed(chunk) if inflater else (chunk,):
                body += piece
                if len(body) > limit:
                    if is_cut:
                        return bytes(body[:limit])
                    raise Reject(Reason.TOO_LARGE, f"larger than {limit:,} bytes")
        if inflater:
            body += inflater.finish()
    except zlib.error as error:
        raise Retry(f"{response.url}: broken {encoding} body: {error}") from error
    return bytes(body)


class Inflater:
    """Decompresses gzip, of several members too, and deflate, with and without zlib's header, in bounded steps."""

    def __init__(self, encoding: str) -> None:
        """Take one of ENCODINGS."""
        self._is_gzip = encoding != "deflate"
        self._stream: zlib._Decompress | None = None
        self._is_done = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what the data decompresses to, one step at a time."""
        while data and not self._is_done:
            if self._stream is None:
                self._stream = zlib.decompressobj(self._window_bits(data))
            elif self._stream.eof:
                # Another member may follow; anything else is padding, which servers do add.
                self._is_done = not (self._is_gzip and data.startswith(b"\x1f"))
                self._stream = self._stream if self._is_done else None
                continue
            yield self._stream.decompress(data, _STEP)
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail

    def finish(self) -> bytes:
        """Return the rest. Raises zlib.error where the stream has not come to its end."""
        if self._stream is None:  # no body at all, as with 304
            return b""
        rest = self._stream.flush()
        if not self._stream.eof:
            raise zlib.error("it ends too early")
        return rest

    def _window_bits(self, data: bytes) -> int:
        if self._is_gzip:
            return _GZIP
        is_zlib = data[0] & 0x0F == zlib.DEFLATED  # the low half of zlib's first byte is the method
        return _ZLIB if is_zlib else _RAW
