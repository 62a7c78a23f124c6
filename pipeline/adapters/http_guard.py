"""What every connection of ours to strangers goes through: private addresses are refused, and errors become ours."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import aiohttp

from pipeline.adapters.http_names import Names
from pipeline.errors import Reject, Retry
from pipeline.fetch.addresses import Network, is_refused
from pipeline.model.fate import Reason
from pipeline.urls import host_of

_MAX_HEADER = 32768  # bytes: some content security policies run to 12,000


class _RefusedAddressError(OSError):
    """Raised where a connection would leave the public network."""


def open_session(allowed: Sequence[Network], headers: Mapping[str, str], names: Names) -> aiohttp.ClientSession:
    """Return a session that connects to public addresses, and of private networks to the ``allowed`` ones.

    It keeps no cookies, asks no proxy, reads no netrc, decompresses nothing by itself, and has no timeout: its user counts.
    It has as many connections as its user asks for, so that nobody waits for another host's.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            resolver=names, use_dns_cache=False, socket_factory=_guarded_socket(allowed), limit=0
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        auto_decompress=False,
        trust_env=False,
        max_line_size=_MAX_HEADER,
        max_field_size=_MAX_HEADER,
    )


def _guarded_socket(allowed: Sequence[Network]) -> Callable[[aiohttp.AddrInfoType], socket.socket]:
    """Return the opener of sockets that refuses private addresses.

    It sees the very address that is about to be connected to, so that neither a name that resolves differently the second
    time, nor a literal that never passes a resolver, nor a redirect gets around it.
    """

    def open_socket(info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        if is_refused(str(address[0]), allowed):
            raise _RefusedAddressError("not a public address")
        return socket.socket(family=family, type=kind, proto=protocol)

    return open_socket


@contextmanager
def translated_errors(address: str, timeout: float) -> Iterator[None]:
    """Raise Reject where asking again is pointless, and Retry where it is not."""
    try:
        yield
    except TimeoutError as error:
        raise Retry(f"{address}: no whole answer within {timeout:g} s") from error
    except aiohttp.InvalidURL as error:
        raise Reject(Reason.INVALID_URL, str(error)) from error
    except aiohttp.ClientConnectorCertificateError as error:
        raise Retry(f"{address}: does not prove who it is: {error.certificate_error}") from error
    except aiohttp.ClientConnectorSSLError as error:
        # Its number is OpenSSL's, which the system would call something else.
        raise Retry(f"{address}: cannot connect: {error.os_error}") from error
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, _RefusedAddressError):
            raise Reject(Reason.ADDRESS_REFUSED, f"{host_of(address)} is {error.os_error}") from error
        # Of several addresses tried, the text lists all; the number says what happened. Negative ones are the resolver's.
        number = error.os_error.errno or 0
        reason = os.strerror(number) if number > 0 else error.os_error.strerror or str(error.os_error)
        raise Retry(f"{address}: cannot connect: {reason}") from error
    except aiohttp.ClientResponseError as error:  # the parser's message has on further lines what it could not read
        raise Retry(f"{address}: the answer is no HTTP: {error.message.partition(chr(10))[0].rstrip(':')}") from error
    except aiohttp.ClientError as error:
        raise Retry(f"{address}: {type(error).__name__}: {error}") from error
