"""The records of a WARC file with their places, gzip-compressed one by one or plain, while they are whole.

warcio reads half a record as a record, and one that inflates without end until memory is full. So wholeness and size are
decided here, by the gzip member's own checksum or the record's own length, and a record is parsed only when it is at hand.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from pipeline.errors import DamagedWarc

_CHUNK = 1 << 16
#: Most that is inflated in one step.
_STEP = 1 << 18
_MAX_HEADER = 1 << 16
_MAGIC = b"WARC/"
_UNLIMITED = 1 << 62
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRecord:
    """One record: its place in the file, and its bytes, decompressed; None where they are more than the limit."""

    begins: int
    ends: int
    data: bytes | None


def read_members(stream: BinaryIO, begins: int = 0, *, limit: int = _UNLIMITED) -> Iterator[RawRecord]:
    """Yield each gzip member from here on; ``begins`` is where the stream stands. Raises DamagedWarc where one is not whole."""
    pending = b""
    while True:
        member, data, size, ends = zlib.decompressobj(wbits=31), bytearray(), 0, begins
        while not member.eof:
            chunk = pending or stream.read(_CHUNK)
            if not chunk:
                if ends > begins:
                    raise DamagedWarc(f"cut off after byte {begins}")
                return
            try:
                piece = member.decompress(chunk, _STEP)
            except zlib.error as error:
                raise DamagedWarc(f"damaged after byte {begins} ({error})") from error
            pending = member.unused_data if member.eof else member.unconsumed_tail
            ends += len(chunk) - len(pending)
            size += len(piece)
            if size <= limit:
                data += piece
            else:
                data.clear()
        if size <= limit and not data.startswith(_MAGIC):
            raise DamagedWarc(f"damaged after byte {begins} (no WARC record begins there)")
        yield RawRecord(begins=begins, ends=ends, data=bytes(data) if size <= limit else None)
        begins = ends


def read_plain(stream: BinaryIO, begins: int = 0, *, limit: int = _UNLIMITED) -> Iterator[RawRecord]:
    """Yield each record of an uncompressed file from here on. Raises DamagedWarc where one is not whole."""
    buffer = b""
    while True:
        while b"\r\n\r\n" not in buffer and len(buffer) < _MAX_HEADER and (chunk := stream.read(_CHUNK)):
            buffer += chunk
        if not buffer.strip():
            return
        if b"\r\n\r\n" not in buffer and len(buffer) < _MAX_HEADER:
            raise DamagedWarc(f"cut off after byte {begins}")
        head = buffer.partition(b"\r\n\r\n")[0] + b"\r\n"
        length = _LENGTH.search(head)
        if not buffer.startswith(_MAGIC) or not length:
            raise DamagedWarc(f"damaged after byte {begins} (no WARC record begins there)")
        size = len(head) + 2 + int(length[1]) + 4
        kept = bytearray()
        left = size
        while left:
            chunk = buffer[:left] or stream.read(min(_CHUNK, left))
            if not chunk:
                raise DamagedWarc(f"cut off after byte {begins}")
            buffer = buffer[len(chunk) :]
            left -= len(chunk)
            if size <= limit:
                kept += chunk
        yield RawRecord(begins=begins, ends=begins + size, data=bytes(kept) if size <= limit else None)
        begins += size
